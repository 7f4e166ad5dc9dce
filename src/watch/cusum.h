/* cusum: cumulative sums that show which sources of a flood are busier than its average source. */
#ifndef PORTLIGHT_WATCH_CUSUM_H
#define PORTLIGHT_WATCH_CUSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "watch/arrivals.h"

/*
 * A cumulative sum for each pair of source and target (Page, "Continuous Inspection Schemes",
 * Biometrika 1954). It grows by one with each contact, and shrinks with time by CUSUM_FACTOR times
 * the contacts that the average source makes; it never falls below zero. Only a source that is
 * busier than that for a while gets a high sum.
 *
 * Tag and bucket number together are about 40 bits of a hash: two pairs that share them would add
 * up.
 */
struct cusum_entry {
	uint64_t tag : 27;
	uint64_t risen : 1;	/* it reached the level since it was last zero */
	uint64_t moved_ms : 20; /* low bits of the latest contact's time */
	uint64_t above : 16;	/* the sum, in 1/256 of a contact; 0: free */
};

/* Buckets of eight, one cache line each. A new pair evicts the one with the lowest sum, so spoofed
 * sources, however many, evict each other. */
struct cusum {
	struct cusum_entry *place; /* inside `memory`, aligned to cache lines */
	void *memory;
	uint64_t buckets;
};

/* Allocates at most `bytes`. Returns 0, or -1 if out of memory or `bytes` are too few. */
int cusum_init(struct cusum *s, size_t bytes);
void cusum_fini(struct cusum *s);

struct cusum_query {
	uint64_t hash;	 /* of the pair */
	uint64_t t_ms;	 /* time of the contact; up to 16 s of disorder are tolerated */
	double mean_pps; /* contacts a second of the average source */
	double level;	 /* sum at which *rises is set */
	bool count;	 /* add a contact; else only read */
	/* How the allowance follows the flood's arrival history, of which the average source has
	 * `share`. NULL: the allowance is mean_pps throughout. */
	const struct arrivals *arrivals;
	double share;
};

/* Prefetches the bucket that cusum_above reads for a pair's hash. */
void cusum_prefetch(const struct cusum *s, uint64_t hash);

/* The sum of a pair in contacts, with the contact of the query. *rises is set if this contact
 * brought it to the level for the first time since it was zero. */
double cusum_above(struct cusum *s, const struct cusum_query *query, bool *rises);

/*
 * -ln of the probability that chance brings any source to such a sum, as a share of all contacts: a
 * bound for contacts that are independent of each other, from sources none of which is busier than
 * the average one (Lundberg's inequality of ruin theory). 0 for a sum of 0 or less.
 */
double cusum_surprise(double above);

/* The inverse: the sum that has that surprise. */
double cusum_level(double surprise);

#endif
