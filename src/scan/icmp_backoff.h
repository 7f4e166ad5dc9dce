/* icmp_backoff: the pace for a host that limits the rate of its ICMP errors. */
#ifndef PORTLIGHT_SCAN_ICMP_BACKOFF_H
#define PORTLIGHT_SCAN_ICMP_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A host that sent ICMP errors for some closed UDP ports and nothing for others may be limiting
 * their rate: Linux sends one ICMP error a second to each peer after a burst of six
 * (net.ipv4.icmp_ratelimit, RFC 1812, 4.3.2.8), others have limits of their own. The ports of such
 * a host are probed one at a time, in turn, until no error has come for longer than the slowest
 * common refill of a token and every unanswered port was probed after that refill.
 *
 * Probes faster than the refill cost packets but no time: whichever probe comes next uses the
 * token. So there are two intervals: three probes to an answer while there may be no token, and
 * once there must be one a shorter interval (the hunt), which gets the shorter the more probes
 * stay unanswered.
 */
struct icmp_backoff {
	uint64_t next_ns;     /* no probe before this */
	uint64_t answer_ns;   /* when the last ICMP error came */
	uint32_t interval_us; /* between probes; 0: the host has no pace of its own */
	uint32_t hunt_us;     /* between probes once a token must be there */
	uint32_t misses;      /* probes since the last answer */
	uint32_t late;	      /* those of them that a refill of one a second would have answered */
	uint32_t from;	      /* slots before it had their turn */
	uint32_t blanks;      /* unanswered UDP ports */
	uint32_t answers;     /* to its own probes: if there are any, the rate was the reason */
	uint8_t before;	      /* most attempts that a blank had at the start */
};

#define ICMP_BACKOFF_REFILL_NS	 UINT64_C(1000000000) /* the slowest common one */
#define ICMP_BACKOFF_PATIENCE_NS UINT64_C(2500000000) /* to wait for an error, at least */

static inline bool icmp_backoff_active(const struct icmp_backoff *q)
{
	return q->interval_us != 0;
}

/* Begins the pace of a host with `blanks` unanswered UDP ports. */
void icmp_backoff_start(struct icmp_backoff *q, uint32_t blanks, uint64_t now_ns);
/* Records a probe sent now, and sets next_ns, before which the next may not go. */
void icmp_backoff_sent(struct icmp_backoff *q, uint64_t now_ns);
/* Records an answer to a port that was unanswered. `own`: it answers a probe sent since
 * icmp_backoff_start(); another one was under way when the limit was suspected, and proves nothing.
 */
void icmp_backoff_answered(struct icmp_backoff *q, bool own, uint64_t now_ns);
/* Whether no further probe is needed. */
bool icmp_backoff_done(const struct icmp_backoff *q, uint64_t now_ns);
/* Whether the fields of an active one are such as these functions leave, with `slots` slots in the
 * plan; the times aside. */
bool icmp_backoff_valid(const struct icmp_backoff *q, uint32_t slots);

#endif
