/* source: the source address that the kernel chooses for a target. */
#ifndef PORTLIGHT_NET_SOURCE_H
#define PORTLIGHT_NET_SOURCE_H

#include <stdbool.h>

#include "address/addr.h"

/*
 * Asks for it by connecting a UDP socket, which sends nothing: for IPv6 the kernel chooses an
 * address even where the route depends on that address, and rtnetlink cannot be asked for it.
 * `link_index`: the interface to leave by, 0: any; `zone`: that of a link-local target. False if
 * there is none, or no route with it.
 */
bool source_choose(struct addr to, unsigned link_index, unsigned zone, struct addr *out);

#endif
