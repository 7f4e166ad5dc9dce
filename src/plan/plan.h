/* plan: which probes a scan consists of, and their order. Immutable. */
#ifndef PORTLIGHT_PLAN_PLAN_H
#define PORTLIGHT_PLAN_PLAN_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "address/ranges.h"
#include "base/failure.h"
#include "plan/permute.h"
#include "plan/plan_walk.h"
#include "plan/ports.h"

/*
 * A plan is hosts x slots. A host is an address, by its rank in the sorted targets with all
 * excludes taken out; a slot is one (technique, port). Index 0..total-1 is cut into windows of
 * whole hosts, at most PLAN_WINDOW_CELLS probes each; inside a window a keyed permutation gives
 * the order, so that neighbours in time are far apart in address and port, while hosts still
 * finish (and are reported) in order and memory is bounded by the window, not by the plan.
 *
 *   index = window * window_cells + position            position: when it is sent
 *   cell  = permute(position)                           cell: where its answer is noted
 *   cell  = host_in_window * slots + slot
 *
 * In a plan by slot, for the discovery of hosts, the permutation is one of hosts, and
 *
 *   cell  = permute(position % hosts) * slots + position / hosts
 *
 * The part that kernel programs use as well is in plan_walk.h.
 */
/* One allocation, no pointers: this header, then ranges[], then slots[]. */
struct plan {
	__u64 bytes; /* of the whole allocation */
	__u64 seed[2];
	__u64 hosts;
	__u64 total; /* hosts * slots */
	__u64 windows;
	__u32 ranges;
	__u32 slots;
	__u32 window_hosts; /* of every window but perhaps the last */
	__u32 window_cells; /* window_hosts * slots */
	/* Slot after slot: all hosts of a window get the first one, then all the second. */
	__u32 by_slot;
	__u32 unused; /* 0 */
};

static inline const struct plan_range *plan_ranges(const struct plan *p)
{
	return (const struct plan_range *)(const void *)(p + 1);
}

/* technique << 16 | port; sorted, but for a plan by slot. */
static inline const __u32 *plan_slots(const struct plan *p)
{
	return (const __u32 *)(const void *)(plan_ranges(p) + p->ranges);
}

/* Address of a host by rank, rank < hosts. */
static inline struct addr plan_host(const struct plan *p, __u64 rank)
{
	const struct plan_range *ranges = plan_ranges(p);
	__u64 hi, lo;

	plan_range_host(ranges, plan_range_of(ranges, p->ranges, rank), rank, &hi, &lo);
	return (struct addr){hi, lo};
}

static inline __u32 plan_window_hosts(const struct plan *p, __u64 window)
{
	__u64 left = p->hosts - window * p->window_hosts;

	return left < p->window_hosts ? (__u32)left : p->window_hosts;
}

static inline void plan_window_permute(const struct plan *p, __u64 window, struct permute *out)
{
	permute_init(out, (__u64)plan_window_hosts(p, window) * (p->by_slot ? 1 : p->slots),
		     p->seed, window);
}

/* The cell at a position of the window with that permutation. */
static inline __u32 plan_cell_at(const struct plan *p, const struct permute *order, __u64 position)
{
	if (!p->by_slot)
		return (__u32)permute_forward(order, position);
	return (__u32)(permute_forward(order, position % order->n) * p->slots +
		       position / order->n);
}

/* True with the rank of an address; false if it is not in the plan. */
bool plan_find_host(const struct plan *p, struct addr a, uint64_t *rank);
/* True with the slot of a technique and port; false if it is not in the plan. */
bool plan_find_slot(const struct plan *p, uint8_t technique, uint16_t port, uint32_t *slot);

/* Target, port and technique of the probe with that index < total. */
struct plan_probe {
	struct addr to;
	uint16_t port;
	uint8_t technique;
};
struct plan_probe plan_at(const struct plan *p, uint64_t index);

/*
 * techniques: bit set of enum technique_id. Owned by the caller, freed with plan_free.
 * NULL with *f if no probe is to be sent, if hosts * slots does not fit 63 bits, or out of
 * memory. `targets` is normalised, and the excludes are removed from it.
 */
struct plan *plan_new(const struct ranges *targets, const struct ports *ports, unsigned techniques,
		      const uint64_t seed[2], struct failure *f);

/*
 * The same for the discovery of hosts: by slot, with `count` slots (technique << 16 | port, none
 * twice) in the order in which they are sent.
 */
struct plan *plan_new_by_slot(const struct ranges *targets, const uint32_t *slot, uint32_t count,
			      const uint64_t seed[2], struct failure *f);
void plan_free(struct plan *p);

/* Shard `number` (from 1) of `count`: its index range [first, last). Shards cover the plan
 * exactly once. */
void plan_shard(const struct plan *p, uint64_t number, uint64_t count, uint64_t *first,
		uint64_t *last);

/*
 * Names in files what a plan means: SipHash-2-4 under a fixed key of its addresses (as ranges that
 * do not touch), techniques (by name) and ports, seed, window size, and of the index range
 * [first, last) to be scanned. The same on every machine and in every version that sends the same
 * probes in the same order. Not a protection against forgery.
 */
uint64_t plan_hash(const struct plan *p, uint64_t first, uint64_t last);

#endif
