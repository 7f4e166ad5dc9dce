/* xdp_transmit: chooses the next probes of a pass and makes their frames.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_TRANSMIT_BPF_H
#define PORTLIGHT_ENGINE_XDP_XDP_TRANSMIT_BPF_H

#include <linux/types.h>

/*
 * Makes frames for the next probes of a sender, if it has none ready, and allows as many as the
 * schedule has due: 1 if sender->limit was raised, 0 if nothing can be sent now. Called once in
 * many frames, and therefore not inline: the others need not save its registers.
 */
int transmit_ready(__u32 number);

#endif
