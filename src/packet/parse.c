/* parse: the bytes of a frame to one plain struct. */
#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/extensions.h"
#include "packet/icmp_quote.h"
#include "packet/link_header.h"
#include "packet/packet.h"
#include "packet/payload_mark.h"

/* RFC 826. */
enum {
	ARP_OVER_ETHERNET = 1,
	ARP_FOR_IPV4 = 0x0800,
};

enum {
	ARP_BYTES = 28,
	IPV4_BYTES = 20,
	IPV6_BYTES = 40,
	TCP_BYTES = 20,
	UDP_BYTES = 8,
	ICMP_BYTES = 8,
	NEIGHBOUR_BYTES = 24, /* ICMPv6 header included */
};

struct reader {
	const uint8_t *frame;
	struct packet *out;
	size_t at;	 /* next byte; at <= end <= promised */
	size_t end;	 /* end of what the frame holds of the present layer */
	size_t promised; /* where that layer ends by its header's word */
	/* Kept for the checksums. */
	size_t ip_at, transport_at, transport_bytes;
	bool rerouted; /* dst is not yet the final one that the pseudo-header has */
};

/* What the frame holds from r->at on. */
static inline struct bytes_view reader_rest(const struct reader *r)
{
	return (struct bytes_view){r->frame + r->at, r->end - r->at};
}

static void get_mac(struct bytes_view v, size_t offset, uint8_t mac[static 6])
{
	if (bytes_hold(v.length, offset, 6))
		memcpy(mac, v.bytes + offset, 6);
}

static struct addr get_addr6(struct bytes_view v, size_t offset)
{
	return (struct addr){bytes_at64(v, offset), bytes_at64(v, offset + 8)};
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Something is longer than the layer around it: in a first fragment it may continue in the next
 * one (true), elsewhere it cannot.
 */
static bool reader_goes_on(struct reader *r)
{
	if (r->out->has & PACKET_MORE_FRAGMENTS)
		return true;
	r->out->has |= PACKET_MALFORMED;
	return false;
}

static __attribute__((noinline)) bool reader_lacks(struct reader *r, size_t count)
{
	if (count > r->promised - r->at)
		(void)reader_goes_on(r);
	else
		r->out->has |= PACKET_TRUNCATED;
	return false;
}

/* Whether the next `count` bytes are there; if not, says whose fault it is. */
static inline bool reader_need(struct reader *r, size_t count)
{
	return count <= reader_rest(r).length || reader_lacks(r, count);
}

/* The layer that starts at r->at says that it is `bytes` long. */
static void reader_bound(struct reader *r, size_t bytes)
{
	r->promised = bytes > SIZE_MAX - r->at ? SIZE_MAX : r->at + bytes;
	if (bytes > r->end - r->at)
		r->out->has |= PACKET_TRUNCATED;
	else
		r->end = r->promised;
}

/* What is behind r->at is payload until a header is found there. */
static void reader_payload(struct reader *r)
{
	r->out->payload_offset = (uint32_t)r->at;
	r->out->payload_bytes = (uint32_t)(r->end - r->at);
}

/* Types whose body is the packet they complain about: RFC 792; RFC 4443, 3. */
static bool icmp_is_error(bool v4, uint8_t type)
{
	if (v4)
		return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
	return type >= 1 && type <= 4;
}

static void parse_quote(struct reader *r)
{
	const uint8_t *bytes = r->frame + r->at + ICMP_BYTES;
	size_t length = r->end - r->at - ICMP_BYTES;

	if (icmp_quote_read(addr_is_v4(r->out->src), bytes, length, &r->out->quote) == 0)
		r->out->has |= PACKET_QUOTE;
}

/*
 * Options behind the target (RFC 4861, 4.6), of which we want the one link-layer address that the
 * message can have. False if one has no length, which condemns the message (7.1.1, 7.1.2).
 */
static bool parse_neighbour_options(struct reader *r, uint8_t wanted)
{
	struct packet *out = r->out;
	const struct bytes_view in = reader_rest(r);
	size_t bytes;

	for (size_t offset = NEIGHBOUR_BYTES; offset < r->promised - r->at; offset += bytes) {
		if (!bytes_hold(in.length, offset, 2))
			return r->end < r->promised;
		bytes = (size_t)bytes_at8(in, offset + 1) * 8;
		if (bytes == 0 || bytes > r->promised - r->at - offset)
			return false;
		if (bytes_at8(in, offset) == wanted && bytes == 8 &&
		    bytes_hold(in.length, offset, bytes)) {
			out->has |= PACKET_LINK_ADDRESS;
			get_mac(in, offset + 2, out->neighbour_mac);
		}
	}
	return true;
}

/*
 * A hop limit other than 255 means that it crossed a router, so no neighbour sent it (RFC 4861,
 * 7.1); neither does one send fragments (RFC 6980, 5).
 */
static void parse_neighbour(struct reader *r)
{
	struct packet *out = r->out;
	const struct bytes_view in = reader_rest(r);
	struct addr target;

	if (out->ttl != 255 || out->icmp_code != 0 || (out->has & PACKET_MORE_FRAGMENTS) ||
	    !reader_need(r, NEIGHBOUR_BYTES))
		return;
	target = get_addr6(in, ICMP_BYTES);
	if (addr_is_v4(target) || !parse_neighbour_options(r, out->icmp_type == 135 ? 1 : 2)) {
		out->has &= ~(uint32_t)PACKET_LINK_ADDRESS;
		memset(out->neighbour_mac, 0, sizeof(out->neighbour_mac));
		out->has |= PACKET_MALFORMED;
		return;
	}
	out->has |= PACKET_NEIGHBOUR;
	out->neighbour_target = target;
}

static void parse_icmp(struct reader *r)
{
	struct packet *out = r->out;
	const struct bytes_view in = reader_rest(r);
	bool v4 = addr_is_v4(out->src);

	if (!reader_need(r, ICMP_BYTES))
		return;
	out->has |= PACKET_ICMP;
	out->icmp_type = bytes_at8(in, 0);
	out->icmp_code = bytes_at8(in, 1);
	out->icmp_rest = bytes_at32(in, 4);
	out->payload_offset += ICMP_BYTES;
	out->payload_bytes -= ICMP_BYTES;
	if (icmp_is_error(v4, out->icmp_type))
		parse_quote(r);
	else if (!v4 && (out->icmp_type == 135 || out->icmp_type == 136))
		parse_neighbour(r);
}

static void parse_udp(struct reader *r)
{
	struct packet *out = r->out;
	const struct bytes_view in = reader_rest(r);
	size_t length;

	if (!reader_need(r, UDP_BYTES))
		return;
	length = bytes_at16(in, 4);
	if (length == 0 && out->ip_bytes > IPV6_BYTES + 65535)
		length = r->promised - r->at; /* RFC 2675, 4 */
	if (length < UDP_BYTES) {
		out->has |= PACKET_MALFORMED;
		return;
	}
	if (length > r->promised - r->at && !reader_goes_on(r))
		return;
	out->has |= PACKET_UDP;
	out->sport = bytes_at16(in, 0);
	out->dport = bytes_at16(in, 2);
	r->transport_bytes = length;
	out->payload_offset += UDP_BYTES;
	out->payload_bytes = (uint32_t)(smaller(length, r->end - r->at) - UDP_BYTES);
	if (payload_is_stun(r->frame + r->at + UDP_BYTES, out->payload_bytes))
		out->has |= PACKET_STUN;
}

/* RFC 9293, 3.2, of a header that ends `header` bytes behind r->at, of which less may be here. */
static void parse_tcp_options(struct reader *r, size_t header)
{
	struct packet *out = r->out;
	const struct bytes_view in = reader_rest(r);
	size_t here = smaller(header, r->end - r->at);
	size_t offset = TCP_BYTES;

	while (offset < here && bytes_at8(in, offset) != 0) {
		uint8_t kind = bytes_at8(in, offset);
		size_t bytes;

		if (kind == 1) {
			offset++;
			continue;
		}
		if (here - offset < 2) {
			if (here == header)
				out->has |= PACKET_TCP_OPTIONS_BAD;
			return;
		}
		bytes = bytes_at8(in, offset + 1);
		if (bytes < 2 || bytes > header - offset || (kind == 2 && bytes != 4)) {
			out->has |= PACKET_TCP_OPTIONS_BAD;
			return;
		}
		if (kind == 2 && bytes <= here - offset) {
			out->has |= PACKET_MSS;
			out->mss = bytes_at16(in, offset + 2);
		}
		offset += bytes;
	}
}

static void parse_tcp(struct reader *r)
{
	struct packet *out = r->out;
	const struct bytes_view in = reader_rest(r);
	size_t header, here;

	if (!reader_need(r, TCP_BYTES))
		return;
	header = (size_t)(bytes_at8(in, 12) >> 4) * 4;
	if (header < TCP_BYTES) {
		out->has |= PACKET_MALFORMED;
		return;
	}
	if (header > r->promised - r->at && !reader_goes_on(r))
		return;
	out->has |= PACKET_TCP;
	out->sport = bytes_at16(in, 0);
	out->dport = bytes_at16(in, 2);
	out->seq = bytes_at32(in, 4);
	out->ack = bytes_at32(in, 8);
	out->flags = bytes_at8(in, 13);
	out->window = bytes_at16(in, 14);
	out->urgent = bytes_at16(in, 18);
	parse_tcp_options(r, header);
	here = smaller(header, r->end - r->at);
	out->payload_offset += (uint32_t)here;
	out->payload_bytes -= (uint32_t)here;
}

/*
 * A TCP header cut by fragments of 8 or 16 bytes (RFC 1858, 3): honest stacks never do that. What a
 * piece holds is read, though it makes no PACKET_TCP.
 */
static void parse_tcp_piece(struct reader *r)
{
	struct packet *out = r->out;
	const struct bytes_view in = reader_rest(r);
	size_t bytes = r->end - r->at;

	if (out->has & PACKET_TCP || out->proto != IPPROTO_TCP || bytes < 8)
		return;
	if (out->fragment_offset == 0 && out->has & PACKET_MORE_FRAGMENTS) {
		out->has |= PACKET_TCP_START;
		out->sport = bytes_at16(in, 0);
		out->dport = bytes_at16(in, 2);
		out->seq = bytes_at32(in, 4);
		if (bytes < 16)
			return;
		out->has |= PACKET_TCP_FLAGS;
		out->ack = bytes_at32(in, 8);
		out->flags = bytes_at8(in, 13);
		out->window = bytes_at16(in, 14);
	} else if (out->fragment_offset == 8) {
		out->has |= PACKET_TCP_FLAGS;
		out->flags = bytes_at8(in, 5);
		out->window = bytes_at16(in, 6);
	}
}

static void parse_transport(struct reader *r)
{
	struct packet *out = r->out;

	reader_payload(r);
	r->transport_at = r->at;
	r->transport_bytes = r->promised - r->at;
	if (out->has & PACKET_FRAGMENT) {
		parse_tcp_piece(r);
		return;
	}
	if (out->proto == IPPROTO_TCP) {
		parse_tcp(r);
		parse_tcp_piece(r);
	}
	if (out->proto == IPPROTO_UDP)
		parse_udp(r);
	else if (out->proto == (addr_is_v4(out->src) ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		parse_icmp(r);
	else if (out->proto == IPPROTO_SCTP)
		sctp_read(r->frame + r->at, r->end - r->at, out);
}

/* `offset` bytes of a reassembled packet are before the `bytes` of this one. */
static void parse_fragment(struct reader *r, size_t offset, bool more, size_t bytes)
{
	struct packet *out = r->out;

	out->fragment_offset = (uint16_t)offset;
	if (offset)
		out->has |= PACKET_FRAGMENT;
	if (more)
		out->has |= PACKET_MORE_FRAGMENTS;
	if (offset + bytes > 65535) /* "ping of death" */
		out->has |= PACKET_MALFORMED;
}

static void parse_ipv4(struct reader *r)
{
	struct packet *out = r->out;
	const struct bytes_view in = reader_rest(r);
	size_t header, total;
	uint16_t fragment;

	if (!reader_need(r, IPV4_BYTES))
		return;
	header = (size_t)(bytes_at8(in, 0) & 15) * 4;
	total = bytes_at16(in, 2);
	if (bytes_at8(in, 0) >> 4 != 4 || header < IPV4_BYTES || total < header) {
		out->has |= PACKET_MALFORMED;
		return;
	}
	if (!reader_need(r, header))
		return;
	out->has |= PACKET_IP;
	out->tos = bytes_at8(in, 1);
	out->ip_bytes = (uint32_t)total;
	out->ip_id = bytes_at16(in, 4);
	fragment = bytes_at16(in, 6);
	out->ttl = bytes_at8(in, 8);
	out->proto = bytes_at8(in, 9);
	out->src = addr_from_v4(bytes_at32(in, 12));
	out->dst = addr_from_v4(bytes_at32(in, 16));
	if (fragment & 0x3fff)
		out->fragment_id = out->ip_id;
	r->ip_at = r->at;
	reader_bound(r, total);
	r->at += header;
	parse_fragment(r, (size_t)(fragment & 0x1fff) * 8, fragment & 0x2000, total);
	parse_transport(r);
}

/*
 * The payload length of an IPv6 packet whose header says 0 before hop-by-hop options: that of the
 * jumbo payload option (RFC 2675, 2 and 3). 0, with the reason in `has`, if there is none.
 */
static uint32_t parse_jumbo(struct reader *r)
{
	const struct bytes_view in = reader_rest(r);
	size_t options = ((size_t)bytes_at8(in, IPV6_BYTES + 1) + 1) * 8;
	size_t bytes;

	if (!reader_need(r, IPV6_BYTES + 2) || !reader_need(r, IPV6_BYTES + options))
		return 0;
	for (size_t offset = 2; options - offset >= 2; offset += bytes) {
		size_t at = IPV6_BYTES + offset;

		/* Pad1 is the only option without a length (RFC 8200, 4.2). */
		bytes = bytes_at8(in, at) == 0 ? 1 : (size_t)bytes_at8(in, at + 1) + 2;
		if (bytes > options - offset)
			break;
		if (bytes_at8(in, at) == 0xc2 && bytes == 6) {
			uint32_t length = bytes_at32(in, at + 2);

			if (length > 65535 && length <= UINT32_MAX - IPV6_BYTES)
				return length;
			break;
		}
	}
	r->out->has |= PACKET_MALFORMED;
	return 0;
}

static void parse_extensions(struct reader *r, uint8_t next)
{
	struct packet *out = r->out;
	struct extensions e = {.next = next, .at = r->at};
	enum extensions_end end = extensions_walk(r->frame, r->end, &e);

	r->at = e.at;
	r->rerouted = e.rerouted;
	out->proto = e.next;
	if (e.fragment_offset || e.more_fragments)
		out->fragment_id = e.fragment_id;
	parse_fragment(r, e.fragment_offset, e.more_fragments,
		       e.fragment_offset ? r->promised - r->at : 0);
	switch (end) {
	case EXTENSIONS_DONE:
	case EXTENSIONS_FRAGMENT:
		parse_transport(r);
		return;
	case EXTENSIONS_SHORT:
		(void)reader_need(r, e.need);
		if (out->has & PACKET_TRUNCATED && r->end - r->ip_at >= PACKET_BURIED_BYTES)
			out->has |= PACKET_BURIED;
		break;
	case EXTENSIONS_BAD:
		out->has |= PACKET_MALFORMED;
		break;
	}
	reader_payload(r);
}

static void parse_ipv6(struct reader *r)
{
	struct packet *out = r->out;
	const struct bytes_view in = reader_rest(r);
	struct addr src, dst;
	uint32_t payload;
	uint8_t next;

	if (!reader_need(r, IPV6_BYTES))
		return;
	src = get_addr6(in, 8);
	dst = get_addr6(in, 24);
	/* Taken as it is, an IPv4-mapped address here would pass for an IPv4 packet. */
	if (bytes_at8(in, 0) >> 4 != 6 || addr_is_v4(src) || addr_is_v4(dst)) {
		out->has |= PACKET_MALFORMED;
		return;
	}
	payload = bytes_at16(in, 4);
	next = bytes_at8(in, 6);
	out->has |= PACKET_IP;
	out->tos = (uint8_t)(bytes_at16(in, 0) >> 4);
	out->flow_label = bytes_at32(in, 0) & 0xfffff;
	out->ttl = bytes_at8(in, 7);
	out->src = src;
	out->dst = dst;
	out->proto = next;
	out->ip_bytes = IPV6_BYTES;
	r->ip_at = r->at;
	if (payload == 0 && next == IPPROTO_HOPOPTS) {
		payload = parse_jumbo(r);
		if (payload == 0)
			return;
	}
	out->ip_bytes += payload;
	reader_bound(r, out->ip_bytes);
	r->at += IPV6_BYTES;
	parse_extensions(r, next);
}

static void parse_arp(struct reader *r)
{
	struct packet *out = r->out;
	const struct bytes_view in = reader_rest(r);

	if (!reader_need(r, ARP_BYTES))
		return;
	if (bytes_at16(in, 0) != ARP_OVER_ETHERNET || bytes_at16(in, 2) != ARP_FOR_IPV4)
		return;
	if (bytes_at8(in, 4) != 6 || bytes_at8(in, 5) != 4) {
		out->has |= PACKET_MALFORMED;
		return;
	}
	out->has |= PACKET_ARP;
	out->arp_operation = bytes_at16(in, 6);
	get_mac(in, 8, out->arp_sender_mac);
	out->arp_sender = addr_from_v4(bytes_at32(in, 14));
	get_mac(in, 18, out->arp_target_mac);
	out->arp_target = addr_from_v4(bytes_at32(in, 24));
}

static void parse_link(struct reader *r, enum packet_link link)
{
	struct packet *out = r->out;
	const struct bytes_view in = reader_rest(r);
	struct link_header header;

	link_header_read(link, r->frame, r->end, &header);
	out->has = header.has;
	out->ethertype = header.ethertype;
	out->vlan = header.vlan;
	if (header.has & PACKET_ETHERNET) {
		get_mac(in, 0, out->mac_dst);
		get_mac(in, 6, out->mac_src);
	}
	r->at = header.at;
	switch ((enum link_header_next)header.next) {
	case LINK_HEADER_IPV4:
		parse_ipv4(r);
		break;
	case LINK_HEADER_IPV6:
		parse_ipv6(r);
		break;
	case LINK_HEADER_ARP:
		parse_arp(r);
		break;
	case LINK_HEADER_OTHER:
		break;
	}
}

/* Offsets in struct packet are 32 bits wide: what lies behind them is as if cut off. */
static void parse(enum packet_link link, const uint8_t *frame, size_t length, struct packet *out,
		  struct reader *r)
{
	*r = (struct reader){
		.frame = frame,
		.out = out,
		.end = smaller(length, UINT32_MAX),
		.promised = SIZE_MAX,
	};
	bytes_clear(out, sizeof(*out));
	parse_link(r, link);
}

void packet_parse(enum packet_link link, const uint8_t *frame, size_t length, struct packet *out)
{
	struct reader r;

	parse(link, frame, length, out, &r);
}

static bool transport_sum_bad(const struct reader *r)
{
	const struct packet *out = r->out;
	const uint8_t *bytes = r->frame + r->transport_at;
	bool v4 = addr_is_v4(out->src);
	uint64_t sum = 0;

	if (!(out->has & PACKET_ICMP) || !v4)
		sum = checksum_pseudo(out->src, out->dst, out->proto, (uint32_t)r->transport_bytes);
	if ((out->has & PACKET_UDP) && bytes_get16(bytes, r->transport_bytes, 6) == 0)
		return !v4; /* RFC 8200, 8.1: IPv6 must have one */
	return checksum_fold(checksum_add(sum, bytes, r->transport_bytes)) != 0xffff;
}

static bool sum_bad(const struct reader *r)
{
	const struct packet *out = r->out;

	if (!(out->has & PACKET_IP))
		return false;
	if (addr_is_v4(out->src)) {
		const uint8_t *header = r->frame + r->ip_at;
		size_t bytes = (size_t)(header[0] & 15) * 4;

		if (checksum_fold(checksum_add(0, header, bytes)) != 0xffff)
			return true;
	}
	if (r->rerouted || !(out->has & (PACKET_TCP | PACKET_UDP | PACKET_ICMP)) ||
	    (out->has & (PACKET_TRUNCATED | PACKET_FRAGMENT | PACKET_MORE_FRAGMENTS)))
		return false;
	return transport_sum_bad(r);
}

void packet_parse_checked(enum packet_link link, const uint8_t *frame, size_t length,
			  struct packet *out)
{
	struct reader r;

	parse(link, frame, length, out, &r);
	if (sum_bad(&r))
		out->has |= PACKET_SUM_BAD;
}
