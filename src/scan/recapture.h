/* recapture: ports that have answered are probed again, to see what a probe's chances are. */
#ifndef PORTLIGHT_SCAN_RECAPTURE_H
#define PORTLIGHT_SCAN_RECAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "scan/confidence.h"
#include "scan/walk.h"

/* Most ports that are probed again in a scan, and most in proportion to its probes: one in a
 * hundred. A plan with fewer probes than RECAPTURE_LEAST would have too small a sample. */
#define RECAPTURE_MOST	1000u
#define RECAPTURE_GAP	100u
#define RECAPTURE_LEAST 10000u

/*
 * While the first pass of a walk goes over the window, now and then the next probe goes to a port
 * that has answered instead, chosen at random. It stands for a port whose turn it is: if no answer
 * comes, it is sent again when later passes come to the same position, as often as that port would
 * be. So it meets the same bursts. In plain sheets only: a kernel program that judges answers
 * counts repeated ones without returning them.
 *
 * Memory is that of the struct. No failures.
 */
struct recapture_port {
	uint32_t cell;
	uint32_t position; /* of the walk when it was first asked */
	uint32_t sent_us;  /* of the latest attempt: low 32 bits of the clock in us */
	uint8_t place;	   /* of its window */
	uint8_t attempts;
	uint8_t pass; /* of the latest attempt */
};

struct recapture {
	uint64_t gap;	/* probes between two; 0: none */
	uint64_t count; /* ports asked so far */
	uint64_t since; /* probes of first passes since the last one */
	uint32_t open;	/* of port[]: those that wait for an answer, or the next attempt */
	struct recapture_port port[RECAPTURE_MOST];
};

void recapture_init(struct recapture *r, uint64_t cells);

/* `fresh` first attempts were sent. */
void recapture_sent(struct recapture *r, unsigned fresh);

/* Has the walk at that place, which may send now, ask ports again that are due. */
void recapture_ask(struct recapture *r, struct walk *walk, unsigned place, uint64_t now_ns);

/* A repeated answer has arrived. */
void recapture_heard(struct recapture *r, struct confidence *c, const struct sheet *sheet,
		     unsigned place, uint32_t cell);

/* Probes of that time were sent into an outage: the ports that they asked leave the sample. */
void recapture_withdraw(struct recapture *r, uint64_t since_us, uint64_t until_us);

/* The window at that place is about to be closed. */
void recapture_close(struct recapture *r, struct confidence *c, const struct walk *walk,
		     unsigned place);

#endif
