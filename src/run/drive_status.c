/* drive_status: what a scan reports to its observer, and the counters at its end. */
#include "run/drive_status.h"

#include <stdio.h>

#include "run/scan_checkpoint.h"
#include "scan/scan.h"

/* Once a scan: no probe was sent to some ports. */
void drive_status_refused(struct scan_driver *d, const struct host_report *report)
{
	const struct observer *observer = d->run->observer;
	char text[ADDR_TEXT + 200], addr[ADDR_TEXT];

	if (!(report->notes & HOST_REFUSED) || d->refused_told || !observer->warning)
		return;
	d->refused_told = true;
	snprintf(text, sizeof(text),
		 "this machine refused to send probes, to %s for one: its own firewall, or an "
		 "IPsec policy; ports that got none are left out",
		 addr_format(report->addr, addr));
	observer->warning(observer->context, text);
}

void drive_status_progress(struct scan_driver *d)
{
	const struct observer *observer = d->run->observer;
	const struct scan *scan = &d->scan;

	/* No progress line after the last host. */
	if (!observer->progress_due || !observer->progress || scan_over(scan) ||
	    !observer->progress_due(observer->context, d->run->now_ns()))
		return;
	const struct paced_status paced = scan_asked_on(scan);
	const struct scan_progress progress = {
		.settled = scan_cells_settled(scan),
		.total = scan_cells(scan),
		.hosts_done = d->summary.hosts_total,
		.hosts = d->setup->plan->hosts,
		.sent = scan_counts(scan).sent,
		.paced_hosts = paced.hosts,
		.paced_round = paced.round,
		.stopping = scan_stopping(scan),
	};

	observer->progress(observer->context, &progress, d->run->now_ns());
}

void drive_status_news(struct scan_driver *d)
{
	const struct observer *observer = d->run->observer;
	const char *news;

	while (d->engine->ops->news && (news = d->engine->ops->news(d->engine)) != NULL)
		if (observer->news)
			observer->news(observer->context, news);
}

void drive_status_summary(struct scan_driver *d, uint64_t start_ns)
{
	struct run_summary *sum = &d->summary;
	uint64_t now_ns = d->run->now_ns();
	const struct scan_counts counts = scan_counts(&d->scan);
	struct engine_stats stats;

	sum->end_ns = now_ns + d->run->wall_offset_ns;
	sum->elapsed_ns = now_ns - start_ns;
	if (!d->engine)
		return; /* the second stage could not begin */
	d->engine->ops->stats(d->engine, &stats);
	sum->probes_sent = d->before.probes_sent + counts.sent;
	sum->probes_retried = d->before.probes_retried + counts.resent;
	sum->replies_valid = d->before.replies_valid + counts.valid + stats.judged;
	sum->replies_duplicate = d->before.replies_duplicate + counts.duplicate + stats.duplicate;
	sum->replies_invalid = d->before.replies_invalid + stats.invalid;
	sum->replies_other = d->before.replies_other + stats.other + counts.stray;
	sum->send_errors = d->before.send_errors + stats.send_errors;
	sum->ring_drops = d->before.ring_drops + stats.ring_drops;
	scan_checkpoint_sum(d->run->checkpoint, sum);
	sum->confidence = scan_confidence(&d->scan);
}
