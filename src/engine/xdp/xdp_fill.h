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

/* A release of the kernel, as uname(2) says it, as a number; 0 if it cannot be read. */
#define XDP_RELEASE(major, minor) ((major)*1000u + (minor))
unsigned xdp_release(const char *release);
/*
 * How many bytes more than the longest probe has the frames that runs begin with want, under a
 * kernel of this release (as uname(2) says it). virtio_net puts a header of its own before each
 * frame that it is given, and leaves it there; Linux before 6.4 takes such a frame for as good as
 * new when it comes round, unless our program changes its length. Then it would send what is no
 * probe of ours, and in the end write where no frame is.
 */
uint32_t xdp_spare_bytes(const char *release);

#endif
