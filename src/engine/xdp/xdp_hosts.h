/* xdp_hosts: tells the BPF programs the destination MAC address and egress of each host. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_HOSTS_H
#define PORTLIGHT_ENGINE_XDP_XDP_HOSTS_H

#include <stdbool.h>
#include <stdint.h>

struct sheet;
struct xdp;

/* Whether the hosts [rank, end) of the plan are all reached through the same gateway. */
bool xdp_hosts_alike(const struct xdp *x, uint64_t rank, uint64_t end);

/* Before the window is prepared: makes the sheet store its hosts in the map that the programs read,
 * or as one entry if they are all alike. `place`: index of the window in struct xdp_memory. Out of
 * memory the sheet stays as it is, and xdp_hosts_fill() returns false. */
void xdp_hosts_place(struct xdp *x, unsigned place, struct sheet *sheet);

/* After the window is prepared: adds to each host what the programs need to send to it. False if
 * the programs cannot send to one of them: engine frames has to send this window. */
bool xdp_hosts_fill(struct xdp *x, unsigned place, struct sheet *sheet);

#endif
