/* pace_clock: the far end of a veth notes when each probe came. See pace_clock.c.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#define CLOCK_PROBES (1 << 22)

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CLOCK_PROBES);
	__type(key, __u32);
	__type(value, __u64);
} times SEC(".maps");

__u32 count;
__u32 pass; /* probes are passed to the host; or else dropped here */

/* TCP without RST, and UDP, of plain IPv4 and IPv6: what a scan sends, but for its RSTs. */
static int clock_is_probe(const unsigned char *data, const unsigned char *end)
{
	unsigned at, proto;

	if (data + 54 > end)
		return data + 42 <= end && data[12] == 0x08 && data[13] == 0 && data[23] == 17;
	if (data[12] == 0x08 && data[13] == 0) {
		proto = data[23];
		at = 34;
	} else if (data[12] == 0x86 && data[13] == 0xdd) {
		proto = data[20];
		at = 54;
	} else {
		return 0;
	}
	if (proto == 17)
		return 1;
	return proto == 6 && data + at + 14 <= end && !(data[at + 13] & 4);
}

SEC("xdp")
int note(struct xdp_md *frame)
{
	const unsigned char *data = (void *)(long)frame->data, *end = (void *)(long)frame->data_end;
	__u64 now_ns = bpf_ktime_get_ns(), *time;
	__u32 number;

	if (!clock_is_probe(data, end))
		return XDP_PASS;
	number = __sync_fetch_and_add(&count, 1);
	time = bpf_map_lookup_elem(&times, &number);
	if (time)
		*time = now_ns;
	return pass ? XDP_PASS : XDP_DROP;
}

char terms[] SEC("license") = "Dual BSD/GPL";
