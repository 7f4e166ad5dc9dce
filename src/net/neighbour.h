/* neighbour: entries of the kernel's neighbour table. */
#ifndef PORTLIGHT_NET_NEIGHBOUR_H
#define PORTLIGHT_NET_NEIGHBOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/failure.h"
#include "net/netlink.h"

struct neighbour {
	struct addr addr;
	unsigned link_index;
	uint8_t mac[6]; /* zero while there is none */
	uint16_t state; /* NUD_* of <linux/neighbour.h> */
	bool told;	/* NTF_EXT_LEARNED: from a routing daemon, not from the neighbour */
};

/* Caller's storage; zero-initialised is empty. Sorted by address, then interface. */
struct neighbour_list {
	struct neighbour *neighbour;
	size_t count, capacity;
};

/* Reads one message of a dump. Returns 1 with *out filled, 0 if it is not about the neighbour of an
 * IP address, or -errno if it is damaged. */
int neighbour_parse(const struct nlmsghdr *message, struct neighbour *out);

/*
 * Reads the entries of both families that the kernel uses without asking the neighbour: those that
 * the administrator has fixed (`ip neighbour add ... nud permanent`, or noarp). Entries that the
 * kernel learnt may be stale and are ignored: the caller solicits these addresses itself. 0, or -1
 * with *f and the list empty.
 */
int neighbour_list_read(struct neighbour_list *list, struct netlink *netlink, struct failure *f);
/* The same for all entries, in any state. */
int neighbour_list_read_all(struct neighbour_list *list, struct netlink *netlink,
			    struct failure *f);
void neighbour_list_fini(struct neighbour_list *list);
/* The entry of an address on an interface; NULL if there is none. Valid until
 * neighbour_list_fini(). */
const struct neighbour *neighbour_find(const struct neighbour_list *list, struct addr a,
				       unsigned link_index);

#endif
