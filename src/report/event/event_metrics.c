/* event_metrics: the detector's counters as a Prometheus textfile for the node exporter. */
#include "report/event/event_metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/event/event_phrase.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define NAME_MOST     240 /* a file name has at most 255 bytes, and the draft's is longer */

int event_metrics_open(struct event_metrics *m, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char folder[4096];
	size_t length = slash ? (size_t)(slash - path) : 0;

	*m = (struct event_metrics){.folder = -1};
	if (!*name)
		return -EINVAL;
	if (length + 2 > sizeof(folder) || strlen(name) > NAME_MOST)
		return -ENAMETOOLONG;
	(void)snprintf(m->name, sizeof(m->name), "%s", name);
	(void)snprintf(m->draft, sizeof(m->draft), ".%.240s.draft", name);
	/* "x" is in the folder ".", "/x" in "/". */
	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(length ? length : 1),
		       slash ? path : ".");
	m->folder = open(folder, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	return m->folder < 0 ? -errno : 0;
}

void event_metrics_close(struct event_metrics *m)
{
	if (m->folder >= 0)
		(void)close(m->folder); /* a folder: no data can be lost */
	m->folder = -1;
}

static void write_head(FILE *out, const char *name, const char *type, const char *help)
{
	(void)fprintf(out, "# HELP portlight_%s %s\n# TYPE portlight_%s %s\n", name, help, name,
		      type);
}

static void write_decimal(FILE *out, const char *name, double value, const char *help)
{
	char text[EVENT_PHRASE_DECIMAL];

	write_head(out, name, "gauge", help);
	(void)fprintf(out, "portlight_%s %s\n", name, event_phrase_decimal(value, 9, text));
}

static void write_time(FILE *out, const char *name, uint64_t ns, const char *help)
{
	write_head(out, name, "gauge", help);
	(void)fprintf(out, "portlight_%s %" PRIu64 ".%03" PRIu64 "\n", name, ns / NS_PER_SECOND,
		      ns % NS_PER_SECOND / 1000000);
}

static void write_watch(FILE *out, const struct watch_stats *stats)
{
	// clang-format off
	const struct {
		const char *name, *type, *help;
		uint64_t value;
	} metrics[] = {
		{"packets_total", "counter", "Packets judged.", stats->packets},
		{"malformed_packets_total", "counter", "Packets damaged or truncated in their headers.",
			stats->malformed},
		{"fragments_total", "counter", "Fragments of IP packets.", stats->fragments},
		{"capture_lost_packets_total", "counter", "Packets the capture lost.", stats->lost},
		{"flows", "gauge", "Flows in the table.", stats->flows},
		{"flows_evicted_total", "counter",
			"Flows evicted while they waited for an answer.",
			stats->flows_evicted},
		{"evidence_records", "gauge", "Evidence records in the table.", stats->evidence},
		{"evidence_evicted_total", "counter",
			"Evidence records evicted.", stats->evidence_evicted},
		{"sources_refused_total", "counter",
			"Sources whose first contact got no record.", stats->sources_refused},
		{"scans_open", "gauge", "Scans that are open.", stats->scans_open},
		{"scans_total", "counter", "Scans seen.", stats->scans_total},
		{"scans_refused_total", "counter", "Scans closed early, for lack of room.",
			stats->scans_refused},
		{"events_suppressed_total", "counter",
			"Events suppressed (rate limit).", stats->suppressed},
		{"memory_bytes", "gauge", "Memory of all tables.", stats->memory_bytes},
	};
	// clang-format on

	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		write_head(out, metrics[i].name, metrics[i].type, metrics[i].help);
		(void)fprintf(out, "portlight_%s %" PRIu64 "\n", metrics[i].name, metrics[i].value);
	}
	write_decimal(out, "table_fill_ratio", stats->fill, "Use of the fullest table.");
	write_head(out, "events_total", "counter",
		   "Events reported, each once however long it lasts.");
	for (unsigned action = 0; action < EVENT_ACTIONS; action++)
		(void)fprintf(out, "portlight_events_total{action=\"%s\"} %" PRIu64 "\n",
			      event_action_name(action), stats->events[action]);
}

/* Adds up the sinks of one kind: two lines with the same label would be invalid. */
static bool is_first_of_kind(const struct event_metrics_more *more, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (more->sinks[i].ops == more->sinks[index].ops)
			return false;
	return true;
}

static uint64_t count_kind(const struct event_metrics_more *more, size_t index, bool delivered)
{
	uint64_t count = 0;

	for (size_t i = index; i < more->sink_count; i++)
		if (more->sinks[i].ops == more->sinks[index].ops)
			count += delivered ? more->sinks[i].delivered : more->sinks[i].undelivered;
	return count;
}

static void write_sinks(FILE *out, const struct event_metrics_more *more, const char *name,
			bool delivered, const char *help)
{
	if (more->sink_count == 0)
		return;
	write_head(out, name, "counter", help);
	for (size_t i = 0; i < more->sink_count; i++)
		if (is_first_of_kind(more, i))
			(void)fprintf(out, "portlight_%s{sink=\"%s\"} %" PRIu64 "\n", name,
				      more->sinks[i].ops->name, count_kind(more, i, delivered));
}

/* Returns 0 or -errno. */
static int write_all(FILE *out, const struct watch_stats *stats,
		     const struct event_metrics_more *more)
{
	write_head(out, "build_info", "gauge", "Version of the program that runs.");
	(void)fprintf(out, "portlight_build_info{version=\"%s\"} 1\n", PORTLIGHT_VERSION);
	write_watch(out, stats);
	write_sinks(out, more, "events_delivered_total", true,
		    "Events and updates delivered to a sink.");
	write_sinks(out, more, "events_undelivered_total", false,
		    "Events and updates that could not be delivered to a sink.");
	write_time(out, "start_time_seconds", more->start_ns, "When the program started.");
	write_time(out, "last_event_time_seconds", more->last_event_ns,
		   "Time of the latest event, 0 for none.");
	errno = 0;
	if (fflush(out) != 0 || ferror(out))
		return errno ? -errno : -EIO;
	if (fchmod(fileno(out), 0644) != 0 || fsync(fileno(out)) != 0)
		return -errno;
	return 0;
}

int event_metrics_write(const struct event_metrics *m, const struct watch_stats *stats,
			const struct event_metrics_more *more)
{
	FILE *out;
	int error, fd;

	/* Never writes into an existing draft: a killed run may have left it, or another user may
	 * have placed a link there. */
	(void)unlinkat(m->folder, m->draft, 0);
	fd = openat(m->folder, m->draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	out = fdopen(fd, "w");
	if (!out) {
		error = -errno;
		(void)close(fd); /* nothing was written */
		goto err;
	}
	error = write_all(out, stats, more);
	if (fclose(out) != 0 && !error)
		error = -errno;
	if (error)
		goto err;
	if (renameat(m->folder, m->draft, m->folder, m->name) != 0) {
		error = -errno;
		goto err;
	}
	return 0;
err:
	(void)unlinkat(m->folder, m->draft, 0); /* the first error is the one to report */
	return error;
}
