/* own: the addresses of this machine, and the interfaces that have them. */
#ifndef PORTLIGHT_NET_OWN_H
#define PORTLIGHT_NET_OWN_H

#include <stdbool.h>
#include <stddef.h>

#include "address/addr.h"
#include "base/failure.h"
#include "net/netlink.h"

struct own {
	struct addr addr;
	unsigned link_index;
	/* IPv6: nobody may have it yet, and until that is known nothing is answered for it
	 * (duplicate address detection: RFC 4862, 5.4). */
	bool tentative;
};

/* Caller's storage; zero-initialised is empty. */
struct own_list {
	struct own *own;
	size_t count, capacity;
};

/* Reads those of both families: 0, or -1 with *f and the list empty. */
int own_list_read(struct own_list *list, struct netlink *netlink, struct failure *f);
void own_list_fini(struct own_list *list);
/* The n-th interface (from 0) that has the address; 0 if there is no such. */
unsigned own_link(const struct own_list *list, struct addr a, unsigned n);

#endif
