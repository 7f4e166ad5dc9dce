/* xdp_count: frames that were refused.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_COUNT_BPF_H
#define PORTLIGHT_ENGINE_XDP_XDP_COUNT_BPF_H

#include <linux/types.h>

/* The last frame got no further than here: it goes again, and those that are on their way before it
 * move up. */
int count_lost(__u32 number);

#endif
