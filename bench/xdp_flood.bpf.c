/* xdp_flood: SYNs with forged sources, made where they are sent.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* As flood_xdp.c has it. */
struct {
	__u32 link_index;
	__u32 sources;	       /* a power of two */
	__u32 ip_sum, tcp_sum; /* of the frame's 16-bit words, as they stand in it */
	__u64 frame[7];	       /* 54 bytes; what is drawn below is 0 in it */
	__u64 made;	       /* one core alone runs it */
} flood;

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

static __always_inline __u32 halves(__u32 word)
{
	return (word & 0xffff) + (word >> 16);
}

SEC("xdp")
int forge(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 random = bpf_get_prandom_u32(), seq = bpf_get_prandom_u32(), source, ports, id;
	__u16 port;

	if (data + 54 > end)
		return XDP_DROP;
	for (int i = 0; i < 6; i++)
		((__u64 *)data)[i] = flood.frame[i];
	*(__u32 *)(data + 48) = (__u32)flood.frame[6];
	*(__u16 *)(data + 52) = (__u16)(flood.frame[6] >> 32);
	source = bpf_htonl(0x0a000000 | (random & (flood.sources - 1)));
	id = bpf_htons((__u16)seq);
	/* Half of them below 1024. */
	port = seq >> 16 & 1 ? 1 + (seq >> 17) % 1023 : (__u16)(seq >> 8);
	ports = bpf_htons(1024 + (__u16)(random >> 8) % 64512) | (__u32)bpf_htons(port) << 16;
	*(__u16 *)(data + 18) = (__u16)id;
	*(__u32 *)(data + 26) = source;
	*(__u32 *)(data + 34) = ports;
	*(__u32 *)(data + 38) = seq;
	*(__u16 *)(data + 24) = fold(flood.ip_sum + id + halves(source));
	*(__u16 *)(data + 50) = fold(flood.tcp_sum + halves(source) + halves(ports) + halves(seq));
	flood.made++;
	return (int)bpf_redirect(flood.link_index, 0);
}

char terms[] SEC("license") = "Dual BSD/GPL";
