/* sheet: opened for one window, filled in by answers. */
#include "scan/sheet.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "scan/finding.h"

/* Marks what is not in [first, last), by position in the window's order. */
static void sheet_exclude(struct sheet *s, uint64_t first, uint64_t last)
{
	uint64_t base = s->window * s->plan->window_cells;
	struct permute order;

	s->ours = s->cells;
	if (first <= base && last >= base + s->cells)
		return;
	plan_window_permute(s->plan, s->window, &order);
	for (uint32_t position = 0; position < s->cells; position++) {
		if (base + position >= first && base + position < last)
			continue;
		sheet_put(s, (uint32_t)permute_forward(&order, position), SHEET_NOT_OURS);
		s->ours--;
	}
}

struct sheet *sheet_new(const struct plan *plan, uint64_t window, uint64_t first, uint64_t last,
			uint64_t now_ns)
{
	struct sheet *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->plan = plan;
	s->window = window;
	s->first_host = window * plan->window_hosts;
	s->opened_ns = now_ns;
	s->hosts = plan_window_hosts(plan, window);
	s->cells = s->hosts * plan->slots;
	s->word = calloc((s->cells + 15) / 16, sizeof(*s->word));
	s->sent_us = calloc(s->cells, sizeof(*s->sent_us));
	s->tries = calloc(s->cells, sizeof(*s->tries));
	s->evidence = calloc(s->cells, sizeof(*s->evidence));
	s->host = calloc(s->hosts, sizeof(*s->host));
	s->heard = calloc((s->hosts + 7) / 8, sizeof(*s->heard));
	s->pace = calloc(s->hosts, sizeof(*s->pace));
	if (!s->word || !s->sent_us || !s->tries || !s->evidence || !s->host || !s->heard ||
	    !s->pace) {
		sheet_free(s);
		return NULL;
	}
	sheet_exclude(s, first, last);
	return s;
}

void sheet_free(struct sheet *s)
{
	if (!s)
		return;
	if (!s->bulk)
		free(s->word);
	free(s->sent_us);
	free(s->tries);
	free(s->evidence);
	free(s->kept.at);
	free(s->host);
	free(s->heard);
	free(s->pace);
	free(s);
}

static bool sheet_owes(const struct sheet *s, uint32_t cell)
{
	for (uint32_t i = 0; i < s->owed.count; i++)
		if (s->owed.cell[i] == cell)
			return true;
	return false;
}

unsigned sheet_tries(const struct sheet *s, uint32_t cell)
{
	if (!s->bulk || sheet_counted(s, cell))
		return s->tries[cell];
	const uint32_t slots = s->plan->slots;
	const unsigned limit = s->limit[plan_slot_technique(plan_slots(s->plan)[cell % slots])];
	unsigned tries = s->pass;

	if (sheet_host_absent(s, cell / slots))
		return 0;
	if (tries < limit)
		tries += permute_backward(&s->order, cell) < s->position;
	tries = tries < limit ? tries : limit;
	return tries > 0 && sheet_owes(s, cell) ? tries - 1 : tries;
}

uint32_t sheet_sent_us(const struct sheet *s, uint32_t cell)
{
	uint32_t block_us = 0;

	if (s->bulk && !sheet_counted(s, cell))
		block_us = s->block_us[permute_backward(&s->order, cell) >> SHEET_BLOCK_BITS];
	return block_us ? block_us : s->sent_us[cell];
}

/* Index of another sender; 255 once the table is full ("somebody else"). */
static uint32_t sheet_sender(struct sheet *s, struct addr from)
{
	for (unsigned i = 1; i < s->senders; i++)
		if (addr_equal(s->sender[i], from))
			return i;
	if (s->senders == 0)
		s->senders = 1; /* index 0 is the target itself */
	if (s->senders == SHEET_SENDERS)
		return SHEET_SENDERS;
	s->sender[s->senders] = from;
	return s->senders++;
}

/* Where the search for a cell begins; size > 0. */
static uint32_t kept_home(const struct sheet *s, uint32_t cell)
{
	const uint32_t hash = (uint32_t)permute_mix(cell ^ s->order.key[0]);

	return (uint32_t)((uint64_t)hash * s->kept.size >> 32);
}

static uint32_t kept_after(const struct sheet_kept *kept, uint32_t place)
{
	return place + 1 < kept->size ? place + 1 : 0;
}

/* Where the cell is in the table, or would be; size > 0 and not full. */
static uint32_t kept_place(const struct sheet *s, uint32_t cell)
{
	uint32_t place = kept_home(s, cell);

	while (s->kept.at[place].used && s->kept.at[place].cell != cell)
		place = kept_after(&s->kept, place);
	return place;
}

/* Puts one where the present size wants it; who is in the way and of the size before goes next. */
static void kept_settle(struct sheet *s, struct sheet_packed one)
{
	struct sheet_kept *kept = &s->kept;
	uint32_t place = kept_home(s, (uint32_t)one.cell);

	one.turn = kept->turn & 1u;
	while (kept->at[place].used) {
		struct sheet_packed other = kept->at[place];

		if (other.turn == one.turn) {
			place = kept_after(kept, place);
			continue;
		}
		kept->at[place] = one;
		one = other;
		one.turn = kept->turn & 1u;
		place = kept_home(s, (uint32_t)one.cell);
	}
	kept->at[place] = one;
}

/* By a quarter, where it is: a second table beside the first would be the most that is needed. */
static bool kept_grow(struct sheet *s)
{
	struct sheet_kept *kept = &s->kept;
	const uint32_t before = kept->size, size = before ? before + before / 4 : 256;
	struct sheet_packed *grown = reallocarray(kept->at, size, sizeof(*grown));

	if (!grown)
		return false;
	memset(grown + before, 0, (size - before) * sizeof(*grown));
	kept->at = grown;
	kept->size = size;
	kept->turn ^= 1;
	for (uint32_t i = before; i-- > 0;) {
		const struct sheet_packed one = grown[i];

		if (!one.used || one.turn == kept->turn)
			continue;
		grown[i].used = 0;
		kept_settle(s, one);
	}
	return true;
}

static void kept_put(struct sheet *s, uint32_t cell, const struct evidence *e)
{
	struct sheet_kept *kept = &s->kept;
	const uint64_t t_us = (uint64_t)e->t_us_high << 32 | e->t_us_low;
	uint32_t place;

	_Static_assert(sizeof(struct sheet_packed) == 16, "packed");
	_Static_assert(PLAN_WINDOW_CELLS <= 1 << 20, "bits of a cell");
	if (kept->count >= kept->size / 8 * 7 && !kept_grow(s))
		return;
	place = kept_place(s, cell);
	kept->count += !kept->at[place].used;
	kept->at[place] = (struct sheet_packed){
		.t_us = (t_us < UINT64_C(1) << 38 ? t_us : UINT64_MAX) & 0x3fffffffff,
		.cell = cell & 0xfffff,
		.attempt = e->attempt & 15u,
		.used = 1,
		.turn = kept->turn & 1u,
		.rtt_sender = e->rtt_sender,
		.window_icmp = (uint16_t)(e->has & ANSWER_ICMP ? e->icmp_type << 8 | e->icmp_code
							       : e->window),
		.ttl = e->ttl,
		.has = e->has,
	};
}

static struct evidence kept_get(const struct sheet_packed *p)
{
	struct evidence e = {
		.t_us_low = (uint32_t)p->t_us,
		.t_us_high = (uint8_t)(p->t_us >> 32),
		.rtt_sender = p->rtt_sender,
		.ttl = p->ttl,
		.has = p->has,
		.attempt = (uint8_t)p->attempt,
	};

	if (p->has & ANSWER_ICMP) {
		e.icmp_type = (uint8_t)(p->window_icmp >> 8);
		e.icmp_code = (uint8_t)p->window_icmp;
	} else {
		e.window = p->window_icmp;
	}
	return e;
}

struct evidence sheet_evidence(const struct sheet *s, uint32_t cell)
{
	const struct sheet_packed *p;

	if (!s->bulk)
		return s->evidence[cell];
	if (s->kept.count == 0)
		return (struct evidence){0};
	p = &s->kept.at[kept_place(s, cell)];
	return p->used ? kept_get(p) : (struct evidence){0};
}

static void evidence_note(struct sheet *s, uint32_t cell, const struct answer *a, uint64_t rtt_ns,
			  bool has_rtt)
{
	uint64_t t_us = (a->t_ns > s->opened_ns ? a->t_ns - s->opened_ns : 0) / 1000;
	uint64_t rtt_us = rtt_ns / 1000 < 0xffffff ? rtt_ns / 1000 : 0xffffff;
	uint32_t sender = a->has & ANSWER_FROM ? sheet_sender(s, a->from) : 0;

	const struct evidence e = {
		.t_us_low = (uint32_t)t_us,
		.t_us_high = (uint8_t)(t_us >> 32),
		.rtt_sender = (uint32_t)(rtt_us << 8) | sender,
		.window = a->window,
		.ttl = a->ttl,
		.has = (uint8_t)(a->has | (has_rtt ? EVIDENCE_RTT : 0)),
		.attempt =
			a->has & ANSWER_ATTEMPT ? a->attempt : (uint8_t)(sheet_tries(s, cell) - 1),
		.icmp_type = a->icmp_type,
		.icmp_code = a->icmp_code,
	};

	if (s->bulk)
		kept_put(s, cell, &e);
	else
		s->evidence[cell] = e;
}

/*
 * How slow the host is. When an earlier attempt went out is not known any more, only that it was
 * before the latest one.
 */
static void host_rtt(const struct sheet *s, uint32_t cell, const struct answer *answer,
		     unsigned tries)
{
	struct sheet_pace *host = &s->pace[cell / s->plan->slots];
	uint32_t us = (uint32_t)(answer->t_ns / 1000) - sheet_sent_us(s, cell);

	if (tries > 1 && !(answer->has & ANSWER_ATTEMPT))
		return; /* it may answer any of them */
	if (us < UINT32_C(1) << 31 && us > host->rtt_us)
		host->rtt_us = us;
}

enum sheet_mark sheet_note(struct sheet *s, uint32_t cell, const struct answer *answer,
			   uint64_t *rtt_ns, bool *has_rtt)
{
	unsigned before = sheet_get(s, cell);
	const uint32_t host = cell / s->plan->slots;
	uint8_t technique = plan_slot_technique(plan_slots(s->plan)[cell % s->plan->slots]);

	const unsigned tries = sheet_tries(s, cell);

	*has_rtt = false;
	if (before == SHEET_NOT_OURS || tries == 0 || answer->reply == REPLY_SILENCE ||
	    technique_rule(technique, answer->reply)->state == STATE_NONE)
		return SHEET_STRAY;
	if (!(answer->has & (ANSWER_FROM | ANSWER_LOCAL)) &&
	    !(s->bulk && sheet_is_answered(answer->reply)))
		s->heard[host >> 3] |= (uint8_t)(1u << (host & 7));
	if (answer->reply <= before)
		return SHEET_DUPLICATE;

	bool latest =
		answer->has & ANSWER_ATTEMPT ? answer->attempt == ((tries - 1) & 15) : tries == 1;
	if (latest && !(answer->has & ANSWER_LOCAL)) {
		/* Both clocks are cut to 32 bits of us: right up to 71 minutes. */
		uint32_t us = (uint32_t)(answer->t_ns / 1000) - sheet_sent_us(s, cell);

		*has_rtt = us < UINT32_C(1) << 31;
		*rtt_ns = *has_rtt ? (uint64_t)us * 1000 : 0;
	}
	/* Hosts of a bulk sheet are not told apart, and their memory stays untouched. */
	if (!s->bulk && !(answer->has & (ANSWER_FROM | ANSWER_LOCAL)))
		host_rtt(s, cell, answer, tries);
	evidence_note(s, cell, answer, *has_rtt ? *rtt_ns : 0, *has_rtt);
	sheet_put(s, cell, answer->reply);
	if (technique_table[technique].cookie == COOKIE_PORT) {
		struct sheet_pace *pace = &s->pace[host];

		pace->icmp_errors += (answer->has & ANSWER_ICMP) != 0;
		if (quench_on(&pace->quench) && before == REPLY_SILENCE)
			quench_answered(&pace->quench, answer->t_ns);
	}
	if (before == REPLY_SILENCE)
		s->answered++;
	return before == REPLY_SILENCE ? SHEET_FIRST : SHEET_STRONGER;
}
