/* addr: text and network-order bytes of addresses. */
#include "address/addr.h"

#include <string.h>

#include "base/bytes.h"

struct addr addr_from_bytes4(const uint8_t bytes[static 4])
{
	return addr_from_v4(bytes_get32(bytes, 4, 0));
}

struct addr addr_from_bytes16(const uint8_t bytes[static 16])
{
	return (struct addr){bytes_get64(bytes, 16, 0), bytes_get64(bytes, 16, 8)};
}

bool addr_from_bytes(const uint8_t *bytes, size_t length, struct addr *out)
{
	switch (length) {
	case 4:
		*out = addr_from_bytes4(bytes);
		return true;
	case 16:
		*out = addr_from_bytes16(bytes);
		return true;
	default:
		return false;
	}
}

void addr_to_bytes4(struct addr a, uint8_t bytes[static 4])
{
	bytes_put32(bytes, addr_v4(a));
}

void addr_to_bytes16(struct addr a, uint8_t bytes[static 16])
{
	bytes_put64(bytes, a.hi);
	bytes_put64(bytes + 8, a.lo);
}

/* The value of a digit of any base up to 16, or 16. */
static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

/* All of text[0..length) as a dotted quad. */
static int parse_quad(const char *text, size_t length, uint32_t *out)
{
	uint32_t value = 0;
	size_t at = 0;

	for (int i = 0; i < 4; i++) {
		unsigned octet = 0;
		size_t start;

		if (i > 0 && (at == length || text[at++] != '.'))
			return -1;
		for (start = at; at < length && digit_value(text[at]) < 10; at++) {
			if (at - start == 3 || (at > start && octet == 0))
				return -1;
			octet = octet * 10 + digit_value(text[at]);
		}
		if (at == start || octet > 255)
			return -1;
		value = value << 8 | octet;
	}
	if (at != length)
		return -1;
	*out = value;
	return 0;
}

/* The groups of an IPv6 address as far as they are read. */
struct groups {
	uint16_t group[8];
	int count;
	int gap; /* how many groups stand before "::", -1 as long as there was none */
};

/* Puts the zeros that "::" stands for in their place: one group at least (RFC 4291, 2.2). */
static int groups_close(struct groups *g)
{
	size_t behind;

	if (g->gap < 0)
		return g->count == 8 ? 0 : -1;
	if (g->count == 8)
		return -1;
	behind = (size_t)(g->count - g->gap);
	memmove(g->group + 8 - behind, g->group + g->gap, behind * sizeof(g->group[0]));
	memset(g->group + g->gap, 0, (size_t)(8 - g->count) * sizeof(g->group[0]));
	return 0;
}

/* The colon or colons behind a group: one, or the only "::". Moves *at behind them. */
static int parse_colons(const char *text, size_t length, size_t *at, struct groups *g)
{
	if (text[*at] != ':')
		return -1;
	++*at;
	if (*at < length && text[*at] == ':') {
		if (g->gap >= 0)
			return -1;
		g->gap = g->count;
		++*at;
		return 0;
	}
	return *at < length ? 0 : -1;
}

static int parse_groups(const char *text, size_t length, struct groups *g)
{
	size_t at = 0;

	if (length >= 2 && text[0] == ':' && parse_colons(text, length, &at, g) != 0)
		return -1;
	if (at == 1) /* a single colon in front */
		return -1;
	while (at < length) {
		unsigned value = 0;
		size_t start;

		for (start = at; at < length && digit_value(text[at]) < 16; at++) {
			if (at - start == 4)
				return -1;
			value = value << 4 | digit_value(text[at]);
		}
		if (at < length && text[at] == '.') {
			uint32_t quad;

			if (g->count > 6 || parse_quad(text + start, length - start, &quad) != 0)
				return -1;
			g->group[g->count++] = (uint16_t)(quad >> 16);
			g->group[g->count++] = (uint16_t)quad;
			return 0;
		}
		if (at == start || g->count == 8)
			return -1;
		g->group[g->count++] = (uint16_t)value;
		if (at < length && parse_colons(text, length, &at, g) != 0)
			return -1;
	}
	return 0;
}

int addr_parse(const char *text, size_t length, struct addr *out)
{
	struct groups g = {.gap = -1};
	struct addr a = {0, 0};
	uint32_t quad;

	if (parse_quad(text, length, &quad) == 0) {
		*out = addr_from_v4(quad);
		return 0;
	}
	if (parse_groups(text, length, &g) != 0 || groups_close(&g) != 0)
		return -1;
	for (int i = 0; i < 4; i++) {
		a.hi = a.hi << 16 | g.group[i];
		a.lo = a.lo << 16 | g.group[i + 4];
	}
	*out = a;
	return 0;
}

/* Writes a number without leading zeros; returns the byte behind it. */
static char *put_number(char *to, unsigned value, unsigned base)
{
	char digits[5];
	size_t count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value && count < sizeof(digits));
	while (count)
		*to++ = digits[--count];
	return to;
}

static void format_quad(uint32_t v4, char *to)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		to = put_number(to, v4 >> shift & 255, 10);
		*to++ = shift ? '.' : '\0';
	}
}

/* The first longest run of two or more zero groups (RFC 5952, 4.2.2 and 4.2.3). */
static int longest_gap(const uint16_t group[static 8], int *length)
{
	int best = -1;

	*length = 1;
	for (int i = 0; i < 8; i++) {
		int end = i;

		while (end < 8 && group[end] == 0)
			end++;
		if (end - i > *length) {
			best = i;
			*length = end - i;
		}
		if (end > i)
			i = end;
	}
	return best;
}

const char *addr_format(struct addr a, char text[static ADDR_TEXT])
{
	uint16_t group[8];
	char *to = text;
	int gap, gap_length;

	if (addr_is_v4(a)) {
		format_quad(addr_v4(a), text);
		return text;
	}
	for (int i = 0; i < 4; i++) {
		group[i] = (uint16_t)(a.hi >> (48 - 16 * i));
		group[i + 4] = (uint16_t)(a.lo >> (48 - 16 * i));
	}
	gap = longest_gap(group, &gap_length);
	for (int i = 0; i < 8; i++) {
		if (i == gap) {
			*to++ = ':';
			*to++ = ':';
			i += gap_length - 1;
			continue;
		}
		if (i > 0 && to[-1] != ':')
			*to++ = ':';
		to = put_number(to, group[i], 16);
	}
	*to = '\0';
	return text;
}
