/* watch_driver: feeds packets to the detector, passes its events to the sink, and does periodic
 * work. */
#include "run/watch_driver.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/link_type.h"

#define NS UINT64_C(1000000000)

/*
 * The detector gets a tick for each second of the capture's clock without packets, so that a
 * replay closes a scan when a live run did. A longer gap gets at most this number of longer steps.
 */
#define GAP_STEPS	 600

#define METRICS_EVERY_NS (15 * NS)
/* Live: most frames between two reads of the clock. */
#define FRAMES_A_TURN 2048
/* Most turns after a signal to end, for frames that arrived before it. */
#define LAST_TURNS 32
/* Most lines a minute about interfaces that come and go. */
#define NEWS_A_MINUTE 20
/* Longest line of an explanation. */
#define EXPLAIN_LINE 1024

/* Live: the name of the interface on which the source's packets arrive, if known. */
static void event_locate(struct watch_driver *d, struct event *event)
{
	struct live *live = d->setup->live;
	char quoted[LINK_QUOTED];
	const char *name;

	if (!live)
		return;
	name = live_only(live, quoted);
	if (!name && event->has & EVENT_HAS_SOURCE)
		name = live_name(live, watch_origin_find(&d->origin, event->source), quoted);
	if (name)
		memcpy(event->interface, name, strnlen(name, sizeof(event->interface) - 1));
}

static void note_explained(struct watch_driver *d, const struct event *event)
{
	for (size_t i = 0; i < d->setup->request->explain.count && i < WATCH_EXPLAINED; i++) {
		if (!(event->has & EVENT_HAS_SOURCE) ||
		    !addr_equal(event->source, d->setup->request->explain.addr[i]))
			continue;
		d->reported[i].events++;
		d->reported[i].last = event->id;
		d->reported[i].action = event->action;
		d->reported[i].phase = event->phase;
	}
}

/* Only the first error is stored. */
static void drive_sink(struct watch_driver *d, int error)
{
	if (error && !d->sink_error)
		d->sink_error = error;
}

/* watch_conf.event, with the driver as its context. */
static void drive_event(void *context, const struct event *event)
{
	struct watch_driver *d = context;
	struct event located = *event;

	event_locate(d, &located);
	note_explained(d, &located);
	drive_sink(d, sink_record(d->run->sink,
				  &(struct record){.kind = RECORD_EVENT, .event = &located}));
	watch_response_event(&d->setup->response, &located);
}

/* Advances the capture's clock to t_ns. */
static void drive_clock(struct watch_driver *d, uint64_t t_ns)
{
	uint64_t seconds, step;

	if (!d->started || t_ns < d->tick_ns) {
		/* The clock starts, or was set back: count seconds from here. */
		d->started = true;
		d->tick_ns = t_ns - t_ns % NS;
		return;
	}
	if (t_ns - d->tick_ns < NS)
		return;
	seconds = (t_ns - d->tick_ns) / NS;
	step = (seconds / GAP_STEPS + 1) * NS;
	while (t_ns - d->tick_ns >= step) {
		d->tick_ns += step;
		watch_tick(d->watch, d->tick_ns);
	}
	if (t_ns - d->tick_ns >= NS)
		d->tick_ns = t_ns - t_ns % NS;
}

static bool drive_stopped(const struct watch_driver *d)
{
	return d->run->interrupts && *d->run->interrupts;
}

static bool drive_asked(const struct watch_driver *d)
{
	return d->run->report && *d->run->report;
}

/* A signal does not end a live run before the frames in the ring were judged: see run_live. */
static bool drive_over(const struct watch_driver *d)
{
	return (drive_stopped(d) && !d->setup->live) ||
	       (d->setup->request->count && d->packets >= d->setup->request->count) ||
	       d->sink_error;
}

static void drive_lost(struct watch_driver *d, uint64_t lost)
{
	if (lost == d->lost)
		return;
	d->lost = lost;
	watch_lost(d->watch, lost);
}

/* Whether *due_ns has come, which is then set `every_ns` ahead. Never if every_ns is 0. */
static bool comes_due(uint64_t *due_ns, uint64_t every_ns, uint64_t now_ns)
{
	if (every_ns == 0 || now_ns < *due_ns)
		return false;
	*due_ns = now_ns + every_ns;
	return true;
}

/* A replay uses the capture's clock. */
static void drive_due_stats(struct watch_driver *d, uint64_t now_ns)
{
	const struct observer *observer = d->run->observer;
	struct watch_stats stats;

	if (!comes_due(&d->stats_ns, d->setup->request->stats_every_ns, now_ns) || !observer->stats)
		return;
	watch_stats(d->watch, &stats);
	observer->stats(observer->context, &stats);
}

/* The slot for the next packet; the caller fills in its time. */
static struct watch_ahead *drive_next(struct watch_driver *d)
{
	return &d->ahead[d->ahead_count];
}

static void drive_look(struct watch_driver *d)
{
	struct watch_ahead *a = &d->ahead[d->ahead_count++];

	prefetch_bucket(d->watch, &a->packet, &a->sighting);
}

/* Judges the packets read ahead, unless the run ends first. */
static void drive_judge(struct watch_driver *d)
{
	for (unsigned i = 0; i < d->ahead_count; i++)
		prefetch_entry(d->watch, &d->ahead[i].sighting);
	for (unsigned i = 0; i < d->ahead_count; i++)
		prefetch_victim(d->watch, &d->ahead[i].sighting);
	for (unsigned i = 0; i < d->ahead_count && !drive_over(d); i++) {
		struct watch_ahead *a = &d->ahead[i];

		drive_lost(d, a->lost);
		drive_clock(d, a->t_ns);
		watch_judge(d->watch, a->t_ns, &a->packet, &a->sighting);
		d->packets++;
		if (d->setup->file)
			drive_due_stats(d, a->t_ns);
	}
	d->ahead_count = 0;
}

static void drive_report(struct watch_driver *d)
{
	const struct observer *observer = d->run->observer;

	if (!drive_asked(d))
		return;
	*d->run->report = 0;
	if (observer->report)
		observer->report(observer->context);
}

static void drive_counters(struct watch_driver *d)
{
	const struct observer *observer = d->run->observer;
	struct watch_stats stats;

	if (!observer->counters)
		return;
	watch_stats(d->watch, &stats);
	observer->counters(observer->context, &stats);
}

/*
 * Reports interfaces that came or went. On a machine where hundreds of containers start and stop,
 * only a number is reported beyond the limit.
 */
static void drive_links(struct watch_driver *d, uint64_t now_ns)
{
	const struct observer *observer = d->run->observer;
	char line[LIVE_LINE];

	while (live_news(d->setup->live, line))
		if (observer->link && ++d->news <= NEWS_A_MINUTE)
			observer->link(observer->context, line);
	if (!comes_due(&d->news_ns, 60 * NS, now_ns))
		return;
	if (d->news > NEWS_A_MINUTE) {
		(void)snprintf(line, sizeof(line), "interfaces came or went %u more times",
			       d->news - NEWS_A_MINUTE);
		observer->link(observer->context, line);
	}
	d->news = 0;
}

/* Periodic work of a live run. */
static void drive_due(struct watch_driver *d)
{
	struct watch_setup *setup = d->setup;
	uint64_t now_ns = d->run->now_ns();

	if (comes_due(&d->second_ns, NS, now_ns)) {
		drive_lost(d, live_drops(setup->live));
		/* Under constant traffic nothing else checks whether an interface changed. */
		(void)live_wait(setup->live, 0);
		if (setup->listeners) /* if it fails, the listening ports are unknown until the next
					 success */
			(void)listeners_refresh(setup->listeners, now_ns);
	}
	if (comes_due(&d->metrics_ns, METRICS_EVERY_NS, now_ns))
		drive_counters(d);
	if (comes_due(&d->watchdog_ns, setup->notify.watchdog_ns / 2, now_ns))
		(void)notify_send(&setup->notify,
				  "WATCHDOG=1"); /* if it fails, the service manager restarts us */
	drive_due_stats(d, now_ns);
	drive_links(d, now_ns);
}

/* Notes where the packet's source is reached. A forwarded packet is seen again on its way out,
 * which does not show where its source is. */
static void drive_origin(struct watch_driver *d, const struct live_frame *f, const struct packet *p)
{
	bool out = f->frame.flags & RING_OUTGOING;

	if (p->has & PACKET_IP)
		watch_origin_note(&d->origin, p->src, f->frame.interface, out);
	else if (p->has & PACKET_ARP)
		watch_origin_note(&d->origin, p->arp_sender, f->frame.interface, out);
}

static void drive_frame(struct watch_driver *d, const struct live_frame *f)
{
	struct watch_ahead *a = drive_next(d);
	struct packet *p = &a->packet;

	/* No checksum is known of what did not come over a wire, or is not here as a whole. */
	if (f->frame.flags & (RING_OUTGOING | RING_SUM_GOOD | RING_SUM_PENDING) ||
	    f->frame.hardware == ARPHRD_LOOPBACK)
		packet_parse(f->link, f->frame.bytes, f->frame.length, p);
	else
		packet_parse_checked(f->link, f->frame.bytes, f->frame.length, p);
	if (f->frame.flags & RING_VLAN) {
		p->has |= PACKET_VLAN;
		p->vlan = f->frame.vlan;
	}
	drive_origin(d, f, p);
	a->t_ns = f->frame.wall_ns;
	a->lost = d->lost;
	drive_look(d);
	/* Each packet of the loopback interface both leaves and comes in. */
	if (f->frame.hardware != ARPHRD_LOOPBACK)
		a->sighting.way = f->frame.flags & RING_OUTGOING ? SIGHT_WAY_OUT : SIGHT_WAY_IN;
	a->sighting.interface = (uint16_t)f->frame.interface;
}

/* Reads the frames in the ring, up to FRAMES_A_TURN. Returns their number. */
static unsigned live_turn(struct watch_driver *d)
{
	struct live *live = d->setup->live;
	struct live_frame frame;
	unsigned frames = 0;

	while (frames < FRAMES_A_TURN && !drive_over(d) && live_receive(live, &frame)) {
		drive_frame(d, &frame);
		live_release(live);
		frames++;
		if (d->ahead_count == WATCH_AHEAD)
			drive_judge(d);
	}
	drive_judge(d);
	return frames;
}

/*
 * The ring is empty: waits for a frame, but at most until the next second begins, when the
 * detector needs its tick (by then all frames of the second before have arrived). When stopping,
 * waits only for such late frames. 1, or 0 if no frame came, or -errno.
 */
static int drive_wait(struct watch_driver *d, bool stopping)
{
	uint64_t now_ns = d->run->wall_ns() - LIVE_LATE_MS * (NS / 1000);

	if (stopping)
		return live_wait(d->setup->live, LIVE_LATE_MS);
	drive_clock(d, now_ns);
	return live_wait(d->setup->live, (int)((NS - now_ns % NS) / 1000000 + 1));
}

static int run_live(struct watch_driver *d, struct failure *f)
{
	unsigned last_turns = 0;

	while (!drive_over(d)) {
		bool stopping = drive_stopped(d);
		unsigned frames = live_turn(d);
		int waited;

		if (drive_over(d) || (stopping && ++last_turns == LAST_TURNS))
			return 0;
		drive_due(d);
		drive_report(d);
		if (frames)
			continue;
		waited = drive_wait(d, stopping);
		if (stopping && waited == 0)
			return 0;
		if (waited < 0 && waited != -EINTR)
			return failure_set(f, EXIT_SOFTWARE, "cannot wait for packets: %s",
					   strerror(-waited));
	}
	return 0;
}

static int replay_frame(struct watch_driver *d, const struct file_frame *frame, struct failure *f)
{
	const struct expression *expression = d->setup->expression;
	struct watch_ahead *a = drive_next(d);
	int passes = 1;

	if (expression)
		passes = expression_match(expression, frame->type, frame->bytes, frame->length,
					  frame->wire_bytes, f);
	if (passes <= 0)
		return passes;
	packet_parse(link_type_table[frame->type].link, frame->bytes, frame->length, &a->packet);
	a->t_ns = frame->t_ns;
	a->lost = file_lost(d->setup->file);
	drive_look(d);
	return 0;
}

/* Reads the next frame. Frames read ahead are judged first if that may block. */
static int replay_next(struct watch_driver *d, struct failure *f)
{
	struct file *file = d->setup->file;
	struct file_frame frame;
	enum file_result result;

	if (file_may_wait(file) || d->ahead_count == WATCH_AHEAD)
		drive_judge(d);
	if (drive_over(d))
		return FILE_END;
	result = file_next(file, &frame, f);
	if (result != FILE_FRAME || drive_asked(d))
		drive_judge(d);
	drive_report(d);
	if (result == FILE_FRAME && replay_frame(d, &frame, f) < 0)
		result = FILE_FAILED;
	if (result == FILE_FAILED)
		drive_judge(d);
	return result;
}

static int run_replay(struct watch_driver *d, struct failure *f)
{
	int result;

	do
		result = replay_next(d, f);
	while (result == FILE_FRAME || result == FILE_INTERRUPTED);
	drive_lost(d, file_lost(d->setup->file));
	return result == FILE_FAILED ? -1 : 0;
}

int watch_driver_run(struct watch_driver *d, struct failure *f)
{
	const uint64_t now_ns = d->run->now_ns();
	const struct run_info info = {
		.version = d->run->version,
		.args = d->run->args,
		.engine = "watch",
		.start_ns = d->run->wall_ns(),
		.verbose = d->run->verbose,
	};
	struct run_summary summary = {0};
	int result;

	d->metrics_ns = now_ns + METRICS_EVERY_NS;
	if (d->setup->live && d->setup->request->stats_every_ns)
		d->stats_ns = now_ns + d->setup->request->stats_every_ns;
	drive_sink(d, sink_begin(d->run->sink, &info));
	result = d->setup->file ? run_replay(d, f) : run_live(d, f);
	if (d->setup->live)
		drive_lost(d, live_drops(d->setup->live));
	watch_finish(d->watch);
	drive_counters(d);
	summary.end_ns = d->run->wall_ns();
	summary.elapsed_ns = d->run->now_ns() - now_ns;
	summary.partial = result < 0 || (d->setup->file && drive_stopped(d));
	drive_sink(d, sink_end(d->run->sink, &summary));
	return result;
}

struct watch_driver *watch_driver_new(struct watch_setup *setup, const struct run_context *run,
				      struct failure *f)
{
	struct watch_driver *d = calloc(1, sizeof(*d));
	struct watch_conf conf;

	if (!d) {
		failure_set(f, EXIT_SOFTWARE, "out of memory");
		return NULL;
	}
	d->setup = setup;
	d->run = run;
	watch_setup_conf(setup, &run->key, &conf);
	conf.event = drive_event;
	conf.event_context = d;
	d->watch = watch_new(&conf);
	if (d->watch)
		return d;
	failure_set(f, EXIT_SOFTWARE, "out of memory for the tables; see --memory");
	free(d);
	return NULL;
}

void watch_driver_free(struct watch_driver *d)
{
	if (!d)
		return;
	watch_free(d->watch);
	free(d);
}

/* The destination of an explanation's lines. */
struct explained {
	void (*line)(void *context, const char *text);
	void *context;
};

static void explain_line(void *context, const char *text)
{
	const struct explained *to = context;
	char line[EXPLAIN_LINE];

	(void)snprintf(line, sizeof(line), "  %s", text);
	to->line(to->context, line);
}

static void explain_reported(struct watch_driver *d, size_t i, struct explained *to)
{
	char line[EXPLAIN_LINE / 2];

	(void)snprintf(
		line, sizeof(line), "reported %" PRIu64 " times, last: event %" PRIu64 ", %s, %s",
		d->reported[i].events, d->reported[i].last,
		event_action_name(d->reported[i].action), event_phase_name(d->reported[i].phase));
	explain_line(to, line);
}

void watch_driver_explain(struct watch_driver *d, void (*line)(void *context, const char *text),
			  void *context)
{
	const struct request_addrs *sources = &d->setup->request->explain;
	struct explained to = {line, context};
	char text[ADDR_TEXT], head[ADDR_TEXT + 1];

	for (size_t i = 0; i < sources->count; i++) {
		bool reported = i < WATCH_EXPLAINED && d->reported[i].events;

		(void)snprintf(head, sizeof(head), "%s:", addr_format(sources->addr[i], text));
		line(context, head);
		if (reported)
			explain_reported(d, i, &to);
		if (!watch_explain(d->watch, sources->addr[i], explain_line, &to) && !reported)
			explain_line(&to, "no evidence: it had no failed first contact, or none "
					  "recently");
	}
}
