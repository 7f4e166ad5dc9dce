/* trace: the packets of a scan, kept for --explain and --packet-trace. */
#ifndef PORTLIGHT_RESULT_TRACE_H
#define PORTLIGHT_RESULT_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"

enum trace_kind {
	TRACE_SENT,	/* packet: seen leaving */
	TRACE_RECEIVED, /* packet: seen coming in */
	TRACE_CALL,	/* sockets engine: `call` was made, `error` is the errno it gave or 0 */
	TRACE_RESULT,	/* sockets engine: the kernel's word on an earlier call; error as above */
};

struct trace_event {
	uint64_t t_ns; /* clock of scan */
	size_t order;  /* set by trace_add: keeps events of one moment in order */
	uint32_t cell;
	uint8_t kind; /* enum trace_kind */
	uint8_t attempt;
	int error;
	const char *call; /* string constant: "connect", "send", "recv", "error queue" */
	struct packet packet;
};

/* Bounded: the first `capacity` events are kept, later ones counted in `lost`. */
struct trace {
	struct trace_event *events;
	size_t count, capacity;
	uint64_t lost;
};

/* NULL if out of memory. About 350 bytes an event. */
struct trace *trace_new(size_t capacity);
void trace_free(struct trace *trace);
/* Copies *event; a NULL trace is fine and keeps nothing. */
void trace_add(struct trace *trace, const struct trace_event *event);
/* Events sorted by cell, then time, then order of adding; before reading, and again after more
 * were added. A NULL trace is fine. */
void trace_sort(struct trace *trace);
/* First event of `cell` and how many; 0 if none. Needs trace_sort. */
size_t trace_find(const struct trace *trace, uint32_t cell, const struct trace_event **first);

#endif
