/* xdp_fill: writes plan, window and templates into the memory of the BPF programs. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_FILL_H
#define PORTLIGHT_ENGINE_XDP_XDP_FILL_H

#include <stdint.h>

#include "engine/xdp/xdp_memory.h"

struct engine_conf;
struct plan;
struct sheet;
struct template;

/* Converts a template to the form that the programs read. */
void xdp_fill_template(struct xdp_template *out, const struct template *in);

/* Fills the memory of window `place` from its sheet; the window is open to the programs from then
 * on. It was closed before (window[place].cells is 0), and no program reads it. */
void xdp_fill_window(struct xdp_memory *m, unsigned place, const struct sheet *sheet);

/* Fills *m->setting and the payloads from plan and conf. UDP payloads that do not fit `mtu` (bytes)
 * are left empty. Ports and interface are the caller's to set. */
void xdp_fill_setting(struct xdp_memory *m, const struct plan *plan, const struct engine_conf *conf,
		      uint32_t mtu);

#endif
