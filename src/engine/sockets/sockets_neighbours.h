/* sockets_neighbours: what the kernel's ARP and NDP found of hosts that answered no probe. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_SOCKETS_NEIGHBOURS_H
#define PORTLIGHT_ENGINE_SOCKETS_SOCKETS_NEIGHBOURS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

/*
 * The kernel needs three seconds to find that no host answers for an address on the link
 * (mcast_solicit times retrans_time), and probes are given up before that. So the neighbour table
 * is read once all probes of a window are over, and again until no entry of a silent host is being
 * resolved any more, for 3.5 s at most. Hosts that it failed to resolve get HOST_NO_NEIGHBOUR in
 * the sheet, and so do silent hosts behind a gateway of that kind; those that answered it HOST_MAC.
 * The table is small: silent hosts on the link that have no entry in it are probed once more, some
 * hundreds at a time, which takes 3 s each time; at most 8,192 hosts of a window.
 * engine_ops.finish: returns whether to call again.
 */
bool sockets_finish(struct engine *e, struct sheet *sheet, uint64_t now_ns);

#endif
