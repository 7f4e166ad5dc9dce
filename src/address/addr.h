/* addr: one internet address, IPv4 or IPv6, as one 128-bit number. */
#ifndef PORTLIGHT_ADDRESS_ADDR_H
#define PORTLIGHT_ADDRESS_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Host order, most significant half first. An IPv4 address is held IPv4-mapped, ::ffff:a.b.c.d
 * (RFC 4291, 2.5.5.2), so that one sorted set holds both families. An IPv4-mapped IPv6 address
 * therefore is its IPv4 address; it never appears on the wire (RFC 4942, 2.2), so nothing is lost.
 * Flat and free of pointers: the plan shares it with the kernel.
 */
struct addr {
	uint64_t hi;
	uint64_t lo;
};

#define ADDR_V4_PREFIX UINT64_C(0x0000ffff00000000)

/* Longest text of addr_format with its NUL: INET6_ADDRSTRLEN. */
#define ADDR_TEXT 46

static inline struct addr addr_from_v4(uint32_t v4)
{
	return (struct addr){0, ADDR_V4_PREFIX | v4};
}

static inline bool addr_is_v4(struct addr a)
{
	return a.hi == 0 && (a.lo >> 32) == 0xffff;
}

/* The IPv4 address in host order; meaningful only if addr_is_v4. */
static inline uint32_t addr_v4(struct addr a)
{
	return (uint32_t)a.lo;
}

static inline bool addr_equal(struct addr a, struct addr b)
{
	return a.hi == b.hi && a.lo == b.lo;
}

/* -1, 0 or 1. IPv4 addresses sort as ::ffff:0:0/96. */
static inline int addr_compare(struct addr a, struct addr b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	if (a.lo != b.lo)
		return a.lo < b.lo ? -1 : 1;
	return 0;
}

/* a + n, wrapping at 2^128 (the caller keeps inside its range). */
static inline struct addr addr_add(struct addr a, uint64_t n)
{
	struct addr sum = {a.hi, a.lo + n};

	sum.hi += sum.lo < a.lo;
	return sum;
}

/* 0.0.0.0 (RFC 1122, 3.2.1.3) or :: (RFC 4291, 2.5.2): no host has it; the kernel takes it as this
 * machine. */
static inline bool addr_is_unspecified(struct addr a)
{
	return (addr_is_v4(a) && addr_v4(a) == 0) || (!a.hi && !a.lo);
}

/* Link-local unicast, fe80::/10 (RFC 4291, 2.5.6). */
static inline bool addr_is_link_local6(struct addr a)
{
	return (a.hi >> 54) == (UINT64_C(0xfe80) >> 6);
}

/* The 4 network-order bytes of an IPv4 address, the 16 of an IPv6 one. */
struct addr addr_from_bytes4(const uint8_t bytes[static 4]);
struct addr addr_from_bytes16(const uint8_t bytes[static 16]);
/* Either, by `length`: 4 or 16. False for any other length; *out is then unchanged. */
bool addr_from_bytes(const uint8_t *bytes, size_t length, struct addr *out);
void addr_to_bytes4(struct addr a, uint8_t bytes[static 4]);
void addr_to_bytes16(struct addr a, uint8_t bytes[static 16]);

/*
 * Text to address: strict dotted quad (four decimal numbers, no leading zeros, so that 010 is
 * never read as 8) or RFC 4291 2.2 text. `length` bytes, no NUL needed. Returns 0, or -1 and
 * leaves *out unchanged.
 */
int addr_parse(const char *text, size_t length, struct addr *out);

/* RFC 5952 text, NUL-terminated. Returns `text`. */
const char *addr_format(struct addr a, char text[static ADDR_TEXT]);

#endif
