/* sent_table: attempts and times of the cells of a bulk sheet that are sent one by one. */
#ifndef PORTLIGHT_SCAN_SENT_TABLE_H
#define PORTLIGHT_SCAN_SENT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/plan_walk.h"

/* 8 bytes. */
struct sent_entry {
	uint64_t us : 32; /* low 32 bits of the clock in us, of the latest attempt */
	uint64_t tries : 8;
	uint64_t position : PLAN_WINDOW_BITS; /* in the window's order */
	uint64_t used : 1;
};

/*
 * A hash table with linear probing, at most 3/4 full. All zero is an empty one. The positions are
 * those of the window's permutation, which is keyed by the seed of the plan, so hosts cannot choose
 * where their cells fall. It doubles as needed, up to a place for each position of the largest
 * window: 8 MiB. Nothing is removed.
 */
struct sent_table {
	struct sent_entry *at;
	uint32_t count;
	uint8_t bits; /* of its size, while `at` is set */
};

/* Makes room for that many more entries. False if out of memory: the table is unchanged. */
bool sent_table_reserve(struct sent_table *t, uint32_t more);
/* The entry of a position < 2^PLAN_WINDOW_BITS; NULL if there is none. Valid until the next
 * sent_table_reserve or sent_table_put. */
struct sent_entry *sent_table_get(const struct sent_table *t, uint32_t position);
/* The same, but adds a missing entry with all zero but its position. NULL without memory. */
struct sent_entry *sent_table_put(struct sent_table *t, uint32_t position);
void sent_table_fini(struct sent_table *t);

#endif
