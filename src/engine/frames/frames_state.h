/* frames_state: the data of the frames engine, shared by its files and read by engine xdp. */
#ifndef PORTLIGHT_ENGINE_FRAMES_FRAMES_STATE_H
#define PORTLIGHT_ENGINE_FRAMES_FRAMES_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "engine/frames/frames_refused.h"
#include "net/link.h"
#include "net/neighbour.h"
#include "net/netlink.h"
#include "net/own.h"
#include "net/path.h"
#include "net/route.h"

/* Slots of an interface's receive ring. With 256 bytes each that is 4 MiB an interface. */
#define FRAMES_SLOTS 16384

struct crew;
struct frames_egress;
struct frames_kernel;
struct hop_group;
struct ring;
struct transmit;

/* A transmitter: of an interface, or of loopback for one address family. */
struct frames_out {
	const struct link *link;
	struct transmit *transmit;
	int ip_family;	     /* 4 or 6: IP packets by a raw IP socket; 0: frames */
	int protocol;	     /* with ip_family: IPPROTO_TCP or IPPROTO_UDP alone; 0: any */
	struct addr source;  /* with `protocol`: they leave from it */
	bool queue;	     /* frames pass the rules of the interface's queue */
	uint64_t refuses_ns; /* when the kernel began to refuse all frames; 0: it accepts them */
	int announced;	     /* socket of solicit_listen(); -1: none */
};

/* The receive ring of an interface, or (link NULL) that of all others. */
struct frames_in {
	const struct link *link;
	struct ring *ring;
};

/* The egress of each host of an open window, as numbers in frames.egresses. */
struct frames_window {
	uint64_t window;
	uint16_t *egress; /* one a host; NULL: all hosts have `first` */
	uint16_t first;
	bool used;
};

struct frames {
	struct engine engine;
	struct engine_conf conf;
	unsigned techniques;	  /* of the plan: bits 1 << enum technique_id */
	uint16_t port, port_mask; /* source ports of probes: (p & port_mask) == port */
	uint16_t block;		  /* of COOKIE_PORT_BLOCK ports: `port`, or with -g spare ones */
	unsigned out_index;	  /* of the interface given with -e; 0: by route */
	bool out_vrf;		  /* it is the master of a VRF */
	uint32_t mark;		  /* firewall mark that our sockets are given; 0: none */
	struct netlink *netlink;
	struct link_list links;
	struct neighbour_list neighbours;
	struct own_list owns;
	struct route_map *routes;
	struct crew *crew; /* threads that send large batches together; NULL: none */

	struct frames_out *outs;
	unsigned out_count;
	struct frames_in *ins;
	unsigned in_count, in_turn; /* in_turn: the ring to be read next */
	unsigned in_others; /* in_count when the filter of the ring of all others was made */
	struct frames_egress **egresses; /* by number of the route; NULL where not needed yet */
	int egress_count;
	struct frames_window windows[SHEETS];

	/* Link addresses of the hosts [ask_first, ask_first + ask_count) of the plan: entries with
	 * HOST_MAC where known. The array is the sheet's own if all these hosts are of its window,
	 * else (asked_ahead) it is allocated and freed by frames_neighbours.c. */
	struct hop_group *asked;
	uint32_t asked_at; /* entry of ask_first in `asked` */
	size_t ask_count;
	uint64_t ask_first;
	bool asked_ahead;
	uint64_t solicit_ns;	/* earliest time of the next ARP or NDP request */
	struct path *path;	/* one address of each egress */
	bool path_failed;	/* the routes have changed, and are not prepared yet */
	uint64_t ask_again_ns;	/* when announcements may have a gateway solicited again */
	bool gateway_moved;	/* a gateway has another MAC address, which is not reported yet */
	unsigned gateways_open; /* gateways that were solicited and have not answered yet */
	struct frames_kernel *kernel;

	unsigned refused; /* hosts that the kernel takes no packet for */
	bool refused_told;
	unsigned encap; /* kind of encapsulation of a route in use, for frames_news(); 0: none */
	bool encap_told;
	char news[FRAMES_NEWS]; /* of the first of them */
	char encap_news[FRAMES_NEWS];

	struct engine_stats stats;
};

/* Reads the routes of the plan into fr->routes: 0, or -1 with *f. */
int frames_routes(struct frames *fr, struct failure *f);

#endif
