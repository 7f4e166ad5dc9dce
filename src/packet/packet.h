/* packet: one frame as a plain struct; bytes to struct (parse) and struct to bytes (build). */
#ifndef PORTLIGHT_PACKET_PACKET_H
#define PORTLIGHT_PACKET_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"

/* What the frame starts with. */
enum packet_link {
	PACKET_LINK_ETHERNET, /* 14-byte Ethernet header (also loopback devices), VLAN tags behind
			       */
	PACKET_LINK_RAW_IP,   /* IPv4 or IPv6 header, by the version nibble: tun, ppp */
	PACKET_LINK_COOKED,   /* Linux cooked v1, 16 bytes (LINKTYPE_LINUX_SLL) */
	PACKET_LINK_COOKED2,  /* Linux cooked v2, 20 bytes (LINKTYPE_LINUX_SLL2) */
	PACKET_LINK_FAMILY,   /* BSD loopback: 4 bytes of address family (LINKTYPE_NULL, _LOOP) */
	PACKET_LINK_PPP,      /* PPP, or Cisco HDLC, with or without address and control bytes */
};

/*
 * Which parts were there, whole and well-formed. Presence is a flag, never a magic value. TCP is
 * there if its 20 fixed bytes are: its options may be cut, or bad with PACKET_TCP_OPTIONS_BAD. A
 * quote that cannot be read is merely absent. A header that a first fragment leaves to the next one
 * is absent too, and the packet is not malformed.
 */
enum packet_has {
	PACKET_ETHERNET = 1 << 0,
	PACKET_VLAN = 1 << 1,
	PACKET_ARP = 1 << 2, /* Ethernet/IPv4 ARP (RFC 826) */
	PACKET_IP = 1 << 3,  /* IPv4 or IPv6; the family is that of src */
	PACKET_TCP = 1 << 4,
	PACKET_UDP = 1 << 5,
	PACKET_ICMP = 1 << 6,	   /* ICMP or ICMPv6; the family is that of src */
	PACKET_QUOTE = 1 << 7,	   /* an ICMP error whose quoted packet could be read */
	PACKET_NEIGHBOUR = 1 << 8, /* ICMPv6 neighbour solicitation or advertisement; only with
				      ttl 255 and code 0, or it is none (RFC 4861, 7.1) */
	PACKET_FRAGMENT = 1 << 9,  /* a fragment other than the first: no transport header */
	PACKET_MORE_FRAGMENTS = 1 << 10,
	PACKET_TRUNCATED = 1 << 11,    /* the frame ends before a length in it says so */
	PACKET_MALFORMED = 1 << 12,    /* a length or version in it contradicts another, or an
					  IPv6 header has an IPv4-mapped address */
	PACKET_MSS = 1 << 13,	       /* TCP option 2 was present */
	PACKET_LINK_ADDRESS = 1 << 14, /* neighbour_mac is set */
	PACKET_TCP_START = 1 << 16,    /* not PACKET_TCP, but a fragment with its ports and seq */
	/* Not PACKET_TCP, but a fragment with its flags and window; with PACKET_TCP_START, ack too.
	 */
	PACKET_TCP_FLAGS = 1 << 17,
	/* IPv6: the frame, PACKET_BURIED_BYTES of the packet or more, ends within extension
	 * headers: no honest packet has that many. */
	PACKET_BURIED = 1 << 18,
	/* An option's length is wrong. RFC 9293, 3.1 (MUST-7) requires implementations to be
	 * prepared for that; Linux ignores the rest of the options. */
	PACKET_TCP_OPTIONS_BAD = 1 << 19,
	PACKET_SCTP = 1 << 20, /* its common header and the head of its first chunk */
	/* UDP: the payload begins with a STUN header (RFC 8489, 5), as connectivity checks of ICE
	 * do (RFC 8445, 7.1). */
	PACKET_STUN = 1 << 21,
	PACKET_SUM_BAD = 1 << 15, /* only if asked for: IP or transport checksum is wrong */
};

#define PACKET_BURIED_BYTES 120

/* TCP header flags (RFC 9293, 3.1; ECE and CWR: RFC 3168, 6.1). */
enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
};

/* The packet inside an ICMP error (RFC 792; RFC 4443, 3): at least IP header + 8 bytes of it. */
struct packet_quote {
	struct addr src, dst;
	uint16_t sport, dport; /* TCP, UDP, SCTP */
	uint32_t seq;	       /* TCP */
	uint16_t ip_id;	       /* IPv4 */
	uint8_t proto;	       /* IPPROTO_* */
	uint8_t ttl;
};

/* Types of SCTP chunks (RFC 9260, 3.2). */
enum sctp_chunk {
	SCTP_INIT = 1,
	SCTP_INIT_ACK = 2,
	SCTP_ABORT = 6,
	SCTP_COOKIE_ECHO = 10,
};

/* All numbers in host order. Fields of an absent part are 0. */
struct packet {
	uint32_t has;	    /* enum packet_has */
	uint16_t ethertype; /* 0 where the link has none */
	uint16_t vlan;	    /* innermost tag control information */
	uint8_t mac_dst[6], mac_src[6];

	uint16_t arp_operation; /* 1 request, 2 reply */
	struct addr arp_sender, arp_target;
	uint8_t arp_sender_mac[6], arp_target_mac[6];

	struct addr src, dst;
	uint8_t proto;		  /* IPPROTO_*, after IPv6 extension headers */
	uint8_t ttl;		  /* IPv4 time to live, IPv6 hop limit */
	uint8_t tos;		  /* IPv4 type of service, IPv6 traffic class */
	uint16_t ip_id;		  /* IPv4 identification, host order */
	uint16_t fragment_offset; /* bytes */
	uint32_t fragment_id;	  /* of a fragment: IPv4 identification, or that of the IPv6
				     fragment header */
	uint32_t ip_bytes;	  /* whole IP packet as its header says */
	uint32_t flow_label;	  /* IPv6, 20 bits */

	uint16_t sport, dport; /* TCP, UDP, SCTP */
	uint32_t seq, ack;     /* SCTP: seq is the verification tag */
	uint8_t flags;	       /* enum tcp_flag */
	uint8_t chunk;	       /* SCTP: type of the first chunk, enum sctp_chunk or another */
	uint16_t window;
	uint16_t urgent;
	uint16_t mss;

	uint8_t icmp_type, icmp_code;
	uint32_t icmp_rest; /* bytes 4 to 7: echo id << 16 | sequence, MTU, pointer, ... */
	struct packet_quote quote;

	struct addr neighbour_target; /* RFC 4861, 4.3 and 4.4 */
	uint8_t neighbour_mac[6];

	/*
	 * What is behind the last header that was read (of ICMP: its first 8 bytes): where it
	 * starts in the frame, and how much of it the frame holds.
	 */
	uint32_t payload_offset;
	uint32_t payload_bytes;
};

/*
 * Reads `length` bytes that start with `link` into *out, always filling *out completely; never
 * fails: what is missing or wrong shows in out->has. Reads no byte outside [frame, frame+length).
 * Up to 8 VLAN tags, a PPPoE session header behind them and all IPv6 extension headers are walked;
 * more tags are PACKET_MALFORMED. ethertype is that of the innermost.
 */
void packet_parse(enum packet_link link, const uint8_t *frame, size_t length, struct packet *out);

/* packet_parse, and PACKET_SUM_BAD where a checksum that can be checked (whole, unfragmented
 * packet in the frame) is wrong. An IPv4 UDP checksum of 0 means none (RFC 768). */
void packet_parse_checked(enum packet_link link, const uint8_t *frame, size_t length,
			  struct packet *out);

/*
 * Writes the frame that *p describes (ARP, neighbour solicitation or advertisement, TCP, UDP,
 * ICMP with `payload` as the bytes behind its first 8), with lengths and checksums computed, into
 * frame[0..capacity). Link is ETHERNET or RAW_IP. TCP gets an MSS option if PACKET_MSS is set.
 * IPv4 carries no options and the don't-fragment bit clear. ip_bytes, payload_offset and
 * payload_bytes of *p are ignored; a payload is given by `payload` and `payload_bytes`.
 * Of the flags only ARP, TCP, UDP, ICMP, NEIGHBOUR and VLAN, MSS, LINK_ADDRESS are asked for; they
 * imply the headers below them. `payload` does not overlap `frame`.
 * Returns the frame's length, or 0 if capacity is too small or *p names no such packet: families
 * of src and dst differ, not exactly one transport flag, a fragment, a payload that 16-bit lengths
 * cannot hold, ARP elsewhere than on ETHERNET, a neighbour message with a payload or with ttl or
 * type other than RFC 4861 wants.
 * Property: packet_parse(packet_build(p)) == p for every field that the kind of packet has.
 */
size_t packet_build(enum packet_link link, const struct packet *p, const uint8_t *payload,
		    size_t payload_bytes, uint8_t *frame, size_t capacity);

#endif
