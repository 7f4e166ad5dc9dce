/* suspects: an open-addressing hash table of a flood's busiest sources. */
#include "watch/suspects.h"

#include <string.h>

#include "base/logarithm.h"
#include "watch/evidence.h"
#include "watch/name.h"

#define BITS 256
/* Entries that a search looks at: with two thirds of the table in use one of them is free. */
#define WINDOW 32

_Static_assert(sizeof(struct suspect) == 64, "a cache line");

static unsigned suspect_bits(const struct suspect *s)
{
	unsigned bits = 0;

	for (int i = 0; i < BITS / 64; i++)
		bits += (unsigned)__builtin_popcountll(s->ports[i]);
	return bits;
}

/* An estimate by linear counting (Whang et al. 1990), to a tenth; with all bits set it grows no
 * more. */
static uint32_t suspect_ports(const struct suspect *s)
{
	unsigned bits = suspect_bits(s);

	bits = bits < BITS ? bits : BITS - 1;
	return (uint32_t)(BITS * logarithm((double)BITS / (BITS - bits)) + 0.5);
}

static bool suspect_is_one(const struct suspect *s)
{
	return s->contacts >= SUSPECT_CONTACTS && suspect_bits(s) >= SUSPECT_PORTS;
}

/* The source's entry, or one that is free or was taken from another source; NULL if there is none.
 */
static struct suspect *place_of(struct suspect *suspects, uint64_t name)
{
	uint64_t first = name_below(name_with(name, SALT_SUSPECT_PLACE, 0), SUSPECTS);
	struct suspect *weakest = NULL;

	for (unsigned i = 0; i < WINDOW; i++) {
		struct suspect *s = &suspects[(first + i) % SUSPECTS];

		if (s->name == name || s->contacts == 0)
			return s;
		if (!weakest || s->strength < weakest->strength)
			weakest = s;
	}
	if (--weakest->strength)
		return NULL;
	memset(weakest, 0, sizeof(*weakest));
	return weakest;
}

bool suspects_add(struct suspect suspects[static SUSPECTS], const struct contact *c)
{
	struct suspect *s = place_of(suspects, c->source);
	uint64_t bit =
		name_with(c->source, SALT_SUSPECT_PORT, (uint64_t)c->proto << 16 | c->dport) % BITS;
	bool was;

	if (!s)
		return false;
	was = suspect_is_one(s);
	s->name = c->source;
	s->source = c->src;
	s->ports[bit / 64] |= UINT64_C(1) << (bit % 64);
	if (s->contacts < UINT32_MAX) {
		s->contacts++;
		s->strength++;
	}
	return !was && suspect_is_one(s);
}

void suspects_drop(struct suspect suspects[static SUSPECTS], uint64_t name)
{
	for (unsigned i = 0; i < SUSPECTS; i++)
		/* The entry stays in use, as a search for others may pass it, and is the first to
		 * be replaced. */
		if (suspects[i].name == name && suspects[i].contacts)
			suspects[i] = (struct suspect){.name = name, .contacts = 1, .strength = 1};
}

/* Most ports first, then most contacts, then by address: a fixed order. */
static bool comes_before(const struct event_suspect *a, const struct event_suspect *b)
{
	if (a->ports != b->ports)
		return a->ports > b->ports;
	if (a->contacts != b->contacts)
		return a->contacts > b->contacts;
	return addr_compare(a->source, b->source) < 0;
}

size_t suspects_list(const struct suspect suspects[static SUSPECTS],
		     struct event_suspect out[static SUSPECTS])
{
	size_t count = 0;

	for (unsigned i = 0; i < SUSPECTS; i++) {
		const struct suspect *s = &suspects[i];
		size_t at = count;
		struct event_suspect one = {s->source, s->contacts, 0};

		if (!suspect_is_one(s))
			continue;
		one.ports = suspect_ports(s);
		for (; at > 0 && comes_before(&one, &out[at - 1]); at--)
			out[at] = out[at - 1];
		out[at] = one;
		count++;
	}
	return count;
}
