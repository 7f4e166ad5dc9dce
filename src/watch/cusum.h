/* sieve: who fails more often towards a flooded target than chance makes any of the flood's. */
#ifndef PORTLIGHT_WATCH_CUSUM_H
#define PORTLIGHT_WATCH_CUSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "watch/arrivals.h"

/*
 * A cumulative sum for each source and target (Page, "Continuous Inspection Schemes", Biometrika
 * 1954): one more with each contact, and CUSUM_FACTOR times as many less with time as the average
 * source makes; never below nothing. Only who is busier than that for a while gets far above.
 */

/* Two that took each other's place for their own would be twice as busy: tag and bucket together
 * are some 40 bits. */
struct cusum_entry {
	uint64_t tag : 27;
	uint64_t risen : 1;	/* above the level since it was last at nothing */
	uint64_t moved_ms : 20; /* low bits */
	uint64_t above : 16;	/* in 1/256 of a contact; 0: free */
};

/* Buckets of eight, a cache line each; who is new pushes out the one that is least above. So
 * forged sources, however many, push out each other. */
struct cusum {
	struct cusum_entry *place;
	void *memory;
	uint64_t buckets;
};

/* Within `bytes`. 0, or -1 out of memory. */
int cusum_init(struct cusum *s, size_t bytes);
void cusum_fini(struct cusum *s);

struct cusum_query {
	uint64_t hash; /* of the one it is about */
	uint64_t t_ms; /* a little disorder does no harm */
	double mean_pps;
	double level;
	bool count; /* there is one contact more */
	/* What a source may make follows the flood's own course, of which the average source has
	 * this share; NULL: what mean_pps says. */
	const struct arrivals *arrivals;
	double share;
};

/* Asks the cache for what cusum_above will look at. */
void cusum_prefetch(const struct cusum *s, uint64_t hash);

/* How many contacts it is above what it may make; *rises: to the level, for the first time since it
 * was at nothing. */
double cusum_above(struct cusum *s, const struct cusum_query *ask, bool *rises);

/*
 * How rarely chance lets anybody come so far above, as -ln of its share of all contacts: a bound
 * for contacts that come independently of each other, from sources of which none is busier than the
 * average one (Lundberg's, of ruin theory).
 */
double cusum_surprise(double above);
/* The same the other way round. */
double cusum_level(double surprise);

#endif
