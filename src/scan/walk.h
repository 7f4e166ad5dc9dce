/* walk: the next blank of a sheet that is due to be sent. */
#ifndef PORTLIGHT_SCAN_WALK_H
#define PORTLIGHT_SCAN_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/permute.h"
#include "scan/paced.h"
#include "scan/probe.h"
#include "scan/sheet.h"

/*
 * A walk goes over its window in the plan's order, again and again: first everything, then what
 * is still blank, has attempts left, and was last sent at least `timeout_ns` ago. It is done when
 * a whole pass finds nothing to send and nothing to wait for, and no host is asked on (paced.h).
 */
struct walk {
	struct sheet *sheet;
	uint64_t timeout_ns; /* walk_set_timeout */
	uint64_t due_ns;     /* set when walk_next gives nothing: look again then */
	uint32_t position, end;
	uint32_t pass;
	uint32_t left; /* sent in this pass */
	struct paced paced;
	uint64_t take_ns; /* when hosts are looked for that get further rounds */
	bool udp_paced;	  /* UDP of some hosts is asked slowly: not by passes */
	bool idle;	  /* passes find nothing any more */
	bool done;
	bool rst_retries;	   /* hosts that answer late attempts get more (rst_retry.h) */
	uint8_t tries[TECHNIQUES]; /* attempts at most, first included */
	uint32_t techniques;	   /* of the plan, as bits */
	uint64_t last_sent_ns;
	/* How long a host that has not answered yet may take, and no host longer; 0: as timeout_ns.
	 * It need not be as near as those that the time-out was measured at. */
	uint64_t silent_ns, most_ns;
	uint64_t end_ns;       /* walk_over */
	uint64_t sent, resent; /* confirmed probes; the second are later attempts */
};

void walk_init(struct walk *w, struct sheet *sheet, const uint8_t tries[TECHNIQUES],
	       uint64_t timeout_ns);
void walk_fini(struct walk *w);

/* How long an answer may take, as measured by now. */
void walk_set_timeout(struct walk *w, uint64_t timeout_ns);

/*
 * Takes the next probe that may go at `now_ns`: true and *out, or false (done, or due_ns set).
 * Each is either taken by the kernel (walk_sent) or not (walk_owe).
 */
bool walk_next(struct walk *w, uint64_t now_ns, struct probe *out);

/* Whether there may be a probe to take: neither done, nor due later. */
static inline bool walk_is_due(const struct walk *w, uint64_t now_ns)
{
	return !w->done && w->due_ns <= now_ns;
}

/* While none may go: whether there will be one is seen by then, or that it is done, or due_ns. */
void walk_look(struct walk *w, uint64_t now_ns);

/* What no device took (a cell, tagged or not) was not sent, and is what walk_next gives before all
 * else. At most SHEET_OWED at a time. */
void walk_owe(struct walk *w, uint32_t cell);

/*
 * Of what was sent from since_ns until now_ns, the latest attempt of each probe that has no answer
 * does not count: it was sent into an outage, and goes again. Returns how many those are; in a bulk
 * sheet about, from where the present pass was then. Takes a look at each cell.
 */
uint32_t walk_withdraw(struct walk *w, uint64_t since_ns, uint64_t now_ns);

/*
 * For an engine that sends the rest of a pass by itself, [position, end) of a bulk sheet. True if
 * it may begin now; false if the walk is idle, done or due later (due_ns). It leaves out what is
 * sheet_counted. While it goes on, walk_next is not called; what it has sent goes through
 * walk_passed, the end of it through walk_pass_end.
 */
bool walk_pass_begin(struct walk *w, uint64_t now_ns);
void walk_passed(struct walk *w, uint32_t position, uint64_t sent, uint64_t now_ns);
/* It got to `position`: w->end, unless it was stopped. */
void walk_pass_end(struct walk *w, uint32_t position);
/* And after that, if it was: a cell before that which did not go, if it was to. */
void walk_pass_owe(struct walk *w, uint32_t cell);

/*
 * Whether the last answers have had their time: each host that still has blanks the time that it
 * may take itself. The walk is done. If false, end_ns says when to look again.
 */
bool walk_over(struct walk *w, uint64_t now_ns);

/* The kernel took it: its time is noted and it counts as sent. */
void walk_sent(struct walk *w, const struct probe *probe, uint64_t now_ns);

#endif
