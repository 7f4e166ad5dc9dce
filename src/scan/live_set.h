/* live_set: which targets a discovery found to be up, and why. */
#ifndef PORTLIGHT_SCAN_LIVE_SET_H
#define PORTLIGHT_SCAN_LIVE_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "address/ranges.h"
#include "plan/plan.h"
#include "technique/technique.h"

/*
 * Two bytes a target, by its rank in the plan of the discovery: plain bytes without pointers, so
 * that a snapshot can hold them as they are. 32 MB for a /8, of which pages without a live host
 * take no memory.
 */
#define LIVE_TARGETS_MOST (UINT64_C(1) << 26)

struct live_entry {
	uint8_t why; /* 0: not up; else 1 + enum reason; LIVE_NAMED: silent, but scanned all the
			same */
	uint8_t ttl; /* of the packet that showed it; 0: unknown */
};
#define LIVE_NAMED UINT8_MAX

struct live_set {
	uint64_t hosts; /* targets */
	uint64_t count; /* of these, entries other than 0 */
	struct live_entry *entry;
};

/* False out of memory, or if there are more than LIVE_TARGETS_MOST. */
bool live_set_init(struct live_set *set, uint64_t hosts);
void live_set_fini(struct live_set *set);

/* The host of that rank is up for that reason (enum reason). */
void live_set_up(struct live_set *set, uint64_t rank, unsigned reason, uint8_t ttl);
/* It did not answer, and is to be scanned all the same. */
void live_set_named(struct live_set *set, uint64_t rank);

/* True, with the reason and TTL, if the host of that rank was found to be up. */
bool live_set_why(const struct live_set *set, uint64_t rank, enum reason *reason, uint8_t *ttl);

/* Adds the addresses of all entries to *out, ascending, which stays normalised. `plan`: that of the
 * discovery. False out of memory. */
bool live_set_ranges(const struct live_set *set, const struct plan *plan, struct ranges *out);

#endif
