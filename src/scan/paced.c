/* slow: who is asked at a pace of its own, and which port next. */
#include "scan/paced.h"

#include <stdlib.h>
#include <string.h>

#include "result/finding.h"

/* Of the slots' order; the windows have the numbers from 0 on. */
#define SLOW_TWEAK UINT64_MAX

void paced_init(struct paced *l, struct sheet *sheet)
{
	*l = (struct paced){.sheet = sheet, .due_ns = UINT64_MAX, .soonest_ns = UINT64_MAX};
	permute_init(&l->order, sheet->plan->slots, sheet->plan->seed, SLOW_TWEAK);
}

void paced_fini(struct paced *l)
{
	free(l->host);
	free(l->last);
	l->host = NULL;
	l->last = NULL;
	l->count = l->capacity = 0;
}

/* Without memory nobody is asked on. */
static bool paced_last(struct paced *l)
{
	if (!l->last)
		l->last = calloc((l->sheet->cells + 63) / 64, sizeof(*l->last));
	return l->last != NULL;
}

void paced_pass(struct paced *l, uint32_t pass)
{
	const struct sheet *s = l->sheet;
	const uint32_t slots = s->plan->slots;
	bool any = false;

	for (uint32_t slot = 0; slot < slots && !any; slot++)
		any = !sheet_slot_udp(s, slot) && sheet_slot_limit(s, slot) == pass + 1;
	if (!any || !paced_last(l))
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

void paced_sent(struct paced *l, uint32_t cell)
{
	const struct sheet *s = l->sheet;

	if (s->bulk && sheet_tries(s, cell) + 1 >= sheet_slot_limit(s, cell % s->plan->slots) &&
	    paced_last(l))
		l->last[cell >> 6] |= UINT64_C(1) << (cell & 63);
}

/* From now on its cells, of UDP or not, are counted one by one. False without memory. */
static bool paced_add(struct paced *l, uint32_t host, bool udp, uint64_t now_ns)
{
	const bool listed = l->sheet->pace[host].listed;

	if (!listed && l->count == l->capacity) {
		const uint32_t capacity = l->capacity ? l->capacity * 2 : 16;
		uint32_t *grown = reallocarray(l->host, capacity, sizeof(*grown));

		if (!grown)
			return false;
		l->host = grown;
		l->capacity = capacity;
	}
	if (!sheet_count(l->sheet, host, udp))
		return false;
	if (listed)
		return true;
	l->sheet->pace[host].listed = true;
	l->host[l->count++] = host;
	l->due_ns = now_ns;
	return true;
}

/* What a host's cells of one kind say. */
struct paced_tally {
	uint32_t blanks;
	uint32_t answered; /* by the host itself */
	uint32_t last;	   /* of these, not before the last attempt */
	unsigned tries;	   /* that blanks had, at most */
};

static bool paced_was_last(const struct paced *l, uint32_t cell, uint32_t slot)
{
	const struct sheet *s = l->sheet;

	if (s->bulk)
		return l->last && l->last[cell >> 6] >> (cell & 63) & 1;
	return s->tries[cell] >= sheet_slot_limit(s, slot);
}

static struct paced_tally paced_tally(const struct paced *l, uint32_t host, bool udp)
{
	const struct sheet *s = l->sheet;
	const uint32_t slots = s->plan->slots;
	struct paced_tally tally = {0};

	for (uint32_t slot = 0; slot < slots; slot++) {
		const uint32_t cell = host * slots + slot;
		const unsigned reply = sheet_get(s, cell);

		if (sheet_slot_udp(s, slot) != udp)
			continue;
		if (reply == REPLY_SILENCE) {
			const unsigned tries = sheet_tries(s, cell);

			tally.blanks++;
			tally.tries = tries > tally.tries ? tries : tally.tries;
		}
		if (reply <= REPLY_PORT_UNREACH || reply == SHEET_NOT_OURS)
			continue;
		tally.answered++;
		tally.last += paced_was_last(l, cell, slot);
	}
	return tally;
}

bool paced_take_limited(struct paced *l, uint64_t now_ns)
{
	struct sheet *s = l->sheet;
	bool any = false;

	for (uint32_t h = 0; h < s->hosts; h++) {
		struct sheet_pace *host = &s->pace[h];
		struct paced_tally tally;

		if (host->icmp_errors == 0 || icmp_backoff_active(&host->icmp_backoff))
			continue;
		tally = paced_tally(l, h, true);
		if (tally.blanks == 0 || !paced_add(l, h, true, now_ns))
			continue;
		icmp_backoff_start(&host->icmp_backoff, tally.blanks, now_ns);
		host->icmp_backoff.before = (uint8_t)(tally.tries < 255 ? tally.tries : 255);
		any = true;
	}
	return any;
}

void paced_take_rst_retry(struct paced *l, uint64_t timeout_ns, uint64_t now_ns)
{
	struct sheet *s = l->sheet;

	if (s->bulk && !l->last)
		return;
	for (uint32_t h = 0; h < s->hosts; h++) {
		struct sheet_pace *host = &s->pace[h];
		const struct paced_tally tally = rst_retry_active(&host->rst_retry)
							 ? (struct paced_tally){0}
							 : paced_tally(l, h, false);

		if (tally.last == 0 || tally.blanks == 0 || !paced_add(l, h, false, now_ns))
			continue;
		rst_retry_start(&host->rst_retry, tally.last, tally.answered, now_ns + timeout_ns);
		host->rst_retry.silent = tally.blanks;
	}
}

static void paced_later(struct paced *l, uint64_t at_ns)
{
	if (at_ns < l->soonest_ns)
		l->soonest_ns = at_ns;
}

/* The next blank by UDP from *from on, once round. */
static bool paced_blank(const struct paced *l, uint32_t host, uint32_t *from, uint32_t *cell)
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
static bool paced_next_limited(struct paced *l, uint32_t number, uint64_t now_ns, uint32_t *cell,
			       bool *over)
{
	struct icmp_backoff *q = &l->sheet->pace[number].icmp_backoff;

	if (!icmp_backoff_active(q) || icmp_backoff_done(q, now_ns))
		return false;
	*over = false;
	if (now_ns < q->next_ns) {
		paced_later(l, q->next_ns);
		return false;
	}
	if (!paced_blank(l, number, &q->from, cell)) {
		q->blanks = 0;
		*over = true;
		return false;
	}
	icmp_backoff_sent(q, now_ns);
	return true;
}

static bool paced_next_rst_retry(struct paced *l, uint32_t number, uint64_t timeout_ns,
				 uint64_t now_ns, uint32_t *cell, bool *over)
{
	const struct sheet *s = l->sheet;
	const uint32_t slots = s->plan->slots;
	struct rst_retry *p = &s->pace[number].rst_retry;

	if (p->stage == RST_RETRY_WAIT && now_ns >= p->over_ns) {
		const struct paced_tally tally = paced_tally(l, number, false);

		rst_retry_counted(p, tally.answered);
		rst_retry_turn(p, tally.blanks);
	}
	for (; p->stage == RST_RETRY_ROUND && p->from < slots; p->from++) {
		const uint32_t slot = (uint32_t)permute_forward(&l->order, p->from);

		*cell = number * slots + slot;
		if (sheet_slot_udp(s, slot) || sheet_get(s, *cell) != REPLY_SILENCE)
			continue;
		*over = false;
		if (now_ns >= p->next_ns)
			rst_retry_counted(p, paced_tally(l, number, false).answered);
		if (!rst_retry_take(p, timeout_ns, now_ns)) {
			paced_later(l, p->next_ns);
			return false;
		}
		p->from++;
		return true;
	}
	if (p->stage == RST_RETRY_ROUND)
		rst_retry_asked(p, now_ns + timeout_ns);
	if (p->stage == RST_RETRY_WAIT) {
		*over = false;
		paced_later(l, p->over_ns);
	}
	return false;
}

bool paced_next(struct paced *l, uint64_t timeout_ns, uint64_t now_ns, uint32_t *cell)
{
	if (now_ns < l->due_ns)
		return false;
	while (l->turn < l->count) {
		const uint32_t number = l->host[l->turn];
		bool over = true;

		if (paced_next_limited(l, number, now_ns, cell, &over) ||
		    paced_next_rst_retry(l, number, timeout_ns, now_ns, cell, &over))
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

struct paced_status paced_status(const struct paced *l)
{
	struct paced_status news = {.hosts = l->count};

	for (uint32_t i = 0; i < l->count; i++) {
		const struct sheet_pace *host = &l->sheet->pace[l->host[i]];
		const struct rst_retry *p = &host->rst_retry;

		if (icmp_backoff_active(&host->icmp_backoff))
			news.blanks += host->icmp_backoff.blanks;
		if (p->stage != RST_RETRY_WAIT && p->stage != RST_RETRY_ROUND)
			continue;
		news.blanks += p->silent;
		if (p->extra > news.round)
			news.round = p->extra;
	}
	return news;
}
