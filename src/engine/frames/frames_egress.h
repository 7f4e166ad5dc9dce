/* frames_egress: where frames for a host go: interface, next hop and templates. */
#ifndef PORTLIGHT_ENGINE_FRAMES_FRAMES_EGRESS_H
#define PORTLIGHT_ENGINE_FRAMES_FRAMES_EGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/failure.h"
#include "engine/frames/template.h"

struct frames;
struct link;
struct sheet;

enum frames_egress_kind {
	EGRESS_DIRECT,	     /* no link addresses: to ourselves, tun and the like */
	EGRESS_NEIGHBOUR,    /* on-link: each host has its MAC address in its sheet */
	EGRESS_GATEWAY,	     /* all go to the gateway's MAC address */
	EGRESS_NO_NEIGHBOUR, /* broadcast: nobody's address */
	EGRESS_NO_ROUTE,
};

/* What a route means for sending; one for each distinct answer of the route map. */
struct frames_egress {
	const struct link *link;
	struct addr source;
	struct addr gateway, gateway_source; /* who asks for its MAC address */
	unsigned out;			     /* number of its frames_out */
	uint8_t kind;			     /* enum frames_egress_kind */
	bool local;
	bool gateway_asked, gateway_known;
	uint8_t mac[6]; /* of the gateway, or where all frames go */
	struct template template[TECHNIQUES];
};

/* The egress of a host of a live sheet; NULL if its window was never prepared. */
const struct frames_egress *frames_egress_of(const struct frames *fr, const struct sheet *sheet,
					     uint32_t host);

/* Number of the egress of an address, or -1 with *f. */
int frames_egress_to(struct frames *fr, struct addr to, struct failure *f);
/* Makes the templates of frames for that egress, with its MAC address as known by now. */
void frames_egress_templates(const struct frames *fr, struct frames_egress *egress);

/* What a UDP probe carries there: one too long for the link says nothing, but still asks. */
void frames_egress_payload(const struct frames_egress *egress, uint16_t port, unsigned attempt,
			   const uint8_t **bytes, size_t *length);

#endif
