/* sequence: the packets of one probe in two columns: sent, received. */
#ifndef PORTLIGHT_REPORT_TEXT_SEQUENCE_H
#define PORTLIGHT_REPORT_TEXT_SEQUENCE_H

#include <stdio.h>

#include "result/finding.h"
#include "result/trace.h"

/*
 * Writes the sequence of `finding` on host `to`: `count` events in order of time, each with its
 * time since the first, and a last row for the silence if that is the finding. No line is longer
 * than 100 columns.
 */
void sequence_write(FILE *out, struct addr to, const struct finding *finding,
		    const struct trace_event *events, size_t count);

/* One event in one line: "SYN 61023>22 seq=1 ttl=64 win=1024". Returns `text`. */
#define SEQUENCE_TEXT 384
const char *sequence_describe(const struct trace_event *event, struct addr to,
			      char text[static SEQUENCE_TEXT]);

#endif
