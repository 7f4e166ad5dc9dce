/* xdp_receive: received frames, judged.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_RECEIVE_BPF_H
#define PORTLIGHT_ENGINE_XDP_XDP_RECEIVE_BPF_H

struct xdp_md;

/* Judges a frame that came in: XDP_DROP, XDP_TX or XDP_PASS. */
int receive_frame(struct xdp_md *ctx);

#endif
