/* emit_events: the sample events in every format, for event_oracles.sh. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "event_samples.h"
#include "report/event/event_metrics.h"

static int emit(const char *folder, const struct event_sink_ops *ops, const char *suffix,
		bool colour)
{
	const struct event *events = sample_events();
	struct event_sink sink;
	char path[4096];
	int failed;

	if ((size_t)snprintf(path, sizeof(path), "%s/events.%s", folder, suffix) >= sizeof(path))
		return 1;
	FILE *out = fopen(path, "w");

	if (!out) {
		perror(path);
		return 1;
	}
	failed = event_sink_open(&sink, ops,
				 &(struct event_sink_conf){.out = out, .colour = colour}) != 0;
	for (unsigned i = 0; i < SAMPLES; i++)
		event_sink_event(&sink, &events[i]);
	failed |= event_sink_close(&sink) != 0 || sink.delivered != SAMPLES;
	return fclose(out) != 0 || failed;
}

static int emit_metrics(const char *folder)
{
	const struct event_sink sinks[] = {
		{.ops = &event_ndjson, .delivered = 17},
		{.ops = &event_syslog, .delivered = 9, .undelivered = 2},
		{.ops = &event_ndjson, .delivered = 3, .undelivered = 1},
	};
	struct watch_stats stats = {.packets = UINT64_C(9000000000000000001),
				    .malformed = 3,
				    .memory_bytes = (size_t)32 << 20,
				    .fill = 0.25};
	struct event_metrics_more more = {sinks, 3, SAMPLE_START_NS, 0};
	struct event_metrics metrics;
	char path[4096];
	int error;

	for (unsigned action = 0; action < EVENT_ACTIONS; action++)
		stats.events[action] = action * 10;
	if ((size_t)snprintf(path, sizeof(path), "%s/portlight.prom", folder) >= sizeof(path))
		return 1;
	error = event_metrics_open(&metrics, path);
	if (!error) {
		error = event_metrics_write(&metrics, &stats, &more);
		event_metrics_close(&metrics);
	}
	return error != 0;
}

/* All samples to a socket, moved in time so that their beginning is a minute ago. */
static int send_all(const struct event_sink_ops *ops, const char *path, bool proven_only)
{
	const struct event_sink_conf conf = {.path = path, .proven_only = proven_only};
	const struct event *events = sample_events();
	uint64_t now_ns = (uint64_t)time(NULL) * SAMPLE_SECOND;
	struct event_sink sink;
	int error = event_sink_open(&sink, ops, &conf);

	if (error) {
		(void)fprintf(stderr, "%s: %s\n", path, strerror(-error));
		return 1;
	}
	for (unsigned i = 0; i < SAMPLES; i++) {
		struct event e = events[i];

		e.first_ns = now_ns - 60 * SAMPLE_SECOND;
		e.last_ns = e.t_ns = now_ns;
		event_sink_event(&sink, &e);
	}
	(void)printf("%llu\n", (unsigned long long)sink.delivered);
	return event_sink_close(&sink) != 0 || sink.undelivered > 0;
}

int main(int argc, char **argv)
{
	int failed;

	if (argc == 3 && strcmp(argv[1], "journal") == 0)
		return send_all(&event_journal, argv[2], false) ? 74 : 0;
	if (argc == 3 && strcmp(argv[1], "syslog") == 0)
		return send_all(&event_syslog, argv[2], false) ? 74 : 0;
	if (argc == 3 && strcmp(argv[1], "syslog-proven") == 0)
		return send_all(&event_syslog, argv[2], true) ? 74 : 0;
	if (argc != 2) {
		(void)fprintf(stderr, "usage: emit_events FOLDER\n"
				      "       emit_events journal|syslog|syslog-proven SOCKET\n");
		return 64;
	}
	failed = emit(argv[1], &event_text, "text", false);
	failed |= emit(argv[1], &event_text, "colour", true);
	failed |= emit(argv[1], &event_ndjson, "ndjson", false);
	failed |= emit_metrics(argv[1]);
	return failed ? 74 : 0;
}
