/* sheet: the answer sheet of one window of the plan: what was sent, and what was answered. */
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
#include "technique/technique.h"

/*
 * A sheet has one cell for each probe (address, port, technique) of its window: the strongest reply
 * so far (enum reply, 4 bits), the attempts sent, when the latest was sent, and evidence of the
 * reply. It has two layouts. Each function works on both; only sheet.c, sheet_bulk.c and
 * sheet_snapshot.c look inside.
 *
 * Plain: arrays indexed by cell. For engines that take probes one at a time from the walk.
 *
 * Bulk (sheet_bulk.h): for an engine that sends whole passes by itself. Replies are indexed by
 * position, in memory that the engine lends; attempts follow from the pass and position of the
 * walk; evidence is a list. sheet_lend() turns a plain sheet into a bulk sheet.
 *
 * Words: a cell is a number in [0, sheet_cells()): host number * slots + slot. A position is a
 * number in the same range: the order of sending; sheet_order() maps position to cell
 * (permute_forward) and back. A host number counts from 0 within the window.
 */
struct sheet;

/* Windows open at a time: one sends while the one before waits for its last answers. */
#define SHEETS 2

/* Value of a cell that belongs to another shard: never sent, never reported. */
#define SHEET_NOT_OURS 15u

/*
 * Opens the sheet of `window`, in the plain layout. Cells whose index lies outside [first, last)
 * of the plan are SHEET_NOT_OURS. *plan outlives the sheet. NULL if out of memory. Large arrays
 * are zero pages until written: about 22 bytes a written cell, 130 a host.
 */
struct sheet *sheet_new(const struct plan *plan, uint64_t window, uint64_t first, uint64_t last,
			uint64_t now_ns);
/* NULL is fine. Memory that was lent is not freed. */
void sheet_free(struct sheet *s);

/* What never changes. sheet_first_host() is the rank in the plan of host number 0. */
const struct plan *sheet_plan(const struct sheet *s);
const struct permute *sheet_order(const struct sheet *s);
uint64_t sheet_window(const struct sheet *s);
uint64_t sheet_first_host(const struct sheet *s);
uint64_t sheet_opened_ns(const struct sheet *s);
uint32_t sheet_hosts(const struct sheet *s);
uint32_t sheet_cells(const struct sheet *s);
uint32_t sheet_ours(const struct sheet *s); /* cells that are this shard's */

/* Number of cells with a reply. Bulk: as of the last sheet_add_answered(). */
uint32_t sheet_answered(const struct sheet *s);
/* Whether every cell of this shard has a reply. */
bool sheet_complete(const struct sheet *s);

/* Address, technique and port of a cell. */
struct plan_probe sheet_probe(const struct sheet *s, uint32_t cell);
/* The tag that a probe carries: low bits of the window number over the cell. */
uint32_t sheet_tag(const struct sheet *s, uint32_t cell);
/* True, with *cell set, if the tag is one of this window and this window has that cell. */
bool sheet_untag(const struct sheet *s, uint32_t tag, uint32_t *cell);

/*
 * Replies. sheet_get: of one cell, 0 (REPLY_SILENCE) while unanswered. sheet_get_both: the same,
 * faster where the caller knows the cell's position as well. sheet_replies: of `count` consecutive
 * cells from `cell` on, much faster than one by one in the bulk layout.
 */
unsigned sheet_get(const struct sheet *s, uint32_t cell);
unsigned sheet_get_both(const struct sheet *s, uint32_t cell, uint32_t position);
void sheet_replies(const struct sheet *s, uint32_t cell, uint32_t count, uint8_t *out);

/*
 * Stores `value` in the cell if it is greater than the value there; returns the value found. Safe
 * against a kernel program that marks the same word of a bulk sheet at the same time. Counts
 * nothing: see sheet_note().
 */
unsigned sheet_raise(struct sheet *s, uint32_t cell, unsigned value);

enum sheet_mark {
	SHEET_FIRST,	  /* the first answer to this probe */
	SHEET_STRONGER,	  /* a stronger one than before: it counts */
	SHEET_CHALLENGED, /* an ACK of another connection: recorded, the probe stays unanswered */
	SHEET_DUPLICATE,  /* no stronger than the one there */
	SHEET_STRAY,	  /* no answer to this technique, or to a probe never sent */
};
/*
 * Records an answer to `cell` < sheet_cells(): reply, evidence, and what it says about the host's
 * pace. *has_rtt is set to whether it answers the latest attempt; if so *rtt_ns is set to its
 * round-trip time.
 */
enum sheet_mark sheet_note(struct sheet *s, uint32_t cell, const struct answer *answer,
			   uint64_t *rtt_ns, bool *has_rtt);

/*
 * Whether REPLY_ACK came to the cell, or its answer has ANSWER_PORT_IN_USE: the source port of a
 * probe belongs to a connection with that port. While the cell is silent, sheet_evidence() is that
 * ACK's. sheet_any_challenged: whether there is any such cell.
 */
bool sheet_challenged(const struct sheet *s, uint32_t cell);
bool sheet_any_challenged(const struct sheet *s);

/* Whether a reply comes from the target itself, unlike REPLY_UNREACH, which a router may send. */
static inline bool sheet_is_answered(unsigned value)
{
	return value >= REPLY_PORT_UNREACH && value != SHEET_NOT_OURS;
}

/* Sorts the evidence that arrived since the last call; costs nothing if there is none. */
void sheet_settle(struct sheet *s);
/*
 * Evidence of the strongest answer to a cell; all zero if none was recorded (silence, or judged
 * by a kernel program alone). In the bulk layout as of the last sheet_settle(). *near is a search
 * hint: 0 at first, then pass it on with ascending cells.
 */
struct reply_evidence sheet_evidence(const struct sheet *s, uint32_t cell, uint32_t *near);
/* Address of another host that sent ICMP errors, by the low 8 bits of reply_evidence.rtt_sender.
 * False if it is the target, or was not recorded because there were too many. */
bool sheet_sender(const struct sheet *s, unsigned index, struct addr *out);

/*
 * Attempts. A technique has a limit (attempts by passes, first included), set once by the walk
 * with sheet_set_limits() before the first probe.
 */
void sheet_set_limits(struct sheet *s, const uint8_t tries[TECHNIQUES]);
unsigned sheet_slot_limit(const struct sheet *s, uint32_t slot);
/* Whether a slot's technique sends UDP. */
bool sheet_slot_udp(const struct sheet *s, uint32_t slot);
/* Attempts sent so far. */
unsigned sheet_tries(const struct sheet *s, uint32_t cell);
/* When the latest one was sent: low 32 bits of the clock in us. */
uint32_t sheet_sent_us(const struct sheet *s, uint32_t cell);
/* Counts an attempt, sent at `us`; `attempt` is its number modulo 16 as the walk offered it.
 * Returns whether it was a retransmission. */
bool sheet_sent(struct sheet *s, uint32_t cell, unsigned attempt, uint32_t us);
/*
 * The latest attempt of each unanswered cell does not count any more if it was sent from since_us
 * to until_us (low 32 bits of the clock in us, less than 35 minutes apart). In the bulk layout, of
 * the cells that a pass has sent, by *position, which goes back to where the pass was at since_us.
 * Returns the number of attempts; bulk: of positions.
 */
uint32_t sheet_withdraw(struct sheet *s, uint32_t *position, uint32_t since_us, uint32_t until_us);
/* The walk's pass and position, from which the attempts of a bulk sheet follow. */
void sheet_set_position(struct sheet *s, uint32_t pass, uint32_t position);
/* Whether attempts follow from pass and position: true in the bulk layout only. */
bool sheet_is_bulk(const struct sheet *s);

/*
 * Paced cells: those that the passes leave out, because their host has a pace of its own
 * (paced.h). sheet_counted: whether a cell is one. sheet_count: from now on the cells of a host
 * by UDP (or, if false, those by TCP) are counted one by one, from what the passes sent; to be
 * called before their pace begins. False out of memory: it must not begin.
 */
bool sheet_counted(const struct sheet *s, uint32_t cell);
bool sheet_count(struct sheet *s, uint32_t host, bool udp);

/*
 * Last attempts: whether the answer of an answered cell came after its last attempt by passes.
 * sheet_last_pass: pass number `pass` is about to be sent by an engine. sheet_last_probe: the next
 * attempt at a cell is about to be sent, probe by probe. Both have an effect in the bulk layout
 * only, where they fill a bitmap; without memory for it no cell counts.
 */
bool sheet_was_last(const struct sheet *s, uint32_t cell);
void sheet_last_pass(struct sheet *s, uint32_t pass);
void sheet_last_probe(struct sheet *s, uint32_t cell);
/* False if sheet_was_last() is false for every cell, so that a look is not worth it. */
bool sheet_has_last(const struct sheet *s);

/*
 * Unsent probes: cells that the walk counted as sent but no device took (walk.h has the contract).
 * First in, first out. While a cell is in the list its attempts are those before.
 */
#define SHEET_UNSENT 3072
uint32_t sheet_unsent_count(const struct sheet *s);
/* At most SHEET_UNSENT at a time. */
void sheet_unsent_put(struct sheet *s, uint32_t cell);
/* The first one that is still unanswered, and whose host is not absent; those before it are
 * removed. False if there is none. */
bool sheet_unsent_first(struct sheet *s, uint32_t *cell);
/* Removes it. */
void sheet_unsent_drop(struct sheet *s);

/* What an engine found out about a host before the first probe. */
struct sheet_host {
	uint8_t mac[6]; /* with HOST_MAC or HOP_SEND */
	uint8_t notes; /* enum host_note, of HOST_NO_NEIGHBOUR to HOST_MAC; with HOST_MAC no others,
			  with HOP_SEND none but it */
	uint8_t engine; /* for the engine to use: HOP_EGRESS and HOP_SEND; when the window is read
			   out, HOP_FIXED */
};
struct sheet_host sheet_host(const struct sheet *s, uint32_t host);
void sheet_set_host(struct sheet *s, uint32_t host, const struct sheet_host *entry);
/* Whether no neighbour answers for the host, or there is no route to it: nothing is sent to it. */
bool sheet_host_absent(const struct sheet *s, uint32_t host);
/*
 * All hosts have one entry, that of host 0, whichever host sheet_host() and sheet_set_host() are
 * called with: where all are behind one gateway. To be called before any entry is set.
 */
void sheet_set_alike(struct sheet *s, bool alike);
bool sheet_alike(const struct sheet *s);

/* The entries as the array that kernel programs read, one group for HOP_GROUP hosts; and entry
 * `index` of such an array, for an engine that keeps one of its own. */
struct hop_group *sheet_hops(struct sheet *s);
bool sheet_hops_lent(const struct sheet *s); /* see sheet_lend() */
struct sheet_host sheet_host_at(const struct hop_group *groups, uint32_t index);
void sheet_host_put(struct hop_group *groups, uint32_t index, const struct sheet_host *host);
static inline uint32_t sheet_host_groups(uint32_t hosts)
{
	return (hosts + HOP_GROUP - 1) / HOP_GROUP;
}

/* Whether the host itself has answered something. */
bool sheet_host_answered(const struct sheet *s, uint32_t host);
/* The same without a look at the cells: in the bulk layout only sheet_is_answered() of the host's
 * replies shows what this does not. */
bool sheet_host_heard(const struct sheet *s, uint32_t host);
/* Whether round-trip times and answers are recorded host by host: false in the bulk layout, where
 * the memory of a host stays untouched unless the host is paced or sends ICMP errors to UDP. */
bool sheet_tracks_hosts(const struct sheet *s);

/* What a host's answers say about how to probe it. */
struct sheet_pace {
	struct icmp_backoff icmp_backoff;
	struct rst_retry rst_retry;
	uint32_t icmp_errors; /* received in answer to UDP */
	uint32_t rtt_us; /* longest round-trip time so far, or a lower bound of it; 0: unknown */
	bool listed;	 /* in the list of paced.h */
};
struct sheet_pace *sheet_pace(struct sheet *s, uint32_t host);
const struct sheet_pace *sheet_pace_of(const struct sheet *s, uint32_t host);

/*
 * Memory that an engine lends, until the sheet is freed. Each part that is not NULL takes the
 * place of the sheet's own, with its contents:
 *
 * hops       sheet_host_groups(hosts) groups, zeroed here. Before any entry is set.
 * words      replies by position, 4 bits each, (cells + 15) / 16 words; and
 * block_us   when positions [64 b, 64 b + 64) were sent, low 32 bits of the clock in us, 0:
 *            unknown; (cells + 63) / 64 entries, zeroed here. Both or neither: the sheet takes the
 *            bulk layout.
 *
 * False if the sheet keeps the plain layout although words were offered: it was restored from a
 * snapshot whose attempts do not follow from the walk's position, or out of memory. Probes have to
 * be sent one by one then. What was lent is not used.
 */
struct sheet_loan {
	struct hop_group *hops;
	uint64_t *words;
	uint32_t *block_us;
};
bool sheet_lend(struct sheet *s, const struct sheet_loan *loan);

/* Bulk: that many cells were marked by kernel programs since the last call. */
void sheet_add_answered(struct sheet *s, uint32_t count);

#endif
