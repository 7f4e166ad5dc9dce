/* template: a probe's frame with all that does not change from probe to probe already in it. */
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

struct template_conf {
	const struct technique *technique;
	enum packet_link link; /* PACKET_LINK_ETHERNET or PACKET_LINK_RAW_IP */
	uint8_t mac_dst[6], mac_src[6];
	struct addr source; /* its family is the template's */
	uint8_t ttl;
	bool bad_sum; /* transport checksums wrong on purpose */
};

struct template
{
	uint8_t bytes[TEMPLATE_BYTES]; /* the fields that change, and the checksums, are 0 */
	uint64_t network_sum;	       /* partial sum of the IPv4 header */
	uint64_t transport_sum;	       /* partial sum of transport header, source and protocol */
	uint8_t length;
	uint8_t network, transport; /* where these headers start */
	bool v4, tcp, ack, bad_sum;
	bool used; /* free for the owner of a table of them */
};

/* What changes. */
struct template_fields {
	struct addr to;
	const uint8_t *mac_dst; /* NULL: the template's own */
	const uint8_t *payload; /* UDP only */
	size_t payload_bytes;	/* at most 1472 */
	uint32_t seq;		/* and acknowledgement number, if the technique's flags have ACK */
	uint16_t sport, dport;
	uint16_t ip_id; /* IPv4 */
};

/* TCP: window 1024; on SYN an MSS option of what Ethernet carries (RFC 9293, 3.7.1; RFC 6691). */
void template_init(struct template *t, const struct template_conf *conf);

/*
 * Writes the frame and returns its length. `frame` has room for TEMPLATE_BYTES + payload_bytes.
 * Property: the same bytes as packet_build of the packet with these fields.
 */
size_t template_write(const struct template *t, const struct template_fields *fields,
		      uint8_t *frame);

#endif
