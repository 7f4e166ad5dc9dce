/* listeners: the ports of this machine that have a listening socket, read from the kernel. */
#ifndef PORTLIGHT_NET_LISTENERS_H
#define PORTLIGHT_NET_LISTENERS_H

#include <stdbool.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/failure.h"

/*
 * A snapshot of this network namespace, at most LISTENERS_AGE_NS old if refreshed: listening TCP
 * sockets, UDP sockets that are bound and not connected, and local addresses. Fixed memory, about
 * 300 KiB.
 */
struct listeners;

/* A dump costs about 20 us and 1 us a socket. */
#define LISTENERS_AGE_NS UINT64_C(2000000000)

/* Opens the netlink sockets and takes the first snapshot. Opens no socket afterwards, so that it
 * works in the cage. NULL with *f; the detector works without it, too. */
struct listeners *listeners_open(struct failure *f);
void listeners_close(struct listeners *l);

/*
 * Takes a new snapshot if the last is LISTENERS_AGE_NS old or older. now_ns: of any clock that does
 * not run backwards (a step back counts as old). 1 if it took one, 0 if there was no need, or
 * -errno: then nothing is known until the next try, after another LISTENERS_AGE_NS.
 */
int listeners_refresh(struct listeners *l, uint64_t now_ns);
/* Takes a new snapshot in any case. 1 or -errno. */
int listeners_renew(struct listeners *l);

/*
 * For watch_conf.listens; context: the struct listeners. 1: a socket listens there (on that address
 * or on all). -1: none does. 0: unknown, since the address is not ours, the protocol is neither TCP
 * nor UDP, the socket is bound to one interface, or there is no snapshot. Redirections by the
 * packet filter (DNAT) are not taken into account: answers seen on the wire take precedence.
 */
int listeners_find(void *context, struct addr a, uint16_t port, uint8_t proto);

/* Whether the address was one of ours in the last snapshot; loopback addresses are. */
bool listeners_is_local(const struct listeners *l, struct addr a);

#endif
