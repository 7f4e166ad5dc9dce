/* icmp_backoff: paces retransmissions to hosts that rate-limit their ICMP errors. */
#ifndef PORTLIGHT_SCAN_ICMP_BACKOFF_H
#define PORTLIGHT_SCAN_ICMP_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A host that sent ICMP errors for some closed UDP ports and is silent about others may have used
 * up its tokens: Linux sends one ICMP error a second and peer after a burst of six
 * (net.ipv4.icmp_ratelimit), other systems have other limits. The ports of such a host are probed
 * one at a time, in turn, until no error has come for longer than the slowest common refill and
 * every unanswered port was probed after that refill. Probing faster than the refill costs packets
 * but no time: the next probe to arrive uses the token. So there are two paces: three probes per
 * answer while there may be no token, and once there must be one, as fast as the number of ports
 * that never answer requires.
 */
struct icmp_backoff {
	uint64_t next_ns;     /* no probe before this */
	uint64_t answer_ns;   /* arrival of the last ICMP error */
	uint32_t interval_us; /* interval between probes; 0: not rate-limited */
	uint32_t hunt_us;     /* the same interval once a token must be available */
	uint32_t misses;      /* probes since the last answer */
	uint32_t late;	  /* those among them that a refill of one a second would have answered */
	uint32_t from;	  /* lower slots had their turn */
	uint32_t blanks;  /* UDP ports without an answer */
	uint32_t answers; /* answers to its own probes: they prove that the rate was the reason */
	uint8_t before;	  /* most attempts of an unanswered port when it began */
};

#define ICMP_BACKOFF_REFILL_NS	 UINT64_C(1000000000) /* the slowest common one */
#define ICMP_BACKOFF_PATIENCE_NS UINT64_C(2500000000)

static inline bool icmp_backoff_active(const struct icmp_backoff *q)
{
	return q->interval_us != 0;
}

void icmp_backoff_start(struct icmp_backoff *q, uint32_t blanks, uint64_t now_ns);
/* The unanswered port of slot from - 1 is probed now; next_ns is the time of the next probe. */
void icmp_backoff_sent(struct icmp_backoff *q, uint64_t now_ns);
/*
 * An unanswered port was answered. `own`: the answer is to a probe that was sent since
 * icmp_backoff_start(); any other probe was under way when the limit was suspected, and proves
 * nothing.
 */
void icmp_backoff_answered(struct icmp_backoff *q, bool own, uint64_t now_ns);
/* Whether further probes cannot bring more answers. */
bool icmp_backoff_done(const struct icmp_backoff *q, uint64_t now_ns);

#endif
