/* xdp_count: counts the frames that the device accepts and refuses, at the kernel's trace points.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "engine/xdp/xdp_count.bpf.h"

#include "engine/xdp/xdp_bpf.h"

/* The cells of the frames before it in the kernel's queue move up by one, so that image[flushed] is
 * the oldest queued frame again. */
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

/* The sender whose frames a trace point reports: the one whose thread runs it. XDP_SENDERS: they
 * are frames of another program. */
static inline __u32 count_sender(void)
{
	const __u64 task = bpf_get_current_task();

	for (__u32 i = 0; i < XDP_SENDERS; i++)
		if (sender[i].running && sender[i].task == task)
			return i;
	return XDP_SENDERS;
}

/* Arguments: from device, to device, sent, dropped, error. Of the frames in the queue the device
 * accepted the first `sent`; the others were dropped, and are to be sent again. */
SEC("raw_tp/xdp_devmap_xmit")
int count_dropped(struct bpf_raw_tracepoint_args *ctx)
{
	const __u32 sent = (__u32)ctx->args[2], drops = (__u32)ctx->args[3];
	const int error = (int)ctx->args[4];
	const __u32 number = count_sender();
	struct xdp_sender *s = &sender[number & (XDP_SENDERS - 1)];

	/* More frames than this sender has queued are another program's, for which an interrupt
	 * borrowed the thread (a router's, say): that happens between batches only. */
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
	/* A full queue is no error for a driver; one that reports an error accepted no frame. */
	if (error < 0) {
		s->errors += (__u64)drops;
		s->error = (__u32)-error;
	} else {
		s->drops += (__u64)drops;
	}
	return 0;
}

/* Arguments: device, program, target, error, ... The kernel did not queue the frame. */
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
