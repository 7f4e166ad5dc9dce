/* xdp_count: counts the frames that a device accepts and refuses.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_COUNT_BPF_H
#define PORTLIGHT_ENGINE_XDP_XDP_COUNT_BPF_H

#include <linux/types.h>

/* The frame queued last has not entered the kernel's queue: puts it on the sender's list of frames
 * to be sent again. Returns 0. */
int count_lost(__u32 number);

#endif
