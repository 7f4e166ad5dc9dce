/* door: a set-associative table of one contact a source. */
#include "watch/probation.h"

#include <stdlib.h>
#include <string.h>

#include "watch/evidence.h"
#include "watch/name.h"

#define WAYS	  4
#define DOOR_SALT 3

int door_init(struct door_table *t, size_t bytes)
{
	memset(t, 0, sizeof(*t));
	t->buckets = bytes / (WAYS * sizeof(*t->entry));
	if (t->buckets == 0)
		return -1;
	t->entry = calloc(t->buckets * WAYS, sizeof(*t->entry));
	return t->entry ? 0 : -1;
}

void door_fini(struct door_table *t)
{
	free(t->entry);
	t->entry = NULL;
}

static uint8_t door_note(const struct contact *c)
{
	return (uint8_t)(DOOR_NOTED | (c->failed ? DOOR_FAILED : 0) |
			 (c->open ? DOOR_ANSWERED : 0) | (c->half_open ? DOOR_HALF_OPEN : 0) |
			 (c->idle ? DOOR_IDLE : 0) | (c->proven ? DOOR_PROVEN : 0));
}

const struct door_entry *door_peek(const struct door_table *t, uint64_t source)
{
	uint64_t hash = name_with(source, DOOR_SALT, 0);
	const struct door_entry *bucket = &t->entry[name_below(hash, t->buckets) * WAYS];

	for (int i = 0; i < WAYS; i++)
		if (bucket[i].state && bucket[i].tag == ((uint32_t)hash | 1))
			return &bucket[i];
	return NULL;
}

enum door_answer door_ask(struct door_table *t, const struct contact *c, uint32_t target,
			  struct door_entry *earlier)
{
	uint64_t hash = name_with(c->source, DOOR_SALT, 0);
	uint32_t tag = (uint32_t)hash | 1;
	struct door_entry *bucket = &t->entry[name_below(hash, t->buckets) * WAYS],
			  *victim = bucket;

	for (int i = 0; i < WAYS; i++) {
		struct door_entry *d = &bucket[i];

		if (d->state && d->tag == tag) {
			*earlier = *d;
			d->moved_ms = (uint32_t)c->now_ms;
			if (d->state & DOOR_PASSED)
				return DOOR_OPEN;
			if (d->target == target && d->port == c->dport && d->proto == c->proto) {
				d->state |= door_note(c);
				return DOOR_SHUT;
			}
			d->state = DOOR_PASSED;
			return DOOR_OPENS;
		}
		if (!victim->state)
			continue;
		if (!d->state ||
		    (uint32_t)c->now_ms - d->moved_ms > (uint32_t)c->now_ms - victim->moved_ms)
			victim = d;
	}
	t->refused++;
	*victim = (struct door_entry){tag,	(uint32_t)c->now_ms, target, c->dport,
				      c->proto, door_note(c)};
	return DOOR_SHUT;
}

struct contact door_contact(const struct contact *c, const struct door_entry *earlier)
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
		.tools = c->tools,
		.failed = earlier->state & DOOR_FAILED,
		.open = earlier->state & DOOR_ANSWERED,
		.half_open = earlier->state & DOOR_HALF_OPEN,
		.idle = earlier->state & DOOR_IDLE,
		.proven = earlier->state & DOOR_PROVEN,
		.home = c->home,
	};
}
