/* xdp_memory: the BPF programs' memory: global variables and maps, as xdp_bpf.h declares them.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "engine/xdp/xdp_bpf.h"

struct xdp_setting setting;
struct xdp_window window[XDP_WINDOWS];
struct xdp_egress egress[XDP_EGRESSES];
struct xdp_payload payload[XDP_PAYLOADS];
struct xdp_tally tally[XDP_WINDOWS][XDP_TALLIES];
struct xdp_pass pass;
struct xdp_sender sender[XDP_SENDERS];
struct xdp_receive receiving;

struct xdp_words words SEC(".maps"), blocks SEC(".maps"), rate_limited SEC(".maps");
struct xdp_hops hops SEC(".maps");
struct xdp_ring opened SEC(".maps");

__attribute__((noinline)) __u32 xdp_bpf_range(__u64 rank)
{
	return plan_range_of(setting.ranges, setting.range_count, rank);
}
