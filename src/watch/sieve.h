/* sieve: who fails more often towards a flooded target than chance makes any of the flood's. */
#ifndef PORTLIGHT_WATCH_SIEVE_H
#define PORTLIGHT_WATCH_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A cumulative sum for each source and target (Page, "Continuous Inspection Schemes", Biometrika
 * 1954): one more with each contact, and SIEVE_FACTOR times as much less with time as the average
 * source makes; never below nothing. Only who is busier than that for a while gets far above.
 */
#define SIEVE_FACTOR 3.0

struct sieve_place {
	uint32_t moved_ms; /* low bits */
	uint16_t tag;
	uint16_t above; /* in 1/256 of a contact; 0: free */
};

/* Buckets of eight, a cache line each; who is new pushes out the one that is least above. So
 * forged sources, however many, push out each other. */
struct sieve {
	struct sieve_place *place;
	void *memory;
	uint64_t buckets;
};

/* Within `bytes`. 0, or -1 out of memory. */
int sieve_init(struct sieve *s, size_t bytes);
void sieve_fini(struct sieve *s);

/*
 * How many contacts the one that goes by that hash is above what it may make, `mean_pps` being the
 * average one's; `count`: with one more. A little disorder of times does no harm.
 */
double sieve_above(struct sieve *s, uint64_t hash, double mean_pps, bool count, uint64_t t_ms);

/*
 * How rarely chance lets anybody come so far above, as -ln of its share of all contacts: a bound
 * for contacts that come independently of each other, from sources that are up to SIEVE_UNEVEN
 * times as busy as the average one (Lundberg's, of ruin theory).
 */
#define SIEVE_UNEVEN 1.25
double sieve_surprise(double above);

#endif
