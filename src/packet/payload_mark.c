/* payload_mark: SCTP and STUN by their fixed first bytes. */
#include "packet/payload_mark.h"

#include "base/bytes.h"

enum {
	STUN_BYTES = 20,
	STUN_COOKIE = 0x2112a442,
	SCTP_BYTES = 12,
	SCTP_CHUNK_BYTES = 4,
};

bool payload_is_stun(const uint8_t *bytes, size_t length)
{
	return length >= STUN_BYTES && bytes_get32(bytes, length, 4) == STUN_COOKIE &&
	       bytes_get8(bytes, length, 0) < 0x40 && bytes_get16(bytes, length, 2) % 4 == 0;
}

void sctp_read(const uint8_t *bytes, size_t length, struct packet *out)
{
	if (!bytes_hold(length, 0, SCTP_BYTES + SCTP_CHUNK_BYTES))
		return;
	out->has |= PACKET_SCTP;
	out->sport = bytes_get16(bytes, length, 0);
	out->dport = bytes_get16(bytes, length, 2);
	out->seq = bytes_get32(bytes, length, 4);
	out->chunk = bytes_get8(bytes, length, SCTP_BYTES);
	out->payload_offset += SCTP_BYTES;
	out->payload_bytes -= SCTP_BYTES;
}
