/* xdp_bpf: the kernel side's memory (defined in xdp_memory.bpf.c), and functions that read it.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_BPF_H
#define PORTLIGHT_ENGINE_XDP_XDP_BPF_H

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#define PLAN_RANGE_INDEX(i) ((i)&1023)
#define PLAN_RANGE_STEPS    11

#include "engine/xdp/xdp_shared.h"

_Static_assert(XDP_RANGES == 1024, "the mask above");

/* Maps that user space sizes and maps into its memory (xdp_programs.c). */
struct xdp_words {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
};

struct xdp_hops {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hop_group);
};

struct xdp_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, XDP_OPENED_BYTES);
};

extern struct xdp_setting setting;
extern struct xdp_window window[XDP_WINDOWS];
extern struct xdp_egress egress[XDP_EGRESSES];
extern struct xdp_payload payload[XDP_PAYLOADS];
extern struct xdp_tally tally[XDP_WINDOWS][XDP_TALLIES];
extern struct xdp_pass pass;
extern struct xdp_sender sender[XDP_SENDERS];
extern struct xdp_receive receiving;
/* For each window: words of its sheet, 16 cells each; when each block of 64 positions was sent, in
 * us, two blocks a word; a bit for each host whose UDP cells are not sent in passes, since the host
 * limits its ICMP errors (see icmp_backoff.h); MAC address and egress of each host. */
extern struct xdp_words words SEC(".maps"), blocks SEC(".maps"), rate_limited SEC(".maps");
extern struct xdp_hops hops SEC(".maps");
extern struct xdp_ring opened SEC(".maps"); /* struct xdp_opened */

/* plan_range_of() as a global function: the verifier checks its loop once, not for each call. */
__u32 xdp_bpf_range(__u64 rank);

/* hop_word() of a host of an open window; 0 if there is none. */
static inline __u64 xdp_bpf_host_word(__u32 place, __u32 host)
{
	const __u32 index = place * setting.hops + host / HOP_GROUP;
	const struct hop_group *group;

	if (window[place & (XDP_WINDOWS - 1)].host_word)
		return window[place & (XDP_WINDOWS - 1)].host_word;
	group = bpf_map_lookup_elem(&hops, &index);
	return group ? hop_word(group, host) : 0;
}

/* Whether UDP probes to that host are left to engine frames. */
static inline int xdp_bpf_rate_limited(__u32 place, __u32 host)
{
	const __u32 index = place * setting.rate_limited + (host >> 6);
	const __u64 *word = bpf_map_lookup_elem(&rate_limited, &index);

	return word && *word >> (host & 63) & 1;
}

/* cookie_hash() by the precomputed key of the address family. */
static inline __u64 xdp_bpf_hash(__u64 hi, __u64 lo, __u16 port, __u8 technique)
{
	return cookie_is_v4(hi, lo) ? cookie_v4_hash(setting.key_v4, (__u32)lo, port, technique)
				    : cookie_v6_hash(&setting.key, hi, lo, port, technique);
}

/* The address of a host, given by its number in an open window. */
static inline void xdp_bpf_host(__u32 place, __u32 host, __u64 *hi, __u64 *lo)
{
	const struct xdp_window *w = &window[place & (XDP_WINDOWS - 1)];

	if (w->joined) {
		*lo = w->lo + host;
		*hi = w->hi + (*lo < host);
	} else {
		const __u64 rank = w->first_host + host;

		plan_range_host(setting.ranges, xdp_bpf_range(rank), rank, hi, lo);
	}
}

#endif
