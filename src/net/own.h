/* own: the addresses of this machine, and the interfaces that have them. */
#ifndef PORTLIGHT_NET_OWN_H
#define PORTLIGHT_NET_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/failure.h"
#include "net/netlink.h"

struct nlmsghdr;

/* One address of one interface, as RTM_NEWADDR describes it. */
struct own {
	struct addr addr;
	struct addr network; /* an address of the link's network: our own, or the peer's on a
				point-to-point link. Meaningful if has_network */
	unsigned link_index;
	uint8_t prefix_bits; /* of `network`, of its family's 32 or 128 */
	bool has_network;
	/* IPv6: duplicate address detection is not over, and until then nothing is sent from or
	 * answered for the address (RFC 4862, 5.4). */
	bool tentative;
};

/* Caller's storage; zero-initialised is empty. */
struct own_list {
	struct own *own;
	size_t count, capacity;
};

/* Writes the request for a dump of all addresses of both families (RTM_GETADDR) into `buffer`,
 * which is aligned for a struct nlmsghdr. Returns it, inside the buffer. */
struct nlmsghdr *own_request(char buffer[static NETLINK_REQUEST_BYTES]);

/* Reads one message of that dump. Returns 1 with *own filled, 0 if it is not about an address, or
 * -errno if it is damaged. */
int own_parse(const struct nlmsghdr *message, struct own *own);

/* Reads all addresses of this network namespace into *list (contents before are not freed). Returns
 * 0; or -errno, or -1 with *f, and the list is empty. The caller frees it with own_list_fini. */
int own_list_load(struct own_list *list, struct netlink *netlink);
int own_list_read(struct own_list *list, struct netlink *netlink, struct failure *f);
void own_list_fini(struct own_list *list);

/* The index of the n-th interface (from 0) that has the address; 0 if there is none. */
unsigned own_link(const struct own_list *list, struct addr a, unsigned n);
/* Whether that interface has the address. */
bool own_has(const struct own_list *list, struct addr a, unsigned link_index);

#endif
