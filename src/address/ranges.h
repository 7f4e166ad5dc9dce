/* ranges: a set of addresses held as sorted, disjoint ranges. */
#ifndef PORTLIGHT_ADDRESS_RANGES_H
#define PORTLIGHT_ADDRESS_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"

struct range {
	struct addr first, last; /* both included, first <= last */
};

/*
 * Caller's storage; zero-initialised is the empty set. Between ranges_add and ranges_normalise
 * the array is unsorted; all other functions require a normalised set. 32 bytes a range.
 */
struct ranges {
	struct range *range;
	size_t count, capacity;
};

/* first <= last. A range over both families is cut into one of each. 0, or -1 out of memory (the
 * set is unchanged). */
int ranges_add(struct ranges *set, struct addr first, struct addr last);
/* Sorts, merges what overlaps or touches (IPv4 never merges with IPv6). */
void ranges_normalise(struct ranges *set);
/* Removes the addresses of `out` from `set`; both normalised, and not the same. O(n + m). 0, or -1
 * out of memory (set is unchanged). */
int ranges_subtract(struct ranges *set, const struct ranges *out);
bool ranges_contain(const struct ranges *set, struct addr a);
/* How many addresses; UINT64_MAX if that many or more. */
uint64_t ranges_size(const struct ranges *set);

/* Bytes of the longest range with its NUL. */
#define RANGE_TEXT (2 * ADDR_TEXT)

/* "192.0.2.0/24" of a whole network, else "192.0.2.5" or "192.0.2.5-192.0.2.9", as target_parse
 * reads it. Returns `out`. */
const char *range_format(const struct range *range, char out[static RANGE_TEXT]);
/* Frees the array and makes the set empty. */
void ranges_fini(struct ranges *set);

#endif
