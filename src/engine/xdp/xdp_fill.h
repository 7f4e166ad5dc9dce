/* xdp_fill: plan, window and templates in the form that the kernel programs read. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_FILL_H
#define PORTLIGHT_ENGINE_XDP_XDP_FILL_H

#include <stdint.h>

#include "engine/xdp/xdp_memory.h"

struct engine_conf;
struct plan;
struct sheet;
struct template;

/* The template in the kernel's form. */
void xdp_fill_template(struct xdp_template *out, const struct template *in);
/* A window's part of the shared memory, as its sheet is. `place` holds no other. */
void xdp_fill_window(struct xdp_memory *m, unsigned place, const struct sheet *sheet);
/* What of the plan and the conf the programs need, payloads that fit the link included. Frees
 * nothing, asks nothing. */
void xdp_fill_setting(struct xdp_memory *m, const struct plan *plan, const struct engine_conf *conf,
		      uint32_t mtu);

#endif
