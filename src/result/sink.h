/* sink: takes the records of one run: a file format, a store, a live page. */
#ifndef PORTLIGHT_RESULT_SINK_H
#define PORTLIGHT_RESULT_SINK_H

#include "result/record.h"

struct sink;

/*
 * What a sink is. The calls come in this order: begin once, record any number of times, end once;
 * end may follow begin at once. A sink sees every host and every port of the run: what a format
 * leaves out (--open, summarised ports, hosts without an answer) is that format's own matter. A
 * record of a kind that a sink has no use for is none of its errors.
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
	/* After an error: what could not be written to, for a message, safe for a terminal, as
	 * "results.xml" with its quotation marks. Valid as long as the sink. */
	const char *(*destination)(const struct sink *s);
};

/* Every sink's struct starts with this. */
struct sink {
	const struct sink_ops *ops;
};

static inline int sink_begin(struct sink *s, const struct run_info *run)
{
	return s->ops->begin(s, run);
}

static inline int sink_record(struct sink *s, const struct record *record)
{
	return s->ops->record(s, record);
}

static inline int sink_host(struct sink *s, const struct host_report *host)
{
	return s->ops->record(s, &(struct record){.kind = RECORD_HOST, .host = host});
}

static inline int sink_end(struct sink *s, const struct run_summary *summary)
{
	return s->ops->end(s, summary);
}

#endif
