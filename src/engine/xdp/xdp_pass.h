/* xdp_pass: starts, paces, counts and ends a pass over a window. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_PASS_H
#define PORTLIGHT_ENGINE_XDP_XDP_PASS_H

#include <stdint.h>

#include "base/failure.h"

struct engine;
struct walk;

/* The operations of the same names in struct engine_ops. */
int xdp_pass_begin(struct engine *e, struct walk *walk, uint64_t now_ns, double rate_pps,
		   struct failure *f);
int xdp_pass_poll(struct engine *e, uint64_t now_ns, double rate_pps, struct failure *f);
void xdp_pass_stop(struct engine *e);

#endif
