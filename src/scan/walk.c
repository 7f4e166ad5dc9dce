/* walk: pass after pass over a sheet's blanks. */
#include "scan/walk.h"

#include <string.h>

#include "scan/finding.h"
#include "technique/technique.h"

/* Quenched hosts are looked at in ticks of this length, so that a pass serves many of them. */
#define WALK_TICK_NS UINT64_C(20000000)

void walk_init(struct walk *w, struct sheet *sheet, const uint8_t tries[TECHNIQUES],
	       uint64_t timeout_ns)
{
	memset(w, 0, sizeof(*w));
	w->sheet = sheet;
	w->timeout_ns = timeout_ns;
	w->end = sheet->cells;
	w->quench_due_ns = UINT64_MAX;
	memcpy(w->tries, tries, sizeof(w->tries));
	plan_window_permute(sheet->plan, sheet->window, &w->order);
	sheet->order = w->order;
	memcpy(sheet->limit, tries, sizeof(sheet->limit));
}

/* Where it is, for the sheet of a walk that counts attempts so. */
static void walk_at(struct walk *w, uint32_t position)
{
	w->position = position;
	w->sheet->position = position;
	w->sheet->pass = w->pass;
}

void walk_set_timeout(struct walk *w, uint64_t timeout_ns)
{
	/* A shorter one makes what is waited for due sooner; looking too early costs nothing. */
	if (timeout_ns < w->timeout_ns && w->due_ns > w->timeout_ns - timeout_ns)
		w->due_ns -= w->timeout_ns - timeout_ns;
	w->timeout_ns = timeout_ns;
}

static bool host_answered(const struct sheet *s, uint32_t host)
{
	if (s->host[host].notes & HOST_ANSWERED)
		return true;
	for (uint32_t i = 0; s->bulk && i < s->plan->slots; i++)
		if (sheet_is_answered(sheet_get(s, host * s->plan->slots + i)))
			return true;
	return false;
}

/* How long an answer of that host may take. */
static uint64_t host_timeout_ns(const struct walk *w, uint32_t number)
{
	const struct sheet_host *host = &w->sheet->host[number];
	uint64_t own_ns = w->silent_ns;

	if (host->notes & HOST_LOCAL)
		return w->timeout_ns;
	if (host_answered(w->sheet, number))
		own_ns = (uint64_t)host->rtt_us * 2000;
	if (own_ns > w->most_ns)
		own_ns = w->most_ns;
	return own_ns > w->timeout_ns ? own_ns : w->timeout_ns;
}

static bool host_has_blanks(const struct sheet *s, uint32_t host)
{
	for (uint32_t i = 0; i < s->plan->slots; i++)
		if (sheet_get(s, host * s->plan->slots + i) == REPLY_SILENCE)
			return true;
	return false;
}

bool walk_over(struct walk *w, uint64_t now_ns)
{
	const struct sheet *s = w->sheet;
	uint64_t wait_ns = w->timeout_ns;

	if (w->end_ns < w->last_sent_ns + wait_ns)
		w->end_ns = w->last_sent_ns + wait_ns;
	if (now_ns < w->end_ns)
		return false;
	for (uint32_t h = 0; h < s->hosts; h++) {
		const struct sheet_host *host = &s->host[h];
		uint64_t own_ns;

		if (host->notes & (HOST_NO_NEIGHBOUR | HOST_NO_ROUTE))
			continue;
		own_ns = host_timeout_ns(w, h);
		if (own_ns > wait_ns && host_has_blanks(s, h))
			wait_ns = own_ns;
	}
	w->end_ns = w->last_sent_ns + wait_ns;
	return now_ns >= w->end_ns;
}

static uint32_t host_blanks(const struct sheet *s, uint32_t host)
{
	const uint32_t *slot = plan_slots(s->plan);
	uint32_t blanks = 0;

	for (uint32_t i = 0; i < s->plan->slots; i++)
		blanks += technique_table[plan_slot_technique(slot[i])].cookie == COOKIE_PORT &&
			  sheet_get(s, host * s->plan->slots + i) == REPLY_SILENCE;
	return blanks;
}

/* From now on the host's UDP cells are counted one by one: by what the passes have sent so far. */
static void walk_single(struct sheet *s, uint32_t host)
{
	const uint32_t *slot = plan_slots(s->plan);

	for (uint32_t i = 0; i < s->plan->slots; i++) {
		const uint32_t cell = host * s->plan->slots + i;

		if (technique_table[plan_slot_technique(slot[i])].cookie != COOKIE_PORT)
			continue;
		s->tries[cell] = (uint8_t)sheet_tries(s, cell);
		s->sent_us[cell] = sheet_sent_us(s, cell);
	}
}

/* After a pass: hosts that sent ICMP errors for some UDP ports but not for all. */
static void walk_quench(struct walk *w, uint64_t now_ns)
{
	struct sheet *s = w->sheet;

	for (uint32_t h = 0; h < s->hosts; h++) {
		struct sheet_host *host = &s->host[h];

		if (quench_on(&host->quench))
			quench_passed(&host->quench);
		if (host->icmp_errors == 0 || quench_on(&host->quench))
			continue;
		uint32_t blanks = host_blanks(s, h);

		if (blanks == 0)
			continue;
		if (s->bulk)
			walk_single(s, h);
		quench_start(&host->quench, blanks, now_ns);
		w->quenching = true;
	}
}

/* After a pass: whether a host begins another round. */
static bool walk_persist(struct walk *w, uint64_t now_ns)
{
	struct sheet *s = w->sheet;
	bool begun = false;

	for (uint32_t h = 0; h < s->hosts; h++) {
		struct persist *p = &s->host[h].persist;

		if ((p->gained || p->extra) && host_has_blanks(s, h))
			begun |= persist_turn(p, w->timeout_ns, now_ns, &w->quench_due_ns);
	}
	return begun;
}

/* The pass is over. False if it was the last, or if there is nothing to do before due_ns. */
static bool walk_turn(struct walk *w, uint64_t now_ns)
{
	/* Attempts of a bulk sheet are the same for all of its hosts. */
	bool persistent = w->persistent && !w->sheet->bulk;
	bool idle = w->left == 0, begun;
	uint64_t quench_due_ns;

	/* Answers to the last attempts may ask for more. */
	if (persistent && idle && w->quench_due_ns == UINT64_MAX &&
	    now_ns < w->last_sent_ns + w->timeout_ns) {
		w->due_ns = w->last_sent_ns + w->timeout_ns;
		return false;
	}
	begun = persistent && walk_persist(w, now_ns);
	quench_due_ns = w->quench_due_ns;
	if (idle && !begun && quench_due_ns == UINT64_MAX) {
		w->done = true;
		return false;
	}
	walk_quench(w, now_ns);
	w->pass++;
	walk_at(w, 0);
	w->left = 0;
	w->quench_due_ns = UINT64_MAX;
	if (!idle || begun)
		return true;
	w->due_ns = quench_due_ns > now_ns + WALK_TICK_NS ? quench_due_ns : now_ns + WALK_TICK_NS;
	return false;
}

enum walk_choice { WALK_SKIP, WALK_SEND, WALK_WAIT };

static enum walk_choice walk_choose(struct walk *w, uint32_t cell, uint8_t technique,
				    uint64_t now_ns)
{
	struct sheet *s = w->sheet;
	struct sheet_host *host = &s->host[cell / s->plan->slots];
	unsigned tries = sheet_tries(s, cell);

	if (host->notes & (HOST_NO_NEIGHBOUR | HOST_NO_ROUTE))
		return WALK_SKIP;
	if (tries == 0)
		return WALK_SEND;
	if (quench_on(&host->quench) && technique_table[technique].cookie == COOKIE_PORT) {
		if (quench_done(&host->quench, now_ns))
			return WALK_SKIP;
		if (quench_turn(&host->quench, w->position, now_ns))
			return WALK_SEND;
		if (host->quench.next_ns < w->quench_due_ns)
			w->quench_due_ns = host->quench.next_ns;
		return WALK_SKIP;
	}
	unsigned extra = technique_table[technique].cookie == COOKIE_PORT ? 0 : host->persist.extra;

	if (tries >= w->tries[technique] + extra)
		return WALK_SKIP;

	/* 32 bits of us: right as long as a pass takes less than 71 minutes. */
	uint64_t age_ns = (uint64_t)((uint32_t)(now_ns / 1000) - sheet_sent_us(s, cell)) * 1000;

	if (age_ns < w->timeout_ns) {
		w->due_ns = now_ns + (w->timeout_ns - age_ns);
		return WALK_WAIT;
	}
	if (extra && !persist_take(&host->persist, w->timeout_ns, now_ns)) {
		if (host->persist.next_ns < w->quench_due_ns)
			w->quench_due_ns = host->persist.next_ns;
		return WALK_SKIP;
	}
	return WALK_SEND;
}

bool walk_next(struct walk *w, uint64_t now_ns, struct probe *out)
{
	struct sheet *s = w->sheet;
	const uint32_t slots = s->plan->slots;

	if (now_ns < w->due_ns)
		return false;
	while (!w->done) {
		if (w->position == w->end) {
			if (!walk_turn(w, now_ns))
				return false;
			continue;
		}
		uint32_t cell = (uint32_t)permute_forward(&w->order, w->position);

		if (sheet_get(s, cell) != REPLY_SILENCE) {
			walk_at(w, w->position + 1);
			continue;
		}
		uint32_t slot = plan_slots(s->plan)[cell % slots];
		uint8_t technique = plan_slot_technique(slot);
		enum walk_choice choice = walk_choose(w, cell, technique, now_ns);

		if (choice == WALK_WAIT)
			return false;
		unsigned tries = sheet_tries(s, cell);

		walk_at(w, w->position + 1);
		if (choice == WALK_SKIP)
			continue;
		w->left++;
		*out = (struct probe){
			.to = plan_host(s->plan, s->first_host + cell / slots),
			/* Of no use where a bulk sheet is filled, and dear there. */
			.timeout_ns = tries + 1 < w->tries[technique] || s->bulk
					      ? w->timeout_ns
					      : host_timeout_ns(w, cell / slots),
			.cell = sheet_tag(s, cell),
			.port = plan_slot_port(slot),
			.technique = technique,
			.attempt = tries & 15,
		};
		/* Claimed now, so that one pass does not ask a quenched host twice at once. */
		if (tries && quench_on(&s->host[cell / slots].quench))
			quench_sent(&s->host[cell / slots].quench, w->position - 1, now_ns);
		return true;
	}
	return false;
}

void walk_sent(struct walk *w, const struct probe *probe, uint64_t now_ns)
{
	struct sheet *s = w->sheet;
	uint32_t cell = probe->cell & (PLAN_WINDOW_CELLS - 1);

	s->sent_us[cell] = (uint32_t)(now_ns / 1000);
	w->sent++;
	w->last_sent_ns = now_ns;
	if (s->bulk && !sheet_quenched(s, cell)) {
		s->block_us[permute_backward(&s->order, cell) >> SHEET_BLOCK_BITS] = 0;
		w->resent += probe->attempt != 0;
		return;
	}
	w->resent += s->tries[cell] != 0;
	if (s->tries[cell] < UINT8_MAX)
		s->tries[cell]++;
	else
		s->tries[cell] -= 15; /* keeps the low four bits counting on */
}

bool walk_pass_begin(struct walk *w, uint64_t now_ns)
{
	if (w->done || now_ns < w->due_ns)
		return false;
	if (w->position == w->end && !walk_turn(w, now_ns))
		return false;
	/* A later pass goes faster than the one before: it may not come too near. */
	if (w->pass > 0 && w->position == 0 && now_ns < w->last_sent_ns + w->timeout_ns) {
		w->due_ns = w->last_sent_ns + w->timeout_ns;
		return false;
	}
	/* What answers while it goes on belongs to it. */
	w->sheet->position = w->end;
	return true;
}

void walk_passed(struct walk *w, uint32_t position, uint64_t sent, uint64_t now_ns)
{
	w->position = position < w->end ? position : w->end;
	w->sent += sent;
	w->resent += w->pass ? sent : 0;
	w->left += (uint32_t)sent;
	if (sent)
		w->last_sent_ns = now_ns;
}

void walk_pass_end(struct walk *w, uint32_t position)
{
	walk_at(w, position);
	/* They were passed over, and so the walk is not done. */
	if (w->quenching)
		w->left++;
}

void walk_pass_lost(struct walk *w)
{
	for (int t = 0; t < TECHNIQUES; t++) {
		if (w->tries[t] < 16)
			w->tries[t]++;
		w->sheet->limit[t] = w->tries[t];
	}
}
