/* sheet: the answer paper of one window of the plan. */
#ifndef PORTLIGHT_SCAN_SHEET_H
#define PORTLIGHT_SCAN_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "plan/plan.h"
#include "result/record.h"
#include "scan/evidence_list.h"
#include "scan/hop.h"
#include "scan/icmp_backoff.h"
#include "scan/probe.h"
#include "scan/rst_retry.h"
#include "scan/sent_table.h"
#include "technique/technique.h"

/* So many windows are open at once: one sends while the one before waits for its last answers. */
#define SHEETS 2

/* A cell that belongs to another shard: never sent, never reported. */
#define SHEET_NOT_OURS 15u

/* Cells that the walk has been at and no device has taken: of a pass that was ended, the blocks in
 * the hands of its threads, or of one probe by probe, a batch. In the order they are to go. */
#define SHEET_OWED 3072
struct sheet_owed {
	uint32_t cell[SHEET_OWED];
	uint32_t count;
};

/* What an engine finds out before the first probe. */
struct sheet_host {
	uint8_t mac[6]; /* with HOST_MAC or HOP_SEND */
	uint8_t notes; /* enum host_note, of HOST_NO_NEIGHBOUR to HOST_MAC; with HOST_MAC no others,
			  with HOP_SEND none but it */
	uint8_t engine; /* for it to use: HOP_EGRESS and HOP_SEND */
};

/* What the answers tell of how to ask. In a window that xdp sends, nobody touches that of a host
 * but by its ICMP errors to UDP, or if it is asked at its own pace. */
struct sheet_pace {
	struct icmp_backoff icmp_backoff;
	struct rst_retry rst_retry;
	uint32_t icmp_errors; /* in answer to UDP, so far */
	uint32_t rtt_us; /* the longest round trip so far, or a lower bound of it; 0: unknown */
	bool listed;	 /* in the list of paced.h */
};

#define SHEET_SENDERS 255

/* 4 bits a probe (enum reply), 16 to a word, plus per-probe times and evidence. The big arrays
 * are zero pages until touched. About 22 bytes a touched cell, 130 a host. */
struct sheet {
	const struct plan *plan;
	uint64_t window;     /* which of the plan's */
	uint64_t first_host; /* rank of its first host */
	uint64_t opened_ns;
	uint32_t hosts, cells;
	uint32_t ours; /* cells that are this shard's */
	uint32_t answered;
	uint64_t *word;	   /* see sheet_place() */
	uint32_t *sent_us; /* low 32 bits of the clock in us, of the latest attempt */
	uint8_t *tries;	   /* attempts sent so far */
	struct reply_evidence *evidence;
	struct hop_group *host; /* see sheet_host() */
	bool alike;		/* all hosts have the first one's entry; no others are touched */
	bool host_lent;		/* host[] is the engine's memory */
	uint8_t *heard;		/* a bit a host: HOST_ANSWERED */
	struct sheet_pace *pace;
	struct addr sender[SHEET_SENDERS]; /* from 1: who else sent ICMP errors */
	unsigned senders;

	/* Where the walk is, and most attempts of a technique. */
	uint32_t pass, position;
	uint8_t limit[TECHNIQUES];
	struct sheet_owed owed;
	struct permute order; /* of the window */
	/*
	 * A bulk sheet is one that an engine sends by itself, pass after pass in the plan's order.
	 * The position of the walk tells what was sent, but for owed. block_us[b] is when positions
	 * [64 b, 64 b + 64) were sent by a pass, 0 if they were not. It and word[] are the engine's
	 * memory. Cells that were sent one by one have an entry in sent_table in place of tries[]
	 * and sent_us[], which are never touched: 64 cells of a block lie on 64 pages of these. The
	 * later of both times counts. Cells that are asked at their host's own pace (paced.h) are
	 * counted by their entry alone (sheet_counted). Little of the evidence is kept, in a list
	 * instead of evidence[].
	 *
	 * Its word[] is by positions: who sends reads it in a row, and the answers of what was just
	 * sent fall into the same few lines of memory. By cells each would be a line of its own,
	 * which the processor has to wait for.
	 */
	bool bulk;
	uint32_t *block_us;
	struct evidence_list evidence_list;
	struct sent_table sent_table; /* by position */
};

#define SHEET_BLOCK_BITS 6

/* Where in word[] a cell is. */
static inline uint32_t sheet_place(const struct sheet *s, uint32_t cell)
{
	return s->bulk ? (uint32_t)permute_backward(&s->order, cell) : cell;
}

static inline unsigned sheet_at(const struct sheet *s, uint32_t place)
{
	return s->word[place >> 4] >> ((place & 15) * 4) & 15;
}

static inline unsigned sheet_get(const struct sheet *s, uint32_t cell)
{
	return sheet_at(s, sheet_place(s, cell));
}

/* The same for who knows its position as well. */
static inline unsigned sheet_get_both(const struct sheet *s, uint32_t cell, uint32_t position)
{
	return sheet_at(s, s->bulk ? position : cell);
}

/*
 * Puts a value that is greater than the one there, which is returned either way. The kernel may be
 * marking this cell or a neighbour in its word at the same time, as receive_mark does.
 */
static inline unsigned sheet_raise(struct sheet *s, uint32_t cell, unsigned value)
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

/* What word[] is to be when a sheet becomes a bulk sheet: `out` has room for it. */
void sheet_by_position(const struct sheet *s, uint64_t *out);

/* Entry number `index` of an array of groups. */
struct sheet_host sheet_host_at(const struct hop_group *groups, uint32_t index);
void sheet_host_put(struct hop_group *groups, uint32_t index, const struct sheet_host *host);

/* So many groups hold the entries of the hosts. */
static inline uint32_t sheet_host_groups(uint32_t hosts)
{
	return (hosts + HOP_GROUP - 1) / HOP_GROUP;
}

static inline struct sheet_host sheet_host(const struct sheet *s, uint32_t host)
{
	return sheet_host_at(s->host, s->alike ? 0 : host);
}

/* No neighbour answers for it, or there is no route to it. */
static inline bool sheet_host_absent(const struct sheet *s, uint32_t host)
{
	return (sheet_host(s, host).notes & (HOST_NO_NEIGHBOUR | HOST_NO_ROUTE)) != 0;
}

/* Whether the host itself has said something; see sheet_is_answered for a bulk sheet. */
static inline bool sheet_host_heard(const struct sheet *s, uint32_t host)
{
	return s->heard[host >> 3] >> (host & 7) & 1;
}

/* Whether a cell holds the target's own words, unlike REPLY_UNREACH. In a bulk sheet that is all
 * that tells that a host has answered: it is not heard then. */
static inline bool sheet_is_answered(unsigned value)
{
	return value >= REPLY_PORT_UNREACH && value != SHEET_NOT_OURS;
}

/* What is known of the strongest answer; all zero if nothing is. Of a bulk sheet as it was at the
 * last sheet_settle; *near is 0 at first, then as the call for a lower cell left it. */
struct reply_evidence sheet_evidence(const struct sheet *s, uint32_t cell, uint32_t *near);
/* For the evidence of all answers by now. Costs nothing if none came since. */
void sheet_settle(struct sheet *s);

/* Of a slot's technique: whether it sends UDP, and its attempts by passes. */
static inline bool sheet_slot_udp(const struct sheet *s, uint32_t slot)
{
	return technique_is_udp(plan_slot_technique(plan_slots(s->plan)[slot]));
}

static inline unsigned sheet_slot_limit(const struct sheet *s, uint32_t slot)
{
	return s->limit[plan_slot_technique(plan_slots(s->plan)[slot])];
}

/* Whether a cell is asked at its host's own pace, which passes leave out. */
static inline bool sheet_counted(const struct sheet *s, uint32_t cell)
{
	const uint32_t host = cell / s->plan->slots;

	return sheet_slot_udp(s, cell - host * s->plan->slots)
		       ? icmp_backoff_active(&s->pace[host].icmp_backoff)
		       : rst_retry_active(&s->pace[host].rst_retry);
}

/* Attempts sent so far, and when the latest one was: low 32 bits of the clock in us. */
unsigned sheet_tries(const struct sheet *s, uint32_t cell);
uint32_t sheet_sent_us(const struct sheet *s, uint32_t cell);

/*
 * From now on, `udp` or not, the cells of a host are counted one by one (sheet_counted), beginning
 * with what the passes have sent. False without memory: they must not be.
 */
bool sheet_count(struct sheet *s, uint32_t host, bool udp);
/* An attempt has been sent, not by a pass of the engine. Returns whether it was a later one by the
 * cell's own count; in a bulk sheet only cells that are counted have one, others say false. */
bool sheet_sent(struct sheet *s, uint32_t cell, uint64_t now_ns);

/*
 * The latest attempt of each unanswered cell does not count any more if it was sent from since_us
 * to until_us (low 32 bits of the clock in us, less than 35 minutes apart). Bulk: of the cells that
 * a pass has sent, by *position, which goes back to where the pass was at since_us. Returns the
 * number of attempts; bulk: of positions.
 */
uint32_t sheet_withdraw(struct sheet *s, uint32_t pass, uint32_t *position, uint32_t since_us,
			uint32_t until_us);

/* The tag that a probe of this window carries: low bits of the window over the cell. */
static inline uint32_t sheet_tag(const struct sheet *s, uint32_t cell)
{
	return plan_tag(s->window, cell);
}

/* The cell of a tag if this sheet is its window and has that cell. */
static inline bool sheet_untag(const struct sheet *s, uint32_t tag, uint32_t *cell)
{
	*cell = plan_tag_cell(tag);
	return sheet_tag(s, *cell) == tag && *cell < s->cells;
}

/* Address, technique and port of a cell. */
static inline struct plan_probe sheet_probe(const struct sheet *s, uint32_t cell)
{
	uint32_t slot = plan_slots(s->plan)[cell % s->plan->slots];

	return (struct plan_probe){plan_host(s->plan, s->first_host + cell / s->plan->slots),
				   plan_slot_port(slot), plan_slot_technique(slot)};
}

/*
 * Opens the sheet of `window`. Cells whose index lies outside [first, last) of the plan are
 * SHEET_NOT_OURS. NULL if out of memory.
 */
struct sheet *sheet_new(const struct plan *plan, uint64_t window, uint64_t first, uint64_t last,
			uint64_t now_ns);
void sheet_free(struct sheet *s);

enum sheet_mark {
	SHEET_FIRST,	 /* the first answer to this probe */
	SHEET_STRONGER,	 /* a stronger one than before: it counts */
	SHEET_DUPLICATE, /* no stronger than the one there */
	SHEET_STRAY,	 /* no answer to this technique, or to a probe never sent */
};
/* Notes an answer (its cell untagged and < cells). *rtt_ns is set, and *has_rtt true, if it
 * answers the latest attempt. */
enum sheet_mark sheet_note(struct sheet *s, uint32_t cell, const struct answer *answer,
			   uint64_t *rtt_ns, bool *has_rtt);

#endif
