/* sheet: opened for one window, filled in by answers. */
#include "scan/sheet.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "result/record.h"

/* Of two times cut to 32 bits, the difference to a later one is less: half an hour, and the passes
 * of an engine, at 1000/s or more, are no further apart. */
#define SENT_LATER_US (UINT32_C(1) << 31)

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
		(void)sheet_raise(s, (uint32_t)permute_forward(&s->order, position),
				  SHEET_NOT_OURS);
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
	/* What stays as it is, is one block: each has a page to itself for its size. */
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

void sheet_by_position(const struct sheet *s, uint64_t *out)
{
	const uint32_t words = (s->cells + 15) / 16;

	memset(out, 0, words * sizeof(*out));
	for (uint32_t i = 0; i < words; i++) {
		uint32_t cell = i * 16;

		/* Until nothing more is in it: most windows are all blank. */
		for (uint64_t rest = s->word[i]; rest; rest >>= 4, cell++) {
			const uint32_t position = (uint32_t)permute_backward(&s->order, cell);

			out[position / 16] |= (rest & 15) << position % 16 * 4;
		}
	}
}

void sheet_free(struct sheet *s)
{
	if (!s)
		return;
	if (!s->bulk)
		free(s->word);
	evidence_list_fini(&s->evidence_list);
	sent_table_fini(&s->sent_table);
	if (!s->host_lent)
		free(s->host);
	free(s);
}

static bool sheet_owes(const struct sheet *s, uint32_t cell)
{
	for (uint32_t i = 0; i < s->owed.count; i++)
		if (s->owed.cell[i] == cell)
			return true;
	return false;
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

unsigned sheet_tries(const struct sheet *s, uint32_t cell)
{
	if (!s->bulk)
		return s->tries[cell];
	if (sheet_counted(s, cell)) {
		const struct sent_entry *entry =
			sent_table_get(&s->sent_table, sheet_place(s, cell));

		return entry ? entry->tries : 0;
	}
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
	if (!s->bulk)
		return s->sent_us[cell];
	const uint32_t position = sheet_place(s, cell);
	const uint32_t block_us = s->block_us[position >> SHEET_BLOCK_BITS];
	const struct sent_entry *entry = sent_table_get(&s->sent_table, position);

	if (!entry || (block_us && !sheet_counted(s, cell) && block_us - entry->us < SENT_LATER_US))
		return block_us;
	return (uint32_t)entry->us;
}

/* One more; the low four bits count on at the top. */
static unsigned tries_next(unsigned tries)
{
	return tries < UINT8_MAX ? tries + 1 : UINT8_MAX - 15;
}

bool sheet_count(struct sheet *s, uint32_t host, bool udp)
{
	const uint32_t slots = s->plan->slots;

	if (!s->bulk)
		return true;
	if (!sent_table_reserve(&s->sent_table, slots))
		return false;
	for (uint32_t slot = 0; slot < slots; slot++) {
		const uint32_t cell = host * slots + slot;
		const uint32_t us = sheet_sent_us(s, cell);
		struct sent_entry *entry;

		if (sheet_slot_udp(s, slot) != udp)
			continue;
		entry = sent_table_put(&s->sent_table, sheet_place(s, cell));
		entry->tries = (uint8_t)sheet_tries(s, cell);
		entry->us = us;
	}
	return true;
}

bool sheet_sent(struct sheet *s, uint32_t cell, uint64_t now_ns)
{
	struct sent_entry *entry;
	bool later;

	if (!s->bulk) {
		later = s->tries[cell] != 0;
		s->tries[cell] = (uint8_t)tries_next(s->tries[cell]);
		s->sent_us[cell] = (uint32_t)(now_ns / 1000);
		return later;
	}
	entry = sent_table_put(&s->sent_table, sheet_place(s, cell));
	if (!entry)
		return false; /* its time stays that of its block */
	entry->us = (uint32_t)(now_ns / 1000);
	if (!sheet_counted(s, cell))
		return false;
	later = entry->tries != 0;
	entry->tries = (uint8_t)tries_next((unsigned)entry->tries);
	return later;
}

static uint32_t bulk_withdraw(struct sheet *s, uint32_t pass, uint32_t *position, uint32_t since_us,
			      uint32_t span_us)
{
	const uint32_t before = *position;
	uint32_t block = before >> SHEET_BLOCK_BITS;

	while (block > 0 && s->block_us[block - 1] && s->block_us[block - 1] - since_us <= span_us)
		block--;
	if (block << SHEET_BLOCK_BITS < before)
		*position = block << SHEET_BLOCK_BITS;
	s->pass = pass;
	s->position = *position;
	return before - *position;
}

uint32_t sheet_withdraw(struct sheet *s, uint32_t pass, uint32_t *position, uint32_t since_us,
			uint32_t until_us)
{
	uint32_t count = 0;

	if (s->bulk)
		return bulk_withdraw(s, pass, position, since_us, until_us - since_us);
	for (uint32_t cell = 0; cell < s->cells; cell++) {
		if (s->tries[cell] == 0 || s->sent_us[cell] - since_us > until_us - since_us ||
		    sheet_get(s, cell) != REPLY_SILENCE)
			continue;
		s->tries[cell]--;
		count++;
	}
	return count;
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

struct reply_evidence sheet_evidence(const struct sheet *s, uint32_t cell, uint32_t *near)
{
	return s->bulk ? evidence_list_get(&s->evidence_list, cell, near) : s->evidence[cell];
}

void sheet_settle(struct sheet *s)
{
	evidence_list_settle(&s->evidence_list);
}

static void evidence_note(struct sheet *s, uint32_t cell, const struct answer *a, uint64_t rtt_ns,
			  bool has_rtt)
{
	uint64_t t_us = (a->t_ns > s->opened_ns ? a->t_ns - s->opened_ns : 0) / 1000;
	uint64_t rtt_us = rtt_ns / 1000 < 0xffffff ? rtt_ns / 1000 : 0xffffff;
	uint32_t sender = a->has & ANSWER_FROM ? sheet_sender(s, a->from) : 0;

	const struct reply_evidence e = {
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
		evidence_list_put(&s->evidence_list, cell, a->reply, &e);
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
	before = sheet_raise(s, cell, answer->reply);
	if (answer->reply <= before)
		return SHEET_DUPLICATE;
	evidence_note(s, cell, answer, *has_rtt ? *rtt_ns : 0, *has_rtt);
	if (technique_is_udp(technique)) {
		struct sheet_pace *pace = &s->pace[host];

		pace->icmp_errors += (answer->has & ANSWER_ICMP) != 0;
		if (icmp_backoff_active(&pace->icmp_backoff) && before == REPLY_SILENCE)
			icmp_backoff_answered(&pace->icmp_backoff, answer->t_ns);
	}
	if (before == REPLY_SILENCE)
		s->answered++;
	return before == REPLY_SILENCE ? SHEET_FIRST : SHEET_STRONGER;
}
