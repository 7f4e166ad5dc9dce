/* probation: a set-associative table of one contact a source. */
#include "watch/probation.h"

#include <stdlib.h>
#include <string.h>

#include "watch/evidence.h"
#include "watch/name.h"

#define WAYS 4

int probation_init(struct probation_table *t, size_t bytes)
{
	memset(t, 0, sizeof(*t));
	t->buckets = bytes / (WAYS * sizeof(*t->entry));
	if (t->buckets == 0)
		return -1;
	t->entry = calloc(t->buckets * WAYS, sizeof(*t->entry));
	return t->entry ? 0 : -1;
}

void probation_fini(struct probation_table *t)
{
	free(t->entry);
	t->entry = NULL;
}

static uint8_t probation_note(const struct contact *c)
{
	return (uint8_t)(PROBATION_NOTED | (c->failed ? PROBATION_FAILED : 0) |
			 (c->open ? PROBATION_ANSWERED : 0) |
			 (c->half_open ? PROBATION_HALF_OPEN : 0) | (c->idle ? PROBATION_IDLE : 0) |
			 (c->proven ? PROBATION_PROVEN : 0));
}

const struct probation_entry *probation_peek(const struct probation_table *t, uint64_t source)
{
	uint64_t hash = name_with(source, SALT_PROBATION, 0);
	const struct probation_entry *bucket = &t->entry[name_below(hash, t->buckets) * WAYS];

	for (int i = 0; i < WAYS; i++)
		if (bucket[i].state && bucket[i].tag == ((uint32_t)hash | 1))
			return &bucket[i];
	return NULL;
}

enum probation_answer probation_check(struct probation_table *t, const struct contact *c,
				      uint32_t target, struct probation_entry *earlier)
{
	uint64_t hash = name_with(c->source, SALT_PROBATION, 0);
	uint32_t tag = (uint32_t)hash | 1;
	struct probation_entry *bucket = &t->entry[name_below(hash, t->buckets) * WAYS],
			       *victim = bucket;

	for (int i = 0; i < WAYS; i++) {
		struct probation_entry *d = &bucket[i];

		if (d->state && d->tag == tag) {
			*earlier = *d;
			d->moved_ms = (uint32_t)c->now_ms;
			if (d->state & PROBATION_PASSED)
				return PROBATION_OVER;
			if (d->target == target && d->port == c->dport && d->proto == c->proto) {
				d->state |= probation_note(c);
				return PROBATION_HOLD;
			}
			d->state = PROBATION_PASSED;
			return PROBATION_ENDS;
		}
		if (!victim->state)
			continue;
		if (!d->state ||
		    (uint32_t)c->now_ms - d->moved_ms > (uint32_t)c->now_ms - victim->moved_ms)
			victim = d;
	}
	t->refused++;
	*victim = (struct probation_entry){
		.tag = tag,
		.moved_ms = (uint32_t)c->now_ms,
		.target = target,
		.port = c->dport,
		.proto = c->proto,
		.state = probation_note(c),
		.print = c->print,
	};
	return PROBATION_HOLD;
}

struct contact probation_contact(const struct contact *c, const struct probation_entry *earlier)
{
	uint64_t age_ns = (uint64_t)((uint32_t)c->now_ms - earlier->moved_ms) * 1000000;

	return (struct contact){
		.source = c->source,
		.target = c->target,
		.src = c->src,
		.dst = c->dst,
		.t_ns = c->t_ns > age_ns ? c->t_ns - age_ns : 0,
		.now_ms = c->now_ms,
		.techniques = c->techniques,
		.dport = earlier->port,
		.proto = earlier->proto,
		.print = earlier->print,
		.tools = c->tools,
		.raw = c->raw,
		.weight = c->weight,
		.failed = earlier->state & PROBATION_FAILED,
		.open = earlier->state & PROBATION_ANSWERED,
		.half_open = earlier->state & PROBATION_HALF_OPEN,
		.idle = earlier->state & PROBATION_IDLE,
		.proven = earlier->state & PROBATION_PROVEN,
		.home = c->home,
	};
}
