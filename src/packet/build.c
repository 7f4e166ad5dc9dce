/* build: one plain struct to the bytes of a frame. */
#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/packet.h"

enum {
	ETHERNET_BYTES = 14,
	VLAN_BYTES = 4,
	ARP_BYTES = 28,
	IPV4_BYTES = 20,
	IPV6_BYTES = 40,
	TCP_BYTES = 20,
	MSS_BYTES = 4,
	UDP_BYTES = 8,
	ICMP_BYTES = 8,
	TARGET_BYTES = 16,	/* neighbour solicitation and advertisement (RFC 4861, 4.3) */
	LINK_ADDRESS_BYTES = 8, /* RFC 4861, 4.6.1 */
	PACKET_BYTES_MAX = 65535,
};

/* Where the parts of a frame lie. */
struct shape {
	size_t link, ip, transport, payload; /* bytes of each part */
	uint8_t proto;
};

static size_t link_bytes(enum packet_link link, const struct packet *p)
{
	if (link == PACKET_LINK_RAW_IP)
		return 0;
	return ETHERNET_BYTES + (p->has & PACKET_VLAN ? VLAN_BYTES : 0);
}

/* Transport header and protocol of exactly one of the three kinds; 0 for anything else. */
static size_t transport_bytes(const struct packet *p, size_t payload_bytes, uint8_t *proto)
{
	bool v4 = addr_is_v4(p->src);

	switch (p->has & (PACKET_TCP | PACKET_UDP | PACKET_ICMP)) {
	case PACKET_TCP:
		*proto = IPPROTO_TCP;
		return TCP_BYTES + (p->has & PACKET_MSS ? MSS_BYTES : 0);
	case PACKET_UDP:
		*proto = IPPROTO_UDP;
		return UDP_BYTES;
	case PACKET_ICMP:
		*proto = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
		if (!(p->has & PACKET_NEIGHBOUR))
			return ICMP_BYTES;
		if (v4 || (p->icmp_type != 135 && p->icmp_type != 136) || p->icmp_code != 0 ||
		    p->ttl != 255 || addr_is_v4(p->neighbour_target) || payload_bytes > 0)
			return 0;
		return ICMP_BYTES + TARGET_BYTES +
		       (p->has & PACKET_LINK_ADDRESS ? LINK_ADDRESS_BYTES : 0);
	default:
		return 0;
	}
}

/* The length of the whole frame, 0 if there is no such frame. */
static size_t shape_packet(enum packet_link link, const struct packet *p, size_t payload_bytes,
			   struct shape *shape)
{
	bool v4 = addr_is_v4(p->src);
	size_t bytes;

	if (v4 != addr_is_v4(p->dst) || (p->has & (PACKET_FRAGMENT | PACKET_MORE_FRAGMENTS)) ||
	    payload_bytes > PACKET_BYTES_MAX)
		return 0;
	shape->link = link_bytes(link, p);
	shape->ip = v4 ? IPV4_BYTES : IPV6_BYTES;
	shape->transport = transport_bytes(p, payload_bytes, &shape->proto);
	shape->payload = payload_bytes;
	bytes = shape->transport + payload_bytes;
	/* The IPv4 length counts its own header, the IPv6 one does not. */
	if (shape->transport == 0 || bytes + (v4 ? IPV4_BYTES : 0) > PACKET_BYTES_MAX)
		return 0;
	return shape->link + shape->ip + bytes;
}

static void put_link(const struct packet *p, size_t bytes, uint16_t ethertype, uint8_t *to)
{
	if (bytes == 0)
		return;
	memcpy(to, p->mac_dst, 6);
	memcpy(to + 6, p->mac_src, 6);
	if (bytes > ETHERNET_BYTES) {
		bytes_put16(to + 12, 0x8100);
		bytes_put16(to + 14, p->vlan);
	}
	bytes_put16(to + bytes - 2, ethertype);
}

static void put_arp(const struct packet *p, uint8_t *to)
{
	bytes_put16(to, 1);
	bytes_put16(to + 2, 0x0800);
	to[4] = 6;
	to[5] = 4;
	bytes_put16(to + 6, p->arp_operation);
	memcpy(to + 8, p->arp_sender_mac, 6);
	addr_to_bytes4(p->arp_sender, to + 14);
	memcpy(to + 18, p->arp_target_mac, 6);
	addr_to_bytes4(p->arp_target, to + 24);
}

static void put_ipv4(const struct packet *p, const struct shape *shape, uint8_t *to)
{
	to[0] = 0x45;
	to[1] = p->tos;
	bytes_put16(to + 2, (uint16_t)(IPV4_BYTES + shape->transport + shape->payload));
	bytes_put16(to + 4, p->ip_id);
	bytes_put16(to + 6, 0);
	to[8] = p->ttl;
	to[9] = shape->proto;
	bytes_put16(to + 10, 0);
	addr_to_bytes4(p->src, to + 12);
	addr_to_bytes4(p->dst, to + 16);
	bytes_put16(to + 10, checksum_finish(checksum_add(0, to, IPV4_BYTES)));
}

static void put_ipv6(const struct packet *p, const struct shape *shape, uint8_t *to)
{
	bytes_put32(to, 6u << 28 | (uint32_t)p->tos << 20 | (p->flow_label & 0xfffff));
	bytes_put16(to + 4, (uint16_t)(shape->transport + shape->payload));
	to[6] = shape->proto;
	to[7] = p->ttl;
	addr_to_bytes16(p->src, to + 8);
	addr_to_bytes16(p->dst, to + 24);
}

static void put_tcp(const struct packet *p, const struct shape *shape, uint8_t *to)
{
	bytes_put16(to, p->sport);
	bytes_put16(to + 2, p->dport);
	bytes_put32(to + 4, p->seq);
	bytes_put32(to + 8, p->ack);
	to[12] = (uint8_t)(shape->transport / 4 << 4);
	to[13] = p->flags;
	bytes_put16(to + 14, p->window);
	bytes_put16(to + 16, 0);
	bytes_put16(to + 18, p->urgent);
	if (shape->transport > TCP_BYTES) {
		to[20] = 2; /* maximum segment size (RFC 9293, 3.7.1) */
		to[21] = MSS_BYTES;
		bytes_put16(to + 22, p->mss);
	}
}

static void put_udp(const struct packet *p, const struct shape *shape, uint8_t *to)
{
	bytes_put16(to, p->sport);
	bytes_put16(to + 2, p->dport);
	bytes_put16(to + 4, (uint16_t)(UDP_BYTES + shape->payload));
	bytes_put16(to + 6, 0);
}

static void put_icmp(const struct packet *p, const struct shape *shape, uint8_t *to)
{
	to[0] = p->icmp_type;
	to[1] = p->icmp_code;
	bytes_put16(to + 2, 0);
	bytes_put32(to + 4, p->icmp_rest);
	if (shape->transport > ICMP_BYTES)
		addr_to_bytes16(p->neighbour_target, to + ICMP_BYTES);
	if (shape->transport > ICMP_BYTES + TARGET_BYTES) {
		to += ICMP_BYTES + TARGET_BYTES;
		to[0] = p->icmp_type == 135 ? 1 : 2; /* its source, our target link address */
		to[1] = 1;			     /* times 8 bytes */
		memcpy(to + 2, p->neighbour_mac, 6);
	}
}

/* Header with a checksum over itself and the payload, which stands behind it already. */
static void put_transport(const struct packet *p, const struct shape *shape, uint8_t *to)
{
	size_t bytes = shape->transport + shape->payload;
	uint64_t sum = 0;

	if (shape->proto != IPPROTO_ICMP)
		sum = checksum_pseudo(p->src, p->dst, shape->proto, (uint32_t)bytes);
	switch (shape->proto) {
	case IPPROTO_TCP:
		put_tcp(p, shape, to);
		bytes_put16(to + 16, checksum_finish(checksum_add(sum, to, bytes)));
		break;
	case IPPROTO_UDP:
		put_udp(p, shape, to);
		bytes_put16(to + 6, checksum_finish_udp(checksum_add(sum, to, bytes)));
		break;
	default:
		put_icmp(p, shape, to);
		bytes_put16(to + 2, checksum_finish(checksum_add(sum, to, bytes)));
		break;
	}
}

static size_t build_arp(enum packet_link link, const struct packet *p, size_t payload_bytes,
			uint8_t *frame, size_t capacity)
{
	size_t front = link_bytes(link, p);

	if (link != PACKET_LINK_ETHERNET || payload_bytes > 0 || !addr_is_v4(p->arp_sender) ||
	    !addr_is_v4(p->arp_target) || front + ARP_BYTES > capacity ||
	    (p->has & (PACKET_TCP | PACKET_UDP | PACKET_ICMP)))
		return 0;
	put_link(p, front, 0x0806, frame);
	put_arp(p, frame + front);
	return front + ARP_BYTES;
}

size_t packet_build(enum packet_link link, const struct packet *p, const uint8_t *payload,
		    size_t payload_bytes, uint8_t *frame, size_t capacity)
{
	struct shape shape;
	size_t length;
	bool v4 = addr_is_v4(p->src);

	if (link != PACKET_LINK_ETHERNET && link != PACKET_LINK_RAW_IP)
		return 0;
	if (p->has & PACKET_ARP)
		return build_arp(link, p, payload_bytes, frame, capacity);
	length = shape_packet(link, p, payload_bytes, &shape);
	if (length == 0 || length > capacity)
		return 0;
	put_link(p, shape.link, v4 ? 0x0800 : 0x86dd, frame);
	if (v4)
		put_ipv4(p, &shape, frame + shape.link);
	else
		put_ipv6(p, &shape, frame + shape.link);
	if (payload_bytes)
		memcpy(frame + length - payload_bytes, payload, payload_bytes);
	put_transport(p, &shape, frame + shape.link + shape.ip);
	return length;
}
