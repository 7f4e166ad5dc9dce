/* sight: the technique table in reverse, and the packets that are no probes. */
#include "watch/sight.h"

#include <netinet/in.h>
#include <stdbool.h>

#include "result/event.h"
#include "technique/technique.h"
#include "watch/params.h"

/* The ports of an ARP flow, so that it equals no IP flow: the Ethertype of ARP. */
#define ARP_PORT 0x0806

/* ICMPv6 type (RFC 4861, 4.3). */
#define NEIGHBOUR_SOLICITATION 135

static bool addr_is_group(struct addr a)
{
	/* Class D, broadcast, none. Class E is unicast on Linux and in private networks. */
	if (addr_is_v4(a))
		return addr_v4(a) >> 28 == 0xe || addr_v4(a) == UINT32_MAX || addr_v4(a) == 0;
	return a.hi >> 56 == 0xff || (a.hi == 0 && a.lo == 0);
}

/* fe80::/10 (RFC 4291, 2.5.6). */
static bool is_link_local(struct addr a)
{
	return a.hi >> 54 == 0x3fa;
}

/* The last address of a /24 is usually a broadcast address; UDP is sent there by design. In larger
 * networks it is a host like others: then the frame is not for all hosts of the link. */
static bool packet_may_be_broadcast(const struct packet *p)
{
	bool group = !(p->has & PACKET_ETHERNET) || p->mac_dst[0] & 1;

	return group && addr_is_v4(p->dst) && (addr_v4(p->dst) & 0xff) == 0xff;
}

/* Whether the ports are those of a server's packet to a client. Client ports begin at 32768 on
 * Linux, at 49152 elsewhere (RFC 6335, 6), behind address translators at 1024. */
static bool tcp_is_servers(const struct packet *p)
{
	return (p->sport < 1024 && p->dport >= 1024) ||
	       (p->sport < CLIENT_PORTS && p->dport >= CLIENT_PORTS);
}

static void sight_tcp(const struct packet *p, struct sighting *s)
{
	uint8_t flags = p->flags & (uint8_t) ~(TCP_ECE | TCP_CWR);
	bool contradicts = flags & TCP_SYN && flags & (TCP_FIN | TCP_RST);
	bool has_data = p->payload_bytes > 0 || p->has & PACKET_TRUNCATED;

	if (!contradicts &&
	    (flags & TCP_RST || (flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))) {
		s->kind = SIGHT_ANSWER;
		return;
	}
	s->techniques = technique_by_sight(IPPROTO_TCP, flags);
	s->kind = SIGHT_FIRST;
	/* With ACK, PSH and URG are ordinary only with data; no standard TCP sends other
	 * combinations. */
	if (s->techniques == 0)
		s->techniques = UINT32_C(1) << SEEN_ODD;
	/* A bare ACK or FIN+ACK may be a probe. With data it belongs to a connection, unless a RST
	 * answers it; from a server to a client it may be the late end of a connection. */
	if (!(flags & TCP_ACK) || contradicts)
		return;
	if (has_data || tcp_is_servers(p))
		s->kind = SIGHT_LIKELY_MIDDLE;
	s->late_end = tcp_is_servers(p) && p->dport >= CLIENT_PORTS;
}

/* Traceroute increments the port with each probe, and is answered by the target itself in the end.
 */
static bool udp_is_trace(const struct packet *p)
{
	return p->dport >= TRACEROUTE_PORT && p->dport < TRACEROUTE_PORT + TRACEROUTE_PORTS &&
	       p->ttl <= TRACEROUTE_TTL;
}

/* mtr counts up from 33000, tracepath from 44444, for as long as they run. */
static bool udp_may_be_trace(const struct packet *p)
{
	return p->dport >= TRACE_PORT_LEAST && p->ttl <= TRACEROUTE_TTL;
}

/*
 * A datagram from a service's port to a high port looks like an answer to a request from before the
 * capture, and so does one between equal ports, as some services use; but their answers are not
 * empty, as most probes are.
 */
static bool udp_is_answer(const struct packet *p)
{
	static const uint16_t services[] = {53,	  123,	500,  1194, 1434, 1900,	 3283,	3478, 3702,
					    4500, 5060, 5353, 5355, 5683, 10001, 11211, 51820};
	bool same = p->dport == p->sport;
	bool empty = p->payload_bytes == 0 && !(p->has & PACKET_TRUNCATED);

	if (p->dport < 1024 && !same)
		return false;
	if (p->sport < 1024 && empty)
		return false;
	if (p->sport < 1024 && !same)
		return true;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (p->sport == services[i])
			return true;
	return false;
}

static void sight_udp(const struct packet *p, struct sighting *s)
{
	if (packet_may_be_broadcast(p)) {
		s->kind = SIGHT_ASKS;
		return;
	}
	s->techniques = technique_by_sight(IPPROTO_UDP, 0);
	s->kind = SIGHT_FIRST;
	if (udp_is_answer(p))
		s->kind = p->payload_bytes < ANSWER_BYTES_MOST ? SIGHT_LIKELY_MIDDLE : SIGHT_MIDDLE;
	s->trace = udp_may_be_trace(p);
	if (udp_is_trace(p))
		s->kind = SIGHT_MIDDLE;
}

/*
 * SCTP (RFC 9260). An INIT opens an association, and scans send it or a COOKIE ECHO. An INIT ACK or
 * ABORT answers; all else belongs to an association.
 */
static void sight_sctp(const struct packet *p, struct sighting *s)
{
	s->kind = SIGHT_MIDDLE;
	if (p->chunk == SCTP_INIT) {
		s->kind = SIGHT_FIRST;
		s->techniques = UINT32_C(1) << SEEN_SCTP_INIT;
	} else if (p->chunk == SCTP_COOKIE_ECHO) {
		s->kind = SIGHT_FIRST;
		s->techniques = UINT32_C(1) << SEEN_SCTP_COOKIE;
	} else if (p->chunk == SCTP_INIT_ACK || p->chunk == SCTP_ABORT) {
		s->kind = SIGHT_ANSWER;
	}
}

static void sight_icmp(const struct packet *p, struct sighting *s)
{
	bool v4 = addr_is_v4(p->src);

	if (p->has & PACKET_QUOTE) {
		/* An ICMP error is sent to the source of the packet that it quotes (RFC
		 * 1122, 3.2.2; RFC 4443, 2.4). With others a scanner could excuse its own probes.
		 */
		if (!addr_equal(p->dst, p->quote.src))
			return;
		s->kind = SIGHT_ERROR;
		s->key = (struct flow_key){p->quote.src, p->quote.dst, p->quote.sport,
					   p->quote.dport, p->quote.proto};
		return;
	}
	/* Echo, timestamp, address mask (RFC 792, RFC 950); ICMPv6 echo (RFC 4443, 4). */
	if (v4 ? p->icmp_type == 8 || p->icmp_type == 13 || p->icmp_type == 17
	       : p->icmp_type == 128) {
		s->kind = SIGHT_FIRST;
		s->techniques = UINT32_C(1) << SEEN_ICMP;
		s->key.sport = s->key.dport = p->icmp_type;
	} else if (v4 ? p->icmp_type == 0 || p->icmp_type == 14 || p->icmp_type == 18
		      : p->icmp_type == 129) {
		s->kind = SIGHT_ANSWER;
		s->key.sport = s->key.dport = v4 ? (p->icmp_type == 0 ? 8 : p->icmp_type - 1) : 128;
	}
}

static void sight_arp(const struct packet *p, struct sighting *s)
{
	s->key = (struct flow_key){p->arp_sender, p->arp_target, ARP_PORT, ARP_PORT, 0};
	/* Address probes and announcements (RFC 5227) ask for the sender's own address. */
	if (addr_equal(p->arp_sender, p->arp_target) || addr_is_group(p->arp_sender))
		return;
	s->techniques = UINT32_C(1) << SEEN_ARP;
	s->kind = p->arp_operation == 1	  ? SIGHT_FIRST
		  : p->arp_operation == 2 ? SIGHT_ANSWER
					  : SIGHT_IGNORE;
}

/*
 * Neighbour discovery asks as ARP does. A router asks for hosts that others want to reach, but with
 * its own link-local address (RFC 4861, 7.2.2: that of the packet which is to be sent, if that is
 * its own); so does address detection, with none.
 */
static void sight_neighbour(const struct packet *p, struct sighting *s)
{
	bool asks = p->icmp_type == NEIGHBOUR_SOLICITATION;
	struct addr asker = asks ? p->src : p->dst;

	if (addr_is_group(asker) || addr_equal(asker, p->neighbour_target) ||
	    (is_link_local(asker) && !is_link_local(p->neighbour_target)))
		return;
	s->techniques = UINT32_C(1) << SEEN_ARP;
	s->kind = asks ? SIGHT_FIRST : SIGHT_ANSWER;
	s->key = asks ? (struct flow_key){asker, p->neighbour_target, ARP_PORT, ARP_PORT, 0, 0}
		      : (struct flow_key){p->neighbour_target, asker, ARP_PORT, ARP_PORT, 0, 0};
}

/* A transport protocol that is not parsed: a probe for its number. A truncated TCP, UDP or ICMP
 * header is none. */
static void sight_protocol(const struct packet *p, struct sighting *s)
{
	if (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP || p->proto == IPPROTO_ICMP ||
	    p->proto == IPPROTO_ICMPV6 || (p->proto == IPPROTO_SCTP && p->has & PACKET_TRUNCATED))
		return;
	s->key.sport = s->key.dport = 0;
	s->kind = SIGHT_FIRST;
	s->techniques = UINT32_C(1) << SEEN_IPPROTO;
}

void sight_packet(const struct packet *p, struct sighting *s)
{
	*s = (struct sighting){.kind = SIGHT_IGNORE};
	if (p->has & PACKET_ARP) {
		sight_arp(p, s);
		return;
	}
	if (p->has & PACKET_NEIGHBOUR) {
		sight_neighbour(p, s);
		return;
	}
	if (!(p->has & PACKET_IP) || p->has & PACKET_FRAGMENT || addr_is_group(p->src))
		return;
	s->key = (struct flow_key){p->src, p->dst, p->sport, p->dport, p->proto, 0};
	if (addr_is_group(p->dst)) {
		s->kind = p->has & PACKET_UDP ? SIGHT_ASKS : SIGHT_IGNORE;
		return;
	}
	if (p->has & PACKET_TCP)
		sight_tcp(p, s);
	else if (p->has & PACKET_UDP)
		sight_udp(p, s);
	else if (p->has & PACKET_SCTP)
		sight_sctp(p, s);
	else if (p->has & PACKET_ICMP)
		sight_icmp(p, s);
	else
		sight_protocol(p, s);
}
