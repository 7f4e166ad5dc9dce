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
};

struct finding {
	uint64_t t_ns; /* wall clock, ns since 1970 */
	struct addr from;
	uint32_t rtt_us;
	uint32_t cell; /* key of its packets in the trace */
	uint16_t port;
	uint16_t window;
	uint8_t technique; /* enum technique_id */
	uint8_t state;	   /* enum port_state */
	uint8_t reason;	   /* enum reason */
	uint8_t reply;	   /* enum reply */
	uint8_t has;	   /* enum finding_has */
	uint8_t ttl;
	uint8_t icmp_type, icmp_code;
	uint8_t attempt; /* 0 for the first; of silence, the last one sent */
};

#endif
