/* arrivals: arrival history of a flooded target: how many contacts had come by a given time. */
#ifndef PORTLIGHT_WATCH_ARRIVALS_H
#define PORTLIGHT_WATCH_ARRIVALS_H

#include <stdint.h>

#define ARRIVALS_STEPS	 64
#define ARRIVALS_STEP_MS 64

/*
 * Cumulative counts for the latest ARRIVALS_STEPS steps, four seconds. Within a step the contacts
 * count as evenly spread; before the oldest step the caller's mean rate is used. Zero-initialised
 * is empty.
 */
struct arrivals {
	uint64_t step;		     /* number of the current step, since time 0 */
	uint64_t now_ms;	     /* time of the latest contact */
	uint64_t count;		     /* contacts so far */
	uint64_t at[ARRIVALS_STEPS]; /* `count` at the begin of each step, a ring */
};

/* Counts one contact at now_ms. An earlier time than the latest counts as the latest. */
void arrivals_add(struct arrivals *c, uint64_t now_ms);

/* The number of contacts from from_ms to to_ms; pps is the rate before the history begins. */
double arrivals_between(const struct arrivals *c, uint64_t from_ms, uint64_t to_ms, double pps);

#endif
