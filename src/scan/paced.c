/* paced: which hosts have a pace of their own, and which of their ports is next. */
#include "scan/paced.h"

#include <stdlib.h>
#include <string.h>

#include "result/finding.h"

/* Tweak of the permutation of a host's slots; the windows use the numbers from 0 on. */
#define PACED_TWEAK UINT64_MAX

void paced_init(struct paced *l, struct sheet *sheet)
{
	const struct plan *plan = sheet_plan(sheet);

	*l = (struct paced){.sheet = sheet, .due_ns = UINT64_MAX, .soonest_ns = UINT64_MAX};
	permute_init(&l->order, plan->slots, plan->seed, PACED_TWEAK);
}

void paced_fini(struct paced *l)
{
	free(l->host);
	l->host = NULL;
	l->count = l->capacity = 0;
}

/* Adds a host to the list, unless it is in it. False out of memory. */
static bool paced_list(struct paced *l, uint32_t host)
{
	struct sheet_pace *pace = sheet_pace(l->sheet, host);

	if (pace->listed)
		return true;
	if (l->count == l->capacity) {
		const uint32_t capacity = l->capacity ? l->capacity * 2 : 16;
		uint32_t *grown = reallocarray(l->host, capacity, sizeof(*grown));

		if (!grown)
			return false;
		l->host = grown;
		l->capacity = capacity;
	}
	pace->listed = true;
	l->host[l->count++] = host;
	return true;
}

/* From now on its cells, by UDP or not, are counted one by one. False out of memory. */
static bool paced_add(struct paced *l, uint32_t host, bool udp, uint64_t now_ns)
{
	const bool listed = sheet_pace(l->sheet, host)->listed;

	if (!sheet_count(l->sheet, host, udp) || !paced_list(l, host))
		return false;
	if (!listed)
		l->due_ns = now_ns;
	return true;
}

bool paced_restore(struct paced *l, uint32_t host)
{
	if (sheet_pace(l->sheet, host)->listed || !paced_list(l, host))
		return false;
	l->due_ns = 0;
	return true;
}

bool paced_valid(const struct paced *l)
{
	for (uint32_t h = 0; h < sheet_hosts(l->sheet); h++) {
		const struct sheet_pace *host = sheet_pace(l->sheet, h);
		const uint8_t stage = host->rst_retry.stage;

		if ((stage == RST_RETRY_WAIT || stage == RST_RETRY_ROUND) && !host->listed)
			return false;
	}
	return true;
}

/* What a host's cells of one kind say. */
struct paced_tally {
	uint32_t blanks;
	uint32_t answered; /* by the host itself */
	uint32_t last;	   /* of these, not before the last attempt */
	unsigned tries;	   /* that blanks had, at most */
};

static struct paced_tally paced_tally(const struct paced *l, uint32_t host, bool udp)
{
	const struct sheet *s = l->sheet;
	const uint32_t slots = sheet_plan(s)->slots;
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
		tally.last += sheet_was_last(s, cell);
	}
	return tally;
}

bool paced_take_limited(struct paced *l, uint64_t now_ns)
{
	struct sheet *s = l->sheet;
	const uint32_t hosts = sheet_hosts(s);
	bool any = false;

	for (uint32_t h = 0; h < hosts; h++) {
		struct sheet_pace *host = sheet_pace(s, h);
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
	const uint32_t hosts = sheet_hosts(s);

	if (!sheet_has_last(s))
		return;
	for (uint32_t h = 0; h < hosts; h++) {
		struct sheet_pace *host = sheet_pace(s, h);
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
	const uint32_t slots = sheet_plan(s)->slots;

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
	struct icmp_backoff *q = &sheet_pace(l->sheet, number)->icmp_backoff;

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
	struct sheet *s = l->sheet;
	const uint32_t slots = sheet_plan(s)->slots;
	struct rst_retry *p = &sheet_pace(s, number)->rst_retry;

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
		sheet_pace(l->sheet, number)->listed = false;
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
		const struct sheet_pace *host = sheet_pace(l->sheet, l->host[i]);
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
