/* slow: who is asked at a pace of its own, and which port next. */
#include "scan/paced.h"

#include <stdlib.h>
#include <string.h>

#include "result/finding.h"

/* Of the slots' order; the windows have the numbers from 0 on. */
#define SLOW_TWEAK UINT64_MAX

void slow_init(struct slow *l, struct sheet *sheet)
{
	*l = (struct slow){.sheet = sheet, .due_ns = UINT64_MAX, .soonest_ns = UINT64_MAX};
	permute_init(&l->order, sheet->plan->slots, sheet->plan->seed, SLOW_TWEAK);
}

void slow_fini(struct slow *l)
{
	free(l->host);
	free(l->last);
	l->host = NULL;
	l->last = NULL;
	l->count = l->capacity = 0;
}

/* Without memory nobody is asked on. */
static bool slow_last(struct slow *l)
{
	if (!l->last)
		l->last = calloc((l->sheet->cells + 63) / 64, sizeof(*l->last));
	return l->last != NULL;
}

void slow_pass(struct slow *l, uint32_t pass)
{
	const struct sheet *s = l->sheet;
	const uint32_t slots = s->plan->slots;
	bool any = false;

	for (uint32_t slot = 0; slot < slots && !any; slot++)
		any = !sheet_slot_udp(s, slot) && sheet_slot_limit(s, slot) == pass + 1;
	if (!any || !slow_last(l))
		return;
	for (uint32_t cell = 0, slot = 0; cell < s->cells; cell++) {
		const unsigned limit = sheet_slot_limit(s, slot);
		const uint64_t bit = UINT64_C(1) << (cell & 63);

		/* A pass that was lost, and so was not the last, is forgotten. */
		if (limit > pass)
			l->last[cell >> 6] &= ~bit;
		if (limit == pass + 1 && sheet_get(s, cell) == REPLY_SILENCE)
			l->last[cell >> 6] |= bit;
		slot = slot + 1 == slots ? 0 : slot + 1;
	}
}

void slow_sent(struct slow *l, uint32_t cell)
{
	const struct sheet *s = l->sheet;

	if (s->bulk && sheet_tries(s, cell) + 1 >= sheet_slot_limit(s, cell % s->plan->slots) &&
	    slow_last(l))
		l->last[cell >> 6] |= UINT64_C(1) << (cell & 63);
}

/* False without memory. */
static bool slow_add(struct slow *l, uint32_t host, uint64_t now_ns)
{
	if (l->sheet->pace[host].listed)
		return true;
	if (l->count == l->capacity) {
		const uint32_t capacity = l->capacity ? l->capacity * 2 : 16;
		uint32_t *grown = reallocarray(l->host, capacity, sizeof(*grown));

		if (!grown)
			return false;
		l->host = grown;
		l->capacity = capacity;
	}
	l->sheet->pace[host].listed = true;
	l->host[l->count++] = host;
	l->due_ns = now_ns;
	return true;
}

/* From now on its cells of that kind are counted one by one: by what the passes have sent. */
static void slow_count(struct sheet *s, uint32_t host, bool udp)
{
	const uint32_t slots = s->plan->slots;

	for (uint32_t slot = 0; s->bulk && slot < slots; slot++) {
		const uint32_t cell = host * slots + slot;

		if (sheet_slot_udp(s, slot) != udp)
			continue;
		s->tries[cell] = (uint8_t)sheet_tries(s, cell);
		s->sent_us[cell] = sheet_sent_us(s, cell);
	}
}

/* What a host's cells of one kind say. */
struct slow_tally {
	uint32_t blanks;
	uint32_t answered; /* by the host itself */
	uint32_t last;	   /* of these, not before the last attempt */
};

static bool slow_was_last(const struct slow *l, uint32_t cell, uint32_t slot)
{
	const struct sheet *s = l->sheet;

	if (s->bulk)
		return l->last && l->last[cell >> 6] >> (cell & 63) & 1;
	return s->tries[cell] >= sheet_slot_limit(s, slot);
}

static struct slow_tally slow_tally(const struct slow *l, uint32_t host, bool udp)
{
	const struct sheet *s = l->sheet;
	const uint32_t slots = s->plan->slots;
	struct slow_tally tally = {0};

	for (uint32_t slot = 0; slot < slots; slot++) {
		const uint32_t cell = host * slots + slot;
		const unsigned reply = sheet_get(s, cell);

		if (sheet_slot_udp(s, slot) != udp)
			continue;
		tally.blanks += reply == REPLY_SILENCE;
		if (reply <= REPLY_PORT_UNREACH || reply == SHEET_NOT_OURS)
			continue;
		tally.answered++;
		tally.last += slow_was_last(l, cell, slot);
	}
	return tally;
}

bool slow_take_limited(struct slow *l, uint64_t now_ns)
{
	struct sheet *s = l->sheet;
	bool any = false;

	for (uint32_t h = 0; h < s->hosts; h++) {
		struct sheet_pace *host = &s->pace[h];
		uint32_t blanks;

		if (host->icmp_errors == 0 || quench_on(&host->quench))
			continue;
		blanks = slow_tally(l, h, true).blanks;
		if (blanks == 0 || !slow_add(l, h, now_ns))
			continue;
		slow_count(s, h, true);
		quench_start(&host->quench, blanks, now_ns);
		any = true;
	}
	return any;
}

void slow_take_persistent(struct slow *l, uint64_t timeout_ns, uint64_t now_ns)
{
	struct sheet *s = l->sheet;

	if (s->bulk && !l->last)
		return;
	for (uint32_t h = 0; h < s->hosts; h++) {
		struct sheet_pace *host = &s->pace[h];
		const struct slow_tally tally = persist_on(&host->persist)
							? (struct slow_tally){0}
							: slow_tally(l, h, false);

		if (tally.last == 0 || tally.blanks == 0 || !slow_add(l, h, now_ns))
			continue;
		slow_count(s, h, false);
		persist_start(&host->persist, tally.last, tally.answered, now_ns + timeout_ns);
		host->persist.silent = tally.blanks;
	}
}

static void slow_later(struct slow *l, uint64_t at_ns)
{
	if (at_ns < l->soonest_ns)
		l->soonest_ns = at_ns;
}

/* The next blank by UDP from *from on, once round. */
static bool slow_blank(const struct slow *l, uint32_t host, uint32_t *from, uint32_t *cell)
{
	const struct sheet *s = l->sheet;
	const uint32_t slots = s->plan->slots;

	for (uint32_t i = 0; i < slots; i++) {
		const uint32_t slot = (uint32_t)permute_forward(&l->order, *from % slots);

		*from = (*from + 1) % slots;
		*cell = host * slots + slot;
		if (sheet_slot_udp(s, slot) && sheet_get(s, *cell) == REPLY_SILENCE)
			return true;
	}
	return false;
}

/* Sets *over to false if it is to be looked at again. */
static bool slow_next_limited(struct slow *l, uint32_t number, uint64_t now_ns, uint32_t *cell,
			      bool *over)
{
	struct quench *q = &l->sheet->pace[number].quench;

	if (!quench_on(q) || quench_done(q, now_ns))
		return false;
	*over = false;
	if (now_ns < q->next_ns) {
		slow_later(l, q->next_ns);
		return false;
	}
	if (!slow_blank(l, number, &q->from, cell)) {
		q->blanks = 0;
		*over = true;
		return false;
	}
	quench_sent(q, now_ns);
	return true;
}

static bool slow_next_persistent(struct slow *l, uint32_t number, uint64_t timeout_ns,
				 uint64_t now_ns, uint32_t *cell, bool *over)
{
	const struct sheet *s = l->sheet;
	const uint32_t slots = s->plan->slots;
	struct persist *p = &s->pace[number].persist;

	if (p->stage == PERSIST_WAIT && now_ns >= p->over_ns) {
		const struct slow_tally tally = slow_tally(l, number, false);

		persist_counted(p, tally.answered);
		persist_turn(p, tally.blanks);
	}
	for (; p->stage == PERSIST_ROUND && p->from < slots; p->from++) {
		const uint32_t slot = (uint32_t)permute_forward(&l->order, p->from);

		*cell = number * slots + slot;
		if (sheet_slot_udp(s, slot) || sheet_get(s, *cell) != REPLY_SILENCE)
			continue;
		*over = false;
		if (now_ns >= p->next_ns)
			persist_counted(p, slow_tally(l, number, false).answered);
		if (!persist_take(p, timeout_ns, now_ns)) {
			slow_later(l, p->next_ns);
			return false;
		}
		p->from++;
		return true;
	}
	if (p->stage == PERSIST_ROUND)
		persist_asked(p, now_ns + timeout_ns);
	if (p->stage == PERSIST_WAIT) {
		*over = false;
		slow_later(l, p->over_ns);
	}
	return false;
}

bool slow_next(struct slow *l, uint64_t timeout_ns, uint64_t now_ns, uint32_t *cell)
{
	if (now_ns < l->due_ns)
		return false;
	while (l->turn < l->count) {
		const uint32_t number = l->host[l->turn];
		bool over = true;

		if (slow_next_limited(l, number, now_ns, cell, &over) ||
		    slow_next_persistent(l, number, timeout_ns, now_ns, cell, &over))
			return true;
		if (!over) {
			l->turn++;
			continue;
		}
		l->sheet->pace[number].listed = false;
		l->host[l->turn] = l->host[--l->count];
	}
	l->due_ns = l->soonest_ns;
	l->soonest_ns = UINT64_MAX;
	l->turn = 0;
	return false;
}

struct slow_news slow_news(const struct slow *l)
{
	struct slow_news news = {.hosts = l->count};

	for (uint32_t i = 0; i < l->count; i++) {
		const struct sheet_pace *host = &l->sheet->pace[l->host[i]];
		const struct persist *p = &host->persist;

		if (quench_on(&host->quench))
			news.blanks += host->quench.blanks;
		if (p->stage != PERSIST_WAIT && p->stage != PERSIST_ROUND)
			continue;
		news.blanks += p->silent;
		if (p->extra > news.round)
			news.round = p->extra;
	}
	return news;
}
