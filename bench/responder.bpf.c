/* responder: the far end of a benchmark: a network of hosts in one XDP program, which answers SYNs.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
 *
 * By a hash of address and port 1 % of all ports are open (SYN+ACK), or what RESPONDER_OPEN says;
 * 20 % are silent and the others closed (RST). Frames that are no SYN pass. Checksums are right.
 * With RESPONDER_MACS each host of 198.19.0.0/16 says by ARP that it has a MAC address of its own.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#ifndef RESPONDER_OPEN
#define RESPONDER_OPEN 1 /* of 100 */
#endif

/* The bench counts by this, too: see bench/xdp_lab.py. */
static inline __u32 responder_hash(__u32 address, __u16 port)
{
	__u32 x = address * 0x9e3779b1u ^ (__u32)port * 0x85ebca6bu;

	x = (x ^ (x >> 15)) * 0x2c1b3c6du;
	x = (x ^ (x >> 12)) * 0x297a2d39u;
	return (x ^ (x >> 15)) % 100;
}

static inline __u64 sum32(__u32 x)
{
	return (x >> 16) + (x & 0xffff);
}

#ifdef RESPONDER_MACS
/* RFC 826: 02:00 and its address. True if the frame is its answer now. */
static inline int respond_arp(void *data, void *end)
{
	__u32 source, target;

	if (data + 42 > end || *(__u16 *)(data + 12) != __builtin_bswap16(0x0806) ||
	    *(__u16 *)(data + 20) != __builtin_bswap16(1))
		return 0;
	source = *(__u32 *)(data + 28);
	target = *(__u32 *)(data + 38);
	if (__builtin_bswap32(target) >> 16 != 0xc613)
		return 0;
	__builtin_memcpy(data, data + 22, 6);
	__builtin_memcpy(data + 32, data + 22, 6);
	*(__u16 *)(data + 6) = *(__u16 *)(data + 22) = __builtin_bswap16(0x0200);
	*(__u32 *)(data + 8) = target;
	*(__u32 *)(data + 24) = target;
	*(__u16 *)(data + 20) = __builtin_bswap16(2);
	*(__u32 *)(data + 28) = target;
	*(__u32 *)(data + 38) = source;
	return 1;
}
#else
static inline int respond_arp(void *data, void *end)
{
	(void)data;
	(void)end;
	return 0;
}
#endif

SEC("xdp")
int respond(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 kind, source, target, ack;
	__u16 mac[3], port, length;
	__u64 sum;
	int open;

	if (respond_arp(data, end))
		return XDP_TX;
	/* Ethernet, IPv4 without options, TCP: SYN alone. */
	if (data + 54 > end || *(__u16 *)(data + 12) != __builtin_bswap16(0x0800) ||
	    *(__u8 *)(data + 14) != 0x45 || *(__u8 *)(data + 23) != 6 ||
	    (*(__u8 *)(data + 47) & 0x3f) != 0x02)
		return XDP_PASS;
	source = *(__u32 *)(data + 26);
	target = *(__u32 *)(data + 30);
	port = *(__u16 *)(data + 36);
	kind = responder_hash(__builtin_bswap32(target), __builtin_bswap16(port));
	if (kind >= 80)
		return XDP_DROP;
	open = kind < RESPONDER_OPEN;
	__builtin_memcpy(mac, data, 6);
	__builtin_memcpy(data, data + 6, 6);
	__builtin_memcpy(data + 6, mac, 6);
	*(__u32 *)(data + 26) = target;
	*(__u32 *)(data + 30) = source;
	*(__u16 *)(data + 36) = *(__u16 *)(data + 34);
	*(__u16 *)(data + 34) = port;
	ack = __builtin_bswap32(*(__u32 *)(data + 38)) + 1;
	*(__u32 *)(data + 42) = __builtin_bswap32(ack);
	*(__u32 *)(data + 38) = open ? __builtin_bswap32(0x5eed5eed) : 0;
	/* Offset stays; the options of a SYN are a SYN+ACK's as well. */
	*(__u8 *)(data + 47) = open ? 0x12 : 0x14;
	*(__u16 *)(data + 48) = open ? __builtin_bswap16(64240) : 0;
	*(__u16 *)(data + 50) = 0;
	/* Length of the segment: by the header's word, which is bounded by the frame. */
	sum = sum32(source) + sum32(target) + __builtin_bswap16(6);
	length = __builtin_bswap16(*(__u16 *)(data + 16));
	sum += __builtin_bswap16((__u16)(length - 20));
	for (int i = 34; i < 54; i += 2)
		sum += *(__u16 *)(data + i);
	/* Options: an MSS alone from scanners, 20 bytes from a kernel that connects. */
	for (int i = 54; i < 74 && i < 14 + length; i += 2)
		if (data + i + 2 <= end)
			sum += *(__u16 *)(data + i);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	*(__u16 *)(data + 50) = (__u16)~sum;
	return XDP_TX;
}

char terms[] SEC("license") = "Dual BSD/GPL";
