/* hits: a short list, searched from its begin. */
#include "watch/hits.h"

#include <string.h>

#include "base/logarithm.h"
#include "watch/evidence.h"

#define BITS 64

/* The host's entry, or a new one; NULL if there is no room yet. */
static struct hit *hit_of(struct hit *hits, struct addr target)
{
	struct hit *weakest = hits;

	for (unsigned i = 0; i < HITS; i++) {
		if (hits[i].contacts == 0) {
			hits[i].target = target;
			return &hits[i];
		}
		if (addr_equal(hits[i].target, target))
			return &hits[i];
		if (hits[i].strength < weakest->strength)
			weakest = &hits[i];
	}
	if (weakest->strength && --weakest->strength)
		return NULL;
	memset(weakest, 0, sizeof(*weakest));
	weakest->target = target;
	return weakest;
}

static void hit_count(struct hit *h, uint32_t contacts, uint64_t first_ns, uint64_t last_ns)
{
	if (h->contacts == 0 || first_ns < h->first_ns)
		h->first_ns = first_ns;
	if (last_ns > h->last_ns)
		h->last_ns = last_ns;
	if (contacts > UINT32_MAX - h->contacts)
		return;
	h->contacts += contacts;
	h->strength += contacts;
}

static void hit_port(struct hit *h, uint16_t port, bool open)
{
	h->ports |= UINT64_C(1) << (port * UINT32_C(2654435761) >> 26);
	for (unsigned i = 0; open && i < h->opens; i++)
		open = h->open[i] != port;
	if (open && h->opens < EVENT_TARGET_OPEN)
		h->open[h->opens++] = port;
}

void hits_add(struct hit hits[static HITS], const struct contact *c)
{
	struct hit *h = hit_of(hits, c->dst);

	if (!h)
		return;
	hit_count(h, 1, c->t_ns, c->t_ns);
	hit_port(h, c->dport, c->open);
}

void hits_add_record(struct hit hits[static HITS], const struct evidence *r)
{
	struct hit *h = hit_of(hits, r->target);

	if (!h)
		return;
	hit_count(h, r->packets ? r->packets : 1, r->first_ns, r->last_ns);
	for (int i = 0; i < r->listed && r->kind == EVIDENCE_PORTS; i++)
		hit_port(h, r->number[i], r->open[i >> 6] >> (i & 63) & 1);
}

static bool comes_before(const struct hit *a, const struct hit *b)
{
	if (a->contacts != b->contacts)
		return a->contacts > b->contacts;
	return addr_compare(a->target, b->target) < 0;
}

/* By linear counting (Whang et al. 1990). */
static uint32_t estimate(uint64_t ports)
{
	unsigned bits = (unsigned)__builtin_popcountll(ports);

	bits = bits < BITS ? bits : BITS - 1;
	return (uint32_t)(BITS * logarithm((double)BITS / (BITS - bits)) + 0.5);
}

size_t hits_list(const struct hit hits[static HITS], struct event_target out[static HITS])
{
	const struct hit *order[HITS];
	size_t count = 0;

	for (unsigned i = 0; i < HITS && hits[i].contacts; i++) {
		size_t at = count++;

		for (; at > 0 && comes_before(&hits[i], order[at - 1]); at--)
			order[at] = order[at - 1];
		order[at] = &hits[i];
	}
	for (size_t i = 0; i < count; i++) {
		out[i] = (struct event_target){
			.target = order[i]->target,
			.first_ns = order[i]->first_ns,
			.last_ns = order[i]->last_ns,
			.contacts = order[i]->contacts,
			.ports = estimate(order[i]->ports),
			.opens = order[i]->opens,
		};
		memcpy(out[i].open, order[i]->open, sizeof(out[i].open));
	}
	return count;
}
