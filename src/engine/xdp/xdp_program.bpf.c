/* xdp_program: the XDP program: judges a received frame, or sends the next frame of a pass. What
 * runs for every frame stands here, in one function.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "engine/xdp/xdp_bpf.h"
#include "engine/xdp/xdp_count.bpf.h"
#include "engine/xdp/xdp_image.h"
#include "engine/xdp/xdp_receive.bpf.h"
#include "engine/xdp/xdp_transmit.bpf.h"

#define PROGRAM_ENODEV 19

/* The interface to send through. bpf_redirect() by index would look it up for each frame. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} out SEC(".maps");

static inline int program_redirect(__u32 number)
{
	const int action = (int)bpf_redirect_map(&out, 0, XDP_DROP);

	if (action != XDP_REDIRECT) {
		count_lost(number); /* the interface is gone */
		sender[number].error = PROGRAM_ENODEV;
	}
	return action;
}

/* For xdp_programs_trial(): sends the initial frame as it is. */
static inline int program_trial(__u32 number)
{
	struct xdp_sender *s = &sender[number];

	s->task = bpf_get_current_task();
	s->queued++;
	s->limit = s->tail = s->queued;
	return program_redirect(number);
}

/* Writes the payload. The helper invalidates all pointers into the frame. */
static inline int program_says(struct xdp_md *ctx, __u32 offset, const struct xdp_payload *says)
{
	__u32 last = says->length - 1u;

	if (says->length == 0)
		return 1; /* too long for the link: the probe is sent without */
	/* The verifier of Linux 6.1 does not learn a lower bound from "not 0" (xdp_quirks.h): so
	 * the bound is on the index of the last byte, which the compiler must not simplify. */
	__asm__ volatile("" : "+r"(last));
	if (last >= XDP_PAYLOAD_BYTES)
		return 0;
	return bpf_xdp_store_bytes(ctx, offset, (void *)says->bytes, last + 1) == 0;
}

/* Sets the frame's length and writes its payload; 0 if that is not possible. */
static inline int program_fit(struct xdp_md *ctx, const struct xdp_image *image)
{
	const __u32 says = XDP_UNLIKE_PAYLOAD(image->unlike);
	const int longer = XDP_UNLIKE_LONGER(image->unlike);

	if (longer && bpf_xdp_adjust_tail(ctx, longer) != 0)
		return 0;
	return !says || program_says(ctx, image->length, &payload[(says - 1) & (XDP_PAYLOADS - 1)]);
}

/* The number of the sender that runs the program, from the length of the metadata. */
static inline __u32 program_sender(const struct xdp_md *ctx)
{
	const void *data = (void *)(long)ctx->data, *meta = (void *)(long)ctx->data_meta;

	return (__u32)((__u64)(data - meta) / 4) & (XDP_SENDERS - 1);
}

static inline int program_frame(struct xdp_md *ctx)
{
	const __u32 number = program_sender(ctx);
	struct xdp_sender *s = &sender[number];
	const struct xdp_image *image;

	if (s->queued == s->limit) {
		if (pass.test == 2)
			return program_trial(number);
		if (!transmit_ready(number))
			return XDP_DROP;
	}
	image = &s->image[s->queued & (XDP_IMAGES - 1)];
	IMAGE_KEEP(image);
	/* From here on the frame is either queued or reported by count_lost(). */
	s->queued++;
	/* A page of the pool may hold anything: every byte of the frame is written. */
	if ((image->unlike && !program_fit(ctx, image)) ||
	    !image_write(image, (void *)(long)ctx->data, (void *)(long)ctx->data_end)) {
		count_lost(number);
		return XDP_DROP;
	}
	if (pass.test)
		return XDP_PASS;
	return program_redirect(number);
}

/*
 * One program in two roles: attached to the interface, it judges received frames; run by
 * BPF_PROG_RUN, which gives the loopback device as the frames' origin, it sends. A program that is
 * attached stays in the kernel's XDP dispatcher. One that is not is added and removed by each call
 * of BPF_PROG_RUN, with an RCU grace period each: 20 to 35 ms.
 */
SEC("xdp")
int probe(struct xdp_md *ctx)
{
	return ctx->ingress_ifindex == setting.link_index ? receive_frame(ctx) : program_frame(ctx);
}

char program_license[] SEC("license") = "Dual BSD/GPL";
