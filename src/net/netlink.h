/* netlink: requests and dumps, repeated until a dump is consistent. */
#ifndef PORTLIGHT_NET_NETLINK_H
#define PORTLIGHT_NET_NETLINK_H

#include <linux/netlink.h>
#include <stdint.h>

#include "base/failure.h"

struct netlink;

/* Room for any request made here: header, family header, a few attributes. */
#define NETLINK_REQUEST_BYTES 192

/* Receives the messages of an answer. */
struct netlink_reader {
	/* Called for each message. Returns 0, or a negative errno that ends the request. */
	int (*each)(void *context, const struct nlmsghdr *message);
	/* The dump starts again: discard all messages so far. Not used (may be NULL) by
	 * netlink_ask(). */
	void (*restart)(void *context);
	void *context;
};

/* Opens a socket; netlink_close() closes it. NULL with *f on failure. */
struct netlink *netlink_open(struct failure *f);
/* The same of another protocol than NETLINK_ROUTE: NETLINK_NETFILTER, NETLINK_XFRM. */
struct netlink *netlink_open_bus(int bus, struct failure *f);
void netlink_close(struct netlink *n);

/*
 * Reads a dump: sends *request with NLM_F_DUMP added. If the table changes meanwhile
 * (NLM_F_DUMP_INTR) or messages are lost (ENOBUFS), restart() is called and the dump is read again,
 * NETLINK_TRIES times at most. 0, or -errno of the kernel, the socket or `each`; -EAGAIN if the
 * table changed each time.
 */
#define NETLINK_TRIES 8
int netlink_dump(struct netlink *n, struct nlmsghdr *request, const struct netlink_reader *reader);

/* Sends a request that has one answer. 0, or -errno of the socket, `each`, or the kernel
 * (-ENETUNREACH and the like). */
int netlink_ask(struct netlink *n, struct nlmsghdr *request, const struct netlink_reader *reader);

#endif
