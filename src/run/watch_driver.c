/* watch_driver: packets into the detector, its events out, and what comes due in between. */
#include "run/watch_driver.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "capture/link_type.h"

#define NS UINT64_C(1000000000)

/*
 * The detector is told of each second of the capture's clock in which nothing came, so that a
 * replay closes a scan when a live run did. A gap of years is told of in so many steps.
 */
#define GAP_STEPS	 600

#define METRICS_EVERY_NS (15 * NS)
/* Live: so many frames at most between two looks at the clock. */
#define FRAMES_A_TURN 2048
/* So many at most after a signal to end: what came before it. */
#define LAST_TURNS 32
/* Lines about interfaces that come and go. */
#define NEWS_A_MINUTE 20

/* Live: the name of the interface where its packets come from, if that is known. */
static void event_locate(struct watch_driver *loop, struct event *event)
{
	struct live *live = loop->setup->live;
	char quoted[LINK_QUOTED];
	const char *name;

	if (!live)
		return;
	name = live_only(live, quoted);
	if (!name && event->has & EVENT_HAS_SOURCE)
		name = live_name(live, watch_origin_find(&loop->origin, event->source), quoted);
	if (name)
		memcpy(event->interface, name, strnlen(name, sizeof(event->interface) - 1));
}

static void note_explained(struct watch_driver *loop, const struct event *event)
{
	for (size_t i = 0; i < loop->setup->explain_count && i < WATCH_EXPLAINED; i++) {
		if (!(event->has & EVENT_HAS_SOURCE) ||
		    !addr_equal(event->source, loop->setup->explain[i]))
			continue;
		loop->told[i].events++;
		loop->told[i].last = event->id;
		loop->told[i].action = event->action;
		loop->told[i].phase = event->phase;
	}
}

void watch_driver_event(void *context, const struct event *event)
{
	struct watch_driver *loop = context;
	struct event located = *event;

	event_locate(loop, &located);
	note_explained(loop, &located);
	watch_outputs_event(&loop->setup->outputs, &located);
	watch_response_event(&loop->setup->response, &located);
}

/* The capture's clock is at t_ns. */
static void loop_clock(struct watch_driver *loop, uint64_t t_ns)
{
	uint64_t seconds, step;

	if (!loop->started || t_ns < loop->tick_ns) {
		/* It starts, or ran backwards: from here on anew. */
		loop->started = true;
		loop->tick_ns = t_ns - t_ns % NS;
		return;
	}
	if (t_ns - loop->tick_ns < NS)
		return;
	seconds = (t_ns - loop->tick_ns) / NS;
	step = (seconds / GAP_STEPS + 1) * NS;
	while (t_ns - loop->tick_ns >= step) {
		loop->tick_ns += step;
		watch_tick(loop->watch, loop->tick_ns);
	}
	if (t_ns - loop->tick_ns >= NS)
		loop->tick_ns = t_ns - t_ns % NS;
}

/* Live, a signal does not end it before what the ring holds was looked at: see run_live. */
static bool loop_over(const struct watch_driver *loop)
{
	return (*loop->stop && !loop->setup->live) ||
	       (loop->setup->options->count && loop->packets >= loop->setup->options->count) ||
	       watch_outputs_closed_pipe(&loop->setup->outputs);
}

static void loop_lost(struct watch_driver *loop, uint64_t lost)
{
	if (lost == loop->lost)
		return;
	loop->lost = lost;
	watch_lost(loop->watch, lost);
}

/* Whether `every_ns` has gone by since *due_ns, which then moves on. */
static bool comes_due(uint64_t *due_ns, uint64_t every_ns, uint64_t now_ns)
{
	if (every_ns == 0 || now_ns < *due_ns)
		return false;
	*due_ns = now_ns + every_ns;
	return true;
}

/* --stats-every, by the clock of the capture in a replay. */
static void loop_due_stats(struct watch_driver *loop, uint64_t now_ns)
{
	if (comes_due(&loop->stats_ns, loop->setup->options->stats_every_ns, now_ns))
		watch_driver_stats(loop, loop->notes);
}

/* Where the next packet is read to; its time is to be filled in. */
static struct watch_ahead *loop_next(struct watch_driver *loop)
{
	return &loop->ahead[loop->ahead_count];
}

static void loop_look(struct watch_driver *loop)
{
	struct watch_ahead *a = &loop->ahead[loop->ahead_count++];

	prefetch_bucket(loop->watch, &a->packet, &a->sighting);
}

/* Judges what was read, unless the end comes first. */
static void loop_judge(struct watch_driver *loop)
{
	for (unsigned i = 0; i < loop->ahead_count; i++)
		prefetch_entry(loop->watch, &loop->ahead[i].sighting);
	for (unsigned i = 0; i < loop->ahead_count; i++)
		prefetch_victim(loop->watch, &loop->ahead[i].sighting);
	for (unsigned i = 0; i < loop->ahead_count && !loop_over(loop); i++) {
		struct watch_ahead *a = &loop->ahead[i];

		loop_lost(loop, a->lost);
		loop_clock(loop, a->t_ns);
		watch_judge(loop->watch, a->t_ns, &a->packet, &a->sighting);
		loop->packets++;
		if (loop->setup->file)
			loop_due_stats(loop, a->t_ns);
	}
	loop->ahead_count = 0;
}

static void loop_report(struct watch_driver *loop)
{
	if (!*loop->report)
		return;
	*loop->report = 0;
	watch_driver_stats(loop, loop->notes);
	watch_driver_explain(loop, loop->notes);
}

static void loop_metrics(struct watch_driver *loop)
{
	struct watch_stats stats;
	struct failure f = {0};
	bool *failed = &loop->setup->outputs.metrics_failed;

	watch_stats(loop->watch, &stats);
	if (watch_outputs_metrics(&loop->setup->outputs, &stats, &f) == 0) {
		*failed = false;
	} else if (!*failed) {
		*failed = true;
		fprintf(loop->notes, "portlight: %s\n", f.text);
	}
}

/*
 * Interfaces that came or went. Where containers come and go by the hundred only their number is
 * told. Without -i that is no complaint.
 */
static void loop_news(struct watch_driver *loop, uint64_t now_ns)
{
	bool silent = loop->setup->options->quiet && !loop->setup->options->interfaces.count;
	char line[LIVE_LINE];

	while (live_news(loop->setup->live, line))
		if (!silent && ++loop->news <= NEWS_A_MINUTE)
			fprintf(loop->notes, "portlight: %s\n", line);
	if (!comes_due(&loop->news_ns, 60 * NS, now_ns))
		return;
	if (loop->news > NEWS_A_MINUTE)
		fprintf(loop->notes, "portlight: interfaces came or went another %u times\n",
			loop->news - NEWS_A_MINUTE);
	loop->news = 0;
}

/* What a live run does every now and then. */
static void loop_due(struct watch_driver *loop)
{
	struct watch_setup *setup = loop->setup;
	uint64_t now_ns = clock_monotonic_ns();

	if (comes_due(&loop->second_ns, NS, now_ns)) {
		loop_lost(loop, live_drops(setup->live));
		/* Where packets never cease nothing else asks whether an interface changed. */
		(void)live_wait(setup->live, 0);
		if (setup->listeners) /* failing, it knows nothing for a while */
			(void)listeners_refresh(setup->listeners, now_ns);
	}
	if (setup->options->metrics && comes_due(&loop->metrics_ns, METRICS_EVERY_NS, now_ns))
		loop_metrics(loop);
	if (comes_due(&loop->watchdog_ns, setup->notify.watchdog_ns / 2, now_ns))
		(void)notify_send(&setup->notify, "WATCHDOG=1"); /* the manager acts on silence */
	loop_due_stats(loop, now_ns);
	loop_news(loop, now_ns);
}

/* Who sent it came in by there. What is forwarded goes out elsewhere, which tells less. */
static void loop_origin(struct watch_driver *loop, const struct live_frame *f,
			const struct packet *p)
{
	bool out = f->frame.flags & RING_OUTGOING;

	if (p->has & PACKET_IP)
		watch_origin_note(&loop->origin, p->src, f->frame.interface, out);
	else if (p->has & PACKET_ARP)
		watch_origin_note(&loop->origin, p->arp_sender, f->frame.interface, out);
}

static void loop_frame(struct watch_driver *loop, const struct live_frame *f)
{
	struct watch_ahead *a = loop_next(loop);
	struct packet *p = &a->packet;

	packet_parse(f->link, f->frame.bytes, f->frame.length, p);
	if (f->frame.flags & RING_VLAN) {
		p->has |= PACKET_VLAN;
		p->vlan = f->frame.vlan;
	}
	loop_origin(loop, f, p);
	a->t_ns = f->frame.wall_ns;
	a->lost = loop->lost;
	loop_look(loop);
}

/* What the ring holds, up to so much: how many frames that were. */
static unsigned live_turn(struct watch_driver *loop)
{
	struct live *live = loop->setup->live;
	struct live_frame frame;
	unsigned frames = 0;

	while (frames < FRAMES_A_TURN && !loop_over(loop) && live_receive(live, &frame)) {
		loop_frame(loop, &frame);
		live_release(live);
		frames++;
		if (loop->ahead_count == WATCH_AHEAD)
			loop_judge(loop);
	}
	loop_judge(loop);
	return frames;
}

/* Nothing is there. Until something is, or the next second begins, when the detector wants its
 * tick, all of the second before having come to light; at the end only for that. 1, or 0 if nothing
 * came, or -errno. */
static int loop_wait(struct watch_driver *loop, bool stopping)
{
	uint64_t now_ns = clock_wall_ns() - LIVE_LATE_MS * (NS / 1000);

	if (stopping)
		return live_wait(loop->setup->live, LIVE_LATE_MS);
	loop_clock(loop, now_ns);
	return live_wait(loop->setup->live, (int)((NS - now_ns % NS) / 1000000 + 1));
}

static int run_live(struct watch_driver *loop, struct failure *f)
{
	unsigned last_turns = 0;

	while (!loop_over(loop)) {
		bool stopping = *loop->stop;
		unsigned frames = live_turn(loop);
		int waited;

		if (loop_over(loop) || (stopping && ++last_turns == LAST_TURNS))
			return 0;
		loop_due(loop);
		loop_report(loop);
		if (frames)
			continue;
		waited = loop_wait(loop, stopping);
		if (stopping && waited == 0)
			return 0;
		if (waited < 0 && waited != -EINTR)
			return failure_set(f, EXIT_SOFTWARE, "cannot wait for packets: %s",
					   strerror(-waited));
	}
	return 0;
}

static int replay_frame(struct watch_driver *loop, const struct file_frame *frame,
			struct failure *f)
{
	const struct expression *expression = loop->setup->expression;
	struct watch_ahead *a = loop_next(loop);
	int passes = 1;

	if (expression)
		passes = expression_match(expression, frame->type, frame->bytes, frame->length,
					  frame->wire_bytes, f);
	if (passes <= 0)
		return passes;
	packet_parse(link_type_table[frame->type].link, frame->bytes, frame->length, &a->packet);
	a->t_ns = frame->t_ns;
	a->lost = file_lost(loop->setup->file);
	loop_look(loop);
	return 0;
}

/* The next frame; of those before, none is left waiting for it. */
static int replay_next(struct watch_driver *loop, struct failure *f)
{
	struct file *file = loop->setup->file;
	struct file_frame frame;
	enum file_result result;

	if (file_may_wait(file) || loop->ahead_count == WATCH_AHEAD)
		loop_judge(loop);
	if (loop_over(loop))
		return FILE_END;
	result = file_next(file, &frame, f);
	if (result != FILE_FRAME || *loop->report)
		loop_judge(loop);
	loop_report(loop);
	if (result == FILE_FRAME && replay_frame(loop, &frame, f) < 0)
		result = FILE_FAILED;
	if (result == FILE_FAILED)
		loop_judge(loop);
	return result;
}

static int run_replay(struct watch_driver *loop, struct failure *f)
{
	int result;

	do
		result = replay_next(loop, f);
	while (result == FILE_FRAME || result == FILE_INTERRUPTED);
	loop_lost(loop, file_lost(loop->setup->file));
	return result == FILE_FAILED ? -1 : 0;
}

int watch_driver_run(struct watch_driver *loop, struct failure *f)
{
	uint64_t now_ns = clock_monotonic_ns();
	int result;

	loop->metrics_ns = now_ns + METRICS_EVERY_NS;
	if (loop->setup->live && loop->setup->options->stats_every_ns)
		loop->stats_ns = now_ns + loop->setup->options->stats_every_ns;
	result = loop->setup->file ? run_replay(loop, f) : run_live(loop, f);
	if (loop->setup->live)
		loop_lost(loop, live_drops(loop->setup->live));
	watch_finish(loop->watch);
	if (loop->setup->options->metrics)
		loop_metrics(loop);
	return result;
}

void watch_driver_stats(struct watch_driver *loop, FILE *out)
{
	struct watch_stats s;

	watch_stats(loop->watch, &s);
	fprintf(out,
		"portlight: %" PRIu64 " packets (%" PRIu64 " malformed, %" PRIu64 " lost); %" PRIu64
		" scans open of %" PRIu64 "; %" PRIu64 " flows, %" PRIu64 " records of evidence "
		"(fullest table %.0f %%; pushed out %" PRIu64 " and %" PRIu64 "), %" PRIu64
		" events suppressed\n",
		s.packets, s.malformed, s.lost, s.scans_open, s.scans_total, s.flows, s.evidence,
		100 * s.fill, s.flows_evicted, s.evidence_evicted, s.suppressed);
}

static void explain_line(void *context, const char *text)
{
	fprintf(context, "  %s\n", text);
}

void watch_driver_explain(struct watch_driver *loop, FILE *out)
{
	char text[ADDR_TEXT];

	for (size_t i = 0; i < loop->setup->explain_count; i++) {
		struct addr source = loop->setup->explain[i];
		bool told = i < WATCH_EXPLAINED && loop->told[i].events;

		fprintf(out, "%s:\n", addr_format(source, text));
		if (told)
			fprintf(out,
				"  told %" PRIu64 " times, lastly: event %" PRIu64 ", %s, %s\n",
				loop->told[i].events, loop->told[i].last,
				event_action_name(loop->told[i].action),
				event_phase_name(loop->told[i].phase));
		if (!watch_explain(loop->watch, source, explain_line, out) && !told)
			fputs("  nothing is held: it made no contact that failed, or none lately\n",
			      out);
	}
}
