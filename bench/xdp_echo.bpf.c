/* xdp_echo: the least that a far end can do which answers four of five frames: swaps the MAC
 * addresses and sends them back; it drops the fifth.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

/* A line for each processor. */
struct {
	__u32 frames;
	__u32 unused[15];
} echo_count[8];

SEC("xdp")
int echo(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u16 mac[3];

	if (data + 14 > end || echo_count[bpf_get_smp_processor_id() & 7].frames++ % 5 == 0)
		return XDP_DROP;
	__builtin_memcpy(mac, data, 6);
	__builtin_memcpy(data, data + 6, 6);
	__builtin_memcpy(data + 6, mac, 6);
	return XDP_TX;
}

char terms[] SEC("license") = "Dual BSD/GPL";
