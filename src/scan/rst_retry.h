/* rst_retry: retransmissions to hosts whose answers are lost or rate-limited. */
#ifndef PORTLIGHT_SCAN_RST_RETRY_H
#define PORTLIGHT_SCAN_RST_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * If even last attempts at TCP ports brought answers, the ports that are still silent may have
 * one, too: packets are lost, or the host limits its RSTs (FreeBSD sends 200 a second, macOS 250).
 * Such a host gets another round, one retransmission per silent port, and further rounds until two
 * rounds bring no answer. The pace follows its answers: three probes for each answer in the
 * time-out before, so that a limited host is not flooded; faster while none comes, to get past
 * filtered ports.
 */
struct rst_retry {
	uint64_t next_ns;	   /* the allowance is for the time until then */
	uint64_t over_ns;	   /* RST_RETRY_WAIT: when the last answers of a round are in */
	uint32_t given, allowance; /* probes for that time, and what is left of them */
	uint32_t recent;	   /* answers since the allowance was given */
	uint32_t gained;	   /* answers since this round began */
	uint32_t answered;	   /* TCP ports with an answer of the host, when last counted */
	uint32_t silent;	   /* TCP ports without any, at the beginning of this round */
	uint32_t from;		   /* slots before it have had their turn in this round */
	uint8_t stage;		   /* enum rst_retry_stage */
	uint8_t extra;		   /* rounds so far: attempts beyond the technique's own */
	uint8_t empty;		   /* rounds in a row that brought nothing */
};

enum rst_retry_stage { RST_RETRY_OFF, RST_RETRY_WAIT, RST_RETRY_ROUND, RST_RETRY_OVER };

static inline bool rst_retry_active(const struct rst_retry *p)
{
	return p->stage != RST_RETRY_OFF;
}

/* `gained` last attempts were answered, of `answered` ports: after a time-out the first round. */
void rst_retry_start(struct rst_retry *p, uint32_t gained, uint32_t answered, uint64_t over_ns);
/* The number of ports that have an answer by now. */
void rst_retry_counted(struct rst_retry *p, uint32_t answered);
/* Whether a probe of this round may be sent now; it counts as sent. If not, next_ns is the time of
 * the next call. */
bool rst_retry_take(struct rst_retry *p, uint64_t timeout_ns, uint64_t now_ns);
/* Each silent port was probed: waits for answers. */
void rst_retry_asked(struct rst_retry *p, uint64_t over_ns);
/* The answers are in and counted: starts another round for the `silent` ports, or ends. */
void rst_retry_turn(struct rst_retry *p, uint32_t silent);

#endif
