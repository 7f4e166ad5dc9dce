/* tempo: measures the rate of the probes and its variance. */
#ifndef PORTLIGHT_SCAN_TEMPO_H
#define PORTLIGHT_SCAN_TEMPO_H

#include <stdbool.h>
#include <stdint.h>

/* Shortest interval that has a rate. */
#define TEMPO_INTERVAL_NS UINT64_C(20000000)

/*
 * The time in which probes were due is divided into intervals, each from one send to the first
 * that is TEMPO_INTERVAL_NS later, so from probe to probe at lower rates. An interval that has
 * begun when no probe is due is discarded. Zero-initialised is empty.
 */
struct tempo {
	bool going; /* an interval: */
	uint64_t begin_ns, count;
	unsigned intervals; /* over; and of those: */
	double packets, seconds, squares;
};

/* `count` probes were sent. */
void tempo_sent(struct tempo *t, uint64_t count, uint64_t now_ns);
/* Nothing is due. */
void tempo_idle(struct tempo *t);
/* Packets a second over all intervals; the variance of the intervals' rates about it, each weighed
 * by its time. 0 without an interval. */
double tempo_mean(const struct tempo *t);
double tempo_variance(const struct tempo *t);

#endif
