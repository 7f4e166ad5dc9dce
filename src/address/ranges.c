/* ranges: a set of addresses held as sorted, disjoint ranges. */
#include "address/ranges.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANGES_FIRST_CAPACITY 16

/* Ends of the IPv4-mapped block: no range crosses them, so that each is of one family. */
static const struct addr v4_first = {0, ADDR_V4_PREFIX};
static const struct addr v4_last = {0, ADDR_V4_PREFIX | UINT32_MAX};

/* a - 1; the caller knows that a is not 0. */
static struct addr addr_before(struct addr a)
{
	return (struct addr){a.hi - (a.lo == 0), a.lo - 1};
}

/* `more` is less than RANGES_FIRST_CAPACITY / 2. */
static int ranges_reserve(struct ranges *set, size_t more)
{
	size_t wanted = RANGES_FIRST_CAPACITY;
	struct range *grown;

	if (set->capacity - set->count >= more)
		return 0;
	if (set->capacity > SIZE_MAX / 2)
		return -1;
	if (set->capacity > wanted / 2)
		wanted = set->capacity * 2;
	grown = reallocarray(set->range, wanted, sizeof(*grown));
	if (!grown)
		return -1;
	set->range = grown;
	set->capacity = wanted;
	return 0;
}

int ranges_add(struct ranges *set, struct addr first, struct addr last)
{
	/* At most three: below the IPv4 block, in it, above it. */
	if (ranges_reserve(set, 3) < 0)
		return -1;
	for (;;) {
		struct addr end = last;

		if (addr_compare(first, v4_first) < 0 && addr_compare(last, v4_first) >= 0)
			end = addr_before(v4_first);
		else if (addr_is_v4(first) && addr_compare(last, v4_last) > 0)
			end = v4_last;
		set->range[set->count++] = (struct range){first, end};
		if (addr_equal(end, last))
			return 0;
		first = addr_add(end, 1);
	}
}

static int range_compare(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	return addr_compare(a->first, b->first);
}

/* Whether `next`, which begins no earlier than `range`, can be one range with it. */
static bool range_joins(const struct range *range, const struct range *next)
{
	if (addr_compare(next->first, range->last) <= 0)
		return true;
	/* next->first lies above range->last, so that adding 1 does not wrap. */
	return addr_equal(addr_add(range->last, 1), next->first) &&
	       addr_is_v4(range->last) == addr_is_v4(next->first);
}

void ranges_normalise(struct ranges *set)
{
	bool sorted = true;
	size_t kept = 0;

	if (set->count < 2)
		return;
	/* Lists are often sorted already, and octet ranges always are. */
	for (size_t i = 1; i < set->count && sorted; i++)
		sorted = range_compare(&set->range[i - 1], &set->range[i]) <= 0;
	if (!sorted)
		qsort(set->range, set->count, sizeof(*set->range), range_compare);

	for (size_t i = 1; i < set->count; i++) {
		struct range *range = &set->range[kept];
		const struct range *next = &set->range[i];

		if (!range_joins(range, next))
			set->range[++kept] = *next;
		else if (addr_compare(next->last, range->last) > 0)
			range->last = next->last;
	}
	set->count = kept + 1;
}

/* What is left of [first, last] without out->range[*next...] goes to the end of *rest. *next is
 * moved behind those that cannot touch a later range. */
static void range_subtract(struct range range, const struct ranges *out, size_t *next,
			   struct ranges *rest)
{
	while (*next < out->count && addr_compare(out->range[*next].last, range.first) < 0)
		(*next)++;
	while (*next < out->count && addr_compare(out->range[*next].first, range.last) <= 0) {
		const struct range *hole = &out->range[*next];

		if (addr_compare(hole->first, range.first) > 0)
			rest->range[rest->count++] =
				(struct range){range.first, addr_before(hole->first)};
		if (addr_compare(hole->last, range.last) >= 0)
			return;
		range.first = addr_add(hole->last, 1);
		(*next)++;
	}
	rest->range[rest->count++] = range;
}

int ranges_subtract(struct ranges *set, const struct ranges *out)
{
	struct ranges rest = {0};
	struct range *trimmed;
	size_t next = 0;

	if (set->count == 0 || out->count == 0)
		return 0;
	/* Each hole cuts at most one range in two. */
	if (out->count > SIZE_MAX - set->count)
		return -1;
	rest.capacity = set->count + out->count;
	rest.range = reallocarray(NULL, rest.capacity, sizeof(*rest.range));
	if (!rest.range)
		return -1;
	for (size_t i = 0; i < set->count; i++)
		range_subtract(set->range[i], out, &next, &rest);
	free(set->range);
	*set = rest;
	if (set->count == 0) {
		ranges_fini(set);
		return 0;
	}
	trimmed = reallocarray(set->range, set->count, sizeof(*trimmed));
	if (trimmed) {
		set->range = trimmed;
		set->capacity = set->count;
	}
	return 0;
}

bool ranges_contain(const struct ranges *set, struct addr a)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (addr_compare(set->range[middle].last, a) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set->count && addr_compare(set->range[low].first, a) <= 0;
}

uint64_t ranges_size(const struct ranges *set)
{
	uint64_t size = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct range *range = &set->range[i];
		uint64_t borrow = range->last.lo < range->first.lo;
		uint64_t low = range->last.lo - range->first.lo; /* addresses, less one */

		if (range->last.hi - range->first.hi - borrow != 0 || low >= UINT64_MAX - size)
			return UINT64_MAX;
		size += low + 1;
	}
	return size;
}

void ranges_fini(struct ranges *set)
{
	free(set->range);
	*set = (struct ranges){0};
}

/* The prefix length of the network that is exactly this range, or -1. */
static int range_prefix(const struct range *range)
{
	const uint64_t hi = range->first.hi ^ range->last.hi, lo = range->first.lo ^ range->last.lo;
	const int length = addr_is_v4(range->first) ? 32 : 128;

	/* The host bits: all 0 in the first address, all 1 in the last, and together one run. */
	if ((range->first.hi & hi) || (range->first.lo & lo) || (lo & (lo + 1)) ||
	    (hi & (hi + 1)) || (hi && lo != UINT64_MAX))
		return -1;
	return length - __builtin_popcountll(hi) - __builtin_popcountll(lo);
}

const char *range_format(const struct range *range, char out[static RANGE_TEXT])
{
	const int prefix = range_prefix(range);
	size_t length;

	addr_format(range->first, out);
	length = strlen(out);
	if (addr_equal(range->first, range->last))
		return out;
	if (prefix >= 0) {
		snprintf(out + length, RANGE_TEXT - length, "/%d", prefix);
	} else {
		out[length] = '-';
		addr_format(range->last, out + length + 1);
	}
	return out;
}
