/* familiar: who has used which service before, so that its failure is no first contact. */
#ifndef PORTLIGHT_WATCH_KNOWN_SERVICE_H
#define PORTLIGHT_WATCH_KNOWN_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 4 bytes for a source, its target and the port. Buckets of eight, latest first; a new one pushes
 * out the last. Only what was open can get in, so nobody hides a scan with it. */
struct familiar {
	uint32_t *tag; /* 0: free */
	uint64_t buckets;
};

struct familiar_pair {
	uint64_t source, target; /* names (name.h) */
	uint16_t port;
	uint8_t proto;
};

/* Within `bytes`. 0, or -1 out of memory. */
int familiar_init(struct familiar *t, size_t bytes);
void familiar_fini(struct familiar *t);

/* Asks the cache for what the others look at. */
void familiar_fetch(const struct familiar *t, const struct familiar_pair *pair);

void familiar_add(struct familiar *t, const struct familiar_pair *pair);
bool familiar_has(const struct familiar *t, const struct familiar_pair *pair);

#endif
