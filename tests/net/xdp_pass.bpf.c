/* xdp_pass: makes the far end of a veth take frames that are sent to it from XDP, for its host or,
 * but for address resolution, to be rid of them, at once or slowly, or of most SYNs: see
 * xdp_check.sh. SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

/* Of the processor's time, a frame. */
#define SLOW_NS	  20000

#define FEW_PORTS 2000
#define SYN	  0x02

__attribute__((section("xdp"), used)) int pass(struct xdp_md *frame)
{
	(void)frame;
	return XDP_PASS;
}

__attribute__((section("xdp_drop"), used)) int drop(struct xdp_md *frame)
{
	const unsigned char *data = (void *)(long)frame->data, *end = (void *)(long)frame->data_end;

	return data + 14 <= end && data[12] == 0x08 && data[13] == 0x00 ? XDP_DROP : XDP_PASS;
}

/* So slowly that its queue is always full. */
__attribute__((section("xdp_slow"), used)) int slow(struct xdp_md *frame)
{
	const __u64 begin_ns = bpf_ktime_get_ns();

	for (int i = 0; i < 1000 && bpf_ktime_get_ns() < begin_ns + SLOW_NS; i++)
		;
	return drop(frame);
}

/* SYNs go to the first ports only, however many come; all else does. */
__attribute__((section("xdp_few"), used)) int few(struct xdp_md *frame)
{
	const unsigned char *data = (void *)(long)frame->data, *end = (void *)(long)frame->data_end;
	const unsigned char *tcp;

	if (data + 54 <= end && data[12] == 0x08 && data[13] == 0x00 && data[23] == 6)
		tcp = data + 34;
	else if (data + 74 <= end && data[12] == 0x86 && data[13] == 0xdd && data[20] == 6)
		tcp = data + 54;
	else
		return XDP_PASS;
	return tcp[13] == SYN && (tcp[2] << 8 | tcp[3]) > FEW_PORTS ? XDP_DROP : XDP_PASS;
}

__attribute__((section("license"), used)) static const char terms[] = "Dual BSD/GPL";
