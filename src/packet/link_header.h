/* link_header: what a frame starts with, up to the network header. */
#ifndef PORTLIGHT_PACKET_LINK_HEADER_H
#define PORTLIGHT_PACKET_LINK_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"

enum link_header_next {
	LINK_HEADER_OTHER, /* some protocol that is not looked into, or nothing (see `has`) */
	LINK_HEADER_IPV4,
	LINK_HEADER_IPV6,
	LINK_HEADER_ARP,
};

struct link_header {
	uint32_t has; /* PACKET_ETHERNET, _VLAN, _TRUNCATED, _MALFORMED */
	uint8_t next; /* enum link_header_next: what is at `at` */
	uint16_t ethertype, vlan;
	size_t at;
};

/*
 * Walks over link header, VLAN tags and PPPoE session header (RFC 2516), at most to `end`, and
 * fills *out completely. Reads no byte outside [frame, frame + end).
 */
void link_header_read(enum packet_link link, const uint8_t *frame, size_t end,
		      struct link_header *out);

#endif
