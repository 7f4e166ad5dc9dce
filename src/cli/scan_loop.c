/* scan_loop: the turns of a scan. */
#include "cli/scan_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sandbox/privilege.h"
#include "scan/verdict.h"

/* Answers taken at once. */
#define ANSWERS 256
/* And so often in a turn, at most: more than any ring holds, but who sends them without end must
 * not keep us from the rest. */
#define ANSWERS_TIMES 96
/* What a line of loop_discovered takes at most. */
#define DISCOVERED (40 + ADDR_TEXT)
/* Hosts read out at once, if an engine wants to be looked after. */
#define READ_OUT 256
/* Sleep when the pace allows more but the engine takes no more (sockets: all in use). */
#define ENGINE_FULL_NS UINT64_C(1000000)

uint64_t scan_loop_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail on Linux */
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Lines on answers that came together: they leave in one write. */
struct lines {
	size_t used;
	char text[8192];
};

static void loop_say(struct scan_loop *loop, struct lines *lines)
{
	if (lines->used == 0)
		return;
	progress_clear(loop->progress);
	(void)fwrite(lines->text, 1, lines->used, loop->notes); /* a note */
	lines->used = 0;
}

/* -v: an open port, as soon as it is known. */
static void loop_discovered(struct scan_loop *loop, const struct sheet *sheet, uint32_t cell,
			    struct lines *lines)
{
	struct plan_probe probe = sheet_probe(sheet, cell);
	char text[ADDR_TEXT];

	if (technique_rule(probe.technique, sheet_get(sheet, cell))->state != PORT_OPEN)
		return;
	if (sizeof(lines->text) - lines->used < DISCOVERED)
		loop_say(loop, lines);
	lines->used += (size_t)snprintf(lines->text + lines->used, DISCOVERED,
					"Discovered open port %u/%s on %s\n", probe.port,
					technique_is_udp(probe.technique) ? "udp" : "tcp",
					addr_format(probe.to, text));
}

static int loop_receive(struct scan_loop *loop, uint64_t wait_ns, struct failure *f)
{
	struct answer answers[ANSWERS];
	struct lines lines;
	uint32_t cell;

	lines.used = 0;
	for (unsigned times = 0; times < ANSWERS_TIMES; times++) {
		int count = loop->engine->ops->receive(loop->engine, answers, ANSWERS, wait_ns, f);

		if (count < 0)
			return -1;
		for (int i = 0; i < count; i++) {
			struct sheet *sheet = scan_answer(loop->scan, &answers[i], &cell);

			if (sheet && loop->verbose)
				loop_discovered(loop, sheet, cell, &lines);
		}
		loop_say(loop, &lines);
		if (count < ANSWERS)
			return 0;
		wait_ns = 0;
	}
	return 0;
}

static void loop_ring(struct scan_loop *loop, const struct engine_stats *stats, uint64_t now_ns)
{
	if (stats->ring_drops <= loop->ring_drops)
		return;
	loop->ring_drops = stats->ring_drops;
	pacer_dropped(&loop->scan->pacer, now_ns);
}

/* While an engine sends by itself. */
static int loop_passing(struct scan_loop *loop, uint64_t now_ns, struct failure *f)
{
	struct engine_stats stats;
	int going;

	if (loop->scan->stopping)
		loop->engine->ops->pass_stop(loop->engine);
	going = loop->engine->ops->pass_poll(loop->engine, now_ns, loop->scan->pacer.rate_pps, f);
	loop->engine->ops->stats(loop->engine, &stats);
	if (going < 0)
		return -1;
	if (going)
		scan_passing(loop->scan, stats.refused_burst, now_ns);
	else
		scan_pass_over(loop->scan, stats.refused_burst, now_ns);
	loop_ring(loop, &stats, now_ns);
	return 0;
}

/* Sends what may go now. Returns how many went, *full if the engine took fewer than offered. */
static int loop_send(struct scan_loop *loop, bool *full, struct failure *f)
{
	uint64_t now_ns = scan_loop_now();
	unsigned budget;
	struct walk *walk = scan_turn(loop->scan, now_ns, &budget);
	struct engine_stats stats;

	*full = false;
	if (loop->scan->passing)
		return loop_passing(loop, now_ns, f);
	if (!walk)
		return 0;
	if (loop->engine->ops->pass_begin) {
		int begun = loop->engine->ops->pass_begin(loop->engine, walk, now_ns,
							  loop->scan->pacer.rate_pps, f);

		if (begun == PASS_BEGUN)
			scan_pass_begun(loop->scan, walk, now_ns);
		if (begun != PASS_SEND)
			return begun < 0 ? -1 : 0;
	}
	int sent = loop->engine->ops->send(loop->engine, walk, now_ns, budget, f);

	loop->engine->ops->stats(loop->engine, &stats);
	if (sent < 0)
		return -1;
	*full = (unsigned)sent < budget && !walk->done && walk->due_ns <= now_ns;
	/* When they have gone: by when they might, any rate would look even. */
	scan_sent(loop->scan, walk, (unsigned)sent, stats.refused_burst, scan_loop_now());
	loop_ring(loop, &stats, now_ns);
	return sent;
}

static void loop_report_host(struct scan_loop *loop, struct sheet *sheet, uint32_t host)
{
	struct host_report report;
	const struct named_target *named;
	struct run_summary *sum = &loop->summary;
	bool complete = !loop->summary.partial;

	verdict_host(sheet, host, complete, loop->scan->conf.tries, loop->scan->conf.wall_offset_ns,
		     loop->findings, &report);
	named = target_list_find(&loop->setup->targets, report.addr);
	if (named) {
		report.notes |= HOST_NAMED;
		report.name = named->name;
	}
	if (report.notes & (HOST_ANSWERED | HOST_MAC | HOST_LOCAL))
		sum->hosts_up++;
	else if (report.notes & (HOST_NO_NEIGHBOUR | HOST_NO_ROUTE))
		sum->hosts_down++;
	else
		sum->hosts_silent++;
	sum->hosts_total++;
	outputs_host(loop->outputs, &report);
}

/* A read-out of a million probes takes longer than to send the next: passes go on beside it. */
static int loop_beside(struct scan_loop *loop, struct failure *f)
{
	bool full;

	if (!loop->engine->ops->pass_begin || loop->scan->stopping)
		return 0;
	return loop_send(loop, &full, f) < 0 || loop_receive(loop, 0, f) < 0 ? -1 : 0;
}

/* Reads out and closes windows that are through. 0, or -1 with *f if a write failed. */
static int loop_close_windows(struct scan_loop *loop, struct failure *f)
{
	int place;

	while ((place = scan_ready(loop->scan, scan_loop_now())) >= 0) {
		struct sheet *sheet = loop->scan->sheet[place];

		loop->summary.partial |= loop->scan->stopping && sheet->answered != sheet->ours;
		progress_clear(loop->progress);
		if (loop->trace)
			trace_sort(loop->trace);
		for (uint32_t host = 0; host < sheet->hosts; host++) {
			loop_report_host(loop, sheet, host);
			if (host % READ_OUT == READ_OUT - 1 && loop_beside(loop, f) < 0)
				return -1;
		}
		scan_close(loop->scan, place);
		if (outputs_check(loop->outputs, &loop->closed_pipe, f) < 0)
			return -1;
	}
	return 0;
}

/*
 * Programs, sockets and files are open, threads there are none yet. Only the windows to come may
 * need more packet sockets, to ask for neighbours and for interfaces not used so far.
 */
static int loop_drop(struct scan_loop *loop, struct failure *f)
{
	const bool more = loop->scan->window_next < loop->scan->window_last;

	if (loop->dropped || !loop->setup->frames)
		return 0;
	loop->dropped = true;
	return privilege_drop(more ? PRIVILEGE_RAW_FRAMES : 0, f);
}

static int loop_open_windows(struct scan_loop *loop, struct failure *f)
{
	int place;

	while ((place = scan_open(loop->scan, scan_loop_now())) >= 0)
		if (loop->engine->ops->prepare(loop->engine, loop->scan->sheet[place], f) < 0 ||
		    loop_drop(loop, f) < 0)
			return -1;
	if (place == -2)
		return failure_set(f, EXIT_SOFTWARE, "out of memory for a window of the scan");
	return 0;
}

static void loop_progress(struct scan_loop *loop)
{
	const struct scan *scan = loop->scan;

	/* All is told by then. */
	if (scan_over(scan) || !progress_due(loop->progress, scan_loop_now()))
		return;
	const struct paced_status news = scan_asked_on(scan);
	struct progress_state state = {
		.settled = scan_cells_settled(scan),
		.total = scan->cells_all,
		.hosts_done = loop->summary.hosts_total,
		.hosts = loop->setup->plan->hosts,
		.sent = scan->sent,
		.asked_hosts = news.hosts,
		.asked_round = news.round,
		.stopping = scan->stopping,
	};

	progress_show(loop->progress, &state, scan_loop_now());
}

static void loop_news(struct scan_loop *loop)
{
	const char *news = loop->engine->ops->news ? loop->engine->ops->news(loop->engine) : NULL;

	if (!news)
		return;
	progress_clear(loop->progress);
	fprintf(loop->notes, "portlight: %s\n", news);
}

static int loop_turn(struct scan_loop *loop, struct failure *f)
{
	bool full;
	int sent = loop_send(loop, &full, f);

	if (sent < 0)
		return -1;
	uint64_t wait_ns = scan_wait_ns(loop->scan, scan_loop_now());

	if (full && wait_ns < ENGINE_FULL_NS)
		wait_ns = ENGINE_FULL_NS;
	loop_news(loop);
	if (loop_receive(loop, wait_ns, f) < 0 || loop_close_windows(loop, f) < 0)
		return -1;
	loop_progress(loop);
	return 0;
}

/* After a failure or a second Ctrl-C: what is known is written, nothing is waited for. */
static void loop_give_up(struct scan_loop *loop)
{
	struct failure ignored = {0};
	bool full;

	/* A pass ends within milliseconds; only then is it known what it has sent. */
	scan_stop(loop->scan, 0);
	while (loop->scan->passing && loop_send(loop, &full, &ignored) >= 0)
		(void)loop_receive(loop, scan_wait_ns(loop->scan, 0), &ignored);
	loop->scan->passing = NULL;
	scan_stop(loop->scan, 0);
	loop->scan->stop_ns = 0;
	(void)loop_close_windows(loop, &ignored); /* the first failure is the one to tell */
	loop->summary.partial = true;
}

static void loop_summary(struct scan_loop *loop, uint64_t start_ns)
{
	struct run_summary *sum = &loop->summary;
	uint64_t now_ns = scan_loop_now();
	struct engine_stats stats;

	loop->engine->ops->stats(loop->engine, &stats);
	sum->end_ns = now_ns + loop->scan->conf.wall_offset_ns;
	sum->elapsed_ns = now_ns - start_ns;
	sum->probes_sent = loop->scan->sent;
	sum->probes_retried = loop->scan->resent;
	sum->replies_valid = loop->scan->valid + stats.judged;
	sum->replies_duplicate = loop->scan->duplicate + stats.duplicate;
	sum->replies_invalid = stats.invalid;
	sum->replies_other = stats.other + loop->scan->stray;
	sum->send_errors = stats.send_errors;
	sum->ring_drops = stats.ring_drops;
}

/* Whether nothing more is waited for. The first interruption only ends the sending. */
static bool loop_heed(struct scan_loop *loop)
{
	if (*loop->interrupts >= 1 || loop->closed_pipe) {
		if (!loop->scan->stopping)
			loop->summary.stopped_why = "interrupted";
		loop->summary.partial = true;
		scan_stop(loop->scan, scan_loop_now());
	}
	return *loop->interrupts >= 2 || loop->closed_pipe;
}

int scan_loop_run(struct scan_loop *loop, struct failure *f)
{
	uint64_t start_ns = scan_loop_now();
	int result = 0;

	loop->findings = calloc(loop->setup->plan->slots, sizeof(*loop->findings));
	if (!loop->findings)
		return failure_set(f, EXIT_SOFTWARE, "out of memory for the findings of a host");
	while (result == 0 && !loop_heed(loop)) {
		result = loop_open_windows(loop, f);
		/* Once more: neighbours are asked for in there, and may not have been found. */
		if (loop_heed(loop) || scan_over(loop->scan))
			break;
		if (result == 0)
			result = loop_turn(loop, f);
	}
	if (!scan_over(loop->scan))
		loop_give_up(loop);
	if (result < 0) {
		loop->summary.partial = true;
		loop->summary.stopped_why = "failed";
	}
	progress_clear(loop->progress);
	loop_summary(loop, start_ns);
	free(loop->findings);
	loop->findings = NULL;
	return result;
}
