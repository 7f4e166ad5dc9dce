/* bytes: big-endian numbers in and out of byte strings. */
#ifndef PORTLIGHT_BASE_BYTES_H
#define PORTLIGHT_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * memset(3) to zero, by the library. Where gcc knows the length, and it is more than some hundred
 * bytes, it puts "rep stos" in its place, which takes dozens of cycles to start and which nothing
 * overtakes: a twentieth of a replay.
 */
static inline void bytes_clear(void *at, size_t count)
{
	__asm__("" : "+r"(count)); /* now it does not know */
	memset(at, 0, count);
}

/* Whether bytes [at, at + count) lie within [0, length). Cannot wrap. */
static inline bool bytes_hold(size_t length, size_t at, size_t count)
{
	return at <= length && count <= length - at;
}

/*
 * The big-endian number at bytes[at], or 0 where it does not lie whole within [0, length): a
 * reader that forgot to ask bytes_hold gets a wrong number, never a byte of somebody else.
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
 * Bytes that may be read, to be held by value: a function that has asked for the length of what it
 * reads has its later bounds checked at compile time, as nothing that it stores can change them.
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

/* Writes the number at `to`, which the caller knows to have room. */
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
