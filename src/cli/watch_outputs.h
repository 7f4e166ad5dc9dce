/* watch_outputs: the outputs of the detector's events and counters. */
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
	struct sink all; /* passes each event to all sinks below; its error is EPIPE once standard
			    output is closed */
	struct event_sink sink[WATCH_SINKS];
	const char *
		name[WATCH_SINKS]; /* of its file or socket; must be escaped before it is printed */
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
 * Opens all outputs of *o; readable text goes to standard output if there is no other output. *o
 * and *home outlive *out. If an output fails later, one line is printed to `complaints` until it
 * works again; the other outputs continue. 0, or -1 with *f (EXIT_CANNOT_CREATE; EXIT_UNAVAILABLE
 * for a socket on which no process listens).
 */
int watch_outputs_open(struct watch_outputs *out, const struct watch_options *o,
		       const struct ranges *home, FILE *complaints, struct failure *f);

/* Standard output is a pipe whose reader closed it. */
bool watch_outputs_closed_pipe(const struct watch_outputs *out);

/* Writes the metrics file, if --metrics is given. 0, or -1 with *f (EXIT_CANNOT_CREATE). */
int watch_outputs_metrics(struct watch_outputs *out, const struct watch_stats *stats,
			  struct failure *f);

/* Closes all outputs. 0, or -1 with *f (EXIT_IO) if data for a file was lost; data lost on a
 * socket is only reported in a line. */
int watch_outputs_close(struct watch_outputs *out, struct failure *f);

#endif
