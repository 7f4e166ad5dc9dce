/* payload_mark: what the first bytes behind an IP or UDP header tell: SCTP, STUN. */
#ifndef PORTLIGHT_PACKET_PAYLOAD_MARK_H
#define PORTLIGHT_PACKET_PAYLOAD_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"

/* Whether bytes[0..length) begin with a STUN header (RFC 8489, 5). */
bool payload_is_stun(const uint8_t *bytes, size_t length);

/* Reads the SCTP common header and the head of the first chunk (RFC 9260, 3.1 and 3.2) into *out,
 * and sets PACKET_SCTP; leaves *out alone if bytes[0..length) do not hold both. */
void sctp_read(const uint8_t *bytes, size_t length, struct packet *out);

#endif
