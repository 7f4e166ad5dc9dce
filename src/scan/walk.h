/* walk: which probe of a window is due to be sent next. */
#ifndef PORTLIGHT_SCAN_WALK_H
#define PORTLIGHT_SCAN_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/permute.h"
#include "scan/paced.h"
#include "scan/probe.h"
#include "scan/sheet.h"

/* Probes that walk_ask() holds at a time. */
#define WALK_ASKS 8

/*
 * A walk goes over its window in the plan's order, pass after pass: the first pass takes every
 * cell, a later one each cell that is still unanswered, has attempts left, and was last sent at
 * least `timeout_ns` ago. It is done when a whole pass finds nothing to send and nothing to wait
 * for, and no host is paced (paced.h).
 *
 * Engines read walk->sheet, tries, position, end, pass, udp_paced, idle, done, due_ns; only walk.c
 * and scan_snapshot.c write.
 */
struct walk {
	struct sheet *sheet;
	uint64_t timeout_ns; /* walk_set_timeout */
	uint64_t due_ns;     /* set when walk_next returns false: nothing is due before */
	uint32_t position, end;
	uint32_t pass;
	uint32_t left; /* sent in this pass */
	struct paced paced;
	uint64_t take_ns; /* when to look for hosts that get rounds of retransmissions */
	bool udp_paced;	  /* UDP of some hosts is paced: passes leave it out */
	bool idle;	  /* the passes are over */
	bool done;
	bool by_pass;		   /* sending by pass: since walk_pass_begin, until walk_next */
	bool rst_retries;	   /* hosts that answer last attempts get more (rst_retry.h) */
	uint8_t tries[TECHNIQUES]; /* attempts at most, first included */
	uint32_t techniques;	   /* of the plan, as bits */
	uint64_t last_sent_ns;
	/* How long to wait for a host that has not answered yet (it may be further away than those
	 * that the time-out was measured at), and at most for any host; 0: timeout_ns. */
	uint64_t silent_ns, most_ns;
	uint64_t end_ns;   /* walk_over: when to look again */
	uint32_t check_at; /* walk_check: position of the last one */
	bool checking;	   /* walk_next returns the probe of check_at first */
	/* walk_ask: cells that walk_next returns first. Not in a snapshot: a restored scan lacks
	 * them in its sample. */
	uint32_t ask[WALK_ASKS];
	uint32_t asks;
	uint64_t sent, resent; /* probes sent; the second, retransmissions, are part of the first */
};

/* `tries`: attempts at most by technique. The sheet outlives the walk. */
void walk_init(struct walk *w, struct sheet *sheet, const uint8_t tries[TECHNIQUES],
	       uint64_t timeout_ns);
void walk_fini(struct walk *w);

/* How long an answer may take, by the present estimate. */
void walk_set_timeout(struct walk *w, uint64_t timeout_ns);

/*
 * Sending probe by probe. walk_next: true with the next probe that is due at `now_ns` in *out; or
 * false: the walk is done, or nothing is due before due_ns. For each probe taken the engine then
 * calls one of: walk_sent, when the kernel took it (the attempt and its time are recorded), or
 * walk_unsent.
 */
bool walk_next(struct walk *w, uint64_t now_ns, struct probe *out);
void walk_sent(struct walk *w, const struct probe *probe, uint64_t now_ns);

/* Whether walk_next may return a probe: the walk is neither done nor due later. */
static inline bool walk_is_due(const struct walk *w, uint64_t now_ns)
{
	return !w->done && w->due_ns <= now_ns;
}

/*
 * Has the next walk_next return a probe to a host that has answered it before, to see whether the
 * path still works; most recent probes first. It is none of the walk's attempts. Looks at 65,536
 * positions at most. False if none of these is answered by its host; `tcp`: none by TCP, whose
 * answers are rarely limited.
 */
bool walk_check(struct walk *w, bool tcp);
static inline bool walk_is_checking(const struct walk *w)
{
	return w->checking || w->asks > 0;
}

/* Has walk_next return the probe of that cell, which is answered, once more; it is none of the
 * walk's attempts. False if WALK_ASKS of them wait already. */
bool walk_ask(struct walk *w, uint32_t cell);

/* For when walk_next may not be called because the rate forbids it: finds out whether the walk is
 * done, or sets due_ns, as walk_next would. */
void walk_look(struct walk *w, uint64_t now_ns);

/*
 * Of what was sent from since_ns until now_ns, the latest attempt of each unanswered probe does not
 * count: it was sent into an outage, and is sent again. Returns how many those are; in a bulk sheet
 * about, from where the present pass was then. Not during a pass. Looks at each cell.
 */
uint32_t walk_withdraw(struct walk *w, uint64_t since_ns, uint64_t now_ns);

/*
 * Sending by pass: an engine sends the rest of a pass, positions [position, end) of a bulk sheet,
 * by itself. It leaves out cells that are answered, of absent hosts, without attempts left in
 * this pass, or paced (sheet_counted).
 *
 * walk_pass_begin: true if it may begin now; false if the walk is idle, done, or due later
 * (due_ns). Until walk_pass_end, walk_next is not called. walk_passed: `sent` probes went since
 * the last call, up to about `position`. walk_pass_end: the pass ended at `position`, which is
 * w->end unless it was stopped; every cell before counts as sent, but for what the engine then
 * passes to walk_unsent.
 */
bool walk_pass_begin(struct walk *w, uint64_t now_ns);
void walk_passed(struct walk *w, uint32_t position, uint64_t sent, uint64_t now_ns);
void walk_pass_end(struct walk *w, uint32_t position);

/*
 * Unsent probes, the same for all engines: a cell (or its tag) that the walk counts as sent but
 * that no device took. Probe by probe these are what walk_next returned; by pass, after
 * walk_pass_end, any cells before the end position, of which those that the pass would not have
 * sent anyway are ignored. The attempt is not used up: walk_next returns these cells, oldest
 * first, before all others. At most SHEET_UNSENT at a time.
 */
void walk_unsent(struct walk *w, uint32_t cell);

/*
 * Whether the walk, which is done, has waited long enough for the last answers: for each host with
 * unanswered cells as long as an answer of that host may take. If false, end_ns says when to look
 * again.
 */
bool walk_over(struct walk *w, uint64_t now_ns);

#endif
