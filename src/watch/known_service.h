/* familiar: who has used which service before, so that its failure is no first contact. */
#ifndef PORTLIGHT_WATCH_KNOWN_SERVICE_H
#define PORTLIGHT_WATCH_KNOWN_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 4 bytes for a source, its target and the port. Buckets of eight, latest first; a new one pushes
 * out the last. Only what was open can get in, so nobody hides a scan with it. */
struct known_services {
	uint32_t *tag; /* 0: free */
	uint64_t buckets;
};

struct known_service_pair {
	uint64_t source, target; /* names (name.h) */
	uint16_t port;
	uint8_t proto;
};

/* Within `bytes`. 0, or -1 out of memory. */
int known_service_init(struct known_services *t, size_t bytes);
void known_service_fini(struct known_services *t);

/* Asks the cache for what the others look at. */
void known_service_prefetch(const struct known_services *t, const struct known_service_pair *pair);

void known_service_add(struct known_services *t, const struct known_service_pair *pair);
bool known_service_has(const struct known_services *t, const struct known_service_pair *pair);

#endif
