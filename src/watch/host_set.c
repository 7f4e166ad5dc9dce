/* host_set: open addressing with linear probing; swept in place. */
#include "watch/host_set.h"

#include <stdlib.h>
#include <string.h>

#define MARK_BITS 16
#define PROBES	  512

int host_set_init(struct host_set *t, size_t bytes, const struct siphash_key *key)
{
	uint64_t slots = 1024;

	memset(t, 0, sizeof(*t));
	while (slots * 2 * sizeof(uint64_t) <= bytes)
		slots *= 2;
	t->slot = calloc(slots, sizeof(uint64_t));
	if (!t->slot)
		return -1;
	t->mask = slots - 1;
	t->key = *key;
	return 0;
}

void host_set_fini(struct host_set *t)
{
	free(t->slot);
	t->slot = NULL;
}

uint16_t host_set_mark(uint64_t owner)
{
	return (uint16_t)(owner >> 8);
}

bool host_set_is_full(const struct host_set *t)
{
	return t->used >= t->mask / 4 * 3;
}

/* Puts a hash where it belongs, unless it is there or there is no room. */
static enum host_set_answer slot_put(struct host_set *t, uint64_t hash)
{
	uint64_t at = hash >> MARK_BITS & t->mask;

	for (int probe = 0; probe < PROBES; probe++, at = (at + 1) & t->mask) {
		if (t->slot[at] == hash)
			return HOST_SET_KNOWN;
		if (t->slot[at])
			continue;
		if (host_set_is_full(t))
			return HOST_SET_FULL;
		t->slot[at] = hash;
		t->used++;
		return HOST_SET_NEW;
	}
	return HOST_SET_FULL;
}

enum host_set_answer host_set_add(struct host_set *t, uint64_t owner, uint32_t host)
{
	const __u64 words[2] = {owner, host};
	uint64_t hash = siphash_words(&t->key, words, 2, 1, 3);

	/* The highest bit is set, so that no pair is 0, which means free. */
	hash = (hash | UINT64_C(1) << 63) & ~(uint64_t)UINT16_MAX;
	return slot_put(t, hash | host_set_mark(owner));
}

void host_set_sweep(struct host_set *t, const uint64_t alive[static 1024])
{
	uint64_t start = 0, slots = t->mask + 1;

	/* Finds a free slot that existed before the sweep: no chain of probes crosses it. */
	while (start < slots && t->slot[start])
		start++;
	for (uint64_t i = 0; i < slots; i++) {
		uint16_t mark = (uint16_t)t->slot[i];

		if (t->slot[i] && !(alive[mark >> 6] >> (mark & 63) & 1)) {
			t->slot[i] = 0;
			t->used--;
		}
	}
	/* Inserts all pairs again, in order from there on, so that no chain of probes has a gap. */
	for (uint64_t n = 1; n < slots; n++) {
		uint64_t at = (start + n) & t->mask, hash = t->slot[at];

		if (hash == 0)
			continue;
		t->slot[at] = 0;
		t->used--;
		(void)slot_put(t, hash);
	}
}
