/* scan_checkpoint: when a scan saves its checkpoint, and how it takes one up. */
#include "run/scan_checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pending windows beyond this are saved at once. */
#define PENDING_SAVED_BYTES ((size_t)16 << 20)

static uint64_t wall_ns(const struct scan_checkpoint *c, uint64_t now_ns)
{
	return now_ns + c->run->wall_offset_ns;
}

/* How long ago that was; 0 where the wall clock went back. */
static uint64_t away_ns(const struct scan_checkpoint *c, uint64_t taken_ns, uint64_t now_ns)
{
	const uint64_t wall = wall_ns(c, now_ns);

	return wall > taken_ns ? wall - taken_ns : 0;
}

/* "T:22,80-90,U:53": what the scan's techniques use. NULL out of memory. */
static char *ports_text(const struct scan_setup *setup)
{
	const char *tcp = NULL, *udp = NULL;
	char *text;

	for (size_t i = 0; i < setup->technique_count; i++) {
		const char *list = setup->port_list[i];

		if (list[0] && technique_is_udp(setup->technique[i]))
			udp = list;
		else if (list[0])
			tcp = list;
	}
	if (asprintf(&text, "%s%s%s%s%s", tcp ? "T:" : "", tcp ? tcp : "", tcp && udp ? "," : "",
		     udp ? "U:" : "", udp ? udp : "") < 0)
		return NULL;
	return text;
}

static int open_new(struct scan_checkpoint *c, const struct scan_setup *setup, struct failure *f)
{
	struct checkpoint *data = c->data;

	data->text = ports_text(setup);
	if (!data->text)
		return failure_set(f, EXIT_SOFTWARE, "out of memory for the checkpoint");
	data->ports = data->text;
	data->start_ns = wall_ns(c, c->begun_ns);
	data->techniques = setup->techniques;
	data->seed = setup->run_plan.seed;
	data->first = setup->conf.first;
	data->last = setup->conf.last;
	data->windows_bytes = CHECKPOINT_WINDOWS_HEAD;
	return 0;
}

static int open_resumed(struct scan_checkpoint *c, struct failure *f)
{
	const struct checkpoint *data = c->data;
	struct scan *s = c->scan;
	const uint64_t now_ns = c->begun_ns;
	const uint64_t oldest = s->window_next;
	enum snapshot_error error = SNAPSHOT_OTHER_PLAN;

	if (data->plan_hash == plan_hash(s->plan, s->conf.first, s->conf.last))
		error = scan_restore(s, data->snapshot, data->snapshot_bytes, now_ns,
				     away_ns(c, data->taken_ns, now_ns));
	if (error == SNAPSHOT_OK && scan_window_first(s) - oldest != data->windows)
		error = SNAPSHOT_INVALID;
	if (error != SNAPSHOT_OK)
		return failure_set(f, error == SNAPSHOT_MEMORY ? EXIT_SOFTWARE : EXIT_DATA,
				   "\"%s\": %s", c->file->quoted, snapshot_error_text(error));
	c->elapsed_ns = data->elapsed_ns;
	c->before = data->stats;
	c->saved = true;
	c->saved_ns = now_ns;
	return 0;
}

int scan_checkpoint_open(struct scan_checkpoint *c, const struct scan_setup *setup,
			 const struct run_context *run, struct scan *scan, struct failure *f)
{
	c->run = run;
	c->scan = scan;
	c->begun_ns = run->now_ns();
	if ((c->resumed ? open_resumed(c, f) : open_new(c, setup, f)) < 0)
		return -1;
	c->data->targets = setup->targets; /* borrowed, until scan_checkpoint_close */
	return 0;
}

void scan_checkpoint_close(struct scan_checkpoint *c)
{
	if (c)
		memset(&c->data->targets, 0, sizeof(c->data->targets));
}

int scan_checkpoint_replay(struct scan_checkpoint *c,
			   int (*report)(void *context, struct scan *scan, struct failure *f),
			   void *context, struct failure *f)
{
	uint64_t at = 0;
	const uint64_t first = c->scan->conf.first / c->scan->plan->window_cells;
	int result = 0;

	for (uint64_t i = 0; i < c->data->windows && result == 0; i++) {
		const uint64_t now_ns = c->run->now_ns();
		struct checkpoint_window window;
		enum snapshot_error error = SNAPSHOT_INVALID;
		struct scan scan;

		if (checkpoint_file_window(c->file, &at, &window, f) < 0)
			return -1;
		scan_init(&scan, c->scan->plan, &c->scan->conf, now_ns);
		if (window.window == first + i)
			error = scan_window_restore(&scan, window.window, window.bytes,
						    window.length, now_ns,
						    away_ns(c, window.taken_ns, now_ns));
		free(window.bytes);
		result = error == SNAPSHOT_OK
				 ? report(context, &scan, f)
				 : failure_set(f, EXIT_DATA, "\"%s.windows\": %s", c->file->quoted,
					       snapshot_error_text(error));
		scan_fini(&scan);
	}
	if (result == 0 && c->resumed && c->replayed)
		c->replayed(c->context);
	return result;
}

/* 0, or -errno with *step. */
static int save(struct scan_checkpoint *c, const char **step)
{
	const uint64_t now_ns = c->run->now_ns();
	struct checkpoint *data = c->data;
	struct engine_stats stats;
	uint64_t cost_ns, every_ns;
	int error;

	c->engine->ops->stats(c->engine, &stats);
	data->taken_ns = wall_ns(c, now_ns);
	data->elapsed_ns = c->elapsed_ns + (now_ns - c->begun_ns);
	data->stats = (struct engine_stats){
		.sent = c->before.sent + stats.sent,
		.send_errors = c->before.send_errors + stats.send_errors,
		.received = c->before.received + stats.received,
		.invalid = c->before.invalid + stats.invalid,
		.other = c->before.other + stats.other,
		.ring_drops = c->before.ring_drops + stats.ring_drops,
		.judged = c->before.judged + stats.judged,
		.duplicate = c->before.duplicate + stats.duplicate,
	};
	data->outputs = c->outputs ? c->outputs(c->context, data->output) : 0;
	error = checkpoint_file_save(c->file, data, c->scan, now_ns, step);
	cost_ns = (c->run->now_ns() - now_ns) *
		  (c->every_ns ? CHECKPOINT_COST_ASKED : CHECKPOINT_COST);
	every_ns = c->every_ns ? c->every_ns : CHECKPOINT_EVERY_NS;
	c->due_ns = now_ns + (cost_ns > every_ns ? cost_ns : every_ns);
	if (error < 0)
		return error;
	c->saved = true;
	c->saved_ns = now_ns;
	return 0;
}

static void say(const struct scan_checkpoint *c, bool warning, const char *text)
{
	const struct observer *observer = c->run->observer;

	if (warning && observer->warning)
		observer->warning(observer->context, text);
	else if (!warning && observer->news)
		observer->news(observer->context, text);
}

static void try_save(struct scan_checkpoint *c)
{
	char text[512];
	const char *step;
	int error;

	if (c->ended)
		return;
	error = save(c, &step);
	if (error < 0 && !c->failing) {
		snprintf(text, sizeof(text),
			 "cannot %s checkpoint \"%s\": %s; the scan continues, the last "
			 "checkpoint is %.0f s old",
			 step, c->file->quoted, strerror(-error),
			 (double)(c->run->now_ns() - c->saved_ns) / 1e9);
		say(c, true, text);
	} else if (error == 0 && c->failing) {
		snprintf(text, sizeof(text), "checkpoint \"%s\" is saved again", c->file->quoted);
		say(c, false, text);
	}
	c->failing = error < 0;
}

int scan_checkpoint_first(struct scan_checkpoint *c, struct failure *f)
{
	const char *step;
	int error;

	if (!c)
		return 0;
	if (c->resumed) {
		try_save(c);
		return 0;
	}
	error = save(c, &step);
	return error < 0 ? failure_set(f, EXIT_CANNOT_CREATE, "cannot %s checkpoint \"%s\": %s",
				       step, c->file->quoted, strerror(-error))
			 : 0;
}

void scan_checkpoint_turn(struct scan_checkpoint *c)
{
	if (c && (c->run->now_ns() >= c->due_ns ||
		  (!c->failing && c->file->pending_bytes >= PENDING_SAVED_BYTES)))
		try_save(c);
}

void scan_checkpoint_window(struct scan_checkpoint *c, int place)
{
	char text[400];
	uint64_t now_ns;

	if (!c || c->ended)
		return;
	now_ns = c->run->now_ns();
	if (checkpoint_file_append(c->file, c->data, c->scan, place, now_ns, wall_ns(c, now_ns)))
		return;
	snprintf(text, sizeof(text),
		 "no memory for checkpoint \"%s\": the last one stays, and there will be no more",
		 c->file->quoted);
	say(c, true, text);
	c->ended = true;
}

void scan_checkpoint_end(struct scan_checkpoint *c)
{
	if (!c)
		return;
	try_save(c);
	c->ended = true;
}

void scan_checkpoint_sum(const struct scan_checkpoint *c, struct run_summary *summary)
{
	if (!c)
		return;
	summary->elapsed_ns += c->elapsed_ns;
	summary->replies_valid += c->before.judged;
	summary->replies_duplicate += c->before.duplicate;
	summary->replies_invalid += c->before.invalid;
	summary->replies_other += c->before.other;
	summary->send_errors += c->before.send_errors;
	summary->ring_drops += c->before.ring_drops;
}
