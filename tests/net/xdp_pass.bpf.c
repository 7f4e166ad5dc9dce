/* xdp_pass: makes the far end of a veth take frames that are sent to it from XDP, for its host or,
 * but for address resolution, to be rid of them: see xdp_check.sh.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <linux/bpf.h>

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

__attribute__((section("license"), used)) static const char terms[] = "Dual BSD/GPL";
