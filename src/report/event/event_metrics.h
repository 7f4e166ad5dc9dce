/* event_metrics: the detector's counters as a Prometheus textfile for the node exporter. */
#ifndef PORTLIGHT_REPORT_EVENT_EVENT_METRICS_H
#define PORTLIGHT_REPORT_EVENT_EVENT_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "report/event/event_sink.h"
#include "watch/watch.h"

struct event_metrics {
	int folder; /* an open descriptor: the path need not be reachable in the cage */
	char name[256], draft[256];
};

/* Counters from outside of the detector. */
struct event_metrics_more {
	const struct event_sink *sinks;
	size_t sink_count;
	uint64_t start_ns;	/* of this process, since 1970 */
	uint64_t last_event_ns; /* 0: none yet */
};

/*
 * Opens the folder of `path`; the file is written later. `path` ends in ".prom" by the node
 * exporter's rule. Returns 0, or -errno: -EINVAL where path ends in '/', -ENAMETOOLONG.
 */
int event_metrics_open(struct event_metrics *m, const char *path);
void event_metrics_close(struct event_metrics *m);

/*
 * Writes the file: first ".NAME.draft" in the same folder, which is synced and renamed, so that a
 * reader sees either the old file or the new one. Mode 0644 whatever the umask. Returns 0; or
 * -errno, and the old file is unchanged.
 */
int event_metrics_write(const struct event_metrics *m, const struct watch_stats *stats,
			const struct event_metrics_more *more);

#endif
