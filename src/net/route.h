/* route: the routes that the kernel would use for a range of addresses. */
#ifndef PORTLIGHT_NET_ROUTE_H
#define PORTLIGHT_NET_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/failure.h"
#include "net/netlink.h"
#include "net/routing_rule.h"

enum route_kind {
	ROUTE_UNICAST,
	ROUTE_LOCAL, /* one of our own addresses, loopback included */
	ROUTE_BROADCAST,
	ROUTE_MULTICAST,
	ROUTE_UNREACHABLE, /* these three: a route that rejects packets */
	ROUTE_PROHIBIT,
	ROUTE_BLACKHOLE,
	ROUTE_NONE, /* no route at all */
};

struct route {
	struct addr gateway; /* may be of the other family (RFC 8950) */
	struct addr source;  /* source address that the kernel would choose */
	unsigned link_index; /* output interface; 0 if the route rejects packets */
	uint16_t encap;	  /* LWTUNNEL_ENCAP_* of <linux/lwtunnel.h>; 0: packets leave as they are */
	uint8_t kind;	  /* enum route_kind */
	bool has_gateway; /* else on-link */
	bool has_source;
};

struct route_conf {
	struct addr first, last; /* only addresses in [first, last] are looked up */
	unsigned out_index;	 /* -e: routes through this interface; 0: any */
	unsigned zone;		 /* interface of link-local IPv6 addresses; 0: as out_index */
	bool has_source;	 /* -S: routes for this source address, for its family */
	struct addr source;
	uint32_t mark;	  /* firewall mark of the packets (inherit.h) */
	uint8_t protocol; /* IPPROTO_TCP or IPPROTO_UDP; 0: of several */
	/* For route_divided(): the ports that packets go to and come from. NULL: not asked for;
	 * read by route_open() only. */
	const struct ports *ports;
	struct rule_ports from;
};

/*
 * The kernel is asked once for each region of addresses, when first needed. Regions are the
 * addresses between neighbouring ends of prefixes, of all routes of all tables and of the
 * destinations of rules, and of those that the choice of an IPv6 source address depends on (RFC
 * 6724, 5): within one the answer is the same. As for a socket of this process that is
 * connected: where the kernel chooses the source address, rules by source apply to that one, and
 * rules by user to the effective user. Not taken into account: redirects, and routes that change
 * later. Of a multipath route one next hop is used. 20 bytes a region, 56 a distinct answer.
 */
struct route_map;

/* Reads the regions. *netlink is borrowed until route_close(). NULL with *f on failure. */
struct route_map *route_open(struct netlink *netlink, const struct route_conf *conf,
			     struct failure *f);
void route_close(struct route_map *map);

/* The number of the route for an address, >= 0; equal routes have equal numbers. -errno if the
 * kernel could not be asked. */
int route_find(struct route_map *map, struct addr to);

/* The first address after `to` that may have another route; false if there is none. */
bool route_next(const struct route_map *map, struct addr to, struct addr *out);

/* The route with that number; valid until the next route_find(). */
const struct route *route_at(const struct route_map *map, int number);

/* A rule that gives the packets of conf.ports several routes to one address, which this map cannot
 * have (routing_rule_divides()); NULL if there is none. */
const struct routing_rule *route_divided(const struct route_map *map);

/* The name of a kind of encapsulation, as ip-route(8) has it: "mpls", "seg6"; static. */
const char *route_encap_name(unsigned encap);

/* Asks the kernel for the present route of one address; of *conf all but first, last and ports
 * counts. 0,
 * or -errno if the kernel could not be asked. */
int route_lookup(struct netlink *netlink, const struct route_conf *conf, struct addr to,
		 struct route *out);
/* Whether two routes are equal in all fields that are set. */
bool route_same(const struct route *a, const struct route *b);

/* Reads the kernel's answer to RTM_GETROUTE; 0, or -errno if it is damaged or another message. */
int route_parse(const struct nlmsghdr *message, struct route *out);

/* Number of regions; for tests. */
size_t route_regions(const struct route_map *map);

#endif
