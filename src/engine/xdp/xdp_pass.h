/* xdp_pass: one pass over a window: begun, paced, counted and ended. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_PASS_H
#define PORTLIGHT_ENGINE_XDP_XDP_PASS_H

#include <stdint.h>

#include "base/failure.h"

struct engine;
struct walk;

/* See struct engine_ops. */
int xdp_pass_begin(struct engine *e, struct walk *walk, uint64_t now_ns, double rate_pps,
		   struct failure *f);
int xdp_pass_poll(struct engine *e, uint64_t now_ns, double rate_pps, struct failure *f);
void xdp_pass_stop(struct engine *e);

#endif
