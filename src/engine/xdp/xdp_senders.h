/* xdp_senders: the threads that send a pass. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_SENDERS_H
#define PORTLIGHT_ENGINE_XDP_XDP_SENDERS_H

#include <stdbool.h>

struct xdp;

/*
 * Starts the threads of the pass described by struct xdp_pass: x->senders of them, or fewer if the
 * system gives no more. Each takes blocks of positions until the pass has none left or pass->stop
 * is set, sends what it has taken, and ends; after an error it ends with x->sending.error set. 0,
 * or -errno if not even one thread could be started.
 */
int xdp_senders_begin(struct xdp *x);

/* True once every thread has ended, or none was started. */
bool xdp_senders_over(const struct xdp *x);

/* Joins the threads; waits for them if they have not ended. */
void xdp_senders_end(struct xdp *x);

#endif
