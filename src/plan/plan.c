/* plan: made once from targets, ports and techniques; looked up by index, address and port. */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "technique/technique.h"

static const struct port_set *technique_ports(const struct ports *ports, int technique)
{
	return technique_is_udp((unsigned)technique) ? &ports->udp : &ports->tcp;
}

static uint32_t slots_count(const struct ports *ports, unsigned techniques)
{
	uint32_t count = 0;

	for (int t = 0; t < TECHNIQUES; t++)
		if (techniques >> t & 1)
			count += port_set_size(technique_ports(ports, t));
	return count;
}

static void slots_fill(uint32_t *slot, const struct ports *ports, unsigned techniques)
{
	for (uint32_t t = 0; t < TECHNIQUES; t++) {
		if (!(techniques >> t & 1))
			continue;
		const struct port_set *set = technique_ports(ports, (int)t);

		for (uint32_t port = 0; port < 65536; port++)
			if (port_set_has(set, port))
				*slot++ = t << 16 | port;
	}
}

/* Ranges with their first ranks; returns the number of hosts, or 0 if that overflows 63 bits. */
static uint64_t ranges_fill(struct plan_range *out, const struct ranges *targets)
{
	uint64_t hosts = 0;

	for (size_t i = 0; i < targets->count; i++) {
		const struct range *r = &targets->range[i];
		uint64_t span_hi = r->last.hi - r->first.hi - (r->last.lo < r->first.lo);
		uint64_t span = r->last.lo - r->first.lo;

		if (span_hi || span >= UINT64_C(1) << 63 || hosts + span + 1 >= UINT64_C(1) << 63)
			return 0;
		out[i] = (struct plan_range){r->first.hi, r->first.lo, hosts, span + 1};
		hosts += span + 1;
	}
	return hosts;
}

/* A plan of that many slots, which the caller fills in. NULL with *f. */
static struct plan *plan_alloc(const struct ranges *targets, uint32_t slots, const uint64_t seed[2],
			       struct failure *f)
{
	struct plan *p;

	if (targets->count > UINT32_MAX)
		goto too_large;
	size_t bytes =
		sizeof(*p) + targets->count * sizeof(struct plan_range) + slots * sizeof(uint32_t);

	p = calloc(1, bytes);
	if (!p) {
		failure_set(f, EXIT_SOFTWARE, "out of memory for a plan of %zu ranges",
			    targets->count);
		return NULL;
	}
	p->bytes = bytes;
	p->seed[0] = seed[0];
	p->seed[1] = seed[1];
	p->ranges = (uint32_t)targets->count;
	p->slots = slots;
	/* plan_ranges and plan_slots look at the same memory through const. */
	p->hosts = ranges_fill((struct plan_range *)(void *)(p + 1), targets);
	if (p->hosts == 0 || p->hosts > (UINT64_C(1) << 63) / slots) {
		free(p);
		goto too_large;
	}
	p->total = p->hosts * slots;
	p->window_hosts = slots < PLAN_WINDOW_CELLS ? PLAN_WINDOW_CELLS / slots : 1;
	p->window_cells = p->window_hosts * slots;
	p->windows = (p->hosts + p->window_hosts - 1) / p->window_hosts;
	return p;

too_large:
	failure_set(f, EXIT_USAGE,
		    "the targets are too many: addresses times ports must stay below 2^63");
	return NULL;
}

/* Where the slots of a new plan are written. */
static uint32_t *plan_slots_of(struct plan *p)
{
	return (uint32_t *)(void *)((struct plan_range *)(void *)(p + 1) + p->ranges);
}

struct plan *plan_new(const struct ranges *targets, const struct ports *ports, unsigned techniques,
		      const uint64_t seed[2], struct failure *f)
{
	uint32_t slots = slots_count(ports, techniques);
	struct plan *p;

	if (targets->count == 0) {
		failure_set(f, EXIT_USAGE, "no target is left to scan");
		return NULL;
	}
	if (slots == 0) {
		bool udp = techniques == 1u << TECH_UDP;

		failure_set(f, EXIT_USAGE,
			    port_set_size(udp ? &ports->tcp : &ports->udp)
				    ? "no %s ports are given, and the technique asked for wants "
				      "some%s"
				    : "no port is left to scan",
			    udp ? "UDP" : "TCP", udp ? "" : ": for UDP ports add -sU");
		return NULL;
	}
	p = plan_alloc(targets, slots, seed, f);
	if (p)
		slots_fill(plan_slots_of(p), ports, techniques);
	return p;
}

struct plan *plan_new_by_slot(const struct ranges *targets, const uint32_t *slot, uint32_t count,
			      const uint64_t seed[2], struct failure *f)
{
	struct plan *p;

	if (targets->count == 0 || count == 0) {
		failure_set(f, EXIT_USAGE, "no host is left to find");
		return NULL;
	}
	p = plan_alloc(targets, count, seed, f);
	if (p) {
		p->by_slot = 1;
		memcpy(plan_slots_of(p), slot, count * sizeof(*slot));
	}
	return p;
}

void plan_free(struct plan *p)
{
	free(p);
}

bool plan_find_host(const struct plan *p, struct addr a, uint64_t *rank)
{
	const struct plan_range *r = plan_ranges(p);
	uint32_t low = 0, high = p->ranges;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (addr_compare((struct addr){r[middle].hi, r[middle].lo}, a) <= 0)
			low = middle;
		else
			high = middle;
	}
	/* a - first, as 128 bits. */
	uint64_t hi = a.hi - r[low].hi - (a.lo < r[low].lo);
	uint64_t lo = a.lo - r[low].lo;

	if (hi != 0 || lo >= r[low].hosts)
		return false;
	*rank = r[low].first_host + lo;
	return true;
}

bool plan_find_slot(const struct plan *p, uint8_t technique, uint16_t port, uint32_t *slot)
{
	const uint32_t *value = plan_slots(p);
	uint32_t wanted = (uint32_t)technique << 16 | port;
	uint32_t low = 0, high = p->by_slot ? 0 : p->slots;

	while (p->by_slot && low < p->slots && value[low] != wanted)
		low++;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (value[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == p->slots || value[low] != wanted)
		return false;
	*slot = low;
	return true;
}

struct plan_probe plan_at(const struct plan *p, uint64_t index)
{
	uint64_t window = index / p->window_cells;
	struct permute order;

	plan_window_permute(p, window, &order);
	uint32_t cell = plan_cell_at(p, &order, index % p->window_cells);
	uint32_t slot = plan_slots(p)[cell % p->slots];

	return (struct plan_probe){plan_host(p, window * p->window_hosts + cell / p->slots),
				   plan_slot_port(slot), plan_slot_technique(slot)};
}

void plan_shard(const struct plan *p, uint64_t number, uint64_t count, uint64_t *first,
		uint64_t *last)
{
	*first = (uint64_t)((unsigned __int128)p->total * (number - 1) / count);
	*last = (uint64_t)((unsigned __int128)p->total * number / count);
}
