/* watch_outputs: the outputs of the detector's events and counters. */
#include "cli/watch_outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/quote.h"
#include "report/terminal.h"

static int sink_add(struct watch_outputs *out, const struct event_sink_ops *ops,
		    const struct event_sink_conf *conf, const char *name, struct failure *f)
{
	char quoted[200];
	int error = event_sink_open(&out->sink[out->count], ops, conf);

	if (error < 0)
		return failure_set(
			f, EXIT_UNAVAILABLE, "cannot send to the %s socket \"%s\": %s", ops->name,
			text_quote(name, strlen(name), quoted, sizeof(quoted)), strerror(-error));
	out->name[out->count++] = name;
	return 0;
}

/* Whether the file of -oD is the capture that is read: opening it would empty it before its first
 * packet is read. */
static bool file_is_read(const struct watch_options *o)
{
	struct stat in, out;

	return o->request.read && stat(o->request.read, &in) == 0 && stat(o->ndjson, &out) == 0 &&
	       S_ISREG(in.st_mode) && in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}

/* A live run appends: the file holds the earlier part of the same log. */
static int file_add(struct watch_outputs *out, const struct watch_options *o,
		    struct event_sink_conf conf, struct failure *f)
{
	int flags =
		O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | (o->request.read ? O_TRUNC : O_APPEND);
	char quoted[200];
	int fd;

	if (file_is_read(o))
		return failure_set(
			f, EXIT_USAGE, "-oD would write over \"%s\", which -r reads",
			text_quote(o->ndjson, strlen(o->ndjson), quoted, sizeof(quoted)));
	fd = open(o->ndjson, flags, 0644);
	out->file = fd < 0 ? NULL : fdopen(fd, o->request.read ? "w" : "a");
	if (!out->file) {
		int error = errno;

		if (fd >= 0)
			(void)close(fd); /* nothing was written */
		return failure_set(f, EXIT_CANNOT_CREATE, "cannot create \"%s\": %s",
				   text_quote(o->ndjson, strlen(o->ndjson), quoted, sizeof(quoted)),
				   strerror(error));
	}
	conf.out = out->file;
	return sink_add(out, &event_ndjson, &conf, o->ndjson, f);
}

static int metrics_open(struct watch_outputs *out, const char *path, struct failure *f)
{
	char quoted[200];
	int error = event_metrics_open(&out->metrics, path);

	if (error < 0)
		return failure_set(f, EXIT_CANNOT_CREATE, "cannot create \"%s\": %s",
				   text_quote(path, strlen(path), quoted, sizeof(quoted)),
				   strerror(-error));
	out->metrics_path = path;
	return 0;
}

static void outputs_event(struct watch_outputs *out, const struct event *event)
{
	char quoted[200];

	out->last_event_ns = clock_wall_ns();
	for (size_t i = 0; i < out->count; i++) {
		int error;

		event_sink_event(&out->sink[i], event);
		error = out->sink[i].error;
		if (!error == !out->complained[i] || error == EPIPE)
			continue;
		out->complained[i] = error != 0;
		text_quote(out->name[i], strlen(out->name[i]), quoted, sizeof(quoted));
		if (error)
			fprintf(out->complaints,
				"portlight: cannot write events to \"%s\" any more: %s\n", quoted,
				strerror(error));
		else
			fprintf(out->complaints,
				"portlight: events are written to \"%s\" again; %" PRIu64
				" were lost\n",
				quoted, out->sink[i].undelivered);
	}
}

static int sink_nothing(struct sink *s, const struct run_info *run)
{
	(void)s;
	(void)run;
	return 0;
}

static int sink_take(struct sink *s, const struct record *record)
{
	struct watch_outputs *out = (struct watch_outputs *)s;

	if (record->kind == RECORD_EVENT)
		outputs_event(out, record->event);
	return watch_outputs_closed_pipe(out) ? EPIPE : 0;
}

static int sink_over(struct sink *s, const struct run_summary *summary)
{
	(void)s;
	(void)summary;
	return 0;
}

static const char *sink_destination(const struct sink *s)
{
	(void)s;
	return "standard output";
}

static const struct sink_ops sink_ops = {
	.name = "events",
	.begin = sink_nothing,
	.record = sink_take,
	.end = sink_over,
	.destination = sink_destination,
};

int watch_outputs_open(struct watch_outputs *out, const struct watch_options *o,
		       const struct ranges *home, FILE *complaints, struct failure *f)
{
	const bool to_stdout = o->ndjson && strcmp(o->ndjson, "-") == 0;
	struct event_sink_conf conf = {.home = home};

	*out = (struct watch_outputs){
		.all.ops = &sink_ops,
		.metrics.folder = -1,
		.start_ns = clock_wall_ns(),
		.complaints = complaints,
	};
	if (o->ndjson && !to_stdout && file_add(out, o, conf, f) < 0)
		return -1;
	conf.out = stdout;
	if (o->json || to_stdout) {
		if (sink_add(out, &event_ndjson, &conf, "standard output", f) < 0)
			return -1;
	} else if (!o->quiet) {
		conf.colour = !o->no_colour && terminal_has_colour(stdout);
		if (sink_add(out, &event_text, &conf, "standard output", f) < 0)
			return -1;
	}
	conf = (struct event_sink_conf){.home = home, .path = o->journal};
	if (o->has_journal && sink_add(out, &event_journal, &conf,
				       o->journal ? o->journal : event_journal.socket, f) < 0)
		return -1;
	conf.path = o->syslog;
	conf.proven_only = o->proven_only;
	if (o->has_syslog &&
	    sink_add(out, &event_syslog, &conf, o->syslog ? o->syslog : event_syslog.socket, f) < 0)
		return -1;
	return o->request.metrics ? metrics_open(out, o->request.metrics, f) : 0;
}

bool watch_outputs_closed_pipe(const struct watch_outputs *out)
{
	for (size_t i = 0; i < out->count; i++)
		if (out->sink[i].conf.out == stdout && out->sink[i].error == EPIPE)
			return true;
	return false;
}

int watch_outputs_metrics(struct watch_outputs *out, const struct watch_stats *stats,
			  struct failure *f)
{
	const struct event_metrics_more more = {
		.sinks = out->sink,
		.sink_count = out->count,
		.start_ns = out->start_ns,
		.last_event_ns = out->last_event_ns,
	};
	char quoted[200];
	int error;

	if (!out->metrics_path)
		return 0;
	error = event_metrics_write(&out->metrics, stats, &more);
	if (error == 0)
		return 0;
	return failure_set(
		f, EXIT_CANNOT_CREATE, "cannot write \"%s\": %s",
		text_quote(out->metrics_path, strlen(out->metrics_path), quoted, sizeof(quoted)),
		strerror(-error));
}

/* A socket's receiver may be back after a restart; a stream has lost data permanently. */
static int sink_close(struct watch_outputs *out, size_t i, struct failure *f)
{
	struct event_sink *sink = &out->sink[i];
	const bool is_stream = sink->ops->socket == NULL;
	const unsigned long long undelivered = sink->undelivered;
	int error = event_sink_close(sink);
	char quoted[200];

	if (undelivered == 0 || (error == -EPIPE && sink->conf.out == stdout))
		return 0;
	text_quote(out->name[i], strlen(out->name[i]), quoted, sizeof(quoted));
	if (is_stream)
		return failure_set(f, EXIT_IO, "%llu event%s could not be written to \"%s\": %s",
				   undelivered, undelivered == 1 ? "" : "s", quoted,
				   strerror(-error));
	fprintf(out->complaints, "portlight: %llu event%s could not be written to \"%s\"\n",
		undelivered, undelivered == 1 ? "" : "s", quoted);
	return 0;
}

int watch_outputs_close(struct watch_outputs *out, struct failure *f)
{
	int result = 0;

	for (size_t i = 0; i < out->count; i++)
		if (sink_close(out, i, f) < 0)
			result = -1;
	if (out->file && fclose(out->file) != 0)
		result = failure_set(f, EXIT_IO, "cannot write to the file of -oD: %s",
				     strerror(errno));
	out->file = NULL;
	out->count = 0;
	if (out->metrics_path)
		event_metrics_close(&out->metrics);
	out->metrics_path = NULL;
	return result;
}
