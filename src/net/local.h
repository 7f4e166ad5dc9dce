/* local: the addresses of this machine, its networks, gateways and resolvers. */
#ifndef PORTLIGHT_NET_LOCAL_H
#define PORTLIGHT_NET_LOCAL_H

#include <stddef.h>

#include "address/ranges.h"
#include "base/failure.h"
#include "net/netlink.h"

/* All normalised. Zero-initialised is empty. */
struct local {
	struct ranges own;	 /* each address of each interface, 127.0.0.0/8 and ::1 */
	struct ranges home;	 /* own, and the networks on the links (for watch_conf.home) */
	struct ranges gateways;	 /* next hops of any route of any table */
	struct ranges resolvers; /* name servers of resolv.conf(5) */
};

/* Reads them as of now. *netlink is borrowed for the call. 0, or -1 with *f and *local empty. A
 * resolv.conf that is not there has no name servers. */
int local_read(struct local *local, struct netlink *netlink, struct failure *f);
void local_fini(struct local *local);

/*
 * Adds the addresses of "nameserver" lines of resolv.conf(5) text to *out, not normalised. An
 * interface behind '%' is left out; lines that are not so are skipped. 0, or -1 out of memory.
 */
int local_resolvers_parse(const char *text, size_t length, struct ranges *out);

#endif
