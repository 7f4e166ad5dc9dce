/* quench: hosts that send ICMP errors at a limited rate, and how they are asked slowly. */
#ifndef PORTLIGHT_SCAN_ICMP_BACKOFF_H
#define PORTLIGHT_SCAN_ICMP_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A host that has told of some closed UDP ports and is silent about others may be out of tokens:
 * Linux sends one ICMP error a second and peer after a burst of six (net.ipv4.icmp_ratelimit),
 * others have limits of their own. Such a host is asked one port at a time, in turn, until no error
 * has come for longer than the slowest common refill and every blank was asked after that refill.
 * Asking faster than the refill costs packets but no time: a token is used by whichever probe comes
 * next. So there are two paces: three probes to an answer while there may be no token, and once
 * there must be one, as fast as the ports that never answer have made it necessary before.
 */
struct icmp_backoff {
	uint64_t next_ns;     /* no probe before this */
	uint64_t answer_ns;   /* the last ICMP error came then */
	uint32_t interval_us; /* between probes; 0: not rate_limited */
	uint32_t hunt_us;     /* the same once a token must be there */
	uint32_t misses;      /* probes since the last answer */
	uint32_t late;	      /* those of them that a refill of one a second would have answered */
	uint32_t from;	      /* slots before it had their turn */
	uint32_t blanks;      /* UDP ports without an answer */
	uint32_t answers;     /* to probes of its own: proof that the rate was the reason */
	uint8_t before;	      /* attempts that a blank had when it began, at most */
};

#define ICMP_BACKOFF_REFILL_NS	 UINT64_C(1000000000) /* the slowest common one */
#define ICMP_BACKOFF_PATIENCE_NS UINT64_C(2500000000)

static inline bool icmp_backoff_active(const struct icmp_backoff *q)
{
	return q->interval_us != 0;
}

void icmp_backoff_start(struct icmp_backoff *q, uint32_t blanks, uint64_t now_ns);
/* A blank is asked now, that of slot from - 1; next_ns says when the next may be. */
void icmp_backoff_sent(struct icmp_backoff *q, uint64_t now_ns);
/* A blank was answered. `own`: the answer is to a probe that was sent since icmp_backoff_start();
 * any other was under way when the limit was suspected, and proves nothing. */
void icmp_backoff_answered(struct icmp_backoff *q, bool own, uint64_t now_ns);
/* Nothing more is to be learned from it. */
bool icmp_backoff_done(const struct icmp_backoff *q, uint64_t now_ns);

#endif
