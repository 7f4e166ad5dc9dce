/* xdp_hosts: where the hosts of a window are sent to. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_HOSTS_H
#define PORTLIGHT_ENGINE_XDP_XDP_HOSTS_H

#include <stdbool.h>
#include <stdint.h>

struct sheet;
struct xdp;

/* Whether the hosts [rank, end) of the plan all go to one gateway. */
bool xdp_hosts_alike(const struct xdp *x, uint64_t rank, uint64_t end);
/* Gives the sheet's host[] the place that the programs read, or one entry for all if they are
 * alike. Without memory it stays as it is. */
void xdp_hosts_place(struct xdp *x, unsigned place, struct sheet *sheet);
/*
 * Tells the programs where the hosts of a prepared window are sent to: true; or false, and frames
 * can send, if one of them cannot be sent to by the programs, or there was no memory.
 */
bool xdp_hosts_fill(struct xdp *x, unsigned place, struct sheet *sheet);

#endif
