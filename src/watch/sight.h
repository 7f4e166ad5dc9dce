/* sight: what a single packet can be: a first contact, part of a connection, an answer. */
#ifndef PORTLIGHT_WATCH_SIGHT_H
#define PORTLIGHT_WATCH_SIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"
#include "watch/flow.h"

enum sight_kind {
	SIGHT_IGNORE,	     /* not judged: multicast, a fragment */
	SIGHT_ASKS,	     /* a datagram to a group or broadcast address: answers will come from
				others, and perhaps from other ports; `key` */
	SIGHT_FIRST,	     /* a first contact, unless it belongs to a known flow */
	SIGHT_MIDDLE,	     /* part of a connection, even if its begin was not seen */
	SIGHT_LIKELY_MIDDLE, /* an ACK with data or from a service's port, a datagram from one: the
				same, unless it is refused */
	SIGHT_ANSWER,	     /* an answer: SYN+ACK, RST, echo reply, ARP reply, neighbour
				advertisement, INIT ACK */
	SIGHT_ERROR, /* an ICMP error; `key` is the flow in its quote, as the opener sent it */
};

/* Whether a packet came into this machine. Only the sender of a packet that leaves this machine is
 * sure: what comes in may have any source address, our own too. */
enum sight_way {
	SIGHT_WAY_UNKNOWN, /* a capture file, the loopback interface */
	SIGHT_WAY_IN,
	SIGHT_WAY_OUT, /* this machine sent or forwarded it */
};

struct sighting {
	struct flow_key key;
	uint32_t techniques; /* FIRST, LIKELY_MIDDLE: which techniques send such a packet, a bit set
				of enum technique_id and event_technique */
	uint8_t kind;	     /* enum sight_kind */
	bool late_end;	     /* LIKELY_MIDDLE: from a server to a client's port: no
				probe even if it is refused, where the connection may be forgotten */
	bool trace;	     /* FIRST: perhaps one of traceroute's, if others came before it */
	uint8_t way;	     /* enum sight_way; set by the caller of prefetch_bucket() */
	uint16_t interface;  /* index of the interface, its low 16 bits; likewise */
	size_t slot;	     /* what flow_prefetch returned, set by prefetch_entry */
};

/* Fills *s, way unknown, from one parsed packet. Remembers nothing. */
void sight_packet(const struct packet *p, struct sighting *s);

#endif
