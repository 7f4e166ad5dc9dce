/* xdp_constant: the least that a transmit program can do: one frame, written whole, redirected.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

/* As floor_xdp.c has it. */
struct {
	__u32 link_index;
	__u64 frame[8]; /* 58 bytes of it */
} constant_frame;

SEC("xdp")
int constant(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 58 > end)
		return XDP_DROP;
	for (int i = 0; i < 7; i++)
		((__u64 *)data)[i] = constant_frame.frame[i];
	*(__u16 *)(data + 56) = (__u16)constant_frame.frame[7];
	return (int)bpf_redirect(constant_frame.link_index, 0);
}

char terms[] SEC("license") = "Dual BSD/GPL";
