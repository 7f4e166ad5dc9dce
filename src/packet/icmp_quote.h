/* icmp_quote: the packet inside an ICMP error. */
#ifndef PORTLIGHT_PACKET_ICMP_QUOTE_H
#define PORTLIGHT_PACKET_ICMP_QUOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"

/*
 * Reads the IPv4 (`v4`) or IPv6 packet that bytes[0..length) starts with. Returns 0, or -1 and
 * leaves *out alone if it is no such packet, a fragment other than the first, or ends before the
 * first 8 bytes of its TCP, UDP or SCTP header do.
 */
int icmp_quote_read(bool v4, const uint8_t *bytes, size_t length, struct packet_quote *out);

#endif
