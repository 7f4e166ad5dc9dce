/* host_set: which hosts each scan has asked for: one exact set of fixed size, shared by all. */
#ifndef PORTLIGHT_WATCH_HOST_SET_H
#define PORTLIGHT_WATCH_HOST_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/siphash.h"

/* Pairs of owner and host, 8 bytes each. Three quarters of the slots are used at most. */
struct host_set {
	uint64_t *slot; /* 48 bits of a keyed hash, 16 of the owner; 0: free */
	uint64_t mask, used;
	struct siphash_key key;
};

enum host_set_answer {
	HOST_SET_NEW,
	HOST_SET_KNOWN,
	HOST_SET_FULL, /* no room: it may be either */
};

/* Within `bytes`, at least 8 KiB. 0, or -1 out of memory. */
int host_set_init(struct host_set *t, size_t bytes, const struct siphash_key *key);
void host_set_fini(struct host_set *t);

/* Adds a pair. `host` is a hash of an address. */
enum host_set_answer host_set_add(struct host_set *t, uint64_t owner, uint32_t host);

bool host_set_is_full(const struct host_set *t);

/* What is left of an owner in the set, to name it in `alive` below. */
uint16_t host_set_mark(uint64_t owner);
/* Takes out all pairs but those of owners whose mark is set in alive[1024], a bitmap. */
void host_set_sweep(struct host_set *t, const uint64_t alive[static 1024]);

#endif
