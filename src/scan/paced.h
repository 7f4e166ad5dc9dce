/* slow: hosts of a window that are asked at their own pace, beside and after its passes. */
#ifndef PORTLIGHT_SCAN_PACED_H
#define PORTLIGHT_SCAN_PACED_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/permute.h"
#include "scan/sheet.h"

/*
 * The passes of a walk give each blank its technique's attempts. What comes beyond is asked for
 * host by host, by those that are in this list: UDP of hosts that limit their ICMP errors
 * (quench.h), and rounds of further attempts by TCP (persist.h). 4 bytes a host in the list; each
 * cell so asked has an attempt counter and a time of its own, also in a bulk sheet (sheet_counted).
 */
struct slow {
	struct sheet *sheet;
	struct permute order; /* of the slots of a host */
	uint32_t *host;	      /* numbers of hosts */
	uint32_t count, capacity;
	uint32_t turn;	     /* the one to be looked at next */
	uint64_t due_ns;     /* nothing is to be asked before; UINT64_MAX: nobody is left */
	uint64_t soonest_ns; /* of those looked at since the list was begun with */
	/* Of a bulk sheet, which has no attempts for each cell: those that were blank when their
	 * last one was sent, as bits; NULL until there are any. */
	uint64_t *last;
};

void slow_init(struct slow *l, struct sheet *sheet);
void slow_fini(struct slow *l);

/* An engine's pass over a bulk sheet begins, by number; one attempt is about to be sent. */
void slow_pass(struct slow *l, uint32_t pass);
void slow_sent(struct slow *l, uint32_t cell);

/*
 * After a pass: takes in hosts that sent ICMP errors for some UDP ports but not for all. After the
 * passes, when answers to the last attempts have come: also those that still answered these by TCP
 * and have blanks; these are given a time-out more. Without memory for a host it is left out. True
 * if UDP of any is asked slowly from now on.
 */
bool slow_take_limited(struct slow *l, uint64_t now_ns);
void slow_take_persistent(struct slow *l, uint64_t timeout_ns, uint64_t now_ns);

/* The next cell to be asked at `now_ns`; it counts as asked. False: none before due_ns. */
bool slow_next(struct slow *l, uint64_t timeout_ns, uint64_t now_ns, uint32_t *cell);

/* For people: who is asked on. */
struct slow_news {
	uint32_t hosts;
	uint32_t round;	 /* the highest of them; 0: by UDP only */
	uint32_t blanks; /* ports of theirs that may still answer; about, answers of a round being
			    counted at its end */
};
struct slow_news slow_news(const struct slow *l);

#endif
