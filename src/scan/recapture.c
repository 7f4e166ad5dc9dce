/* recapture: a bounded sample, each port of it in step with the walk's passes. */
#include "scan/recapture.h"

#include <string.h>

#include "base/mix.h"
#include "technique/technique.h"

/* Positions that are looked at for a port that has answered. */
#define LOOK_MOST 64u

void recapture_init(struct recapture *r, uint64_t cells)
{
	const uint64_t gap = cells / RECAPTURE_MOST;

	memset(r, 0, sizeof(*r));
	if (cells >= RECAPTURE_LEAST)
		r->gap = gap > RECAPTURE_GAP ? gap : RECAPTURE_GAP;
}

void recapture_sent(struct recapture *r, unsigned fresh)
{
	r->since += fresh;
}

static uint8_t technique_of(const struct sheet *sheet, uint32_t cell)
{
	const struct plan *plan = sheet_plan(sheet);

	return plan_slot_technique(plan_slots(plan)[cell % plan->slots]);
}

/* Hosts that limit their answers would lose more of them by this. */
static bool may_ask(const struct sheet *sheet, uint32_t cell, unsigned reply)
{
	const struct sheet_pace *pace = sheet_pace_of(sheet, cell / sheet_plan(sheet)->slots);
	const bool positive = reply == REPLY_DATA || reply == REPLY_SYN_ACK;

	if (!sheet_is_answered(reply) || sheet_challenged(sheet, cell))
		return false;
	if (technique_is_udp(technique_of(sheet, cell)))
		return positive;
	return positive || !rst_retry_active(&pace->rst_retry);
}

/* The next attempt at a port that is being asked: that of an earlier pass at this position. */
static bool next_attempt(struct recapture *r, struct walk *walk, unsigned place, uint64_t now_ns)
{
	const uint32_t now_us = (uint32_t)(now_ns / 1000);

	for (uint32_t i = 0; i < r->open && walk->pass > 0; i++) {
		struct recapture_port *p = &r->port[i];

		if (p->place != place || p->pass >= walk->pass ||
		    (p->pass + 1u == walk->pass && walk->position < p->position) ||
		    p->attempts >= walk->tries[technique_of(walk->sheet, p->cell)] ||
		    now_us - p->sent_us < walk->timeout_ns / 1000)
			continue;
		if (!walk_ask(walk, p->cell))
			return false;
		p->attempts++;
		p->pass = (uint8_t)(walk->pass < UINT8_MAX ? walk->pass : UINT8_MAX);
		p->sent_us = now_us;
		return true;
	}
	return false;
}

static bool is_open(const struct recapture *r, unsigned place, uint32_t cell)
{
	for (uint32_t i = 0; i < r->open; i++)
		if (r->port[i].place == place && r->port[i].cell == cell)
			return true;
	return false;
}

/* A port that has answered, at random among those that the pass has been at. */
static bool choose(const struct recapture *r, const struct walk *walk, unsigned place,
		   uint32_t *cell)
{
	for (unsigned i = 0; i < LOOK_MOST; i++) {
		const uint64_t number = mix64(r->count * LOOK_MOST + i + 1);
		const uint32_t position = (uint32_t)((number >> 32) * walk->position >> 32);

		*cell = (uint32_t)permute_forward(sheet_order(walk->sheet), position);
		if (may_ask(walk->sheet, *cell, sheet_get(walk->sheet, *cell)))
			return !is_open(r, place, *cell);
	}
	return false;
}

static bool recapture_one(struct recapture *r, struct walk *walk, unsigned place, uint64_t now_ns)
{
	uint32_t cell;

	if (r->gap == 0 || sheet_is_bulk(walk->sheet) || walk->idle)
		return false;
	if (next_attempt(r, walk, place, now_ns))
		return true;
	if (walk->pass > 0 || walk->position == 0 || r->since < r->gap ||
	    r->count == RECAPTURE_MOST || r->open == RECAPTURE_MOST)
		return false;
	r->since -= r->gap;
	r->count++;
	if (!choose(r, walk, place, &cell) || !walk_ask(walk, cell))
		return false;
	r->port[r->open++] = (struct recapture_port){
		.cell = cell,
		.position = walk->position,
		.sent_us = (uint32_t)(now_ns / 1000),
		.place = (uint8_t)place,
		.attempts = 1,
	};
	return true;
}

void recapture_ask(struct recapture *r, struct walk *walk, unsigned place, uint64_t now_ns)
{
	for (unsigned i = 0; i < WALK_ASKS && recapture_one(r, walk, place, now_ns); i++)
		;
}

static void leave(struct recapture *r, uint32_t i)
{
	r->port[i] = r->port[--r->open];
}

void recapture_heard(struct recapture *r, struct confidence *c, const struct sheet *sheet,
		     unsigned place, uint32_t cell)
{
	for (uint32_t i = 0; i < r->open; i++) {
		if (r->port[i].place != place || r->port[i].cell != cell)
			continue;
		confidence_again(c, confidence_kind(technique_of(sheet, cell)), r->port[i].attempts,
				 true);
		leave(r, i);
		return;
	}
}

void recapture_withdraw(struct recapture *r, uint64_t since_us, uint64_t until_us)
{
	const uint32_t span_us = (uint32_t)until_us - (uint32_t)since_us;

	for (uint32_t i = r->open; i-- > 0;)
		if (r->port[i].sent_us - (uint32_t)since_us <= span_us)
			leave(r, i);
}

/* Whether the host has turned out to limit such answers. */
static bool is_limited(const struct sheet *sheet, uint32_t cell)
{
	const unsigned reply = sheet_get(sheet, cell);
	const struct sheet_pace *pace = sheet_pace_of(sheet, cell / sheet_plan(sheet)->slots);

	return reply != REPLY_DATA && reply != REPLY_SYN_ACK &&
	       (pace->rst_retry.extra || pace->icmp_backoff.answers);
}

void recapture_close(struct recapture *r, struct confidence *c, const struct walk *walk,
		     unsigned place)
{
	const uint32_t last_us = (uint32_t)(walk->last_sent_ns / 1000);

	for (uint32_t i = r->open; i-- > 0;) {
		const struct recapture_port *p = &r->port[i];
		unsigned unheard = p->attempts;

		if (p->place != place)
			continue;
		/* Only answers to what was sent before the walk's own last probe were waited for.
		 */
		if (!walk->done || last_us - p->sent_us >= UINT32_C(1) << 31)
			unheard--;
		if (!is_limited(walk->sheet, p->cell))
			confidence_again(c, confidence_kind(technique_of(walk->sheet, p->cell)),
					 unheard, false);
		leave(r, i);
	}
}
