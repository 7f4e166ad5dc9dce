/* rst_retry: rounds of retransmissions to a host whose TCP answers are lost or limited. */
#ifndef PORTLIGHT_SCAN_RST_RETRY_H
#define PORTLIGHT_SCAN_RST_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Where even the last attempt at a TCP port was answered, the ports that are still unanswered may
 * answer, too: packets get lost, or the host limits the rate of its RSTs (FreeBSD sends 200 a
 * second, macOS 250). Such a host gets rounds: in each, one retransmission to every unanswered TCP
 * port. They end when two rounds in a row bring no answer. The pace follows the answers: three
 * probes for each answer of the time-out before, so that a limited host is not flooded; doubling
 * while no answer comes, so that filtered ports do not take long.
 */
struct rst_retry {
	uint64_t next_ns;	   /* the allowance is for the time until then */
	uint64_t over_ns;	   /* RST_RETRY_WAIT: when to stop waiting for a round's answers */
	uint32_t given, allowance; /* probes allowed in that time, and how many of them are left */
	uint32_t recent;	   /* answers since the allowance was given */
	uint32_t gained;	   /* answers since this round began */
	uint32_t answered;	   /* TCP ports answered by the host, as of the last count */
	uint32_t silent;	   /* unanswered TCP ports when this round began */
	uint32_t from;		   /* slots before it had their turn in this round */
	uint8_t stage;		   /* enum rst_retry_stage */
	uint8_t extra;		   /* rounds so far: attempts beyond the technique's own */
	uint8_t empty;		   /* rounds in a row that brought no answer */
};

enum rst_retry_stage {
	RST_RETRY_OFF,	 /* the host gets no rounds */
	RST_RETRY_WAIT,	 /* for answers to the last round, or to the passes */
	RST_RETRY_ROUND, /* probes of a round are being sent */
	RST_RETRY_OVER,	 /* no further rounds */
};

static inline bool rst_retry_active(const struct rst_retry *p)
{
	return p->stage != RST_RETRY_OFF;
}

/* Begins, for a host that answered `answered` TCP ports, `gained` of them at their last attempt:
 * waits until over_ns, then the first round may begin. */
void rst_retry_start(struct rst_retry *p, uint32_t gained, uint32_t answered, uint64_t over_ns);
/* Updates the number of TCP ports that the host has answered by now. */
void rst_retry_counted(struct rst_retry *p, uint32_t answered);
/* Whether a probe of this round may go now; it then counts as sent. If false, none may before
 * next_ns. */
bool rst_retry_take(struct rst_retry *p, uint64_t timeout_ns, uint64_t now_ns);
/* Every unanswered port had its probe: the round waits for answers until over_ns. */
void rst_retry_asked(struct rst_retry *p, uint64_t over_ns);
/* The wait is over and the answers are counted: begins the next round for the `silent` unanswered
 * ports, or ends the rounds. */
void rst_retry_turn(struct rst_retry *p, uint32_t silent);
/* Whether the fields of an active one are such as these functions leave, with `slots` slots in the
 * plan; the times aside. */
bool rst_retry_valid(const struct rst_retry *p, uint32_t slots);

#endif
