/* sheet: opened for one window, filled in by answers. The plain layout, and what both share. */
#include "scan/sheet.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "result/record.h"
#include "scan/sheet_bulk.h"
#include "scan/sheet_private.h"

/* Replies looked up together by sheet_replies(). */
#define GATHER 32

/* Marks what is not in [first, last), by position in the window's order. */
static void sheet_exclude(struct sheet *s, uint64_t first, uint64_t last)
{
	uint64_t base = s->window * s->plan->window_cells;

	s->ours = s->cells;
	if (first <= base && last >= base + s->cells)
		return;
	for (uint32_t position = 0; position < s->cells; position++) {
		if (base + position >= first && base + position < last)
			continue;
		(void)sheet_raise(s, sheet_cell_at(s, position), SHEET_NOT_OURS);
		s->ours--;
	}
}

_Static_assert(sizeof(struct sheet) % 8 == 0 && sizeof(struct sheet_pace) % 8 == 0 &&
		       sizeof(struct reply_evidence) % 8 == 0,
	       "one after the other in a block");

struct sheet *sheet_new(const struct plan *plan, uint64_t window, uint64_t first, uint64_t last,
			uint64_t now_ns)
{
	const uint32_t hosts = plan_window_hosts(plan, window), cells = hosts * plan->slots;
	/* What keeps its place is one block: each part has pages of its own for its size. */
	struct sheet *s = calloc(1, sizeof(*s) + hosts * (sizeof(*s->pace) + 1) +
					    cells * (sizeof(*s->evidence) + sizeof(*s->sent_us) +
						     sizeof(*s->tries)));

	if (!s)
		return NULL;
	s->plan = plan;
	s->window = window;
	s->first_host = window * plan->window_hosts;
	s->opened_ns = now_ns;
	s->hosts = hosts;
	s->cells = cells;
	s->pace = (struct sheet_pace *)(s + 1);
	s->evidence = (struct reply_evidence *)(s->pace + hosts);
	s->sent_us = (uint32_t *)(s->evidence + cells);
	s->tries = (uint8_t *)(s->sent_us + cells);
	s->heard = s->tries + cells;
	s->word = calloc((cells + 15) / 16, sizeof(*s->word));
	s->host = calloc(sheet_host_groups(hosts), sizeof(*s->host));
	if (!s->word || !s->host) {
		sheet_free(s);
		return NULL;
	}
	plan_window_permute(plan, window, &s->order);
	sheet_exclude(s, first, last);
	return s;
}

void sheet_free(struct sheet *s)
{
	if (!s)
		return;
	if (!s->bulk.on)
		free(s->word);
	sheet_bulk_fini(s);
	free(s->challenged);
	if (!s->host_lent)
		free(s->host);
	free(s);
}

const struct plan *sheet_plan(const struct sheet *s)
{
	return s->plan;
}

const struct permute *sheet_order(const struct sheet *s)
{
	return &s->order;
}

uint32_t sheet_cell_at(const struct sheet *s, uint32_t position)
{
	return plan_cell_at(s->plan, &s->order, position);
}

uint64_t sheet_window(const struct sheet *s)
{
	return s->window;
}

uint64_t sheet_first_host(const struct sheet *s)
{
	return s->first_host;
}

uint64_t sheet_opened_ns(const struct sheet *s)
{
	return s->opened_ns;
}

uint32_t sheet_hosts(const struct sheet *s)
{
	return s->hosts;
}

uint32_t sheet_cells(const struct sheet *s)
{
	return s->cells;
}

uint32_t sheet_ours(const struct sheet *s)
{
	return s->ours;
}

uint32_t sheet_answered(const struct sheet *s)
{
	return s->answered;
}

void sheet_add_answered(struct sheet *s, uint32_t count)
{
	s->answered += count;
}

bool sheet_complete(const struct sheet *s)
{
	return s->answered == s->ours;
}

struct plan_probe sheet_probe(const struct sheet *s, uint32_t cell)
{
	const uint32_t slot = plan_slots(s->plan)[cell % s->plan->slots];

	return (struct plan_probe){plan_host(s->plan, s->first_host + cell / s->plan->slots),
				   plan_slot_port(slot), plan_slot_technique(slot)};
}

uint32_t sheet_tag(const struct sheet *s, uint32_t cell)
{
	return plan_tag(s->window, cell);
}

bool sheet_untag(const struct sheet *s, uint32_t tag, uint32_t *cell)
{
	*cell = plan_tag_cell(tag);
	return sheet_tag(s, *cell) == tag && *cell < s->cells;
}

unsigned sheet_get(const struct sheet *s, uint32_t cell)
{
	return sheet_at(s, sheet_place(s, cell));
}

unsigned sheet_get_both(const struct sheet *s, uint32_t cell, uint32_t position)
{
	return sheet_at(s, s->bulk.on ? position : cell);
}

/* In the bulk layout they lie apart: the processor waits for the memory of many at once. */
void sheet_replies(const struct sheet *s, uint32_t cell, uint32_t count, uint8_t *out)
{
	uint32_t place[GATHER];

	for (uint32_t from = 0; from < count; from += GATHER) {
		const uint32_t most = count - from < GATHER ? count - from : GATHER;

		for (uint32_t i = 0; i < most; i++) {
			place[i] = sheet_place(s, cell + from + i);
			__builtin_prefetch(&s->word[place[i] >> 4]);
		}
		for (uint32_t i = 0; i < most; i++)
			out[from + i] = (uint8_t)sheet_at(s, place[i]);
	}
}

unsigned sheet_raise(struct sheet *s, uint32_t cell, unsigned value)
{
	const uint32_t place = sheet_place(s, cell);
	uint64_t *word = &s->word[place >> 4];
	unsigned shift = (place & 15) * 4, there;
	uint64_t before = __atomic_load_n(word, __ATOMIC_RELAXED), after;

	do {
		there = before >> shift & 15;
		if (there >= value)
			break;
		after = (before & ~(UINT64_C(15) << shift)) | (uint64_t)value << shift;
	} while (!__atomic_compare_exchange_n(word, &before, after, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return there;
}

struct sheet_host sheet_host_at(const struct hop_group *groups, uint32_t index)
{
	const struct hop_group *g = &groups[index / HOP_GROUP];
	const uint32_t kind = HOP_WORD_KIND(hop_word(g, index % HOP_GROUP));
	struct sheet_host host = {.engine = kind & (HOP_EGRESS | HOP_SEND)};

	memcpy(host.mac, g->mac[index % HOP_GROUP], sizeof(host.mac));
	if (kind & HOP_OWN) {
		host.notes = HOST_MAC;
	} else if (!(kind & HOP_SEND)) {
		host.notes = host.mac[0];
		host.mac[0] = 0;
	}
	return host;
}

void sheet_host_put(struct hop_group *groups, uint32_t index, const struct sheet_host *host)
{
	struct hop_group *g = &groups[index / HOP_GROUP];
	__u64 *kinds = &g->kind[index % HOP_GROUP / 16];
	const unsigned shift = index % 16 * 4;
	const uint64_t kind = (host->notes & HOST_MAC ? HOP_OWN : 0) | host->engine;
	uint8_t mac[6] = {0};

	if (kind & (HOP_OWN | HOP_SEND))
		memcpy(mac, host->mac, sizeof(mac));
	else
		mac[0] = host->notes;
	memcpy(g->mac[index % HOP_GROUP], mac, sizeof(mac));
	*kinds = (*kinds & ~(UINT64_C(15) << shift)) | kind << shift;
}

struct sheet_host sheet_host(const struct sheet *s, uint32_t host)
{
	return sheet_host_at(s->host, s->alike ? 0 : host);
}

void sheet_set_host(struct sheet *s, uint32_t host, const struct sheet_host *entry)
{
	sheet_host_put(s->host, s->alike ? 0 : host, entry);
}

bool sheet_host_absent(const struct sheet *s, uint32_t host)
{
	return (sheet_host(s, host).notes & (HOST_NO_NEIGHBOUR | HOST_NO_ROUTE)) != 0;
}

void sheet_set_alike(struct sheet *s, bool alike)
{
	s->alike = alike;
}

bool sheet_alike(const struct sheet *s)
{
	return s->alike;
}

struct hop_group *sheet_hops(struct sheet *s)
{
	return s->host;
}

bool sheet_hops_lent(const struct sheet *s)
{
	return s->host_lent;
}

bool sheet_host_heard(const struct sheet *s, uint32_t host)
{
	return s->heard[host >> 3] >> (host & 7) & 1;
}

bool sheet_host_answered(const struct sheet *s, uint32_t host)
{
	if (sheet_host_heard(s, host))
		return true;
	for (uint32_t i = 0; s->bulk.on && i < s->plan->slots; i++)
		if (sheet_is_answered(sheet_get(s, host * s->plan->slots + i)))
			return true;
	return false;
}

bool sheet_tracks_hosts(const struct sheet *s)
{
	return !s->bulk.on;
}

struct sheet_pace *sheet_pace(struct sheet *s, uint32_t host)
{
	return &s->pace[host];
}

const struct sheet_pace *sheet_pace_of(const struct sheet *s, uint32_t host)
{
	return &s->pace[host];
}

void sheet_set_limits(struct sheet *s, const uint8_t tries[TECHNIQUES])
{
	memcpy(s->limit, tries, sizeof(s->limit));
}

void sheet_set_max_open(struct sheet *s, uint32_t most)
{
	s->max_open = most;
}

uint32_t sheet_max_open(const struct sheet *s)
{
	return s->max_open;
}

bool sheet_host_too_open(const struct sheet *s, uint32_t host)
{
	return s->max_open && s->pace[host].open > s->max_open;
}

unsigned sheet_slot_limit(const struct sheet *s, uint32_t slot)
{
	return s->limit[plan_slot_technique(plan_slots(s->plan)[slot])];
}

bool sheet_slot_udp(const struct sheet *s, uint32_t slot)
{
	return technique_is_udp(plan_slot_technique(plan_slots(s->plan)[slot]));
}

void sheet_set_position(struct sheet *s, uint32_t pass, uint32_t position)
{
	s->pass = pass;
	s->position = position;
}

bool sheet_is_bulk(const struct sheet *s)
{
	return s->bulk.on;
}

bool sheet_counted(const struct sheet *s, uint32_t cell)
{
	const uint32_t host = cell / s->plan->slots;

	return sheet_slot_udp(s, cell - host * s->plan->slots)
		       ? icmp_backoff_active(&s->pace[host].icmp_backoff)
		       : rst_retry_active(&s->pace[host].rst_retry);
}

bool sheet_count(struct sheet *s, uint32_t host, bool udp)
{
	return !s->bulk.on || sheet_bulk_count(s, host, udp);
}

unsigned sheet_tries(const struct sheet *s, uint32_t cell)
{
	return s->bulk.on ? sheet_bulk_tries(s, cell) : s->tries[cell];
}

uint32_t sheet_sent_us(const struct sheet *s, uint32_t cell)
{
	return s->bulk.on ? sheet_bulk_sent_us(s, cell) : s->sent_us[cell];
}

bool sheet_sent(struct sheet *s, uint32_t cell, unsigned attempt, uint32_t us)
{
	bool again;

	if (s->bulk.on)
		return sheet_bulk_sent(s, cell, attempt, us);
	again = s->tries[cell] != 0;
	s->sent_us[cell] = us;
	s->tries[cell] = sheet_tries_next(s->tries[cell]);
	return again;
}

uint32_t sheet_withdraw(struct sheet *s, uint32_t *position, uint32_t since_us, uint32_t until_us)
{
	const uint32_t span_us = until_us - since_us;
	uint32_t count = 0;

	if (s->bulk.on)
		return sheet_bulk_withdraw(s, position, since_us, span_us);
	for (uint32_t cell = 0; cell < s->cells; cell++) {
		if (s->tries[cell] == 0 || s->sent_us[cell] - since_us > span_us ||
		    sheet_get(s, cell) != REPLY_SILENCE)
			continue;
		s->tries[cell]--;
		count++;
	}
	return count;
}

uint32_t sheet_unsent_count(const struct sheet *s)
{
	return s->unsent.count;
}

void sheet_unsent_put(struct sheet *s, uint32_t cell)
{
	assert(s->unsent.count < SHEET_UNSENT);
	s->unsent.cell[s->unsent.count++] = cell;
}

static void unsent_remove(struct sheet_unsent *unsent, uint32_t count)
{
	unsent->count -= count;
	memmove(unsent->cell, unsent->cell + count, unsent->count * sizeof(unsent->cell[0]));
}

bool sheet_unsent_first(struct sheet *s, uint32_t *cell)
{
	uint32_t i = 0;

	while (i < s->unsent.count && (sheet_get(s, s->unsent.cell[i]) != REPLY_SILENCE ||
				       sheet_host_absent(s, s->unsent.cell[i] / s->plan->slots)))
		i++;
	if (i > 0)
		unsent_remove(&s->unsent, i);
	*cell = s->unsent.cell[0];
	return s->unsent.count > 0;
}

void sheet_unsent_drop(struct sheet *s)
{
	unsent_remove(&s->unsent, 1);
}

/* Index of another sender; 255 once the table is full. */
static uint32_t sender_index(struct sheet *s, struct addr from)
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

bool sheet_sender(const struct sheet *s, unsigned index, struct addr *out)
{
	if (index == 0 || index >= SHEET_SENDERS)
		return false;
	*out = s->sender[index];
	return true;
}

struct reply_evidence sheet_evidence(const struct sheet *s, uint32_t cell, uint32_t *near)
{
	return s->bulk.on ? evidence_list_get(&s->bulk.evidence, cell, near) : s->evidence[cell];
}

void sheet_settle(struct sheet *s)
{
	evidence_list_settle(&s->bulk.evidence);
}

static void evidence_note(struct sheet *s, uint32_t cell, const struct answer *a, uint64_t rtt_ns,
			  bool has_rtt)
{
	/* A restored sheet may have been opened before the clock began. */
	const int64_t after_ns = (int64_t)(a->t_ns - s->opened_ns);
	const uint64_t t_us = after_ns > 0 ? (uint64_t)after_ns / 1000 : 0;
	const uint64_t rtt_us = rtt_ns / 1000 < 0xffffff ? rtt_ns / 1000 : 0xffffff;
	const uint32_t sender = a->has & ANSWER_FROM ? sender_index(s, a->from) : 0;
	struct reply_evidence e = {
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

	if (s->bulk.on) {
		evidence_list_put(&s->bulk.evidence, cell, a->reply, &e);
		return;
	}
	/* All zero would mean that there is none. */
	if (!reply_evidence_known(&e))
		e.t_us_low = 1;
	s->evidence[cell] = e;
}

/*
 * The host's longest round-trip time. When an earlier attempt was sent is not stored, only that it
 * was before the latest one: hence a lower bound.
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

/* The answer is to a retransmission of the backoff, not to an earlier probe that was under way. */
static bool is_to_backoff(const struct icmp_backoff *q, const struct answer *answer, unsigned tries)
{
	const unsigned before = q->before > 0 ? q->before : 1; /* a first attempt is none */

	if (answer->has & ANSWER_ATTEMPT && tries <= 16)
		return answer->attempt >= before;
	return tries > before;
}

/* An answer to UDP counts for the host's ICMP rate limit. */
static void host_icmp(struct sheet_pace *pace, const struct answer *answer, unsigned before,
		      unsigned tries)
{
	pace->icmp_errors += (answer->has & ANSWER_ICMP) != 0;
	if (icmp_backoff_active(&pace->icmp_backoff) && before == REPLY_SILENCE)
		icmp_backoff_answered(&pace->icmp_backoff,
				      is_to_backoff(&pace->icmp_backoff, answer, tries),
				      answer->t_ns);
}

bool sheet_set_challenged(struct sheet *s, uint32_t cell)
{
	if (!s->challenged)
		s->challenged = calloc((s->cells + 63) / 64, sizeof(*s->challenged));
	if (!s->challenged)
		return false;
	s->challenged[cell / 64] |= UINT64_C(1) << cell % 64;
	return true;
}

bool sheet_challenged(const struct sheet *s, uint32_t cell)
{
	return s->challenged && s->challenged[cell / 64] >> cell % 64 & 1;
}

bool sheet_any_challenged(const struct sheet *s)
{
	return s->challenged != NULL;
}

/* Records an ACK of another connection as evidence of a silent cell. In a list of evidence that of
 * silence is the weakest. */
static enum sheet_mark challenge_note(struct sheet *s, uint32_t cell, const struct answer *answer)
{
	struct answer silence = *answer;

	if (sheet_get(s, cell) != REPLY_SILENCE || sheet_challenged(s, cell) ||
	    !sheet_set_challenged(s, cell))
		return SHEET_DUPLICATE;
	silence.reply = REPLY_SILENCE;
	evidence_note(s, cell, &silence, 0, false);
	return SHEET_CHALLENGED;
}

enum sheet_mark sheet_note(struct sheet *s, uint32_t cell, const struct answer *answer,
			   uint64_t *rtt_ns, bool *has_rtt)
{
	unsigned before = sheet_get(s, cell);
	const uint32_t host = cell / s->plan->slots;
	const uint8_t technique = sheet_technique(s, cell);
	const unsigned tries = sheet_tries(s, cell);
	/* A datagram has proven that it is the host's (scan/echo.h), wherever it came from. */
	const bool by_host = !(answer->has & ANSWER_LOCAL) &&
			     (!(answer->has & ANSWER_FROM) || answer->reply == REPLY_DATA);

	*has_rtt = false;
	if (before == SHEET_NOT_OURS || tries == 0 || answer->reply == REPLY_SILENCE ||
	    technique_rule(technique, answer->reply)->state == STATE_NONE)
		return SHEET_STRAY;
	if (by_host &&
	    !(s->bulk.on && sheet_is_answered(answer->reply) && answer->reply != REPLY_ACK))
		s->heard[host >> 3] |= (uint8_t)(1u << (host & 7));
	if (answer->reply == REPLY_ACK)
		return challenge_note(s, cell, answer);
	if (answer->has & ANSWER_PORT_IN_USE)
		(void)sheet_set_challenged(s, cell); /* without memory there is no note of it */
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
	if (!s->bulk.on && by_host)
		host_rtt(s, cell, answer, tries);
	before = sheet_raise(s, cell, answer->reply);
	if (answer->reply <= before)
		return SHEET_DUPLICATE;
	/* Only then: it would touch all of that memory. */
	if (s->max_open && technique_rule(technique, answer->reply)->state == PORT_OPEN &&
	    technique_rule(technique, before)->state != PORT_OPEN)
		s->pace[host].open++;
	evidence_note(s, cell, answer, *has_rtt ? *rtt_ns : 0, *has_rtt);
	if (technique_is_udp(technique))
		host_icmp(&s->pace[host], answer, before, tries);
	if (before == REPLY_SILENCE)
		s->answered++;
	return before == REPLY_SILENCE ? SHEET_FIRST : SHEET_STRONGER;
}
