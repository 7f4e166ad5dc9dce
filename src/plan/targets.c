/* targets: nmap's target grammar, text to ranges. */
#include "plan/targets.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/quote.h"

/* From one text. `*.*.1.*` needs 65,536; 2 MiB. */
#define TARGET_RANGES_MOST 65536u

#define LABEL_BYTES	   63  /* RFC 1035, 2.3.4 */
#define NAME_BYTES	   253 /* the same, as text */

/* As much of a text, and of a part of it, as a message shows. */
#define QUOTE_BYTES	 128
#define QUOTE_PART_BYTES 64

struct target_reader {
	const char *text; /* all of it, for messages */
	size_t length;
	struct ranges *set;
	struct target *out;
	struct failure *failure;
};

/* A part of the text. */
struct part {
	const char *at;
	size_t length;
};

/* The values of one octet, one bit each. */
struct octet {
	bool has[256];
	unsigned values, runs;
};

static int target_refuse(struct target_reader *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int target_refuse(struct target_reader *r, const char *format, ...)
{
	char quoted[QUOTE_BYTES], why[256];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(why, sizeof(why), format, arguments); /* cut at worst */
	va_end(arguments);
	return failure_set(r->failure, EXIT_USAGE, "bad target \"%s\": %s",
			   text_quote(r->text, r->length, quoted, sizeof(quoted)), why);
}

static int target_no_memory(struct failure *f)
{
	return failure_set(f, EXIT_SOFTWARE, "out of memory for the targets");
}

static const char *part_quote(struct part part, char out[static QUOTE_PART_BYTES])
{
	return text_quote(part.at, part.length, out, QUOTE_PART_BYTES);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool part_has(struct part part, char c)
{
	return part.length > 0 && memchr(part.at, c, part.length);
}

/* What stands before the first `separator`, or all. *rest is what stands behind it; false if
 * there was none. */
static bool part_split(struct part whole, char separator, struct part *before, struct part *rest)
{
	const char *found = whole.length > 0 ? memchr(whole.at, separator, whole.length) : NULL;

	if (!found) {
		*before = whole;
		return false;
	}
	*before = (struct part){whole.at, (size_t)(found - whole.at)};
	*rest = (struct part){found + 1, whole.length - before->length - 1};
	return true;
}

/* A decimal number up to `most`; `noun` is what a message calls it. Leading zeros are refused: to
 * inet_aton 010 is 8. */
static int number_read(struct target_reader *r, struct part part, const char *noun, unsigned most,
		       unsigned *out)
{
	char quoted[QUOTE_PART_BYTES];
	unsigned value = 0;

	if (part.length == 0)
		return target_refuse(r, "empty %s", noun);
	for (size_t i = 0; i < part.length; i++) {
		if (!is_digit(part.at[i]))
			return target_refuse(r, "\"%s\" is no %s", part_quote(part, quoted), noun);
	}
	if (part.length > 1 && part.at[0] == '0')
		return target_refuse(r, "%s %s has a leading zero", noun, part_quote(part, quoted));
	for (size_t i = 0; i < part.length; i++) {
		value = value * 10 + (unsigned)(part.at[i] - '0');
		if (value > most)
			return target_refuse(r, "%s %s is over %u", noun, part_quote(part, quoted),
					     most);
	}
	*out = value;
	return 0;
}

static int prefix_read(struct target_reader *r, struct part part, unsigned most, unsigned *bits)
{
	return number_read(r, part, "prefix length", most, bits);
}

/*
 * Adds what of first..last is not IPv4: inside IPv6 text the block ::ffff:0:0/96 is not meant, as
 * IPv4-mapped addresses never are on the wire.
 */
static int v6_add(struct ranges *set, struct addr first, struct addr last)
{
	const struct addr below = {0, ADDR_V4_PREFIX - 1};
	const struct addr above = {0, (ADDR_V4_PREFIX | UINT32_MAX) + 1};
	size_t count = set->count;

	if (addr_compare(last, below) <= 0 || addr_compare(first, above) >= 0)
		return ranges_add(set, first, last);
	if (addr_compare(first, below) <= 0 && ranges_add(set, first, below) < 0)
		return -1;
	if (addr_compare(last, above) >= 0 && ranges_add(set, above, last) < 0) {
		set->count = count;
		return -1;
	}
	return 0;
}

int target_add_prefix(struct ranges *set, struct addr a, unsigned prefix_bits, struct failure *f)
{
	unsigned most = addr_is_v4(a) ? 32 : 128, free_bits;
	struct addr mask = {0, 0}; /* of the bits behind the prefix */
	struct addr first, last;
	char text[ADDR_TEXT];

	if (prefix_bits > most)
		return failure_set(f, EXIT_USAGE, "prefix length %u of %s is over %u", prefix_bits,
				   addr_format(a, text), most);
	free_bits = most - prefix_bits;
	if (free_bits >= 64)
		mask.lo = UINT64_MAX;
	else
		mask.lo = (UINT64_C(1) << free_bits) - 1;
	if (free_bits == 128)
		mask.hi = UINT64_MAX;
	else if (free_bits > 64)
		mask.hi = (UINT64_C(1) << (free_bits - 64)) - 1;
	first = (struct addr){a.hi & ~mask.hi, a.lo & ~mask.lo};
	last = (struct addr){a.hi | mask.hi, a.lo | mask.lo};
	if ((addr_is_v4(a) ? ranges_add(set, first, last) : v6_add(set, first, last)) < 0)
		return target_no_memory(f);
	return 0;
}

/* Four plain numbers. */
static int quad_read(struct target_reader *r, struct part part, struct addr *out)
{
	struct part rest = part, field;
	unsigned value, count = 0;
	uint32_t v4 = 0;
	bool more;

	do {
		more = part_split(rest, '.', &field, &rest);
		if (number_read(r, field, "octet", 255, &value) < 0)
			return -1;
		v4 = v4 << 8 | value;
		count++;
	} while (more && count <= 4);
	if (count != 4) {
		char quoted[QUOTE_PART_BYTES];

		return target_refuse(r, "\"%s\" has not four octets", part_quote(part, quoted));
	}
	*out = addr_from_v4(v4);
	return 0;
}

/* One element of an octet's list: "5", "1-5", "1-", "-5", "-", "*". */
static int octet_read_element(struct target_reader *r, struct part part, struct octet *octet)
{
	char quoted[QUOTE_PART_BYTES];
	unsigned low = 0, high = 255;
	struct part left, right;

	if (part.length == 1 && (part.at[0] == '*' || part.at[0] == '-')) {
		/* all of it */
	} else if (!part_split(part, '-', &left, &right)) {
		if (number_read(r, left, "octet", 255, &low) < 0)
			return -1;
		high = low;
	} else {
		if (left.length > 0 && number_read(r, left, "octet", 255, &low) < 0)
			return -1;
		if (right.length > 0 && number_read(r, right, "octet", 255, &high) < 0)
			return -1;
		if (low > high)
			return target_refuse(r, "reversed range \"%s\"", part_quote(part, quoted));
	}
	for (unsigned value = low; value <= high; value++)
		octet->has[value] = true;
	return 0;
}

static int octet_read(struct target_reader *r, struct part part, struct octet *octet)
{
	struct part element;
	bool more;

	do {
		more = part_split(part, ',', &element, &part);
		if (octet_read_element(r, element, octet) < 0)
			return -1;
	} while (more);
	for (unsigned value = 0; value < 256; value++) {
		octet->values += octet->has[value];
		octet->runs += octet->has[value] && (value == 0 || !octet->has[value - 1]);
	}
	return 0;
}

/* Adds the ranges of octets depth..last, all octets behind `last` being full; `v4` holds those
 * before depth in its low bits. */
static int octets_add(struct ranges *set, const struct octet *octets, unsigned depth, unsigned last,
		      uint32_t v4)
{
	const struct octet *octet = &octets[depth];
	unsigned shift = 8 * (3 - last);
	uint32_t below = (UINT32_C(1) << shift) - 1;

	for (unsigned value = 0; value < 256; value++) {
		unsigned end = value;

		if (!octet->has[value])
			continue;
		if (depth < last) {
			if (octets_add(set, octets, depth + 1, last, v4 << 8 | value) < 0)
				return -1;
			continue;
		}
		while (end < 255 && octet->has[end + 1])
			end++;
		if (ranges_add(set, addr_from_v4((v4 << 8 | value) << shift),
			       addr_from_v4((v4 << 8 | end) << shift | below)) < 0)
			return -1;
		value = end;
	}
	return 0;
}

/* "192.0.0-3.1,5,9" and every single address. */
static int octets_read(struct target_reader *r, struct part part)
{
	struct octet octets[4] = {0};
	size_t kept = r->set->count, ranges = 1;
	struct part rest = part, field;
	unsigned count = 0, last = 3;
	bool more;

	do {
		more = part_split(rest, '.', &field, &rest);
		if (octet_read(r, field, &octets[count++]) < 0)
			return -1;
	} while (more && count < 4);
	if (more || count != 4)
		return target_refuse(r, "not four octets");

	while (last > 0 && octets[last].values == 256)
		last--;
	for (unsigned i = 0; i < last; i++)
		ranges *= octets[i].values;
	ranges *= octets[last].runs;
	if (ranges > TARGET_RANGES_MOST)
		return target_refuse(r, "more than %u ranges", TARGET_RANGES_MOST);
	if (octets_add(r->set, octets, 0, last, 0) < 0) {
		r->set->count = kept;
		return target_no_memory(r->failure);
	}
	return 0;
}

static int v4_read_between(struct target_reader *r, struct part left, struct part right)
{
	struct addr first, last;

	if (quad_read(r, left, &first) < 0 || quad_read(r, right, &last) < 0)
		return -1;
	if (addr_compare(first, last) > 0)
		return target_refuse(r, "reversed range");
	return ranges_add(r->set, first, last) < 0 ? target_no_memory(r->failure) : 0;
}

/* Whether it is made of digits and exactly three dots. */
static bool part_is_quad(struct part part)
{
	unsigned dots = 0;

	for (size_t i = 0; i < part.length; i++) {
		if (!is_digit(part.at[i]) && part.at[i] != '.')
			return false;
		dots += part.at[i] == '.';
	}
	return dots == 3;
}

static int v4_read(struct target_reader *r, struct part body, const struct part *prefix)
{
	struct part left, right;
	struct addr address;
	unsigned bits;

	/* A whole address on the left: in an octet list no '-' stands between two dots' worth. */
	if (part_split(body, '-', &left, &right) && part_is_quad(left) && part_has(right, '.')) {
		if (prefix)
			return target_refuse(r, "a range takes no prefix length");
		return v4_read_between(r, left, right);
	}
	if (!prefix)
		return octets_read(r, body);
	if (!part_is_quad(body))
		return target_refuse(r, "a prefix length goes with one whole address only");
	if (quad_read(r, body, &address) < 0 || prefix_read(r, *prefix, 32, &bits) < 0)
		return -1;
	return target_add_prefix(r->set, address, bits, r->failure);
}

static int v6_read_address(struct target_reader *r, struct part part, struct addr *out)
{
	char quoted[QUOTE_PART_BYTES];

	if (addr_parse(part.at, part.length, out) == 0)
		return 0;
	return target_refuse(r, "\"%s\" is no IPv6 address", part_quote(part, quoted));
}

/* RFC 4007, 11; an interface's name as the kernel would take it. */
static int zone_read(struct target_reader *r, struct part part, struct addr address)
{
	if (part.length == 0)
		return target_refuse(r, "no interface behind \"%%\"");
	if (part.length >= sizeof(r->out->zone))
		return target_refuse(r, "the interface's name is longer than %zu bytes",
				     sizeof(r->out->zone) - 1);
	for (size_t i = 0; i < part.length; i++) {
		if (part.at[i] <= ' ' || part.at[i] > '~' || part.at[i] == ':' || part.at[i] == '%')
			return target_refuse(r, "impossible interface name");
	}
	if (!addr_is_link_local6(address))
		return target_refuse(r, "only link-local addresses (fe80::/10) take an interface");
	memcpy(r->out->zone, part.at, part.length);
	return 0;
}

static int v6_read_prefix(struct target_reader *r, struct addr address, struct part prefix)
{
	unsigned bits;

	if (prefix_read(r, prefix, 128, &bits) < 0)
		return -1;
	if (addr_is_v4(address)) {
		if (bits < 96)
			return target_refuse(r,
					     "prefix length %u of an IPv4-mapped address is "
					     "under 96",
					     bits);
		bits -= 96;
	}
	return target_add_prefix(r->set, address, bits, r->failure);
}

static int v6_read(struct target_reader *r, struct part body, const struct part *prefix)
{
	struct part zone, left, right, bits = prefix ? *prefix : (struct part){0};
	struct addr first, last;
	bool between, zoned = part_split(body, '%', &body, &zone);

	/* RFC 4007, 11.7 has the interface before the prefix length; behind it is common, too. */
	if (!zoned)
		zoned = part_split(bits, '%', &bits, &zone);

	between = part_split(body, '-', &left, &right);
	if (between && prefix)
		return target_refuse(r, "a range takes no prefix length");
	if (v6_read_address(r, left, &first) < 0)
		return -1;
	last = first;
	if (between && v6_read_address(r, right, &last) < 0)
		return -1;
	if (addr_is_v4(first) != addr_is_v4(last))
		return target_refuse(r, "range from one address family to the other");
	if (addr_compare(first, last) > 0)
		return target_refuse(r, "reversed range");
	if (zoned && (zone_read(r, zone, first) < 0 || zone_read(r, zone, last) < 0))
		return -1;
	if (prefix)
		return v6_read_prefix(r, first, bits);
	/* Ends of the same family: an IPv4 range lies inside the block, it is not cut. */
	if ((addr_is_v4(first) ? ranges_add(r->set, first, last) : v6_add(r->set, first, last)) < 0)
		return target_no_memory(r->failure);
	return 0;
}

/* Labels of 1..63 letters, digits, inner hyphens (RFC 1123, 2.1); an underscore passes, as it
 * does in resolvers, for container and Windows names have them. */
static int label_check(struct target_reader *r, struct part label)
{
	char quoted[QUOTE_PART_BYTES];

	if (label.length == 0)
		return target_refuse(r, "empty label in a host name");
	if (label.length > LABEL_BYTES)
		return target_refuse(r, "label \"%s\" is longer than %d bytes",
				     part_quote(label, quoted), LABEL_BYTES);
	if (label.at[0] == '-' || label.at[label.length - 1] == '-')
		return target_refuse(r, "label \"%s\" begins or ends with a hyphen",
				     part_quote(label, quoted));
	for (size_t i = 0; i < label.length; i++) {
		char c = label.at[i];

		if ((unsigned char)c >= 0x80)
			return target_refuse(r, "write international names in ASCII (xn--...)");
		if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_')
			return target_refuse(r, "\"%s\" cannot be in a host name",
					     part_quote((struct part){&c, 1}, quoted));
	}
	return 0;
}

/* Whether resolvers would take this last label, and thus the name, for an address of inet_aton's
 * making: "0x7f000001", "0x7f.1". */
static bool label_is_number(struct part label)
{
	bool hex = label.length >= 2 && label.at[0] == '0' && (label.at[1] | 0x20) == 'x';

	for (size_t i = hex ? 2 : 0; i < label.length; i++) {
		char lower = (char)(label.at[i] | 0x20);

		if (!is_digit(label.at[i]) && !(hex && lower >= 'a' && lower <= 'f'))
			return false;
	}
	return true;
}

static int name_read(struct target_reader *r, struct part body, const struct part *prefix)
{
	struct part rest = body, label;
	unsigned bits = 0;
	bool more;

	do {
		more = part_split(rest, '.', &label, &rest);
		if (label_check(r, label) < 0)
			return -1;
		/* One dot at the end makes a name absolute. */
	} while (more && rest.length > 0);
	if (body.length > NAME_BYTES)
		return target_refuse(r, "a host name has at most %d bytes", NAME_BYTES);
	if (label_is_number(label))
		return target_refuse(r, "neither an address nor a host name");
	if (prefix && prefix_read(r, *prefix, 128, &bits) < 0)
		return -1;
	r->out->kind = TARGET_NAME;
	memcpy(r->out->name, body.at, body.length);
	r->out->has_prefix = prefix != NULL;
	r->out->prefix_bits = (uint8_t)bits;
	return 0;
}

/* An all-numeric text is never looked up: no top-level domain is (RFC 1123, 2.1). */
static bool part_is_name(struct part part)
{
	for (size_t i = 0; i < part.length; i++) {
		if (is_letter(part.at[i]) || part.at[i] == '_' || (unsigned char)part.at[i] >= 0x80)
			return true;
	}
	return false;
}

int target_parse(const char *text, size_t length, struct ranges *set, struct target *out,
		 struct failure *f)
{
	struct target_reader r = {text, length, set, out, f};
	struct part body, prefix;
	bool has_prefix;

	*out = (struct target){.kind = TARGET_RANGES};
	if (length == 0)
		return failure_set(f, EXIT_USAGE, "empty target");
	if (text[0] == '-')
		return target_refuse(&r, "begins like an option");
	has_prefix = part_split((struct part){text, length}, '/', &body, &prefix);
	if (has_prefix && prefix.length > 0 && prefix.at[0] == '/')
		return target_refuse(&r, "give the host of a URL alone");
	if (body.length == 0)
		return target_refuse(&r, "no address before \"/\"");
	if (part_has(body, ':'))
		return v6_read(&r, body, has_prefix ? &prefix : NULL);
	if (part_is_name(body))
		return name_read(&r, body, has_prefix ? &prefix : NULL);
	return v4_read(&r, body, has_prefix ? &prefix : NULL);
}

/* What a piece between two commas tells about where a target ends. */
struct piece {
	bool whole; /* a name or IPv6: never a part of an octet list */
	bool ends;  /* whole, or with a prefix length: no octet list continues after it */
	size_t dots;
};

static struct piece piece_look(struct part part)
{
	struct piece piece = {.whole = part_is_name(part) || part_has(part, ':')};

	piece.ends = piece.whole || part_has(part, '/');
	for (size_t i = 0; i < part.length; i++)
		piece.dots += part.at[i] == '.';
	return piece;
}

int target_split(const char *text, size_t length,
		 int (*each)(void *context, const char *word, size_t length, struct failure *f),
		 void *context, struct failure *f)
{
	struct part rest = {text, length}, part, word;
	bool more = part_split(rest, ',', &word, &rest);
	struct piece so_far = piece_look(word);

	while (more) {
		struct piece piece;
		int result;

		more = part_split(rest, ',', &part, &rest);
		piece = piece_look(part);
		if (!so_far.ends && !piece.whole && (so_far.dots < 3 || piece.dots < 3)) {
			/* the octet list continues */
			word.length += 1 + part.length;
			so_far.dots += piece.dots;
			so_far.ends = piece.ends;
			continue;
		}
		result = each(context, word.at, word.length, f);
		if (result != 0)
			return result;
		word = part;
		so_far = piece;
	}
	return each(context, word.at, word.length, f);
}
