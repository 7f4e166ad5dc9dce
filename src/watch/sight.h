/* sight: what a packet can be, seen by itself: a first contact, part of something, an answer. */
#ifndef PORTLIGHT_WATCH_SIGHT_H
#define PORTLIGHT_WATCH_SIGHT_H

#include <stdint.h>

#include "packet/packet.h"
#include "watch/flow.h"

enum sight_kind {
	SIGHT_IGNORE,	     /* multicast, a fragment, nothing that can be judged */
	SIGHT_FIRST,	     /* could be a first contact, if no flow is known that it belongs to */
	SIGHT_MIDDLE,	     /* belongs to something, even if we did not see it begin */
	SIGHT_LIKELY_MIDDLE, /* an ACK with data: the same, unless it is refused */
	SIGHT_ANSWER,	     /* answers something: SYN+ACK, RST, echo reply, ARP reply */
	SIGHT_ERROR, /* ICMP error: `key` is the flow that it quotes, as its opener sent it */
};

struct sighting {
	struct flow_key key;
	uint32_t techniques; /* FIRST, LIKELY_MIDDLE: bit set of event.h, techniques that send this
			      */
	uint8_t kind;	     /* enum sight_kind */
	size_t place;	     /* flow_prefetch's, once it was asked */
};

/* Fills *s completely. */
void sight_packet(const struct packet *p, struct sighting *s);

#endif
