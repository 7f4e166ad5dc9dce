/* netlink: questions to the kernel over rtnetlink, asked until the answer is whole. */
#ifndef PORTLIGHT_NET_NETLINK_H
#define PORTLIGHT_NET_NETLINK_H

#include <linux/netlink.h>
#include <stdint.h>

#include "base/failure.h"

struct netlink;

/* Enough for any question asked here: header, family header, a few attributes. */
#define NETLINK_REQUEST_BYTES 192

/* Gets each message of an answer. Returns 0, or a negative errno that ends the question. */
struct netlink_reader {
	int (*each)(void *context, const struct nlmsghdr *message);
	/* Forget what `each` got: the dump begins again. Unused (may be NULL) by netlink_ask. */
	void (*restart)(void *context);
	void *context;
};

/* Owned by the caller; NULL with *f on failure. */
struct netlink *netlink_open(struct failure *f);
void netlink_close(struct netlink *n);

/*
 * A dump: *request with NLM_F_DUMP added. The table may change while it is read
 * (NLM_F_DUMP_INTR) or messages may be lost (ENOBUFS): then restart() is called and all of it is
 * read again, NETLINK_TRIES times at most. Returns 0, or -errno of the kernel, the socket or
 * `each`; -EAGAIN if the table never stood still.
 */
#define NETLINK_TRIES 8
int netlink_dump(struct netlink *n, struct nlmsghdr *request, const struct netlink_reader *reader);

/* One question with one answer. Returns 0, or -errno: of the socket, `each`, or the kernel's own
 * (-ENETUNREACH and the like). */
int netlink_ask(struct netlink *n, struct nlmsghdr *request, const struct netlink_reader *reader);

#endif
