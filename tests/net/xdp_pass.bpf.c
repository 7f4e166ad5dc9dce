/* xdp_pass: makes the far end of a veth take frames that are sent to it from XDP: see xdp_check.sh.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <linux/bpf.h>

__attribute__((section("xdp"), used)) int pass(struct xdp_md *frame)
{
	(void)frame;
	return XDP_PASS;
}

__attribute__((section("license"), used)) static const char terms[] = "Dual BSD/GPL";
