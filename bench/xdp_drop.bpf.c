/* xdp_drop: the far end of a benchmark's veth: drops each frame, as early as can be.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#include <linux/bpf.h>

__attribute__((section("xdp"), used)) int drop(struct xdp_md *frame)
{
	(void)frame;
	return XDP_DROP;
}

__attribute__((section("license"), used)) static const char terms[] = "GPL";
