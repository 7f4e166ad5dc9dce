/* xdp_count: frames that the device took and those it refused, by trace points.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "engine/xdp/xdp_count.bpf.h"

#include "engine/xdp/xdp_bpf.h"

/* The last frame got no further than here: it goes again, and those that are on their way before it
 * move up. */
__attribute__((noinline)) int count_lost(__u32 number)
{
	struct xdp_sender *s = &sender[number & (XDP_SENDERS - 1)];
	__u32 at = s->queued - 1;

	s->again[s->again_tail & (XDP_AGAIN - 1)] = s->image[at & (XDP_IMAGES - 1)].cell;
	s->again_tail++;
	for (int i = 0; i < XDP_BULK && at != s->flushed; i++, at--)
		s->image[at & (XDP_IMAGES - 1)].cell = s->image[(at - 1) & (XDP_IMAGES - 1)].cell;
	s->flushed++;
	s->errors++;
	return 0;
}

/* The number of the sender whose frames a trace point tells of: they are sent by its own thread,
 * whatever processor that is on. XDP_SENDERS: they are somebody else's. */
static inline __u32 count_sender(void)
{
	const __u64 task = bpf_get_current_task();

	for (__u32 i = 0; i < XDP_SENDERS; i++)
		if (sender[i].running && sender[i].task == task)
			return i;
	return XDP_SENDERS;
}

/* (from device, to device, sent, dropped, error): the first so many frames of the queue have gone,
 * those behind them are lost, and go again. */
SEC("raw_tp/xdp_devmap_xmit")
int count_dropped(struct bpf_raw_tracepoint_args *ctx)
{
	const __u32 sent = (__u32)ctx->args[2], drops = (__u32)ctx->args[3];
	const int error = (int)ctx->args[4];
	const __u32 number = count_sender();
	struct xdp_sender *s = &sender[number & (XDP_SENDERS - 1)];

	/* More than are in there are somebody else's, as of a router that the thread was
	 * interrupted for: that is between two batches, when there are none. */
	if (number >= XDP_SENDERS || sent + drops > s->queued - s->flushed)
		return 0;
	s->taken += sent;
	s->flushed += sent;
	for (__u32 i = 0; i < XDP_BULK && i < drops; i++) {
		s->again[s->again_tail & (XDP_AGAIN - 1)] =
			s->image[s->flushed & (XDP_IMAGES - 1)].cell;
		s->again_tail++;
		s->flushed++;
	}
	if (drops == 0)
		return 0;
	/* A full queue takes the first few and is no error; a driver that says one took none. */
	if (error < 0) {
		s->errors += (__u64)drops;
		s->error = (__u32)-error;
	} else {
		s->drops += (__u64)drops;
	}
	return 0;
}

/* (device, program, target, error, ...) */
SEC("raw_tp/xdp_redirect_err")
int count_refused(struct bpf_raw_tracepoint_args *ctx)
{
	const __u32 number = count_sender();

	if (number >= XDP_SENDERS)
		return 0;
	count_lost(number);
	sender[number].error = (__u32) - (int)ctx->args[3];
	return 0;
}
