/* paced: hosts that are probed at a pace of their own, beside and after the passes. */
#ifndef PORTLIGHT_SCAN_PACED_H
#define PORTLIGHT_SCAN_PACED_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/permute.h"
#include "scan/sheet.h"

/*
 * The passes of a walk send each probe at most as often as its technique's limit. Retransmissions
 * beyond that go host by host, to the hosts in this list: by UDP to hosts that limit the rate of
 * their ICMP errors (icmp_backoff.h), by TCP in rounds to hosts that still answered last attempts
 * (rst_retry.h). 4 bytes a host in the list. Each paced cell has an attempt counter and a time of
 * its own, also in a bulk sheet (sheet_counted).
 */
struct paced {
	struct sheet *sheet;
	struct permute order; /* of the slots of a host */
	uint32_t *host;	      /* host numbers */
	uint32_t count, capacity;
	uint32_t turn;	     /* index in host[] of the one to look at next */
	uint64_t due_ns;     /* nothing is due before; UINT64_MAX: the list is empty */
	uint64_t soonest_ns; /* the same of those hosts that this turn has looked at so far */
};

void paced_init(struct paced *l, struct sheet *sheet);
void paced_fini(struct paced *l);

/*
 * paced_take_limited, after a pass: adds hosts that sent ICMP errors for some UDP ports but not
 * for all. Returns whether any was added: the passes leave out their UDP cells from now on.
 * paced_take_rst_retry, after all passes, once the answers to the last attempts are in: adds hosts
 * that answered last attempts by TCP and have unanswered TCP ports; they are first given another
 * `timeout_ns` to answer. Out of memory, a host is left out.
 */
bool paced_take_limited(struct paced *l, uint64_t now_ns);
void paced_take_rst_retry(struct paced *l, uint64_t timeout_ns, uint64_t now_ns);

/* True with the next cell to send to at `now_ns`, which counts as sent; false if none is due
 * before due_ns. */
bool paced_next(struct paced *l, uint64_t timeout_ns, uint64_t now_ns, uint32_t *cell);

/* For a list that is read from a snapshot. paced_restore adds a host whose pace is restored
 * already; false if it is in the list, or out of memory. paced_valid: whether no host is missing.
 */
bool paced_restore(struct paced *l, uint32_t host);
bool paced_valid(const struct paced *l);

/* For progress lines. */
struct paced_status {
	uint32_t hosts;	 /* in the list */
	uint32_t round;	 /* highest round of retransmissions by TCP; 0: UDP only */
	uint32_t blanks; /* ports of theirs that are unanswered; approximate, as the answers of a
			    round are counted at its end */
};
struct paced_status paced_status(const struct paced *l);

#endif
