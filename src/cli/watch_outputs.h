/* watch_outputs: where a detector's events go, and its counters. */
#ifndef PORTLIGHT_CLI_WATCH_OUTPUTS_H
#define PORTLIGHT_CLI_WATCH_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "address/ranges.h"
#include "base/failure.h"
#include "cli/watch_options.h"
#include "report/event/event_metrics.h"
#include "report/event/event_sink.h"
#include "result/sink.h"
#include "watch/watch.h"

#define WATCH_SINKS 5

struct watch_outputs {
	struct sink all; /* gives each event to all that follow; ends with a closed pipe */
	struct event_sink sink[WATCH_SINKS];
	const char *name[WATCH_SINKS]; /* of its file or socket; not yet safe to print */
	bool complained[WATCH_SINKS];
	size_t count;
	FILE *file; /* of -oD, or NULL */
	struct event_metrics metrics;
	const char *metrics_path; /* or NULL */
	bool metrics_failed;
	uint64_t start_ns, last_event_ns; /* wall clock */
	FILE *complaints;
};

/*
 * Opens all that *o asks for, readable text to standard output if nothing else goes there.
 * *o and *home outlive *out. An output that fails later is complained about once, to `complaints`,
 * until it works again, and the others go on. 0, or -1 with *f
 * (EXIT_CANNOT_CREATE; EXIT_UNAVAILABLE for a socket where nobody listens).
 */
int watch_outputs_open(struct watch_outputs *out, const struct watch_options *o,
		       const struct ranges *home, FILE *complaints, struct failure *f);

/* Standard output is a pipe that nobody reads any more. */
bool watch_outputs_closed_pipe(const struct watch_outputs *out);

/* Writes the metrics file, if one was asked for: 0, or -1 with *f (EXIT_CANNOT_CREATE). */
int watch_outputs_metrics(struct watch_outputs *out, const struct watch_stats *stats,
			  struct failure *f);

/* Closes all. 0, or -1 with *f (EXIT_IO) if a file did not get everything; what a socket did not
 * take is only said. */
int watch_outputs_close(struct watch_outputs *out, struct failure *f);

#endif
