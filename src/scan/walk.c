/* walk: pass after pass over a sheet's blanks. */
#include "scan/walk.h"

#include <string.h>

#include "result/record.h"
#include "technique/technique.h"

/* Positions that walk_check() looks at in one call. */
#define WALK_CHECK_MOST 65536u
/* Hosts with a pace of their own are looked at in ticks of this length, many of them in one. */
#define WALK_TICK_NS UINT64_C(1000000)

void walk_init(struct walk *w, struct sheet *sheet, const uint8_t tries[TECHNIQUES],
	       uint64_t timeout_ns)
{
	const struct plan *plan = sheet_plan(sheet);

	memset(w, 0, sizeof(*w));
	w->sheet = sheet;
	w->timeout_ns = timeout_ns;
	w->end = sheet_cells(sheet);
	memcpy(w->tries, tries, sizeof(w->tries));
	for (uint32_t i = 0; i < plan->slots; i++)
		w->techniques |= UINT32_C(1) << plan_slot_technique(plan_slots(plan)[i]);
	sheet_set_limits(sheet, tries);
	paced_init(&w->paced, sheet);
}

void walk_fini(struct walk *w)
{
	paced_fini(&w->paced);
}

/* Sets the position, of which the attempts of a bulk sheet are derived. */
static void walk_at(struct walk *w, uint32_t position)
{
	w->position = position;
	sheet_set_position(w->sheet, w->pass, position);
}

void walk_set_timeout(struct walk *w, uint64_t timeout_ns)
{
	/* A shorter one makes what is waited for due sooner; looking too early costs nothing. */
	if (timeout_ns < w->timeout_ns && w->due_ns > w->timeout_ns - timeout_ns)
		w->due_ns -= w->timeout_ns - timeout_ns;
	w->timeout_ns = timeout_ns;
}

/* How long an answer of that host may take. */
static uint64_t host_timeout_ns(const struct walk *w, uint32_t number)
{
	uint64_t own_ns = w->silent_ns;

	if (sheet_host(w->sheet, number).notes & HOST_LOCAL)
		return w->timeout_ns;
	if (sheet_host_answered(w->sheet, number))
		own_ns = (uint64_t)sheet_pace(w->sheet, number)->rtt_us * 2000;
	if (own_ns > w->most_ns)
		own_ns = w->most_ns;
	return own_ns > w->timeout_ns ? own_ns : w->timeout_ns;
}

static bool host_has_blanks(const struct sheet *s, uint32_t host)
{
	const uint32_t slots = sheet_plan(s)->slots;

	for (uint32_t i = 0; i < slots; i++)
		if (sheet_get(s, host * slots + i) == REPLY_SILENCE)
			return true;
	return false;
}

bool walk_over(struct walk *w, uint64_t now_ns)
{
	const struct sheet *s = w->sheet;
	const uint32_t hosts = sheet_hosts(s);
	uint64_t wait_ns = w->timeout_ns;

	if (w->end_ns < w->last_sent_ns + wait_ns)
		w->end_ns = w->last_sent_ns + wait_ns;
	if (now_ns < w->end_ns)
		return false;
	for (uint32_t h = 0; h < hosts; h++) {
		uint64_t own_ns;

		if (sheet_host_absent(s, h))
			continue;
		own_ns = host_timeout_ns(w, h);
		if (own_ns > wait_ns && host_has_blanks(s, h))
			wait_ns = own_ns;
	}
	w->end_ns = w->last_sent_ns + wait_ns;
	return now_ns >= w->end_ns;
}

/* Whether no technique has attempts left in this pass: known without a look at each cell only where
 * attempts follow from the pass. */
static bool walk_spent(const struct walk *w)
{
	if (!sheet_is_bulk(w->sheet) || w->paced.count)
		return false;
	for (unsigned t = 0; t < TECHNIQUES; t++)
		if (w->techniques >> t & 1 && w->tries[t] > w->pass)
			return false;
	return true;
}

/* Ends the pass. False if it was the last, or if no probe is due before due_ns. */
static bool walk_turn(struct walk *w, uint64_t now_ns)
{
	const uint64_t settled_ns = w->last_sent_ns + w->timeout_ns;
	uint64_t due_ns;

	if (w->left > 0) {
		w->udp_paced |= paced_take_limited(&w->paced, now_ns);
		w->pass++;
		walk_at(w, walk_spent(w) ? w->end : 0);
		w->left = 0;
		return true;
	}
	if (!w->idle)
		w->take_ns = settled_ns;
	w->idle = true;
	/* Answers to the last attempts may ask for more. */
	if (w->rst_retries && now_ns >= w->take_ns) {
		paced_take_rst_retry(&w->paced, w->timeout_ns, now_ns);
		w->take_ns = now_ns + w->timeout_ns;
	}
	due_ns = w->paced.due_ns;
	if (due_ns == UINT64_MAX && (!w->rst_retries || now_ns >= settled_ns)) {
		w->done = true;
		return false;
	}
	if (w->rst_retries && w->take_ns < due_ns)
		due_ns = w->take_ns;
	w->due_ns = due_ns > now_ns + WALK_TICK_NS ? due_ns : now_ns + WALK_TICK_NS;
	return false;
}

enum walk_choice { WALK_SKIP, WALK_SEND, WALK_WAIT };

static enum walk_choice walk_choose(struct walk *w, uint32_t cell, uint8_t technique,
				    uint64_t now_ns)
{
	struct sheet *s = w->sheet;
	unsigned tries = sheet_tries(s, cell);

	if (sheet_host_absent(s, cell / sheet_plan(s)->slots))
		return WALK_SKIP;
	if (tries == 0)
		return WALK_SEND;
	if (tries >= w->tries[technique] || sheet_counted(s, cell))
		return WALK_SKIP;

	/* 32 bits of us: right as long as a pass takes less than 71 minutes. */
	uint64_t age_ns = (uint64_t)((uint32_t)(now_ns / 1000) - sheet_sent_us(s, cell)) * 1000;

	if (age_ns >= w->timeout_ns)
		return WALK_SEND;
	w->due_ns = now_ns + (w->timeout_ns - age_ns);
	if (w->paced.due_ns < w->due_ns)
		w->due_ns = w->paced.due_ns;
	return WALK_WAIT;
}

static void walk_offer(const struct walk *w, uint32_t cell, struct probe *out)
{
	const struct sheet *s = w->sheet;
	const struct plan_probe p = sheet_probe(s, cell);
	const unsigned tries = sheet_tries(s, cell);
	/* The last attempt at a host may take as long as that host does. */
	const bool apart = tries + 1 >= w->tries[p.technique] && sheet_tracks_hosts(s);

	*out = (struct probe){
		.to = p.to,
		.timeout_ns =
			apart ? host_timeout_ns(w, cell / sheet_plan(s)->slots) : w->timeout_ns,
		.cell = sheet_tag(s, cell),
		.port = p.port,
		.technique = p.technique,
		.attempt = tries & 15,
		.other_port = sheet_challenged(s, cell),
	};
}

/* Offers the first unsent probe that is still unanswered. */
static bool walk_unsent_next(struct walk *w, struct probe *out)
{
	uint32_t cell;

	if (!sheet_unsent_first(w->sheet, &cell))
		return false;
	/* Before it leaves the list: its attempts are those before. */
	walk_offer(w, cell, out);
	sheet_unsent_drop(w->sheet);
	/* After the last pass it begins no other. */
	w->left += !w->idle;
	return true;
}

/* The next probe into *out, or, if that is NULL, the position to where it is. */
static bool walk_find(struct walk *w, uint64_t now_ns, struct probe *out)
{
	const struct sheet *s = w->sheet;
	const struct plan *plan = sheet_plan(s);
	const struct permute *order = sheet_order(s);
	uint32_t cell;

	while (!w->done) {
		if (out && paced_next(&w->paced, w->timeout_ns, now_ns, &cell)) {
			walk_offer(w, cell, out);
			return true;
		}
		if (w->position == w->end) {
			if (!walk_turn(w, now_ns))
				return false;
			continue;
		}
		cell = (uint32_t)permute_forward(order, w->position);
		if (sheet_get_both(s, cell, w->position) != REPLY_SILENCE) {
			walk_at(w, w->position + 1);
			continue;
		}
		enum walk_choice choice = walk_choose(
			w, cell, plan_slot_technique(plan_slots(plan)[cell % plan->slots]), now_ns);

		if (choice == WALK_WAIT)
			return false;
		if (choice == WALK_SEND && !out)
			return true;
		if (choice == WALK_SEND) {
			sheet_last_probe(w->sheet, cell);
			walk_offer(w, cell, out);
			w->left++;
		}
		walk_at(w, w->position + 1);
		if (choice == WALK_SEND)
			return true;
	}
	return false;
}

bool walk_check(struct walk *w, bool tcp)
{
	const struct permute *order = sheet_order(w->sheet);
	const uint32_t slots = sheet_plan(w->sheet)->slots;

	for (uint32_t i = 0; i < WALK_CHECK_MOST && i < w->end; i++) {
		unsigned reply;
		uint32_t cell;

		w->check_at =
			w->check_at > 0 && w->check_at <= w->end ? w->check_at - 1 : w->end - 1;
		cell = (uint32_t)permute_forward(order, w->check_at);
		reply = sheet_get_both(w->sheet, cell, w->check_at);
		if (!sheet_is_answered(reply) || (tcp && sheet_slot_udp(w->sheet, cell % slots)))
			continue;
		w->checking = true;
		return true;
	}
	return false;
}

bool walk_ask(struct walk *w, uint32_t cell)
{
	if (w->asks == WALK_ASKS)
		return false;
	w->ask[w->asks++] = cell;
	return true;
}

/* With the attempt number of the latest one: to a firewall in between it is a retransmission. */
static void walk_offer_check(struct walk *w, struct probe *out)
{
	const uint32_t cell =
		w->checking ? (uint32_t)permute_forward(sheet_order(w->sheet), w->check_at)
			    : w->ask[w->asks - 1];

	w->asks -= !w->checking;
	w->checking = false;
	walk_offer(w, cell, out);
	out->attempt = (uint8_t)(out->attempt - 1) & 15;
	out->check = true;
}

bool walk_next(struct walk *w, uint64_t now_ns, struct probe *out)
{
	if (walk_is_checking(w)) {
		walk_offer_check(w, out);
		return true;
	}
	if (now_ns < w->due_ns)
		return false;
	w->by_pass = false;
	if (sheet_unsent_count(w->sheet) && walk_unsent_next(w, out))
		return true;
	return walk_find(w, now_ns, out);
}

void walk_look(struct walk *w, uint64_t now_ns)
{
	if (now_ns >= w->due_ns && sheet_unsent_count(w->sheet) == 0 && w->paced.count == 0)
		(void)walk_find(w, now_ns, NULL);
}

/* Whether a pass that was stopped would have sent the cell. */
static bool walk_pass_wants(const struct walk *w, uint32_t cell)
{
	const struct sheet *s = w->sheet;
	const uint32_t slots = sheet_plan(s)->slots;

	return sheet_get(s, cell) == REPLY_SILENCE && !sheet_counted(s, cell) &&
	       !sheet_host_absent(s, cell / slots) && sheet_slot_limit(s, cell % slots) > w->pass;
}

void walk_unsent(struct walk *w, uint32_t cell)
{
	cell = plan_tag_cell(cell);
	if (w->by_pass && !walk_pass_wants(w, cell))
		return;
	sheet_unsent_put(w->sheet, cell);
	w->done = false;
}

void walk_sent(struct walk *w, const struct probe *probe, uint64_t now_ns)
{
	if (probe->check) {
		w->resent++;
		w->sent++;
		return;
	}
	w->resent += sheet_sent(w->sheet, plan_tag_cell(probe->cell), probe->attempt,
				(uint32_t)(now_ns / 1000));
	w->sent++;
	w->last_sent_ns = now_ns;
}

uint32_t walk_withdraw(struct walk *w, uint64_t since_ns, uint64_t now_ns)
{
	const uint32_t count = sheet_withdraw(w->sheet, &w->position, (uint32_t)(since_ns / 1000),
					      (uint32_t)(now_ns / 1000));

	if (count == 0)
		return 0;
	/* There will be another pass, also after what was the last. */
	w->left += count;
	w->idle = false;
	w->done = false;
	w->due_ns = 0;
	w->end_ns = 0;
	return count;
}

bool walk_pass_begin(struct walk *w, uint64_t now_ns)
{
	if (w->idle || w->done || now_ns < w->due_ns)
		return false;
	while (w->position == w->end)
		if (!walk_turn(w, now_ns))
			return false;
	/* A later pass goes faster than the one before: it may not come too near. */
	if (w->pass > 0 && w->position == 0 && now_ns < w->last_sent_ns + w->timeout_ns) {
		w->due_ns = w->last_sent_ns + w->timeout_ns;
		return false;
	}
	if (w->rst_retries)
		sheet_last_pass(w->sheet, w->pass);
	/* An answer that comes during the pass may be to any of its probes. */
	sheet_set_position(w->sheet, w->pass, w->end);
	w->by_pass = true;
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
}
