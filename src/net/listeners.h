/* listeners: which ports of this machine somebody listens on, by the kernel's own word. */
#ifndef PORTLIGHT_NET_LISTENERS_H
#define PORTLIGHT_NET_LISTENERS_H

#include <stdbool.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/failure.h"

/*
 * A picture of this network namespace, at most LISTENERS_AGE_NS old if refreshed: TCP sockets that
 * listen, UDP sockets that are bound and not connected, and the local addresses. Fixed memory,
 * about 300 KiB.
 */
struct listeners;

/* A dump costs about 20 us and 1 us a socket. */
#define LISTENERS_AGE_NS UINT64_C(2000000000)

/* Opens the netlink sockets and takes the first picture; afterwards no socket is opened any more,
 * so that it works in the cage. NULL with *f: the detector can do without. */
struct listeners *listeners_open(struct failure *f);
void listeners_close(struct listeners *l);

/*
 * Takes a new picture if the last is LISTENERS_AGE_NS old or older; now_ns on any clock that does
 * not run backwards (a step back counts as old). Returns 1 if it did, 0 if there was no need, or
 * -errno: then nothing is known until the next try, which is as long off as after a success.
 */
int listeners_refresh(struct listeners *l, uint64_t now_ns);
/* The same, however new the picture is. */
int listeners_renew(struct listeners *l);

/*
 * watch_conf.listens; context: the struct listeners. 1: somebody listens there (a socket on that
 * address or on all of them). -1: nobody does. 0: not known - the address is not ours, the
 * protocol is neither TCP nor UDP, the listener is bound to one interface, or there is no
 * picture. Redirections of the packet filter (DNAT) are not seen: what was answered on the wire
 * knows better.
 */
int listeners_find(void *context, struct addr a, uint16_t port, uint8_t proto);

/* Whether the address was one of ours in the last picture; loopback is. */
bool listeners_is_local(const struct listeners *l, struct addr a);

#endif
