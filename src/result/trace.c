/* trace: stores the packets of a scan for --explain and --packet-trace. */
#include "result/trace.h"

#include <stdlib.h>

struct trace *trace_new(size_t capacity)
{
	struct trace *trace;

	if (capacity > SIZE_MAX / sizeof(*trace->events))
		return NULL;
	trace = calloc(1, sizeof(*trace));
	if (!trace)
		return NULL;
	trace->events = calloc(capacity ? capacity : 1, sizeof(*trace->events));
	if (!trace->events) {
		free(trace);
		return NULL;
	}
	trace->capacity = capacity;
	return trace;
}

void trace_free(struct trace *trace)
{
	if (!trace)
		return;
	free(trace->events);
	free(trace);
}

void trace_add(struct trace *trace, const struct trace_event *event)
{
	if (!trace)
		return;
	if (trace->count >= trace->capacity) {
		trace->lost++;
		return;
	}
	trace->events[trace->count] = *event;
	trace->events[trace->count].order = trace->count;
	trace->count++;
}

/* Events of the same time stay in the order in which they were added. */
static int event_compare(const void *a, const void *b)
{
	const struct trace_event *x = a, *y = b;

	if (x->cell != y->cell)
		return x->cell < y->cell ? -1 : 1;
	if (x->t_ns != y->t_ns)
		return x->t_ns < y->t_ns ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void trace_sort(struct trace *trace)
{
	if (trace && trace->count > 1)
		qsort(trace->events, trace->count, sizeof(trace->events[0]), event_compare);
}

size_t trace_find(const struct trace *trace, uint32_t cell, const struct trace_event **first)
{
	size_t low = 0, high = trace ? trace->count : 0, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (trace->events[middle].cell < cell)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; trace && end < trace->count && trace->events[end].cell == cell; end++)
		;
	if (end > low)
		*first = &trace->events[low];
	return end - low;
}
