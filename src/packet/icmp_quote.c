/* icmp_quote: the packet inside an ICMP error. */
#include "packet/icmp_quote.h"

#include <netinet/in.h>

#include "base/bytes.h"
#include "packet/extensions.h"

enum {
	IPV4_BYTES = 20,
	IPV6_BYTES = 40,
	TRANSPORT_BYTES = 8, /* what every error has of the transport header (RFC 792) */
};

static bool quote_transport(const uint8_t *bytes, size_t length, size_t at, struct packet_quote *q)
{
	if (q->proto != IPPROTO_TCP && q->proto != IPPROTO_UDP && q->proto != IPPROTO_SCTP)
		return true;
	if (!bytes_hold(length, at, TRANSPORT_BYTES))
		return false;
	q->sport = bytes_get16(bytes, length, at);
	q->dport = bytes_get16(bytes, length, at + 2);
	if (q->proto == IPPROTO_TCP)
		q->seq = bytes_get32(bytes, length, at + 4);
	return true;
}

/* The quoted total length is not looked at: the quote is cut, and some routers alter it. */
static bool quote_ipv4(const uint8_t *bytes, size_t length, struct packet_quote *q)
{
	size_t header = (size_t)(bytes_get8(bytes, length, 0) & 15) * 4;

	if (bytes_get8(bytes, length, 0) >> 4 != 4 || header < IPV4_BYTES ||
	    !bytes_hold(length, 0, header) || (bytes_get16(bytes, length, 6) & 0x1fff))
		return false;
	q->ip_id = bytes_get16(bytes, length, 4);
	q->ttl = bytes_get8(bytes, length, 8);
	q->proto = bytes_get8(bytes, length, 9);
	q->src = addr_from_v4(bytes_get32(bytes, length, 12));
	q->dst = addr_from_v4(bytes_get32(bytes, length, 16));
	return quote_transport(bytes, length, header, q);
}

static bool quote_ipv6(const uint8_t *bytes, size_t length, struct packet_quote *q)
{
	struct extensions e = {.next = bytes_get8(bytes, length, 6), .at = IPV6_BYTES};

	if (bytes_get8(bytes, length, 0) >> 4 != 6 || !bytes_hold(length, 0, IPV6_BYTES))
		return false;
	q->ttl = bytes_get8(bytes, length, 7);
	q->src = addr_from_bytes16(bytes + 8);
	q->dst = addr_from_bytes16(bytes + 24);
	if (addr_is_v4(q->src) || addr_is_v4(q->dst) ||
	    extensions_walk(bytes, length, &e) != EXTENSIONS_DONE)
		return false;
	q->proto = e.next;
	return quote_transport(bytes, length, e.at, q);
}

int icmp_quote_read(bool v4, const uint8_t *bytes, size_t length, struct packet_quote *out)
{
	struct packet_quote q = {.proto = 0};

	if (v4 ? !quote_ipv4(bytes, length, &q) : !quote_ipv6(bytes, length, &q))
		return -1;
	*out = q;
	return 0;
}
