/* route: where the kernel would send a packet for an address, asked once per region. */
#ifndef PORTLIGHT_NET_ROUTE_H
#define PORTLIGHT_NET_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/failure.h"
#include "net/netlink.h"

enum route_kind {
	ROUTE_UNICAST,
	ROUTE_LOCAL, /* one of our own addresses, loopback included */
	ROUTE_BROADCAST,
	ROUTE_MULTICAST,
	ROUTE_UNREACHABLE, /* these four: a route that refuses */
	ROUTE_PROHIBIT,
	ROUTE_BLACKHOLE,
	ROUTE_NONE, /* no route at all */
};

struct route {
	struct addr gateway; /* may be of the other family (RFC 8950) */
	struct addr source;  /* the address the kernel would send from */
	unsigned link_index; /* output interface; 0 where it refuses */
	uint8_t kind;	     /* enum route_kind */
	bool has_gateway;    /* else on-link */
	bool has_source;
};

struct route_conf {
	struct addr first, last; /* only addresses between these two will be asked for */
	unsigned out_index;	 /* -e: ask for this output interface; 0: any */
	unsigned zone;		 /* interface of link-local IPv6 addresses; 0: as out_index */
	bool has_source;	 /* -S: ask with this source address, for its family */
	struct addr source;
};

/*
 * The kernel's answer is the same for all addresses between two neighbouring ends of prefixes of
 * any route of any table, or of a rule's destination: so those ends cut the address space into
 * regions, and the kernel is asked once a region, when first needed. Not seen: routes that differ
 * by protocol or port (rules), and learnt redirects. Of a multipath route one way is taken.
 * 20 bytes a region, 48 a distinct answer. A route that changes later goes unnoticed.
 */
struct route_map;

/* *netlink is borrowed until route_close. NULL with *f on failure. */
struct route_map *route_open(struct netlink *netlink, const struct route_conf *conf,
			     struct failure *f);
void route_close(struct route_map *map);

/* Number of the answer for an address, >= 0; equal answers have equal numbers. -errno if the
 * kernel could not be asked. */
int route_find(struct route_map *map, struct addr to);

/* The first address after `to` whose answer may be another; false if there is none. */
bool route_next(const struct route_map *map, struct addr to, struct addr *out);

/* The answer of that number; valid until the next route_find. */
const struct route *route_at(const struct route_map *map, int number);

/* How many regions there are: for tests. */
size_t route_regions(const struct route_map *map);

#endif
