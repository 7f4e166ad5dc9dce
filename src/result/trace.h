/* trace: stores the packets of a scan for --explain and --packet-trace. */
#ifndef PORTLIGHT_RESULT_TRACE_H
#define PORTLIGHT_RESULT_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"

enum trace_kind {
	TRACE_SENT,	/* packet: sent */
	TRACE_RECEIVED, /* packet: received */
	TRACE_CALL,	/* sockets engine: `call` was made; `error` is its errno, or 0 */
	TRACE_RESULT,	/* sockets engine: the kernel's result of an earlier call; error as above */
};

struct trace_event {
	uint64_t t_ns; /* clock of scan */
	size_t order;  /* set by trace_add: the order of events of the same time */
	uint32_t cell;
	uint8_t kind; /* enum trace_kind */
	uint8_t attempt;
	int error;
	const char *call; /* string constant: "connect", "send", "recv", "error queue" */
	struct packet packet;
};

/* Bounded: the first `capacity` events are stored, later ones are counted in `lost`. */
struct trace {
	struct trace_event *events;
	size_t count, capacity;
	uint64_t lost;
};

/* NULL if out of memory. About 350 bytes an event. */
struct trace *trace_new(size_t capacity);
void trace_free(struct trace *trace);
/* Copies *event. Does nothing if the trace is NULL. */
void trace_add(struct trace *trace, const struct trace_event *event);
/* Sorts the events by cell, then time, then order of adding. Call it before reading, and again
 * after events were added. Does nothing if the trace is NULL. */
void trace_sort(struct trace *trace);
/* The first event of `cell` and their number; 0 if none. Needs trace_sort. */
size_t trace_find(const struct trace *trace, uint32_t cell, const struct trace_event **first);

#endif
