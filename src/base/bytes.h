/* bytes: big-endian numbers in and out of byte strings. */
#ifndef PORTLIGHT_BASE_BYTES_H
#define PORTLIGHT_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Clears memory with the library's memset(3). If gcc knows that the length is more than a few
 * hundred bytes it emits "rep stos" instead, which takes dozens of cycles to start and blocks the
 * pipeline: measured, a twentieth of the time of a replay.
 */
static inline void bytes_clear(void *at, size_t count)
{
	__asm__("" : "+r"(count)); /* hides the length from gcc */
	memset(at, 0, count);
}

/* Whether bytes [at, at + count) lie within [0, length). Cannot wrap. */
static inline bool bytes_hold(size_t length, size_t at, size_t count)
{
	return at <= length && count <= length - at;
}

/*
 * The big-endian number at bytes[at], or 0 if it is not entirely within [0, length): a caller that
 * did not check with bytes_hold reads 0, never out of bounds.
 */
static inline uint8_t bytes_get8(const uint8_t *bytes, size_t length, size_t at)
{
	return at < length ? bytes[at] : 0;
}

static inline uint16_t bytes_get16(const uint8_t *bytes, size_t length, size_t at)
{
	if (!bytes_hold(length, at, 2))
		return 0;
	return (uint16_t)(bytes[at] << 8 | bytes[at + 1]);
}

static inline uint32_t bytes_get32(const uint8_t *bytes, size_t length, size_t at)
{
	if (!bytes_hold(length, at, 4))
		return 0;
	return (uint32_t)bytes[at] << 24 | (uint32_t)bytes[at + 1] << 16 |
	       (uint32_t)bytes[at + 2] << 8 | bytes[at + 3];
}

static inline uint64_t bytes_get64(const uint8_t *bytes, size_t length, size_t at)
{
	if (!bytes_hold(length, at, 8))
		return 0;
	return (uint64_t)bytes_get32(bytes, length, at) << 32 | bytes_get32(bytes, length, at + 4);
}

/*
 * Readable bytes, passed by value: once a function has compared the length, the compiler can drop
 * its later checks, since no store through a pointer can change the length.
 */
struct bytes_view {
	const uint8_t *bytes;
	size_t length;
};

static inline uint8_t bytes_at8(struct bytes_view v, size_t at)
{
	return bytes_get8(v.bytes, v.length, at);
}

static inline uint16_t bytes_at16(struct bytes_view v, size_t at)
{
	return bytes_get16(v.bytes, v.length, at);
}

static inline uint32_t bytes_at32(struct bytes_view v, size_t at)
{
	return bytes_get32(v.bytes, v.length, at);
}

static inline uint64_t bytes_at64(struct bytes_view v, size_t at)
{
	return bytes_get64(v.bytes, v.length, at);
}

/* Writes the number at `to`; the caller provides the room. */
static inline void bytes_put16(uint8_t *to, uint16_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static inline void bytes_put32(uint8_t *to, uint32_t value)
{
	bytes_put16(to, (uint16_t)(value >> 16));
	bytes_put16(to + 2, (uint16_t)value);
}

static inline void bytes_put64(uint8_t *to, uint64_t value)
{
	bytes_put32(to, (uint32_t)(value >> 32));
	bytes_put32(to + 4, (uint32_t)value);
}

#endif
