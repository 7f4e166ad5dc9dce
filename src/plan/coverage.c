/* coverage: a set of indices as parts. */
#include "plan/coverage.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 16

int coverage_add(struct coverage *c, uint64_t first, uint64_t last)
{
	if (first >= last)
		return 0;
	/* What grows at its end, as a sorted list does, takes no more room. */
	if (c->count && c->part[c->count - 1].last == first) {
		c->part[c->count - 1].last = last;
		return 0;
	}
	if (c->count == c->capacity) {
		const size_t wanted = c->capacity ? c->capacity * 2 : FIRST_CAPACITY;
		struct part *grown = c->capacity > SIZE_MAX / 2
					     ? NULL
					     : reallocarray(c->part, wanted, sizeof(*grown));

		if (!grown)
			return -1;
		c->part = grown;
		c->capacity = wanted;
	}
	c->part[c->count++] = (struct part){first, last};
	return 0;
}

static int part_compare(const void *left, const void *right)
{
	const struct part *a = left, *b = right;

	return (a->first > b->first) - (a->first < b->first);
}

void coverage_normalise(struct coverage *c)
{
	size_t kept = 0;

	if (c->count == 0)
		return;
	qsort(c->part, c->count, sizeof(*c->part), part_compare);
	for (size_t i = 1; i < c->count; i++) {
		struct part *last = &c->part[kept];

		if (c->part[i].first > last->last)
			c->part[++kept] = c->part[i];
		else if (c->part[i].last > last->last)
			last->last = c->part[i].last;
	}
	c->count = kept + 1;
}

uint64_t coverage_size(const struct coverage *c)
{
	uint64_t size = 0;

	for (size_t i = 0; i < c->count; i++)
		size += c->part[i].last - c->part[i].first;
	return size;
}

int coverage_gaps(const struct coverage *c, uint64_t total, struct coverage *gaps)
{
	uint64_t next = 0;

	for (size_t i = 0; i < c->count && c->part[i].first < total; i++) {
		if (coverage_add(gaps, next, c->part[i].first) < 0)
			return -1;
		next = c->part[i].last;
	}
	return coverage_add(gaps, next, total);
}

/* The smallest space that all but `most` - 1 spaces are within. */
static uint64_t space_to_join(const struct coverage *c, size_t most)
{
	uint64_t low = 0, high = UINT64_MAX;

	while (low < high) {
		const uint64_t middle = low + (high - low) / 2;
		size_t wider = 0;

		for (size_t i = 1; i < c->count; i++)
			wider += c->part[i].first - c->part[i - 1].last > middle;
		if (wider < most)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void coverage_join(struct coverage *c, size_t most)
{
	size_t kept = 0;

	if (c->count <= most)
		return;
	const uint64_t space = space_to_join(c, most);

	for (size_t i = 1; i < c->count; i++) {
		if (c->part[i].first - c->part[kept].last > space)
			c->part[++kept] = c->part[i];
		else
			c->part[kept].last = c->part[i].last;
	}
	c->count = kept + 1;
}

void coverage_fini(struct coverage *c)
{
	free(c->part);
	memset(c, 0, sizeof(*c));
}
