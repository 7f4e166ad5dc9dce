/* stage: what the discovery of hosts and the scan of ports know of one another. */
#include "run/stage.h"

#include <inttypes.h>
#include <stdio.h>

#include "result/host.h"

/* What a host's answers to the discovery prove: its status, without findings, which are no ports.
 */
static void stage_strip(const struct scan_setup *setup, struct host_report *report,
			struct host_status *status)
{
	/* Its answer to ARP or NDP is no proof by --disable-arp-ping. */
	const bool mac_only = report->notes & HOST_MAC && !(report->notes & HOST_ANSWERED);

	*status = host_status(report);
	if (setup->request->pings.no_arp && mac_only)
		*status = (struct host_status){"no-response", STATUS_DOWN, 0, 0};
	if (status->state == STATUS_UNKNOWN)
		status->state = STATUS_DOWN;
	for (size_t i = 0; i < report->count; i++) {
		const struct finding *f = &report->findings[i];

		if (f->has & FINDING_RTT && !(f->has & FINDING_FROM) &&
		    (!status->rtt_us || f->rtt_us < status->rtt_us))
			status->rtt_us = f->rtt_us;
	}
	report->count = 0;
	report->status = status;
}

static bool stage_found(struct scan_setup *setup, uint64_t rank, struct host_report *report,
			struct host_status *status)
{
	const bool unknown = report->notes & HOST_PARTIAL;

	stage_strip(setup, report, status);
	if (setup->discovery.only)
		return status->state == STATUS_UP || !unknown;
	if (status->state == STATUS_UP)
		live_set_up(&setup->live, rank, reason_by_name(status->reason), status->ttl);
	else if (discovery_keeps(&setup->targets, report->addr))
		live_set_named(&setup->live, rank);
	else
		return !unknown;
	return false;
}

bool stage_status(struct scan_setup *setup, uint64_t rank, struct host_report *report,
		  struct host_status *status)
{
	enum reason reason;

	if (setup->finding)
		return stage_found(setup, rank, report, status);
	*status = (struct host_status){.state = STATUS_UP};
	if (!setup->hosts_plan || !plan_find_host(setup->hosts_plan, report->addr, &rank) ||
	    !live_set_why(&setup->live, rank, &reason, &status->ttl))
		return true;
	status->reason = reason_name(reason);
	report->status = status;
	return true;
}

const char *stage_text(const struct scan_setup *setup, char text[static STAGE_TEXT])
{
	snprintf(text, STAGE_TEXT,
		 "%" PRIu64 " of %" PRIu64 " addresses are scanned: engine %s (%s), %" PRIu64
		 " probes",
		 (uint64_t)setup->plan->hosts, (uint64_t)setup->hosts_plan->hosts,
		 setup->engine->name, setup->engine_why, (uint64_t)setup->plan->total);
	return text;
}
