/* sent_table: the hash table of what was sent one by one. */
#include "scan/sent_table.h"

#include <stdlib.h>

#define SENT_TABLE_BITS_LEAST 6

_Static_assert(sizeof(struct sent_entry) == 8, "8 bytes an entry");

/* Where the search for a position begins. At full size each position has its own place. */
static uint32_t sent_table_home(uint32_t position, unsigned bits)
{
	/* 2^32 divided by the golden ratio spreads the runs that passes leave. */
	return bits < PLAN_WINDOW_BITS ? position * UINT32_C(0x9e3779b1) >> (32 - bits) : position;
}

/* The entry of a position, or the free one where it belongs. */
static struct sent_entry *sent_table_find(struct sent_entry *at, unsigned bits, uint32_t position)
{
	const uint32_t mask = (UINT32_C(1) << bits) - 1;
	uint32_t i = sent_table_home(position, bits);

	while (at[i].used && at[i].position != position)
		i = (i + 1) & mask;
	return &at[i];
}

static bool sent_table_holds(unsigned bits, uint64_t count)
{
	const uint64_t room = UINT64_C(1) << bits;

	return bits == PLAN_WINDOW_BITS || count <= room / 4 * 3;
}

bool sent_table_reserve(struct sent_table *t, uint32_t more)
{
	const uint32_t old = t->at ? UINT32_C(1) << t->bits : 0;
	unsigned bits = t->at ? t->bits : SENT_TABLE_BITS_LEAST;
	struct sent_entry *at;

	while (!sent_table_holds(bits, (uint64_t)t->count + more))
		bits++;
	if (t->at && bits == t->bits)
		return true;
	at = calloc((size_t)1 << bits, sizeof(*at));
	if (!at)
		return false;
	for (uint32_t i = 0; i < old; i++)
		if (t->at[i].used)
			*sent_table_find(at, bits, (uint32_t)t->at[i].position) = t->at[i];
	free(t->at);
	t->at = at;
	t->bits = (uint8_t)bits;
	return true;
}

struct sent_entry *sent_table_get(const struct sent_table *t, uint32_t position)
{
	struct sent_entry *entry = t->at ? sent_table_find(t->at, t->bits, position) : NULL;

	return entry && entry->used ? entry : NULL;
}

struct sent_entry *sent_table_put(struct sent_table *t, uint32_t position)
{
	struct sent_entry *entry = sent_table_get(t, position);

	if (entry)
		return entry;
	if (!sent_table_reserve(t, 1))
		return NULL;
	entry = sent_table_find(t->at, t->bits, position);
	*entry = (struct sent_entry){.position = position & (PLAN_WINDOW_CELLS - 1), .used = 1};
	t->count++;
	return entry;
}

void sent_table_fini(struct sent_table *t)
{
	free(t->at);
	*t = (struct sent_table){0};
}
