/* plan_walk: the part of a plan that is compiled into kernel programs as well. */
#ifndef PORTLIGHT_PLAN_PLAN_WALK_H
#define PORTLIGHT_PLAN_PLAN_WALK_H

#include <linux/types.h>

/* Cells of a window at most. A probe's tag is the low bits of the window number, then so many bits
 * of the cell. */
#define PLAN_WINDOW_BITS  20
#define PLAN_WINDOW_CELLS (1u << PLAN_WINDOW_BITS)

struct plan_range {
	__u64 hi, lo;	  /* first address */
	__u64 first_host; /* its rank */
	__u64 hosts;
};

/* A kernel program defines these before: masks and small loops prove its bounds to the verifier. */
#ifndef PLAN_RANGE_INDEX
#define PLAN_RANGE_INDEX(i) (i)
#define PLAN_RANGE_STEPS    32
#endif

/* A slot: technique << 16 | port. */
static inline __u8 plan_slot_technique(__u32 slot_value)
{
	return (__u8)(slot_value >> 16);
}

static inline __u16 plan_slot_port(__u32 slot_value)
{
	return (__u16)slot_value;
}

/* For plan_cell_host: floor(2^40 / slots) + 1; slots <= PLAN_WINDOW_CELLS. */
static inline __u64 plan_slot_reciprocal(__u32 slots)
{
	return (1ULL << 40) / slots + 1;
}

/* cell / slots, the number of its host in the window, without a division; cell <
 * PLAN_WINDOW_CELLS. Exact, as cell * (reciprocal * slots - 2^40) < 2^40. */
static inline __u32 plan_cell_host(__u32 cell, __u64 reciprocal)
{
	return (__u32)(cell * reciprocal >> 40);
}

/* The tag of a cell, and the cell of a tag. */
static inline __u32 plan_tag(__u64 window, __u32 cell)
{
	return (__u32)(window << PLAN_WINDOW_BITS) | cell;
}

static inline __u32 plan_tag_cell(__u32 tag)
{
	return tag & (PLAN_WINDOW_CELLS - 1);
}

/* Number of the range that holds the host of that rank; ranges > 0, sorted by rank. */
static inline __u32 plan_range_of(const struct plan_range *ranges, __u32 count, __u64 rank)
{
	__u32 low = 0, high = count;

	for (int step = 0; step < PLAN_RANGE_STEPS && high - low > 1; step++) {
		__u32 middle = low + (high - low) / 2;

		if (ranges[PLAN_RANGE_INDEX(middle)].first_host <= rank)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Address of the host of a rank, which is in that range. */
static inline void plan_range_host(const struct plan_range *ranges, __u32 range, __u64 rank,
				   __u64 *hi, __u64 *lo)
{
	const struct plan_range *r = &ranges[PLAN_RANGE_INDEX(range)];
	__u64 sum = r->lo + (rank - r->first_host);

	*hi = r->hi + (sum < r->lo);
	*lo = sum;
}

#endif
