/* checksum: the internet checksum (RFC 1071). */
#include "packet/checksum.h"

#include "base/bytes.h"

uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t length)
{
	size_t at = 0;

	/* 2^16 is 1 modulo 0xffff, so wider words add up to the same sum. */
	for (; length - at >= 8; at += 8) {
		uint64_t word = bytes_get64(bytes, length, at);

		sum += (word >> 32) + (word & 0xffffffff);
	}
	if (length - at >= 4) {
		sum += bytes_get32(bytes, length, at);
		at += 4;
	}
	if (length - at >= 2) {
		sum += bytes_get16(bytes, length, at);
		at += 2;
	}
	if (at < length)
		sum += (uint64_t)bytes[at] << 8;
	return sum;
}

static uint64_t sum64(uint64_t word)
{
	return (word >> 32) + (word & 0xffffffff);
}

uint64_t checksum_pseudo(struct addr src, struct addr dst, uint8_t proto, uint32_t length)
{
	uint64_t rest = (uint64_t)proto + length;

	if (addr_is_v4(src))
		return rest + addr_v4(src) + addr_v4(dst);
	return rest + sum64(src.hi) + sum64(src.lo) + sum64(dst.hi) + sum64(dst.lo);
}
