/* template: a prebuilt frame of a technique; only the fields that differ between probes are left
 * to be written. */
#ifndef PORTLIGHT_ENGINE_FRAMES_TEMPLATE_H
#define PORTLIGHT_ENGINE_FRAMES_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "packet/packet.h"
#include "technique/technique.h"

/* Ethernet, IPv6, TCP with an MSS option: 78, and room to copy it in whole words. */
#define TEMPLATE_BYTES 80

enum template_kind {
	TEMPLATE_TCP,
	TEMPLATE_UDP,
	TEMPLATE_ICMP, /* sport goes into the data, two bytes further in a timestamp request */
	TEMPLATE_DATA, /* of protocol dport: seq and sport are its first bytes */
};

struct template_conf {
	const struct technique *technique;
	enum packet_link link; /* PACKET_LINK_ETHERNET or PACKET_LINK_RAW_IP */
	uint8_t mac_dst[6], mac_src[6];
	struct addr source; /* its family is the family of the template */
	uint8_t ttl;	    /* or hop limit */
	bool bad_sum;	    /* --badsum: write wrong transport checksums */
};

struct template
{
	uint8_t bytes[TEMPLATE_BYTES]; /* variable fields and checksums are 0 */
	uint64_t network_sum;	       /* partial checksum of the IPv4 header */
	uint64_t transport_sum;	       /* partial checksum: pseudo header and transport header */
	uint8_t length;
	uint8_t network, transport; /* offsets of these headers */
	uint8_t kind;		    /* enum template_kind */
	bool times;		    /* a timestamp request */
	bool v4, ack, bad_sum;
	bool used; /* for the owner of a table of templates; not read here */
};

/* The fields that differ between probes. */
struct template_fields {
	struct addr to;
	const uint8_t *mac_dst; /* NULL: as given to template_init */
	const uint8_t *payload; /* UDP only */
	size_t payload_bytes;	/* at most 1472 */
	/* Also the acknowledgement number, if the technique has ACK set; identifier and sequence
	 * number of ICMP. */
	uint32_t seq;
	uint16_t sport, dport;
	uint16_t ip_id; /* IPv4 */
};

/* Builds the template of a technique. TCP: window 1024; with SYN an MSS option for an Ethernet MTU
 * (RFC 9293, 3.7.1; RFC 6691). ICMP echo: 8 bytes of data. Allocates nothing and cannot fail. */
void template_init(struct template *t, const struct template_conf *conf);

/*
 * Writes a frame with checksums and returns its length in bytes. `frame` has room for
 * TEMPLATE_BYTES + payload_bytes. The bytes are those that packet_build() makes of the same fields.
 */
size_t template_write(const struct template *t, const struct template_fields *fields,
		      uint8_t *frame);

#endif
