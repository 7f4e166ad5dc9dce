/* known_service: which source has used which service, so that a later failure is no evidence. */
#ifndef PORTLIGHT_WATCH_KNOWN_SERVICE_H
#define PORTLIGHT_WATCH_KNOWN_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * 4 bytes a pair: a keyed hash of source, target, port and protocol. Buckets of eight; a new pair
 * evicts the oldest of its bucket. Only services that answered are added, so a scanner cannot hide
 * its probes in the table.
 */
struct known_services {
	uint32_t *tag; /* 0: free */
	uint64_t buckets;
};

struct known_service_pair {
	uint64_t source, target; /* hashed addresses, name_of() */
	uint16_t port;
	uint8_t proto;
};

/* Allocates at most `bytes`. Returns 0, or -1 if out of memory or `bytes` hold no bucket. */
int known_service_init(struct known_services *t, size_t bytes);
void known_service_fini(struct known_services *t);

/* Prefetches the bucket that the two below read. Changes nothing. */
void known_service_prefetch(const struct known_services *t, const struct known_service_pair *pair);

/* Adds a pair, or makes a known one the latest of its bucket. */
void known_service_add(struct known_services *t, const struct known_service_pair *pair);

/* Whether the pair is in the table. A hash collision makes one unknown pair in 2^28 seem known.
 */
bool known_service_has(const struct known_services *t, const struct known_service_pair *pair);

#endif
