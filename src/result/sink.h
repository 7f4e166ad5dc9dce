/* sink: receives the records of one run: a file format, a store, a live page. */
#ifndef PORTLIGHT_RESULT_SINK_H
#define PORTLIGHT_RESULT_SINK_H

#include "result/record.h"

struct sink;

/*
 * A sink. The calls come in this order: begin once, record any number of times, end once; end may
 * follow begin directly. A sink receives every host and every port of the run: whether a format
 * omits some (--open, summarised ports, hosts without an answer) is decided by that format. A sink
 * ignores records of a kind that it does not use.
 *
 * Each returns 0, or a positive errno once the sink can take no more records (a full disk, a
 * closed pipe); the caller may continue to call it, and it continues to return that errno. No call
 * blocks longer than a write does.
 */
struct sink_ops {
	const char *name;
	/* *run outlives the sink. */
	int (*begin)(struct sink *s, const struct run_info *run);
	/* *record and its pointers are valid during the call only. */
	int (*record)(struct sink *s, const struct record *record);
	int (*end)(struct sink *s, const struct run_summary *summary);
	/* After an error: the destination that could not be written to, for a message, safe for a
	 * terminal, such as "results.xml" with its quotation marks. Valid as long as the sink. */
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
