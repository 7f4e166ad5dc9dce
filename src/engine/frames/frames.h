/* frames: what the files of the frames engine share. Not for others. */
#ifndef PORTLIGHT_ENGINE_FRAMES_FRAMES_H
#define PORTLIGHT_ENGINE_FRAMES_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/ring.h"
#include "capture/transmit.h"
#include "engine/engine.h"
#include "engine/frames/solicit.h"
#include "engine/frames/template.h"
#include "net/link.h"
#include "net/neighbour.h"
#include "net/netlink.h"
#include "net/own.h"
#include "net/route.h"

/* Received frames wait in 16,384 slots of 256 bytes: 4 MiB an interface. Headers, an ICMP error
 * and the start of a datagram fit; of more we need nothing. */
#define FRAMES_SLOT_BYTES 256
#define FRAMES_SLOTS	  16384
#define FRAMES_SNAP_BYTES 176

/* Neighbours are asked for so many at once, windows ahead: asking takes a second whether for one
 * or for thousands. Those of windows to come have 6.5 bytes each until then. */
#define FRAMES_ASK_AHEAD 16384u
#define FRAMES_ASK_MOST	 65536u

#define FRAMES_TTL	 64

/* Where packets go out: an interface, or loopback of one family. */
struct frames_out {
	const struct link *link;
	struct transmit *transmit;
	int local_family;    /* 4 or 6: to ourselves; 0: frames */
	uint64_t refuses_ns; /* since when it has taken nothing; 0: it takes frames */
};

struct frames_in {
	const struct link *link;
	struct ring *ring;
};

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
	uint8_t kind;			     /* enum frames_way_kind */
	bool local;
	bool gateway_asked, gateway_known;
	uint8_t mac[6]; /* of the gateway, or where all frames go */
	struct template template[TECHNIQUES];
};

/* The egress of each host of a live window. */
struct frames_window {
	uint64_t window;
	uint16_t *egress; /* NULL: one for all */
	uint16_t first;
	bool used;
};

/* A probe that stands in the batch. */
struct frames_probe {
	struct probe probe;
	unsigned out;
};

struct frames {
	struct engine engine;
	struct engine_conf conf;
	unsigned techniques; /* of the plan, as bits */
	uint16_t port, port_mask;
	unsigned out_index;
	struct netlink *netlink;
	struct link_list links;
	struct neighbour_list neighbours;
	struct own_list owns;
	struct route_map *routes;
	struct crew *crew; /* shares large batches */

	struct frames_out *outs;
	unsigned out_count;
	struct frames_in *ins;
	unsigned in_count, in_turn;
	struct frames_egress **egresses; /* by number of the route */
	int egress_count;
	struct frames_window windows[SHEETS];

	/* Neighbours, HOST_MAC where known: of the hosts [ask_first, ask_first + ask_count). In
	 * the sheet itself if they are all of its window. */
	struct hop_group *asked;
	uint32_t asked_at; /* entry of ask_first in there */
	size_t ask_count;
	uint64_t ask_first;
	bool asked_ahead;	/* not in a sheet: freed here */
	unsigned gateways_open; /* asked for and not known yet */

	struct engine_stats stats;
};

/* The egress of a host of a live sheet; NULL if its window was never prepared. */
const struct frames_egress *frames_egress_of(const struct frames *fr, const struct sheet *sheet,
					     uint32_t host);

/* Number of the egress of an address, or -1 with *f. */
int frames_egress_to(struct frames *fr, struct addr to, struct failure *f);
/* Makes the templates of frames for that egress, with its MAC address as known by now. */
void frames_egress_templates(const struct frames *fr, struct frames_egress *egress);

/* Makes sure that the neighbour of rank `rank`, of the sheet's window, has been asked for, and
 * gateways: together with the others of the window and more. 0, or -1 with *f. */
int frames_learn(struct frames *fr, const struct sheet *sheet, uint64_t rank, struct failure *f);
/* What was learnt of the neighbour of that rank. */
static inline struct sheet_host frames_asked(const struct frames *fr, uint64_t rank)
{
	return sheet_host_at(fr->asked, fr->asked_at + (uint32_t)(rank - fr->ask_first));
}
/* Hosts before that rank are not needed any more. */
void frames_forget(struct frames *fr, uint64_t rank);

/* The engine's operations: see struct engine_ops. */
int frames_prepare(struct engine *e, struct sheet *sheet, struct failure *f);
int frames_send(struct engine *e, struct walk *walk, uint64_t now_ns, unsigned budget,
		struct failure *f);
int frames_receive(struct engine *e, struct answer *answers, unsigned max, uint64_t timeout_ns,
		   struct failure *f);

/* What a UDP probe carries there: one too long for the link says nothing, but still asks. */
void frames_payload(const struct frames_egress *egress, uint16_t port, unsigned attempt,
		    const uint8_t **bytes, size_t *length);

/* Both clocks at one moment. */
struct frames_clock {
	uint64_t now_ns;	 /* CLOCK_MONOTONIC */
	uint64_t wall_offset_ns; /* CLOCK_REALTIME minus that */
};

/*
 * Judges one frame that starts with `link`: true and *out if it answers a probe that was sent;
 * otherwise the stats count what it was instead. Needs neither clock nor socket.
 */
bool frames_judge(struct frames *fr, enum packet_link link, const struct ring_frame *frame,
		  const struct frames_clock *clock, struct answer *out);

/* Whose probe a packet belongs to. */
struct frames_match {
	struct sheet *sheet;
	uint32_t cell;	   /* in the sheet */
	uint8_t technique; /* enum technique_id */
	uint8_t attempt;
	bool has_attempt;
};

/* What a packet says about the probe it belongs to. */
struct frames_claim {
	struct addr target;
	uint16_t port; /* of the target */
	uint16_t ours;
	struct addr source; /* of the probe: an address of ours */
	uint32_t plain[2];  /* may be the sequence number of any probe ... */
	uint32_t acked[2];  /* ... and these of one that carries an acknowledgement too */
	unsigned plain_count, acked_count;
};

/* True and *out if the claim is that of a probe that was sent, TCP by its cookie. */
bool frames_match_tcp(const struct frames *fr, const struct frames_claim *claim,
		      struct frames_match *out);
/* The same where only address and ports can tell: UDP, or a SYN that acknowledges nothing
 * (proto: IPPROTO_UDP or IPPROTO_TCP). */
bool frames_match_ports(const struct frames *fr, const struct frames_claim *claim, uint8_t proto,
			struct frames_match *out);

/*
 * True if a packet is itself a probe that was sent, as they come back in on the loopback interface:
 * where the target is ourselves and its port one of our source ports, it could be taken for the
 * answer to another probe, or to itself. `payload` is what the frame holds of it.
 */
bool frames_match_probe(const struct frames *fr, const struct packet *p, const uint8_t *payload);

#endif
