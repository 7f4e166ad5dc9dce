/* finding: the verdict on one port and its evidence; the port record of a result. */
#ifndef PORTLIGHT_RESULT_FINDING_H
#define PORTLIGHT_RESULT_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "technique/technique.h"

enum finding_has {
	FINDING_TTL = 1 << 0,
	FINDING_WINDOW = 1 << 1,
	FINDING_RTT = 1 << 2,
	FINDING_FROM = 1 << 3, /* an ICMP error, and not from the target: `from` sent it */
	FINDING_ICMP = 1 << 4,
	FINDING_TIME = 1 << 5,	/* t_ns: when the answer came (absent for silence) */
	FINDING_LOCAL = 1 << 6, /* our own kernel said so, without a packet */
	/* Of a source that has the port only in a list of ports with this state (extraports.h):
	 * no evidence but the reason is known. */
	FINDING_SUMMARISED = 1 << 7,
	/* ... and that list has several reasons, of which it tells how many ports have each but not
	 * which ones: the numbers are right over the list, for a single port it may be another. */
	FINDING_REASON_SHARED = 1 << 8,
};

struct finding {
	uint64_t t_ns; /* wall clock, ns since 1970 */
	struct addr from;
	const char *service; /* name that a source has for the port; NULL: none */
	uint32_t rtt_us;
	uint32_t cell; /* key of its packets in the trace */
	uint16_t port;
	uint16_t window;
	uint16_t has;	   /* enum finding_has */
	uint8_t technique; /* enum technique_id */
	uint8_t state;	   /* enum port_state */
	uint8_t reason;	   /* enum reason */
	uint8_t reply;	   /* enum reply */
	uint8_t ttl;
	uint8_t icmp_type, icmp_code;
	uint8_t attempt; /* 0 for the first; of silence, the last one sent */
};

/* IPPROTO_TCP or IPPROTO_UDP of a technique; 0 if there is no such technique. */
static inline uint8_t finding_proto(unsigned technique)
{
	return technique < TECHNIQUES ? technique_table[technique].proto : 0;
}

/*
 * The reply that a verdict came from, by its reason and state, for sources that do not have it: the
 * weakest one that the technique judges so, or else one with this reason.
 */
enum reply finding_reply(unsigned technique, unsigned state, unsigned reason);

/* The order of a host's findings: by protocol (TCP first), port, technique. Of two struct finding,
 * <0, 0 or >0 as for qsort(3). */
int finding_compare(const void *left, const void *right);

/* Puts findings into that order; quick where they have it already. */
void findings_sort(struct finding *findings, size_t count);

#endif
