/* route_ends: the ends of the regions of addresses that have one route each. */
#ifndef PORTLIGHT_NET_ROUTE_ENDS_H
#define PORTLIGHT_NET_ROUTE_ENDS_H

#include <stdbool.h>
#include <stddef.h>

#include "address/addr.h"
#include "net/netlink.h"
#include "net/route.h"
#include "net/routing_rule.h"

/* Caller's storage: the first three fields are to be set, and borrowed; the others zero. */
struct route_ends {
	struct netlink *netlink;
	const struct route_conf *conf;
	struct addr first, last; /* only regions in [first, last] */
	struct addr *start;	 /* of each region, sorted; start[0] is `first` */
	size_t count, capacity;
	struct routing_rule divided; /* see route_divided() */
	bool is_divided;
	bool by_source; /* some route or rule depends on the source address */
};

/* Reads routes and rules, and for IPv6 what the choice of a source address depends on. 0, or
 * -errno; route_ends_fini() is due in either case. */
int route_ends_read(struct route_ends *ends);
/* Reads one message of these dumps. 0, or -errno if it is damaged or there is no memory. */
int route_ends_message(struct route_ends *ends, const struct nlmsghdr *message);
void route_ends_fini(struct route_ends *ends);

#endif
