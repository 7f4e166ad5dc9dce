/* xdp_receive: judges received frames.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_RECEIVE_BPF_H
#define PORTLIGHT_ENGINE_XDP_XDP_RECEIVE_BPF_H

struct xdp_md;

/*
 * Judges a received frame. XDP_DROP: a RST that answers a probe; the sheet is marked. XDP_TX: a
 * SYN+ACK that answers a probe, turned into our RST and reported to user space. XDP_PASS: all else,
 * unchanged.
 */
int receive_frame(struct xdp_md *ctx);

#endif
