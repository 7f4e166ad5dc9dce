/* scan_driver: the main loop of a scan: send, receive, read out windows. */
#include "run/scan_driver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "result/host.h"
#include "run/drive_status.h"
#include "run/host_decoys.h"
#include "run/host_names.h"
#include "run/scan_checkpoint.h"
#include "run/stage.h"
#include "sandbox/privilege.h"

/* Answers that one call of the engine may return. */
#define ANSWERS 256
/* Most such calls in one turn: more than any ring holds, but a host that sends without end must
 * not keep the loop from its other work. */
#define ANSWERS_TIMES 96
/* Hosts read out before the engine is served again, if it sends passes by itself. */
#define READ_OUT 256
/* Sleep if the pace allows more probes but the engine accepts none (sockets: all are in use). */
#define ENGINE_FULL_NS UINT64_C(1000000)
/* While nothing answers, the engine looks at the path itself so often. */
#define DOUBT_NS UINT64_C(1000000000)
/* Between two looks at a path that was lost before its window was prepared. */
#define LOST_NS UINT64_C(10000000)
/* Between two looks at names that a finished window waits for. */
#define NAMES_LOOK_NS UINT64_C(1000000)

/* Open ports of one batch of answers. */
struct found {
	unsigned count;
	struct plan_probe port[ANSWERS];
};

static void drive_found(struct found *found, const struct sheet *sheet, uint32_t cell)
{
	const struct plan_probe probe = sheet_probe(sheet, cell);

	if (technique_rule(probe.technique, sheet_get(sheet, cell))->state == PORT_OPEN)
		found->port[found->count++] = probe;
}

static int drive_receive(struct scan_driver *d, uint64_t wait_ns, struct failure *f)
{
	const struct observer *observer = d->run->observer;
	struct answer answers[ANSWERS];
	struct found found;
	uint32_t cell;

	for (unsigned times = 0; times < ANSWERS_TIMES; times++) {
		int count = d->engine->ops->receive(d->engine, answers, ANSWERS, wait_ns, f);

		if (count < 0)
			return -1;
		found.count = 0;
		for (int i = 0; i < count; i++) {
			struct sheet *sheet = scan_answer(&d->scan, &answers[i], &cell);

			if (sheet && observer->discovered && !d->setup->finding)
				drive_found(&found, sheet, cell);
			if (sheet && d->names && !(answers[i].has & (ANSWER_FROM | ANSWER_LOCAL)))
				host_names_ask(d->names, sheet, cell / d->setup->plan->slots);
		}
		if (found.count)
			observer->discovered(observer->context, found.port, found.count);
		if (count < ANSWERS)
			return 0;
		wait_ns = 0;
	}
	return 0;
}

static void drive_ring(struct scan_driver *d, const struct engine_stats *stats, uint64_t now_ns)
{
	if (stats->ring_drops <= d->ring_drops)
		return;
	d->ring_drops = stats->ring_drops;
	scan_dropped(&d->scan, now_ns);
}

/* A pass is running: the engine sends by itself. */
static int drive_passing(struct scan_driver *d, uint64_t now_ns, struct failure *f)
{
	struct engine_stats stats;
	int going;

	if (scan_stopping(&d->scan) || scan_hold(&d->scan).lost || scan_hold(&d->scan).silent ||
	    scan_pass_expired(&d->scan, now_ns))
		d->engine->ops->pass_stop(d->engine);
	going = d->engine->ops->pass_poll(d->engine, now_ns, scan_rate_pps(&d->scan), f);
	d->engine->ops->stats(d->engine, &stats);
	if (going < 0)
		return -1;
	if (going)
		scan_passing(&d->scan, stats.refused_burst, now_ns);
	else
		scan_pass_over(&d->scan, stats.refused_burst, now_ns);
	drive_ring(d, &stats, now_ns);
	return 0;
}

/* Sends the probes that the pace allows now. Returns how many were sent; *full: the engine took
 * fewer than offered. */
static int drive_send(struct scan_driver *d, bool *full, struct failure *f)
{
	uint64_t now_ns = d->run->now_ns();
	unsigned budget;
	struct walk *walk = scan_turn(&d->scan, now_ns, &budget);
	struct engine_stats stats;

	*full = false;
	if (scan_in_pass(&d->scan))
		return drive_passing(d, now_ns, f);
	if (!walk)
		return 0;
	if (d->engine->ops->pass_begin && !scan_hold(&d->scan).silent && !walk_is_checking(walk)) {
		int begun = d->engine->ops->pass_begin(d->engine, walk, now_ns,
						       scan_rate_pps(&d->scan), f);

		if (begun == PASS_BEGUN)
			scan_pass_begun(&d->scan, walk, now_ns);
		if (begun != PASS_SEND)
			return begun < 0 ? -1 : 0;
	}
	int sent = d->engine->ops->send(d->engine, walk, now_ns, budget, f);

	d->engine->ops->stats(d->engine, &stats);
	if (sent < 0)
		return -1;
	*full = (unsigned)sent < budget && walk_is_due(walk, now_ns);
	/* The time after they were sent: by the time at which they were allowed, any rate would
	 * look even. */
	scan_sent(&d->scan, walk, (unsigned)sent, stats.refused_burst, d->run->now_ns());
	drive_ring(d, &stats, now_ns);
	return sent;
}

/* The first error of the sink is the one to report. */
static void drive_sink(struct scan_driver *d, int error)
{
	if (error && (d->sink_error == 0 || d->sink_error == EPIPE))
		d->sink_error = error;
}

/* 0, or -1 with *f if the sink has failed. A closed pipe is an interruption. */
static int drive_sink_check(const struct scan_driver *d, struct failure *f)
{
	const struct sink *sink = d->run->sink;

	if (d->sink_error == 0 || d->sink_error == EPIPE)
		return 0;
	return failure_set(f, EXIT_IO, "cannot write to %s: %s", sink->ops->destination(sink),
			   strerror(d->sink_error));
}

static void drive_report_host(struct scan_driver *d, struct scan *scan, int place, uint32_t host)
{
	struct host_report report;
	const struct named_target *named;
	struct run_summary *sum = &d->summary;
	struct host_status status;

	scan_read(scan, place, host, !d->summary.partial, d->findings, &report);
	/* Also of a window that an earlier run has finished; the probes of a plan by slot are
	 * another stage's. */
	if (!d->setup->plan->by_slot)
		scan_reported(&d->scan, &report);
	if (!stage_status(d->setup, scan_rank(scan, place, host), &report, &status))
		return;
	named = target_list_find(&d->setup->targets, report.addr);
	if (named) {
		report.notes |= HOST_NAMED;
		report.name = named->name;
		report.other_names = named->other_names;
	}
	switch (host_status(&report).state) {
	case STATUS_UP:
		sum->hosts_up++;
		break;
	case STATUS_DOWN:
		sum->hosts_down++;
		break;
	default:
		sum->hosts_silent++;
	}
	sum->hosts_total++;
	drive_status_refused(d, &report);
	if (addr_is_link_local6(report.addr) && d->setup->targets.zone[0])
		report.zone = d->setup->targets.zone;
	if (d->decoys)
		report.notes |= host_decoys_notes(d->decoys, host);
	if (d->names)
		report.reverse_name = host_names_get(d->names, scan_sheet(scan, place), host);
	drive_sink(d, sink_host(d->run->sink, &report));
}

/* Reading out a million probes takes longer than sending the next million, so passes continue
 * concurrently. */
static int drive_beside(struct scan_driver *d, struct failure *f)
{
	bool full;

	if (!d->engine->ops->pass_begin || scan_stopping(&d->scan))
		return 0;
	return drive_send(d, &full, f) < 0 || drive_receive(d, 0, f) < 0 ? -1 : 0;
}

/* Windows finish in order. */
static void drive_finished(struct scan_driver *d, const struct sheet *sheet)
{
	const uint64_t end = (sheet_window(sheet) + 1) * (uint64_t)d->setup->plan->window_cells;
	const uint64_t last = d->setup->conf.last;

	/* What a discovery has left out is finished with the ports of the others. */
	if (!d->setup->finding && !d->setup->hosts_plan)
		d->summary.finished = end < last ? end : last;
}

/* Reads out and closes windows that are finished. 0, or -1 with *f if a write failed. */
static int drive_close_windows(struct scan_driver *d, struct failure *f)
{
	int place;

	while ((place = scan_ready(&d->scan, d->run->now_ns())) >= 0) {
		if (!scan_stopping(&d->scan) && d->engine->ops->finish &&
		    d->engine->ops->finish(d->engine, scan_sheet(&d->scan, place),
					   d->run->now_ns()))
			break;
		if (d->names && !scan_stopping(&d->scan) &&
		    host_names_wait(d->names, &d->scan, place, d->findings, d->run->observer))
			break;
		if (d->decoys && !scan_stopping(&d->scan) &&
		    host_decoys_wait(d->decoys, &d->scan, place, d->run->now_ns()))
			break;
		d->summary.partial |= scan_stopping(&d->scan) && !scan_answered(&d->scan, place);
		/* What is reported now is not finished: reported again when the scan is resumed. */
		if (d->summary.partial)
			scan_checkpoint_end(d->run->checkpoint);
		trace_sort(d->run->trace);
		for (uint32_t host = 0; host < scan_hosts(&d->scan, place); host++) {
			drive_report_host(d, &d->scan, place, host);
			if (host % READ_OUT == READ_OUT - 1 && drive_beside(d, f) < 0)
				return -1;
		}
		if (!d->summary.partial)
			drive_finished(d, scan_sheet(&d->scan, place));
		scan_checkpoint_window(d->run->checkpoint, place);
		if (d->names)
			host_names_close(d->names, scan_sheet(&d->scan, place));
		scan_close(&d->scan, place);
		if (drive_sink_check(d, f) < 0)
			return -1;
	}
	return 0;
}

/*
 * Drops privileges: programs, sockets and files are open, and no thread runs yet. Only if windows
 * remain are more packet sockets needed: for ARP and NDP, and for interfaces not used so far.
 */
static int drive_drop(struct scan_driver *d, struct failure *f)
{
	const bool more = scan_has_windows(&d->scan);

	/* The next stage may open another engine. */
	if (d->setup->finding && !d->setup->discovery.only)
		return 0;
	if (d->dropped || !(d->setup->engine->traits & ENGINE_RAW))
		return 0;
	d->dropped = true;
	if (d->run->checkpoint)
		checkpoint_file_keep_access(d->run->checkpoint->file);
	return privilege_drop(more ? PRIVILEGE_RAW_FRAMES : 0, f);
}

/* How often the user asked to stop. */
static int drive_interrupts(const struct scan_driver *d)
{
	if (d->sink_error == EPIPE)
		return 2;
	return d->run->interrupts ? (int)*d->run->interrupts : 0;
}

static void drive_say(const struct scan_driver *d, const char *text)
{
	const struct observer *observer = d->run->observer;

	if (observer->news)
		observer->news(observer->context, text);
}

/* The path is there: again, perhaps. */
static void drive_path_here(struct scan_driver *d, const struct scan_hold *hold, uint64_t now_ns)
{
	char text[160];
	unsigned long long again;

	/* What a pass has sent is known when it is over. */
	if (!hold->lost || scan_in_pass(&d->scan))
		return;
	scan_restored(&d->scan, now_ns);
	again = scan_hold(&d->scan).withdrawn - hold->withdrawn;
	snprintf(text, sizeof(text), "the path is back after %.1f s; probes sent again: %llu",
		 (double)(now_ns - hold->begun_ns) / 1e9, again);
	drive_say(d, text);
}

static void drive_end_early(struct scan_driver *d, const char *why)
{
	d->path_lost = true;
	d->summary.partial = true;
	d->summary.stopped_why = why;
}

static void drive_path_lost(struct scan_driver *d, const struct scan_hold *hold, const char *why,
			    uint64_t now_ns)
{
	const struct observer *observer = d->run->observer;
	char text[PATH_WHY + 80];

	scan_lost(&d->scan, now_ns);
	if (!hold->lost) {
		snprintf(text, sizeof(text), "%s: waiting for up to %u s", why,
			 (unsigned)(OUTAGE_MOST_NS / 1000000000u));
		drive_say(d, text);
	} else if (now_ns - hold->begun_ns >= OUTAGE_MOST_NS && !d->path_lost) {
		drive_end_early(d, "path lost");
		snprintf(text, sizeof(text), "%s, for %u s now: the scan ends here", why,
			 (unsigned)(OUTAGE_MOST_NS / 1000000000u));
		if (observer->warning)
			observer->warning(observer->context, text);
	}
}

/* Once for each outage: nothing answers. */
static void drive_silence(struct scan_driver *d, const struct scan_hold *hold)
{
	const struct observer *observer = d->run->observer;

	if (hold->gone && !d->path_lost) {
		drive_end_early(d, "no answers");
		if (observer->warning)
			observer->warning(
				observer->context,
				"nothing answers any more, for 10 s now, not even ports that "
				"have answered: the path is lost or a firewall drops all "
				"probes: the scan ends here");
	}
	if (!hold->silent || d->silences == hold->count)
		return;
	if (d->silences == 0)
		drive_say(d, "all answers have stopped: waiting for up to 10 s");
	d->silences = hold->count;
}

/* Asks the engine for the path. Whether it is lost. */
static bool drive_path(struct scan_driver *d)
{
	const struct scan_hold hold = scan_hold(&d->scan);
	const uint64_t now_ns = d->run->now_ns();
	const bool doubt = hold.silent && now_ns >= d->doubted_ns + DOUBT_NS;
	char text[PATH_WHY + 80];
	const char *why;

	drive_silence(d, &hold);
	if (!d->engine->ops->path || scan_stopping(&d->scan))
		return false;
	if (doubt)
		d->doubted_ns = now_ns;
	switch (d->engine->ops->path(d->engine, doubt, &why)) {
	case PATH_LOST:
		drive_path_lost(d, &hold, why, now_ns);
		return true;
	case PATH_CHANGED:
		snprintf(text, sizeof(text), "%s: continuing with it", why);
		drive_say(d, text);
		if (!hold.lost && !scan_in_pass(&d->scan))
			scan_changed(&d->scan, now_ns);
		break;
	case PATH_SAME:
		break;
	}
	drive_path_here(d, &hold, d->run->now_ns());
	return false;
}

/* Prepares a window; again if the path was lost meanwhile, since no neighbour was found then. What
 * an engine has lent for its passes is lent once. */
static int drive_prepare(struct scan_driver *d, int place, struct failure *f)
{
	bool lost;

	do {
		if (d->engine->ops->prepare(d->engine, scan_sheet(&d->scan, place), f) < 0)
			return -1;
		lost = drive_path(d);
		while (scan_hold(&d->scan).lost && !d->path_lost && drive_interrupts(d) == 0) {
			if (drive_receive(d, LOST_NS, f) < 0)
				return -1;
			(void)drive_path(d); /* it sets scan_hold() */
		}
	} while (lost && !d->path_lost && drive_interrupts(d) == 0 && !d->engine->ops->pass_begin);
	return 0;
}

static int drive_open_windows(struct scan_driver *d, struct failure *f)
{
	int place;

	while ((place = scan_open(&d->scan, d->run->now_ns())) >= 0)
		if (drive_prepare(d, place, f) < 0 || drive_drop(d, f) < 0)
			return -1;
	if (place == -2)
		return failure_set(f, EXIT_SOFTWARE, "out of memory for a window of the scan");
	return 0;
}

static int drive_turn(struct scan_driver *d, struct failure *f)
{
	bool full;
	int sent = drive_send(d, &full, f);

	if (sent < 0)
		return -1;
	uint64_t wait_ns = scan_wait_ns(&d->scan, d->run->now_ns());

	if (full && wait_ns < ENGINE_FULL_NS)
		wait_ns = ENGINE_FULL_NS;
	if (((d->names && host_names_waits(d->names)) ||
	     (d->decoys && host_decoys_waits(d->decoys))) &&
	    wait_ns < NAMES_LOOK_NS)
		wait_ns = NAMES_LOOK_NS;
	drive_status_news(d);
	if (drive_receive(d, wait_ns, f) < 0 || drive_close_windows(d, f) < 0)
		return -1;
	drive_status_progress(d);
	scan_checkpoint_turn(d->run->checkpoint);
	return 0;
}

/* After a failure or a second Ctrl-C: writes what is known without waiting for answers. */
static void drive_give_up(struct scan_driver *d)
{
	struct failure ignored = {0};
	bool full;

	/* Waits for the pass, which ends within milliseconds: only then is it known which probes
	 * it sent. */
	scan_stop(&d->scan, 0);
	while (scan_in_pass(&d->scan) && drive_send(d, &full, &ignored) >= 0)
		(void)drive_receive(d, scan_wait_ns(&d->scan, 0), &ignored);
	scan_abandon(&d->scan);
	(void)drive_close_windows(d, &ignored); /* the first failure is the one to report */
	d->summary.partial = true;
}

/* Whether the loop ends. The first interruption ends only the sending, the second also the wait
 * for answers. */
static bool drive_heed(struct scan_driver *d)
{
	const struct observer *observer = d->run->observer;

	if (drive_interrupts(d) >= 1) {
		if (!scan_stopping(&d->scan)) {
			d->summary.stopped_why = "interrupted";
			if (observer->stopping)
				observer->stopping(observer->context);
		}
		d->summary.partial = true;
		scan_stop(&d->scan, d->run->now_ns());
	}
	return d->path_lost || drive_interrupts(d) >= 2;
}

static int drive_findings(struct scan_driver *d, struct failure *f)
{
	free(d->findings);
	d->findings = calloc(d->setup->plan->slots, sizeof(*d->findings));
	if (!d->findings)
		return failure_set(f, EXIT_SOFTWARE, "out of memory for the findings of a host");
	if (d->run->decoys && !d->setup->finding && !(d->decoys = host_decoys_new(d->setup)))
		return failure_set(f, EXIT_SOFTWARE, "out of memory for decoys");
	return 0;
}

static int drive_begin(struct scan_driver *d, struct failure *f)
{
	const struct scan_setup *setup = d->setup;
	struct sink *sink = d->run->sink;

	d->info = (struct run_info){
		.program = "portlight",
		.version = d->run->version,
		.args = d->run->args,
		.engine = d->engine->ops->name,
		.start_ns = d->run->checkpoint ? d->run->checkpoint->data->start_ns
					       : d->run->now_ns() + d->run->wall_offset_ns,
		.techniques = setup->technique,
		.technique_count = setup->technique_count,
		.port_lists = (const char *const *)setup->port_list,
		.port_counts = setup->port_count,
		.hosts = setup->hosts,
		.probes = setup->discovery.only ? setup->conf.last : setup->probes,
		.plan = setup->discovery.only ? NULL : &setup->run_plan,
		.verbose = d->run->verbose,
	};
	d->summary.finished = setup->conf.first;
	drive_sink(d, sink_begin(sink, &d->info));
	if (setup->request->reverse && !(d->names = host_names_new()))
		return failure_set(f, EXIT_SOFTWARE, "out of memory for names of hosts");
	return drive_sink_check(d, f) < 0 ? -1 : drive_findings(d, f);
}

/* A window that was finished before the scan was resumed. */
static int drive_replayed(void *context, struct scan *scan, struct failure *f)
{
	struct scan_driver *d = context;

	/* What no snapshot has is probed again. */
	while (drive_interrupts(d) == 0 &&
	       ((d->names && host_names_wait(d->names, scan, 0, d->findings, d->run->observer)) ||
		(d->decoys && host_decoys_wait(d->decoys, scan, 0, d->run->now_ns()))))
		if (drive_receive(d, NAMES_LOOK_NS, f) < 0)
			return -1;
	for (uint32_t host = 0; host < scan_hosts(scan, 0); host++)
		drive_report_host(d, scan, 0, host);
	drive_finished(d, scan_sheet(scan, 0));
	if (d->names)
		host_names_close(d->names, scan_sheet(scan, 0));
	scan_close(scan, 0);
	return drive_sink_check(d, f);
}

/* Reports again what was finished, prepares the windows that were open, and saves the first
 * checkpoint. */
static int drive_take_up(struct scan_driver *d, struct failure *f)
{
	struct scan_checkpoint *checkpoint = d->run->checkpoint;

	if (!checkpoint)
		return 0;
	if (scan_checkpoint_replay(checkpoint, drive_replayed, d, f) < 0)
		return -1;
	for (int place = 0; checkpoint->resumed && place < SHEETS; place++)
		if (scan_sheet(&d->scan, place) &&
		    (drive_prepare(d, place, f) < 0 || drive_drop(d, f) < 0))
			return -1;
	if (checkpoint->resumed)
		scan_taken_up(&d->scan, checkpoint->begun_ns);
	return scan_checkpoint_first(checkpoint, f);
}

static int drive_end(struct scan_driver *d, uint64_t start_ns, int result, struct failure *f)
{
	struct sink *sink = d->run->sink;

	if (result < 0) {
		d->summary.partial = true;
		d->summary.stopped_why = "failed";
	}
	drive_status_summary(d, start_ns);
	host_names_end(d->names, d->run->observer);
	host_decoys_free(d->decoys);
	d->decoys = NULL;
	d->names = NULL;
	drive_sink(d, sink_end(sink, &d->summary));
	free(d->findings);
	d->findings = NULL;
	return result < 0 ? result : drive_sink_check(d, f);
}

/* Runs the present stage. 0, or -1 with *f. */
static int drive_stage(struct scan_driver *d, struct failure *f)
{
	int result = 0;

	while (result == 0 && !drive_heed(d)) {
		result = drive_open_windows(d, f);
		/* Checks again: opening a window resolves neighbours, which takes time, and hosts
		 * without a neighbour get no probes. */
		if (drive_heed(d) || scan_over(&d->scan))
			break;
		if (result == 0 && !(drive_path(d) && d->path_lost))
			result = drive_turn(d, f);
	}
	if (!scan_over(&d->scan))
		drive_give_up(d);
	scan_checkpoint_end(d->run->checkpoint);
	return result;
}

static int drive_open(struct scan_driver *d, struct failure *f)
{
	struct scan_checkpoint *checkpoint = d->run->checkpoint;

	d->setup->conf.wall_offset_ns = d->run->wall_offset_ns;
	scan_init(&d->scan, d->setup->plan, &d->setup->conf, d->run->now_ns());
	if (checkpoint && scan_checkpoint_open(checkpoint, d->setup, d->run, &d->scan, f) < 0)
		return -1;
	d->engine = scan_setup_engine(d->setup, d->run, d->scan.sheet, f);
	if (checkpoint)
		checkpoint->engine = d->engine;
	return d->engine ? 0 : -1;
}

/* The hosts are found: continues with the ports of those that are up. 1, 0 if there are none, or -1
 * with *f. */
static int drive_next_stage(struct scan_driver *d, uint64_t start_ns, struct failure *f)
{
	char text[STAGE_TEXT];
	int more;

	more = scan_setup_ports(d->setup, f);
	if (more <= 0)
		return more;
	drive_status_summary(d, start_ns);
	d->before = d->summary;
	scan_driver_close(d);
	d->ring_drops = 0;
	d->silences = 0;
	d->doubted_ns = 0;
	if (drive_open(d, f) < 0)
		return -1;
	drive_say(d, stage_text(d->setup, text));
	return drive_findings(d, f) < 0 ? -1 : 1;
}

/* Whether hosts were found first, and so the plan of the request was not walked itself. */
static bool setup_found(const struct scan_setup *setup)
{
	return setup->finding || setup->hosts_plan;
}

int scan_driver_run(struct scan_driver *d, struct failure *f)
{
	uint64_t start_ns = d->run->now_ns();
	int result = drive_begin(d, f);

	if (result == 0)
		result = drive_take_up(d, f);
	if (result == 0)
		result = drive_stage(d, f);
	if (result == 0 && !d->summary.partial && d->setup->finding && !d->setup->discovery.only) {
		result = drive_next_stage(d, start_ns, f);
		if (result > 0)
			result = drive_stage(d, f);
	}
	if (result == 0 && !d->summary.partial && setup_found(d->setup))
		d->summary.finished = d->setup->run_plan.last;
	return drive_end(d, start_ns, result, f);
}

int scan_driver_open(struct scan_driver *driver, struct scan_setup *setup,
		     const struct run_context *run, struct failure *f)
{
	*driver = (struct scan_driver){.setup = setup, .run = run};
	return drive_open(driver, f);
}

void scan_driver_close(struct scan_driver *driver)
{
	if (driver->engine)
		driver->engine->ops->close(driver->engine);
	driver->engine = NULL;
	scan_checkpoint_close(driver->run->checkpoint);
	scan_fini(&driver->scan);
}
