/* host_set: the hosts that each scan contacted: one exact set of fixed size for all scans. */
#ifndef PORTLIGHT_WATCH_HOST_SET_H
#define PORTLIGHT_WATCH_HOST_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/siphash.h"

/*
 * Pairs of owner (an evidence record or an episode) and host, 8 bytes each, by open addressing. At
 * most three quarters of the slots are used; nothing is evicted, full is full.
 */
struct host_set {
	uint64_t *slot; /* 48 bits of a keyed hash of the pair, 16 bits of the owner; 0: free */
	uint64_t mask;	/* slots - 1, slots are a power of two */
	uint64_t used;
	struct siphash_key key;
};

enum host_set_answer {
	HOST_SET_NEW,	/* was not in the set, and is now */
	HOST_SET_KNOWN, /* was in the set */
	HOST_SET_FULL,	/* not found, and no room to add it */
};

/* Allocates at most `bytes` (8 KiB at least). Returns 0, or -1 if out of memory. */
int host_set_init(struct host_set *t, size_t bytes, const struct siphash_key *key);
void host_set_fini(struct host_set *t);

/* Adds the pair of an owner and a host, given as a hash of its address (name_host). */
enum host_set_answer host_set_add(struct host_set *t, uint64_t owner, uint32_t host);

/* Whether three quarters of the slots are used, so that host_set_add adds no more. */
bool host_set_is_full(const struct host_set *t);

/* The 16 bits of an owner that are stored with its pairs: its bit number in `alive` below. */
uint16_t host_set_mark(uint64_t owner);

/* Removes all pairs whose owner's bit is not set in alive[1024], a bitmap of 65,536 marks. A dead
 * owner that shares its mark with a living one stays. */
void host_set_sweep(struct host_set *t, const uint64_t alive[static 1024]);

#endif
