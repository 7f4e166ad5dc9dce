/* tempo: mean and variance of the rate at which probes were sent. */
#ifndef PORTLIGHT_SCAN_TEMPO_H
#define PORTLIGHT_SCAN_TEMPO_H

#include <stdbool.h>
#include <stdint.h>

/* Least length of an interval whose rate is measured. */
#define TEMPO_INTERVAL_NS UINT64_C(20000000)

/*
 * The time in which probes were due is cut into intervals, each from one send to the first send at
 * least TEMPO_INTERVAL_NS later: from probe to probe where the rate is lower than that. An interval
 * that has begun when nothing is due any more is dropped. All zero is the initial state.
 */
struct tempo {
	bool going;			  /* an interval has begun, */
	uint64_t begin_ns, count;	  /* at that time, with that many probes so far */
	unsigned intervals;		  /* completed; the sums are over these: */
	double packets, seconds, squares; /* squares: packets^2 / seconds */
};

/* Records that `count` probes were sent now. */
void tempo_sent(struct tempo *t, uint64_t count, uint64_t now_ns);
/* Records that nothing is due. */
void tempo_idle(struct tempo *t);
/* Packets a second over all intervals, and the variance of the intervals' rates, weighted by their
 * length. 0 without an interval. */
double tempo_mean(const struct tempo *t);
double tempo_variance(const struct tempo *t);

#endif
