/* xdp_senders: the threads of a pass. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_SENDERS_H
#define PORTLIGHT_ENGINE_XDP_XDP_SENDERS_H

#include <stdbool.h>

struct xdp;

/*
 * The threads of a pass that is filled in: x->senders of them, or fewer where no more can be had. 0
 * or -errno with none. Each takes blocks until none is left, or until pass->stop, and ends with
 * none in hand, or with sending.error set.
 */
int xdp_senders_begin(struct xdp *x);
bool xdp_senders_over(const struct xdp *x);
/* Joins them, waiting if need be. */
void xdp_senders_end(struct xdp *x);

#endif
