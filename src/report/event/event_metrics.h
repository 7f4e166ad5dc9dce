/* event_metrics: the detector's counters as a Prometheus textfile for the node exporter. */
#ifndef PORTLIGHT_REPORT_EVENT_EVENT_METRICS_H
#define PORTLIGHT_REPORT_EVENT_EVENT_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "report/event/event_sink.h"
#include "watch/watch.h"

struct event_metrics {
	int folder; /* an open descriptor, since the path may be unreachable in the cage */
	char name[256], draft[256];
};

/* Counters that are not the detector's. */
struct event_metrics_more {
	const struct event_sink *sinks;
	size_t sink_count;
	uint64_t start_ns;	/* start of this process, since 1970 */
	uint64_t last_event_ns; /* 0: no event yet */
};

/*
 * Opens the folder of `path`; the file is written later. `path` ends in ".prom", as the node
 * exporter requires. Returns 0, or -errno: -EINVAL if path ends in '/', -ENAMETOOLONG.
 */
int event_metrics_open(struct event_metrics *m, const char *path);
void event_metrics_close(struct event_metrics *m);

/*
 * Writes ".NAME.draft" in the same folder, syncs and renames it, so that a reader sees either the
 * old file or the new one. Mode 0644, independent of the umask. Returns 0; or -errno, and the old
 * file is unchanged.
 */
int event_metrics_write(const struct event_metrics *m, const struct watch_stats *stats,
			const struct event_metrics_more *more);

#endif
