/* packets: pseudo-random packets of every kind that can be built, and how to compare them. */
#ifndef PORTLIGHT_TESTS_PACKETS_H
#define PORTLIGHT_TESTS_PACKETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "packet/checksum.h"
#include "packet/packet.h"

#define SAMPLE_PAYLOAD_MAX 200

enum sample_kind {
	SAMPLE_ARP,
	SAMPLE_TCP,
	SAMPLE_TCP_MSS,
	SAMPLE_UDP,
	SAMPLE_ECHO,
	SAMPLE_ERROR, /* ICMP error that quotes a TCP, UDP or other packet */
	SAMPLE_SOLICITATION,
	SAMPLE_ADVERTISEMENT,
	SAMPLE_KINDS,
};

struct sample {
	struct packet packet; /* as packet_parse must give it back */
	uint8_t payload[SAMPLE_PAYLOAD_MAX];
	size_t payload_bytes; /* what packet_build wants to be given */
	enum packet_link link;
};

/* SplitMix64 (Steele, Lea, Flood 2014): the state is the seed. */
static inline uint64_t sample_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline void sample_bytes(uint64_t *state, uint8_t *to, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = (uint8_t)sample_random(state);
}

/* Often with long runs of zeros or ones, so that checksums and "::" meet their corners. */
static inline struct addr sample_addr(uint64_t *state, bool v4)
{
	uint64_t choice = sample_random(state);
	struct addr a = {sample_random(state), sample_random(state)};

	if (v4)
		return addr_from_v4(choice % 8 == 0 ? UINT32_MAX : (uint32_t)a.lo);
	if (choice % 8 == 0)
		a.hi = UINT64_C(0xfe80) << 48;
	if (choice % 16 == 0)
		a.lo = UINT64_MAX;
	a.hi |= UINT64_C(0x2000) << 48; /* never IPv4-mapped */
	return a;
}

/* A quoted packet of 20 bytes that is whole has a right checksum: readers verify it. */
static inline void sample_quote_sum(const struct packet_quote *q, uint8_t *to)
{
	uint8_t *field = to + (q->proto == IPPROTO_TCP ? 16 : 6);
	uint16_t sum;

	if (q->proto != IPPROTO_TCP && q->proto != IPPROTO_UDP)
		return;
	if (q->proto == IPPROTO_TCP)
		to[12] = 0x50; /* no options */
	field[0] = field[1] = 0;
	sum = checksum_finish_udp(
		checksum_add(checksum_pseudo(q->src, q->dst, q->proto, 20), to, 20));
	field[0] = (uint8_t)(sum >> 8);
	field[1] = (uint8_t)sum;
}

/*
 * The packet that an error quotes, written out independently, so that build and parse cannot share
 * an error: the first 8 bytes of a transport header over IPv4 (RFC 792), all of it over IPv6 (RFC
 * 4443).
 */
static inline void sample_quote(uint64_t *state, struct sample *s, bool v4)
{
	const uint8_t icmp = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, 47, icmp};
	struct packet_quote *q = &s->packet.quote;
	uint8_t *to = s->payload;
	size_t header = v4 ? 20 : 40, transport = v4 ? 8 : 20;

	q->proto = protos[sample_random(state) % 4];
	q->ttl = (uint8_t)sample_random(state);
	q->src = sample_addr(state, v4);
	q->dst = sample_addr(state, v4);
	memset(to, 0, header + transport);
	if (v4) {
		q->ip_id = (uint16_t)sample_random(state);
		to[0] = 0x45;
		to[3] = 40;
		to[4] = (uint8_t)(q->ip_id >> 8);
		to[5] = (uint8_t)q->ip_id;
		to[8] = q->ttl;
		to[9] = q->proto;
		addr_to_bytes4(q->src, to + 12);
		addr_to_bytes4(q->dst, to + 16);
	} else {
		to[0] = 0x60;
		to[5] = 20;
		to[6] = q->proto;
		to[7] = q->ttl;
		addr_to_bytes16(q->src, to + 8);
		addr_to_bytes16(q->dst, to + 24);
	}
	to += header;
	sample_bytes(state, to, 8);
	if (q->proto == IPPROTO_TCP || q->proto == IPPROTO_UDP) {
		q->sport = (uint16_t)(to[0] << 8 | to[1]);
		q->dport = (uint16_t)(to[2] << 8 | to[3]);
	}
	if (q->proto == IPPROTO_UDP) { /* a length that fits the quoted IP packet: 20 bytes */
		to[4] = 0;
		to[5] = 20;
	}
	if (q->proto == IPPROTO_TCP || q->proto == icmp)
		q->seq = (uint32_t)to[4] << 24 | (uint32_t)to[5] << 16 | (uint32_t)to[6] << 8 |
			 to[7];
	if (q->proto == icmp)
		q->icmp_type = to[0];
	if (q->proto == 47) {
		q->seq = (uint32_t)to[0] << 24 | (uint32_t)to[1] << 16 | (uint32_t)to[2] << 8 |
			 to[3];
		q->data = (uint16_t)(to[4] << 8 | to[5]);
	}
	if (!v4)
		sample_quote_sum(q, to);
	s->packet.has |= PACKET_QUOTE;
	s->payload_bytes = header + transport;
}

static inline void sample_icmp(uint64_t *state, enum sample_kind kind, bool v4, struct sample *s)
{
	static const uint8_t errors4[] = {3, 4, 5, 11, 12};
	struct packet *p = &s->packet;

	p->has |= PACKET_ICMP;
	p->icmp_rest = (uint32_t)sample_random(state);
	if (kind == SAMPLE_ECHO) {
		p->icmp_type = v4 ? (sample_random(state) & 1 ? 8 : 0)
				  : (uint8_t)(128 + (sample_random(state) & 1));
		return;
	}
	if (kind == SAMPLE_ERROR) {
		p->icmp_type = v4 ? errors4[sample_random(state) % 5]
				  : (uint8_t)(1 + sample_random(state) % 4);
		p->icmp_code = (uint8_t)(sample_random(state) % 16);
		if (!v4 && p->icmp_type != 2 && p->icmp_type != 4)
			p->icmp_rest = 0; /* RFC 4884: the length of the quote, if not 0 */
		sample_quote(state, s, v4);
		return;
	}
	p->icmp_type = kind == SAMPLE_SOLICITATION ? 135 : 136;
	p->has |= PACKET_NEIGHBOUR;
	p->ttl = 255;
	p->neighbour_target = sample_addr(state, false);
	if (sample_random(state) & 1) {
		p->has |= PACKET_LINK_ADDRESS;
		sample_bytes(state, p->neighbour_mac, 6);
	}
}

static inline void sample_transport(uint64_t *state, enum sample_kind kind, struct packet *p)
{
	p->sport = (uint16_t)sample_random(state);
	p->dport = (uint16_t)sample_random(state);
	if (kind == SAMPLE_UDP) {
		p->has |= PACKET_UDP;
		return;
	}
	p->has |= PACKET_TCP;
	p->seq = (uint32_t)sample_random(state);
	p->ack = (uint32_t)sample_random(state);
	p->flags = (uint8_t)sample_random(state);
	p->window = (uint16_t)sample_random(state);
	p->urgent = (uint16_t)sample_random(state);
	if (kind == SAMPLE_TCP_MSS) {
		p->has |= PACKET_MSS;
		p->mss = (uint16_t)sample_random(state);
	}
}

/* What packet_parse must find out by itself: protocol, lengths and where the payload starts. */
static inline void sample_lengths(enum sample_kind kind, bool v4, struct sample *s)
{
	static const uint8_t protos[SAMPLE_KINDS] = {
		[SAMPLE_TCP] = IPPROTO_TCP,
		[SAMPLE_TCP_MSS] = IPPROTO_TCP,
		[SAMPLE_UDP] = IPPROTO_UDP,
	};
	static const uint32_t headers[SAMPLE_KINDS] = {
		[SAMPLE_TCP] = 20,	    [SAMPLE_TCP_MSS] = 24, [SAMPLE_UDP] = 8,
		[SAMPLE_ECHO] = 8,	    [SAMPLE_ERROR] = 8,	   [SAMPLE_SOLICITATION] = 8,
		[SAMPLE_ADVERTISEMENT] = 8,
	};
	struct packet *p = &s->packet;
	uint32_t link = 0;

	p->proto = protos[kind] ? protos[kind] : (v4 ? 1 : 58);
	p->payload_bytes = (uint32_t)s->payload_bytes;
	if (p->has & PACKET_NEIGHBOUR)
		p->payload_bytes = p->has & PACKET_LINK_ADDRESS ? 24 : 16;
	if (p->has & PACKET_ETHERNET)
		link = p->has & PACKET_VLAN ? 18 : 14;
	p->payload_offset = link + (v4 ? 20 : 40) + headers[kind];
	p->ip_bytes = (v4 ? 20 : 40) + headers[kind] + p->payload_bytes;
}

/* ARP is always over Ethernet and IPv4, neighbour messages always IPv6, independent of the
 * requested layers. */
static inline void sample_make(uint64_t *state, enum sample_kind kind, enum packet_link link,
			       bool v4, struct sample *s)
{
	struct packet *p = &s->packet;

	memset(s, 0, sizeof(*s));
	s->link = kind == SAMPLE_ARP ? PACKET_LINK_ETHERNET : link;
	if (kind == SAMPLE_SOLICITATION || kind == SAMPLE_ADVERTISEMENT)
		v4 = false;
	if (s->link == PACKET_LINK_ETHERNET) {
		p->has |= PACKET_ETHERNET;
		p->ethertype = v4 ? 0x0800 : 0x86dd;
		sample_bytes(state, p->mac_dst, 6);
		sample_bytes(state, p->mac_src, 6);
		if (sample_random(state) % 4 == 0) {
			p->has |= PACKET_VLAN;
			p->vlan = (uint16_t)sample_random(state);
		}
	}
	if (kind == SAMPLE_ARP) {
		p->has |= PACKET_ARP;
		p->ethertype = 0x0806;
		p->arp_operation = (uint16_t)(1 + (sample_random(state) & 1));
		p->arp_sender = sample_addr(state, true);
		p->arp_target = sample_addr(state, true);
		sample_bytes(state, p->arp_sender_mac, 6);
		sample_bytes(state, p->arp_target_mac, 6);
		return;
	}
	p->has |= PACKET_IP;
	p->src = sample_addr(state, v4);
	p->dst = sample_addr(state, v4);
	p->ttl = (uint8_t)sample_random(state);
	p->tos = (uint8_t)sample_random(state);
	if (v4)
		p->ip_id = (uint16_t)sample_random(state);
	else
		p->flow_label = (uint32_t)sample_random(state) & 0xfffff;
	if (kind < SAMPLE_ERROR) {
		s->payload_bytes = sample_random(state) % (SAMPLE_PAYLOAD_MAX + 1);
		sample_bytes(state, s->payload, s->payload_bytes);
	}
	if (kind < SAMPLE_ECHO)
		sample_transport(state, kind, p);
	else
		sample_icmp(state, kind, v4, s);
	sample_lengths(kind, v4, s);
}

/* The name of the first field in which the two differ, NULL if in none. Padding is not asked. */
static inline const char *packet_difference(const struct packet *a, const struct packet *b)
{
	/* clang-format off */
#define FIELD(name) {#name, offsetof(struct packet, name), sizeof(a->name)}
	static const struct {
		const char *name;
		size_t offset, bytes;
	} fields[] = {
		FIELD(has), FIELD(ethertype), FIELD(vlan), FIELD(mac_dst), FIELD(mac_src),
		FIELD(arp_operation), FIELD(arp_sender), FIELD(arp_target),
		FIELD(arp_sender_mac), FIELD(arp_target_mac), FIELD(src), FIELD(dst),
		FIELD(proto), FIELD(ttl), FIELD(tos), FIELD(ip_id), FIELD(fragment_offset),
		FIELD(ip_bytes), FIELD(flow_label), FIELD(sport), FIELD(dport), FIELD(seq),
		FIELD(ack), FIELD(flags), FIELD(window), FIELD(urgent), FIELD(mss),
		FIELD(icmp_type), FIELD(icmp_code), FIELD(icmp_rest), FIELD(quote.src),
		FIELD(quote.dst), FIELD(quote.sport), FIELD(quote.dport), FIELD(quote.seq),
		FIELD(quote.ip_id), FIELD(quote.proto), FIELD(quote.ttl), FIELD(quote.data),
		FIELD(quote.icmp_type),
		FIELD(neighbour_target), FIELD(neighbour_mac), FIELD(payload_offset),
		FIELD(payload_bytes),
	};
	/* clang-format on */
#undef FIELD

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (memcmp((const uint8_t *)a + fields[i].offset,
			   (const uint8_t *)b + fields[i].offset, fields[i].bytes) != 0)
			return fields[i].name;
	}
	return NULL;
}

#endif
