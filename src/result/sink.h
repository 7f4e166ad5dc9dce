/* sink: takes the records of one run: a file format, a store, a live page. */
#ifndef PORTLIGHT_RESULT_SINK_H
#define PORTLIGHT_RESULT_SINK_H

#include "result/record.h"

struct sink;

/*
 * What a sink is. The calls come in this order: begin once, record any number of times, end once;
 * end may follow begin at once. A sink sees every host and every port of the run: what a format
 * leaves out (--open, summarised ports, hosts without an answer) is that format's own matter.
 *
 * Each returns 0, or a positive errno once the sink takes nothing more (a full disk, a closed
 * pipe); the caller may go on calling it, and it goes on returning that. None of them blocks
 * longer than a write does.
 */
struct sink_ops {
	const char *name;
	/* *run outlives the sink. */
	int (*begin)(struct sink *s, const struct run_info *run);
	/* *record and what it points to are valid during the call only. */
	int (*record)(struct sink *s, const struct record *record);
	int (*end)(struct sink *s, const struct run_summary *summary);
};

/* Every sink's struct starts with this. */
struct sink {
	const struct sink_ops *ops;
};

#endif
