/* checksum: the internet checksum (RFC 1071): whole, by parts, and changed in place (RFC 1624). */
#ifndef PORTLIGHT_PACKET_CHECKSUM_H
#define PORTLIGHT_PACKET_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"

/*
 * A partial sum is a plain number: the big-endian 16-bit words added up, with or without carries
 * folded in, so any host-order 16- or 32-bit header field can be added to it with `+`. It holds
 * some 16 GiB of data before it could wrap. Start with 0.
 */

/*
 * sum plus `length` bytes; an odd last byte counts as the high half of a word, so only the last
 * part of a message may be of odd length.
 */
uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t length);

/*
 * The pseudo-header of TCP, UDP and ICMPv6 as a partial sum: RFC 9293, 3.1 for IPv4 and RFC 8200,
 * 8.1 for IPv6, by the family of src. `length` is that of transport header and payload.
 */
uint64_t checksum_pseudo(struct addr src, struct addr dst, uint8_t proto, uint32_t length);

/* The 16-bit one's complement sum of a partial sum: 0xffff over data that carries a right one. */
static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)sum;
}

/* The checksum field's value for data whose partial sum, with the field as 0, is `sum`. */
static inline uint16_t checksum_finish(uint64_t sum)
{
	return (uint16_t)~checksum_fold(sum);
}

/* As checksum_finish, for UDP: 0 would mean "none" and goes out as 0xffff (RFC 768). */
static inline uint16_t checksum_finish_udp(uint64_t sum)
{
	uint16_t field = checksum_finish(sum);

	return field ? field : 0xffff;
}

/*
 * The new value of checksum field `field` after a 16- or 32-bit header field changed from `before`
 * to `after` (RFC 1624, 3, equation 3). Both words must be aligned to 16 bits in the message. For
 * UDP, 0 must still become 0xffff. From the right field it makes a right one, but where the sum is
 * 0 modulo 0xffff the same message may get 0 here and 0xffff there: equal to every receiver.
 */
static inline uint16_t checksum_update16(uint16_t field, uint16_t before, uint16_t after)
{
	return checksum_finish((uint64_t)(uint16_t)~field + (uint16_t)~before + after);
}

static inline uint16_t checksum_update32(uint16_t field, uint32_t before, uint32_t after)
{
	return checksum_finish((uint64_t)(uint16_t)~field + (uint32_t)~before + after);
}

#endif
