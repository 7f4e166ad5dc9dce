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
	FINDING_FROM =
		1 << 3, /* an ICMP error or datagram, and not from the target: `from` sent it */
	FINDING_ICMP = 1 << 4,
	FINDING_TIME = 1 << 5,	/* t_ns: when the answer came (absent for silence) */
	FINDING_LOCAL = 1 << 6, /* our own kernel reported it, without a packet */
	/* The source has the port only in a list of ports with this state (extraports.h): no
	 * evidence but the reason is known. */
	FINDING_SUMMARISED = 1 << 7,
	/* That list has several reasons, with the number of ports of each but not which ports: the
	 * numbers are right for the list, but a single port may have another reason. */
	FINDING_REASON_SHARED = 1 << 8,
	FINDING_FROM_PORT = 1 << 9, /* a datagram came from `from_port`, not from the probed one */
};

struct finding {
	uint64_t t_ns; /* wall clock, ns since 1970 */
	struct addr from;
	const char *service; /* service name in the source; NULL: none */
	uint32_t rtt_us;
	uint32_t cell; /* key of its packets in the trace */
	uint16_t port;
	uint16_t window;
	uint16_t from_port;
	uint16_t has;	   /* enum finding_has */
	uint8_t technique; /* enum technique_id */
	uint8_t state;	   /* enum port_state */
	uint8_t reason;	   /* enum reason */
	uint8_t reply;	   /* enum reply */
	uint8_t ttl;
	uint8_t icmp_type, icmp_code;
	uint8_t attempt; /* 0 for the first; after silence, the last one sent */
	uint16_t origin; /* of a merged run: number of its run, from 1; 0: not stated */
};

/* IPPROTO_TCP or IPPROTO_UDP of a technique; 0 if there is no such technique. */
static inline uint8_t finding_proto(unsigned technique)
{
	return technique < TECHNIQUES ? technique_table[technique].proto : 0;
}

/*
 * The reply that leads to a verdict, derived from its reason and state, for sources that do not
 * store it: the weakest one that the technique judges so, or else one with this reason.
 */
enum reply finding_reply(unsigned technique, unsigned state, unsigned reason);

/* The order of a host's findings: by protocol (TCP first), port, technique. Of two struct finding,
 * <0, 0 or >0 as for qsort(3). */
int finding_compare(const void *left, const void *right);

/* Sorts findings in that order; fast if they are already sorted. */
void findings_sort(struct finding *findings, size_t count);

#endif
