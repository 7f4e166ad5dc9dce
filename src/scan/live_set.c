/* live_set: which targets a discovery found to be up, and why. */
#include "scan/live_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(REASONS < LIVE_NAMED, "a reason fits a byte");

bool live_set_init(struct live_set *set, uint64_t hosts)
{
	*set = (struct live_set){.hosts = hosts};
	if (hosts > LIVE_TARGETS_MOST)
		return false;
	set->entry = calloc(hosts, sizeof(*set->entry));
	return set->entry != NULL;
}

void live_set_fini(struct live_set *set)
{
	free(set->entry);
	*set = (struct live_set){0};
}

static void live_put(struct live_set *set, uint64_t rank, uint8_t why, uint8_t ttl)
{
	assert(rank < set->hosts);
	set->count += set->entry[rank].why == 0;
	set->entry[rank] = (struct live_entry){why, ttl};
}

void live_set_up(struct live_set *set, uint64_t rank, unsigned reason, uint8_t ttl)
{
	live_put(set, rank, (uint8_t)(1 + reason), ttl);
}

void live_set_named(struct live_set *set, uint64_t rank)
{
	live_put(set, rank, LIVE_NAMED, 0);
}

bool live_set_why(const struct live_set *set, uint64_t rank, enum reason *reason, uint8_t *ttl)
{
	if (rank >= set->hosts || set->entry[rank].why == 0 || set->entry[rank].why == LIVE_NAMED)
		return false;
	*reason = (enum reason)(set->entry[rank].why - 1);
	*ttl = set->entry[rank].ttl;
	return true;
}

/* The addresses of ranks [first, last), which need not be of one range of the plan. */
static bool live_add(const struct plan *plan, uint64_t first, uint64_t last, struct ranges *out)
{
	while (first < last) {
		const struct plan_range *r =
			&plan_ranges(plan)[plan_range_of(plan_ranges(plan), plan->ranges, first)];
		const uint64_t end =
			r->first_host + r->hosts < last ? r->first_host + r->hosts : last;

		if (ranges_add(out, plan_host(plan, first), plan_host(plan, end - 1)) < 0)
			return false;
		first = end;
	}
	return true;
}

bool live_set_ranges(const struct live_set *set, const struct plan *plan, struct ranges *out)
{
	for (uint64_t rank = 0, end; rank < set->hosts; rank = end) {
		end = rank + 1;
		if (set->entry[rank].why == 0)
			continue;
		while (end < set->hosts && set->entry[end].why)
			end++;
		if (!live_add(plan, rank, end, out))
			return false;
	}
	ranges_normalise(out);
	return true;
}
