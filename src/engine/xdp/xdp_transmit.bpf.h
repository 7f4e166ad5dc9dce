/* xdp_transmit: the next frames of a pass.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_TRANSMIT_BPF_H
#define PORTLIGHT_ENGINE_XDP_XDP_TRANSMIT_BPF_H

#include <linux/types.h>

/* Until there is a frame to send, and leave to: whether there is. Once in some frames, and so a
 * function of its own, whose registers the others need not save. */
int transmit_ready(__u32 number);

#endif
