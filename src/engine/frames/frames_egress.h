/* frames_egress: the interface, next hop and frame templates for each route of the plan. */
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
struct probe;
struct sheet;

enum frames_egress_kind {
	EGRESS_DIRECT,	     /* without link addresses: this host, tun, raw IP sockets */
	EGRESS_NEIGHBOUR,    /* on-link: the sheet has the MAC address of each host */
	EGRESS_GATEWAY,	     /* every frame goes to the gateway's MAC address */
	EGRESS_NO_NEIGHBOUR, /* a broadcast address: no host can answer */
	EGRESS_NO_ROUTE,     /* no route, or no source address for it */
};

/* How frames are sent by one route. There is one for each distinct answer of the route map. */
struct frames_egress {
	const struct link *link;
	struct addr source;
	struct addr gateway, gateway_source; /* source: of ARP and NDP for the gateway */
	unsigned out, out_udp;		     /* indices in frames.outs; mostly the same */
	uint8_t kind;			     /* enum frames_egress_kind */
	bool has_gateway;		     /* `gateway` is set */
	bool local;			     /* to an address of this host */
	bool kernel;			     /* raw IP sockets send and receive (frames_kernel.h) */
	bool queue;			     /* frames pass the queue of the interface */
	bool gateway_asked, gateway_known;   /* it can be solicited; its MAC address is in mac[] */
	bool gateway_open;		     /* it was known, and is solicited again */
	uint8_t mac[6];			     /* destination of frames, except EGRESS_NEIGHBOUR */
	struct template template[TECHNIQUES]; /* for the techniques of the plan */
};

/* The egress of a host (its number in the window) of an open sheet, owned by the engine; NULL if
 * the window was never prepared. */
const struct frames_egress *frames_egress_of(const struct frames *fr, const struct sheet *sheet,
					     uint32_t host);

/* Finds the egress for an address and creates it at its first use, with the transmitter and receive
 * rings it needs. Returns its index in fr->egresses, or -1 with *f. */
int frames_egress_to(struct frames *fr, struct addr to, struct failure *f);

/*
 * Answers count wherever they enter this machine (RFC 1122, 3.3.4.2: weak end system): where it has
 * interfaces that no route of the plan leads to, one more ring receives from all those. 0, or -1
 * with *f. To be called again after egresses were created.
 */
int frames_egress_others(struct frames *fr, struct failure *f);

/* Rebuilds the templates of an egress once its MAC address is known. */
void frames_egress_templates(const struct frames *fr, struct frames_egress *egress);

/* Writes the payload of a UDP probe to the host with that rank in the plan, with its cookie
 * (scan/echo.h), into out[PAYLOAD_MOST]. Returns
 * its length: 0 if the link's MTU has no room for it, and the probe is then sent without. */
size_t frames_egress_payload(const struct frames *fr, const struct frames_egress *egress,
			     const struct probe *probe, uint64_t rank, uint8_t *out);

#endif
