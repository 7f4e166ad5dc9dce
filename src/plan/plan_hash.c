/* plan_hash: what a plan means, as 64 bits. */
#include <string.h>

#include "base/siphash_stream.h"
#include "plan/plan.h"
#include "technique/technique.h"

/* To be increased when the same fields come to mean another order of probes. */
#define PLAN_HASH_VERSION 1u

/* Number of ranges from `from` on that follow one another without a gap, and their hosts. */
static uint32_t range_joined(const struct plan_range *range, uint32_t left, uint64_t *hosts)
{
	uint32_t count = 1;

	*hosts = range[0].hosts;
	for (; count < left; count++) {
		const struct addr end = addr_add((struct addr){range[0].hi, range[0].lo}, *hosts);

		if (!addr_equal(end, (struct addr){range[count].hi, range[count].lo}))
			break;
		*hosts += range[count].hosts;
	}
	return count;
}

static void hash_targets(struct siphash_stream *s, const struct plan *p)
{
	const struct plan_range *range = plan_ranges(p);
	uint64_t hosts;

	siphash_stream_number(s, p->hosts, 8);
	for (uint32_t i = 0, count; i < p->ranges; i += count) {
		count = range_joined(&range[i], p->ranges - i, &hosts);
		siphash_stream_number(s, range[i].hi, 8);
		siphash_stream_number(s, range[i].lo, 8);
		siphash_stream_number(s, hosts, 8);
	}
}

/* Techniques by name: their numbers are this version's only. */
static void hash_slots(struct siphash_stream *s, const struct plan *p)
{
	const uint32_t *slot = plan_slots(p);

	siphash_stream_number(s, p->slots, 4);
	if (p->by_slot)
		siphash_stream_put(s, "by slot", sizeof("by slot"));
	for (uint32_t i = 0; i < p->slots; i++) {
		const char *name = technique_table[plan_slot_technique(slot[i])].name;

		if (i == 0 || plan_slot_technique(slot[i]) != plan_slot_technique(slot[i - 1]))
			siphash_stream_put(s, name, strlen(name) + 1);
		siphash_stream_number(s, plan_slot_port(slot[i]), 2);
	}
}

uint64_t plan_hash(const struct plan *p, uint64_t first, uint64_t last)
{
	const struct siphash_key fixed = {
		{UINT64_C(0x706f72746c696768), UINT64_C(0x7420706c616e2031)}};
	struct siphash_stream s;

	siphash_stream_init(&s, &fixed);
	siphash_stream_number(&s, PLAN_HASH_VERSION, 4);
	siphash_stream_number(&s, p->window_cells, 4);
	siphash_stream_number(&s, p->seed[0], 8);
	siphash_stream_number(&s, p->seed[1], 8);
	siphash_stream_number(&s, first, 8);
	siphash_stream_number(&s, last, 8);
	hash_targets(&s, p);
	hash_slots(&s, p);
	return siphash_stream_end(&s);
}
