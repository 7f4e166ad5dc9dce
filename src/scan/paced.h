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
 * (icmp_backoff.h), and rounds of further attempts by TCP (rst_retry.h). 4 bytes a host in the
 * list; each cell so asked has an attempt counter and a time of its own, also in a bulk sheet
 * (sheet_counted).
 */
struct paced {
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

void paced_init(struct paced *l, struct sheet *sheet);
void paced_fini(struct paced *l);

/* An engine's pass over a bulk sheet begins, by number; one attempt is about to be sent. */
void paced_pass(struct paced *l, uint32_t pass);
void paced_sent(struct paced *l, uint32_t cell);

/*
 * After a pass: takes in hosts that sent ICMP errors for some UDP ports but not for all. After the
 * passes, when answers to the last attempts have come: also those that still answered these by TCP
 * and have blanks; these are given a time-out more. Without memory for a host it is left out. True
 * if UDP of any is asked slowly from now on.
 */
bool paced_take_limited(struct paced *l, uint64_t now_ns);
void paced_take_rst_retry(struct paced *l, uint64_t timeout_ns, uint64_t now_ns);

/* The next cell to be asked at `now_ns`; it counts as asked. False: none before due_ns. */
bool paced_next(struct paced *l, uint64_t timeout_ns, uint64_t now_ns, uint32_t *cell);

/* For people: who is asked on. */
struct paced_status {
	uint32_t hosts;
	uint32_t round;	 /* the highest of them; 0: by UDP only */
	uint32_t blanks; /* ports of theirs that may still answer; about, answers of a round being
			    counted at its end */
};
struct paced_status paced_status(const struct paced *l);

#endif
