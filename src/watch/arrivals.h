/* course: how many contacts had come to a target by when. */
#ifndef PORTLIGHT_WATCH_ARRIVALS_H
#define PORTLIGHT_WATCH_ARRIVALS_H

#include <stdint.h>

#define ARRIVALS_STEPS	 64
#define ARRIVALS_STEP_MS 64

/* Exact for the latest four seconds, to a step of which the contacts are taken to have come evenly;
 * before those, as many as pps says. */
struct arrivals {
	uint64_t step;		     /* the present one, of ARRIVALS_STEP_MS since time 0 */
	uint64_t now_ms;	     /* of the latest contact */
	uint64_t count;		     /* contacts so far */
	uint64_t at[ARRIVALS_STEPS]; /* how many had come when each step began */
};

/* One contact more. What is told late counts as if it had come just now. */
void arrivals_add(struct arrivals *c, uint64_t now_ms);

/* How many came from `from_ms` to `to_ms`. */
double arrivals_between(const struct arrivals *c, uint64_t from_ms, uint64_t to_ms, double pps);

#endif
