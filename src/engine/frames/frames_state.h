/* frames_state: what the files of the frames engine share. */
#ifndef PORTLIGHT_ENGINE_FRAMES_FRAMES_STATE_H
#define PORTLIGHT_ENGINE_FRAMES_FRAMES_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "net/link.h"
#include "net/neighbour.h"
#include "net/netlink.h"
#include "net/own.h"
#include "net/route.h"

/* Received frames wait in 16,384 slots of 256 bytes: 4 MiB an interface. Headers, an ICMP error
 * and the start of a datagram fit; of more we need nothing. */
#define FRAMES_SLOTS 16384

struct crew;
struct frames_egress;
struct hop_group;
struct ring;
struct transmit;

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

/* The egress of each host of a live window. */
struct frames_window {
	uint64_t window;
	uint16_t *egress; /* NULL: one for all */
	uint16_t first;
	bool used;
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


#endif
