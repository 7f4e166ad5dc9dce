/* sheet_snapshot: the fields of a sheet in order, written and read by pairs of functions. */
#include "scan/sheet_snapshot.h"

#include <string.h>

#include "scan/sheet_bulk.h"
#include "scan/sheet_private.h"

/* What follows the flags of a host. */
enum host_has {
	HOST_HAS_NOTES = 1 << 0,
	HOST_HAS_MAC = 1 << 1,
	HOST_HAS_HEARD = 1 << 2, /* nothing follows */
	HOST_HAS_PACE = 1 << 3,
	HOST_HAS_BACKOFF = 1 << 4,
	HOST_HAS_RETRY = 1 << 5,
	HOST_HAS_ALL = (1 << 6) - 1,
};

/* Notes that an engine makes. */
#define HOST_NOTES (HOST_NO_NEIGHBOUR | HOST_NO_ROUTE | HOST_LOCAL)

/* Cells of a run at most; the attempts stand above. */
#define RUN_CELLS 0xffffffu

static bool is_reply(unsigned value)
{
	return value != REPLY_SILENCE && value != SHEET_NOT_OURS;
}

static void put_replies(const struct sheet *s, struct snapshot_writer *w)
{
	uint8_t reply[64];

	for (uint32_t cell = 0; cell < s->cells; cell += sizeof(reply)) {
		const uint32_t left = s->cells - cell;
		const uint32_t count = left < sizeof(reply) ? left : sizeof(reply);

		memset(reply, 0, sizeof(reply));
		sheet_replies(s, cell, count, reply);
		for (uint32_t i = 0; i < count; i += 2)
			snapshot_put(w, (uint64_t)reply[i + 1] << 4 | reply[i], 1);
	}
}

/* Each cell is another shard's exactly if it was in the new sheet, and a reply one that its
 * technique has. */
static bool get_reply(struct sheet *s, uint32_t cell, unsigned value)
{
	const bool ours = sheet_get(s, cell) != SHEET_NOT_OURS;

	if (ours != (value != SHEET_NOT_OURS))
		return false;
	if (!is_reply(value))
		return true;
	if (value == REPLY_ACK ||
	    technique_rule(sheet_technique(s, cell), value)->state == STATE_NONE)
		return false;
	(void)sheet_raise(s, cell, value);
	s->answered++;
	return true;
}

static void get_replies(struct sheet *s, struct snapshot_reader *r)
{
	for (uint32_t cell = 0; cell < s->cells && !r->bad; cell += 2) {
		const unsigned both = (unsigned)snapshot_get(r, 1);

		r->bad |= !get_reply(s, cell, both & 15);
		if (cell + 1 < s->cells)
			r->bad |= !get_reply(s, cell + 1, both >> 4);
		else
			r->bad |= both >> 4 != 0;
	}
}

/* What is being written: kernel programs may mark more replies meanwhile. */
struct sheet_writer {
	struct snapshot_writer *w;
	size_t replies; /* where they begin */
	uint32_t from;	/* as sheet_snapshot() has it */
};

/* The reply of a cell as it was written, where there was room. */
static unsigned written(const struct sheet *s, const struct sheet_writer *out, uint32_t cell)
{
	const size_t at = out->replies + cell / 2;

	if (out->from == UINT32_MAX || at >= out->w->room)
		return sheet_get(s, cell);
	return out->w->out[at] >> (cell & 1) * 4 & 15;
}

/* Attempts as the plain layout counts them: those of an answered cell end with the one that was
 * answered, of which a bulk sheet knows only whether it was the last. */
static uint8_t attempts(const struct sheet *s, const struct sheet_writer *out, uint32_t cell,
			uint32_t position)
{
	const unsigned limit = sheet_slot_limit(s, cell % s->plan->slots);
	unsigned tries;

	if (!s->bulk.on || sheet_counted(s, cell))
		return (uint8_t)sheet_tries(s, cell);
	tries = sheet_bulk_passed(s, cell, position);
	if (!is_reply(written(s, out, cell)))
		return (uint8_t)(position >= out->from && tries > s->pass ? s->pass : tries);
	/* Sent before the position was set back. */
	if (tries == 0)
		return 1;
	if (sheet_was_last(s, cell))
		return (uint8_t)(limit ? limit : 1);
	return (uint8_t)(tries < limit ? tries : limit > 1 ? limit - 1 : 1);
}

/* Runs of positions with the same attempts and time: probes are sent in order of position, many at
 * a time. */
static void put_attempts(const struct sheet *s, const struct sheet_writer *out)
{
	struct snapshot_writer *w = out->w;
	const uint32_t now_us = (uint32_t)(w->now_ns / 1000);
	uint32_t run = 0, run_age_us = 0;
	uint8_t run_tries = 0;

	for (uint32_t position = 0; position < s->cells; position++) {
		const uint32_t cell = (uint32_t)permute_forward(&s->order, position);
		const uint8_t tries = attempts(s, out, cell, position);
		const uint32_t age_us = tries ? now_us - sheet_sent_us(s, cell) : 0;

		if (run > 0 && (tries != run_tries || age_us != run_age_us)) {
			snapshot_put(w, (uint64_t)run_tries << 24 | run, 4);
			snapshot_put(w, run_age_us, 4);
			run = 0;
		}
		run_tries = tries;
		run_age_us = age_us;
		run++;
	}
	snapshot_put(w, (uint64_t)run_tries << 24 | run, 4);
	snapshot_put(w, run_age_us, 4);
}

static void get_attempts(struct sheet *s, struct snapshot_reader *r)
{
	const uint32_t now_us = (uint32_t)(r->now_ns / 1000);

	for (uint32_t position = 0; position < s->cells;) {
		const uint32_t word = (uint32_t)snapshot_get(r, 4), run = word & RUN_CELLS;
		const uint32_t sent_us = now_us - (uint32_t)snapshot_get(r, 4);
		const uint8_t tries = (uint8_t)(word >> 24);

		if (r->bad || run == 0 || run > s->cells - position) {
			r->bad = true;
			return;
		}
		if (tries == 0) {
			position += run;
			continue;
		}
		for (uint32_t end = position + run; position < end; position++) {
			const uint32_t cell = (uint32_t)permute_forward(&s->order, position);

			s->tries[cell] = tries;
			s->sent_us[cell] = sent_us;
		}
	}
}

static void put_evidence(struct sheet *s, const struct sheet_writer *out)
{
	struct snapshot_writer *w = out->w;
	const size_t before = w->at;
	uint32_t count = 0, near = 0;
	struct snapshot_writer first;

	sheet_settle(s);
	snapshot_put(w, 0, 4);
	for (uint32_t cell = 0; cell < s->cells; cell++) {
		struct reply_evidence e;

		if (!is_reply(written(s, out, cell)) && !sheet_challenged(s, cell))
			continue;
		e = sheet_evidence(s, cell, &near);
		if (!reply_evidence_known(&e))
			continue;
		snapshot_put(w, cell, 4);
		snapshot_put(w, e.t_us_low, 4);
		snapshot_put(w, e.t_us_high, 1);
		snapshot_put(w, e.rtt_sender, 4);
		snapshot_put(w, e.window, 2);
		snapshot_put(w, e.ttl, 1);
		snapshot_put(w, e.has, 1);
		snapshot_put(w, e.attempt, 1);
		snapshot_put(w, e.icmp_type, 1);
		snapshot_put(w, e.icmp_code, 1);
		count++;
	}
	first = *w;
	first.at = before;
	snapshot_put(&first, count, 4);
}

/* Evidence of a silent cell is the ACK of a connection, of which all techniques by TCP have a rule.
 */
static bool get_challenged(struct sheet *s, uint32_t cell)
{
	if (sheet_get(s, cell) != REPLY_SILENCE)
		return true;
	return technique_rule(sheet_technique(s, cell), REPLY_ACK)->state != STATE_NONE &&
	       sheet_set_challenged(s, cell);
}

static void get_evidence(struct sheet *s, struct snapshot_reader *r)
{
	uint32_t count = (uint32_t)snapshot_get_most(r, 4, s->ours), next = 0;

	for (; count > 0 && !r->bad; count--) {
		const uint32_t cell = (uint32_t)snapshot_get_most(r, 4, s->cells - 1);
		struct reply_evidence e = {0};

		e.t_us_low = (uint32_t)snapshot_get(r, 4);
		e.t_us_high = (uint8_t)snapshot_get(r, 1);
		e.rtt_sender = (uint32_t)snapshot_get(r, 4);
		e.window = (uint16_t)snapshot_get(r, 2);
		e.ttl = (uint8_t)snapshot_get(r, 1);
		e.has = (uint8_t)snapshot_get(r, 1);
		e.attempt = (uint8_t)snapshot_get(r, 1);
		e.icmp_type = (uint8_t)snapshot_get(r, 1);
		e.icmp_code = (uint8_t)snapshot_get(r, 1);
		if (r->bad || cell < next || sheet_get(s, cell) == SHEET_NOT_OURS ||
		    !reply_evidence_known(&e) || !get_challenged(s, cell)) {
			r->bad = true;
			return;
		}
		s->evidence[cell] = e;
		next = cell + 1;
	}
}

static void put_senders(const struct sheet *s, struct snapshot_writer *w)
{
	snapshot_put(w, s->senders, 1);
	for (unsigned i = 1; i < s->senders; i++) {
		snapshot_put(w, s->sender[i].hi, 8);
		snapshot_put(w, s->sender[i].lo, 8);
	}
}

static void get_senders(struct sheet *s, struct snapshot_reader *r)
{
	s->senders = (unsigned)snapshot_get_most(r, 1, SHEET_SENDERS);
	for (unsigned i = 1; i < s->senders; i++) {
		s->sender[i].hi = snapshot_get(r, 8);
		s->sender[i].lo = snapshot_get(r, 8);
	}
}

static void put_backoff(const struct icmp_backoff *q, struct snapshot_writer *w)
{
	snapshot_put_time(w, q->next_ns);
	snapshot_put_time(w, q->answer_ns);
	snapshot_put(w, q->interval_us, 4);
	snapshot_put(w, q->hunt_us, 4);
	snapshot_put(w, q->misses, 4);
	snapshot_put(w, q->late, 4);
	snapshot_put(w, q->from, 4);
	snapshot_put(w, q->blanks, 4);
	snapshot_put(w, q->answers, 4);
	snapshot_put(w, q->before, 1);
}

static void get_backoff(struct icmp_backoff *q, uint32_t slots, struct snapshot_reader *r)
{
	q->next_ns = snapshot_get_time(r);
	q->answer_ns = snapshot_get_time(r);
	q->interval_us = (uint32_t)snapshot_get(r, 4);
	q->hunt_us = (uint32_t)snapshot_get(r, 4);
	q->misses = (uint32_t)snapshot_get(r, 4);
	q->late = (uint32_t)snapshot_get(r, 4);
	q->from = (uint32_t)snapshot_get(r, 4);
	q->blanks = (uint32_t)snapshot_get(r, 4);
	q->answers = (uint32_t)snapshot_get(r, 4);
	q->before = (uint8_t)snapshot_get(r, 1);
	r->bad |= !icmp_backoff_valid(q, slots);
}

static void put_retry(const struct rst_retry *p, struct snapshot_writer *w)
{
	snapshot_put_time(w, p->next_ns);
	snapshot_put_time(w, p->over_ns);
	snapshot_put(w, p->given, 4);
	snapshot_put(w, p->allowance, 4);
	snapshot_put(w, p->recent, 4);
	snapshot_put(w, p->gained, 4);
	snapshot_put(w, p->answered, 4);
	snapshot_put(w, p->silent, 4);
	snapshot_put(w, p->from, 4);
	snapshot_put(w, p->stage, 1);
	snapshot_put(w, p->extra, 1);
	snapshot_put(w, p->empty, 1);
}

static void get_retry(struct rst_retry *p, uint32_t slots, struct snapshot_reader *r)
{
	p->next_ns = snapshot_get_time(r);
	p->over_ns = snapshot_get_time(r);
	p->given = (uint32_t)snapshot_get(r, 4);
	p->allowance = (uint32_t)snapshot_get(r, 4);
	p->recent = (uint32_t)snapshot_get(r, 4);
	p->gained = (uint32_t)snapshot_get(r, 4);
	p->answered = (uint32_t)snapshot_get(r, 4);
	p->silent = (uint32_t)snapshot_get(r, 4);
	p->from = (uint32_t)snapshot_get(r, 4);
	p->stage = (uint8_t)snapshot_get(r, 1);
	p->extra = (uint8_t)snapshot_get(r, 1);
	p->empty = (uint8_t)snapshot_get(r, 1);
	r->bad |= !rst_retry_valid(p, slots);
}

static unsigned host_has(const struct sheet *s, uint32_t host)
{
	const struct sheet_host entry = sheet_host(s, host);
	const struct sheet_pace *pace = &s->pace[host];
	unsigned has = 0;

	has |= entry.notes & HOST_NOTES ? HOST_HAS_NOTES : 0u;
	has |= entry.notes & HOST_MAC ? HOST_HAS_MAC : 0u;
	has |= sheet_host_answered(s, host) ? HOST_HAS_HEARD : 0u;
	has |= pace->icmp_errors || pace->rtt_us ? HOST_HAS_PACE : 0u;
	has |= icmp_backoff_active(&pace->icmp_backoff) ? HOST_HAS_BACKOFF : 0u;
	has |= rst_retry_active(&pace->rst_retry) ? HOST_HAS_RETRY : 0u;
	return has;
}

static void put_host(const struct sheet *s, uint32_t host, unsigned has, struct snapshot_writer *w)
{
	const struct sheet_host entry = sheet_host(s, host);
	const struct sheet_pace *pace = &s->pace[host];

	snapshot_put(w, has, 1);
	if (has & HOST_HAS_NOTES)
		snapshot_put(w, entry.notes & HOST_NOTES, 1);
	for (unsigned i = 0; has & HOST_HAS_MAC && i < 6; i++)
		snapshot_put(w, entry.mac[i], 1);
	if (has & HOST_HAS_PACE) {
		snapshot_put(w, pace->icmp_errors, 4);
		snapshot_put(w, pace->rtt_us, 4);
	}
	if (has & HOST_HAS_BACKOFF)
		put_backoff(&pace->icmp_backoff, w);
	if (has & HOST_HAS_RETRY)
		put_retry(&pace->rst_retry, w);
}

static void get_host(struct sheet *s, uint32_t host, unsigned has, struct snapshot_reader *r)
{
	struct sheet_pace *pace = &s->pace[host];
	struct sheet_host entry = {0};

	if (has & HOST_HAS_NOTES) {
		entry.notes = (uint8_t)snapshot_get(r, 1);
		r->bad |= (entry.notes & ~HOST_NOTES) != 0 || (has & HOST_HAS_MAC);
	}
	for (unsigned i = 0; has & HOST_HAS_MAC && i < 6; i++)
		entry.mac[i] = (uint8_t)snapshot_get(r, 1);
	entry.notes |= has & HOST_HAS_MAC ? HOST_MAC : 0;
	if (entry.notes)
		sheet_set_host(s, host, &entry);
	if (has & HOST_HAS_HEARD)
		s->heard[host >> 3] |= (uint8_t)(1u << (host & 7));
	if (has & HOST_HAS_PACE) {
		pace->icmp_errors = (uint32_t)snapshot_get(r, 4);
		pace->rtt_us = (uint32_t)snapshot_get(r, 4);
	}
	if (has & HOST_HAS_BACKOFF)
		get_backoff(&pace->icmp_backoff, s->plan->slots, r);
	if (has & HOST_HAS_RETRY)
		get_retry(&pace->rst_retry, s->plan->slots, r);
}

/* Hosts of which nothing is known come as a zero and how many there are in a row. */
static void put_hosts(const struct sheet *s, struct snapshot_writer *w)
{
	for (uint32_t host = 0, run = 0; host < s->hosts; host++) {
		const unsigned has = host_has(s, host);

		run += has == 0;
		if (run > 0 && (has != 0 || host + 1 == s->hosts)) {
			snapshot_put(w, 0, 1);
			snapshot_put(w, run, 4);
			run = 0;
		}
		if (has)
			put_host(s, host, has, w);
	}
}

static void get_hosts(struct sheet *s, struct snapshot_reader *r)
{
	for (uint32_t host = 0; host < s->hosts && !r->bad;) {
		const unsigned has = (unsigned)snapshot_get_most(r, 1, HOST_HAS_ALL);

		if (has) {
			get_host(s, host++, has, r);
			continue;
		}
		const uint32_t run = (uint32_t)snapshot_get_most(r, 4, s->hosts - host);

		r->bad |= run == 0;
		host += run;
	}
}

/* With the attempts before, which those of a bulk sheet do not show. */
static void put_unsent(const struct sheet *s, struct snapshot_writer *w)
{
	snapshot_put(w, s->unsent.count, 4);
	for (uint32_t i = 0; i < s->unsent.count; i++) {
		snapshot_put(w, s->unsent.cell[i], 4);
		snapshot_put(w, sheet_tries(s, s->unsent.cell[i]), 1);
	}
}

static void get_unsent(struct sheet *s, struct snapshot_reader *r)
{
	const uint32_t count = (uint32_t)snapshot_get_most(r, 4, SHEET_UNSENT);

	for (uint32_t i = 0; i < count && !r->bad; i++) {
		const uint32_t cell = (uint32_t)snapshot_get_most(r, 4, s->cells - 1);
		const uint8_t tries = (uint8_t)snapshot_get(r, 1);

		r->bad |= sheet_get(s, cell) == SHEET_NOT_OURS;
		if (r->bad)
			return;
		sheet_unsent_put(s, cell);
		if (sheet_get(s, cell) == REPLY_SILENCE)
			s->tries[cell] = tries;
	}
}

void sheet_snapshot(struct sheet *s, uint32_t from, struct snapshot_writer *w)
{
	struct sheet_writer out = {.w = w, .from = from};

	snapshot_put(w, s->opened_ns - w->now_ns, 8);
	out.replies = w->at;
	put_replies(s, w);
	put_attempts(s, &out);
	put_senders(s, w);
	put_evidence(s, &out);
	put_hosts(s, w);
	put_unsent(s, w);
}

/* It may lie before the clock began: then it is negative, in two's complement. */
static void get_opened(struct sheet *s, struct snapshot_reader *r)
{
	const uint64_t before_ns = ~snapshot_get(r, 8) + 1, oldest_ns = SHEET_OLDEST_US * 1000;

	r->bad |= before_ns > UINT64_C(1) << 63;
	s->opened_ns = r->now_ns - (before_ns < oldest_ns && r->away_ns < oldest_ns - before_ns
					    ? before_ns + r->away_ns
					    : oldest_ns);
}

bool sheet_restore(struct sheet *s, struct snapshot_reader *r)
{
	get_opened(s, r);
	get_replies(s, r);
	if (!r->bad)
		get_attempts(s, r);
	get_senders(s, r);
	get_evidence(s, r);
	get_hosts(s, r);
	get_unsent(s, r);
	return !r->bad;
}
