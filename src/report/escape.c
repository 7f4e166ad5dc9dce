/* escape: makes untrusted bytes safe inside JSON, XML and plain text. */
#include "report/escape.h"

#include <stdbool.h>
#include <stdint.h>

/* Bitmap of the bytes 0x20..0x7e that need no escape. */
struct plain {
	uint64_t below_64, above_63;
};
#define PLAIN_BELOW_64	(UINT64_MAX << 32)
#define PLAIN_ABOVE_63	(UINT64_MAX >> 1)
#define PLAIN_BIT(byte) (UINT64_C(1) << ((byte)&63))

static const struct plain plain_text = {PLAIN_BELOW_64, PLAIN_ABOVE_63};
static const struct plain plain_json = {PLAIN_BELOW_64 & ~PLAIN_BIT('"'),
					PLAIN_ABOVE_63 & ~PLAIN_BIT('\\')};
static const struct plain plain_xml = {PLAIN_BELOW_64 &
					       ~(PLAIN_BIT('&') | PLAIN_BIT('<') | PLAIN_BIT('>') |
						 PLAIN_BIT('"') | PLAIN_BIT('\'') | PLAIN_BIT('-')),
				       PLAIN_ABOVE_63};

static bool is_plain(const struct plain *plain, unsigned char byte)
{
	return byte < 128 && (byte < 64 ? plain->below_64 : plain->above_63) >> (byte & 63) & 1;
}

/* Writes the bytes from `from` on that need no escape; returns the index of the first that does,
 * or `length`. */
static size_t write_plain(FILE *out, const char *bytes, size_t from, size_t length,
			  const struct plain *plain)
{
	size_t to = from;

	while (to < length && is_plain(plain, (unsigned char)bytes[to]))
		to++;
	if (to > from)
		(void)fwrite(bytes + from, 1, to - from, out);
	return to;
}

void escape_json(FILE *out, const char *bytes, size_t length)
{
	for (size_t i = write_plain(out, bytes, 0, length, &plain_json); i < length;
	     i = write_plain(out, bytes, i + 1, length, &plain_json)) {
		const unsigned char byte = (unsigned char)bytes[i];

		if (!is_plain(&plain_text, byte))
			(void)fprintf(out, "\\u%04x", (unsigned)byte);
		else
			(void)fprintf(out, "\\%c", byte);
	}
}

void escape_xml(FILE *out, const char *bytes, size_t length)
{
	for (size_t i = write_plain(out, bytes, 0, length, &plain_xml); i < length;
	     i = write_plain(out, bytes, i + 1, length, &plain_xml)) {
		const unsigned char byte = (unsigned char)bytes[i];

		if (!is_plain(&plain_text, byte))
			(void)fprintf(out, "\\x%02x", (unsigned)byte);
		else if (byte == '&')
			(void)fputs("&amp;", out);
		else if (byte == '<')
			(void)fputs("&lt;", out);
		else if (byte == '>')
			(void)fputs("&gt;", out);
		else if (byte == '"')
			(void)fputs("&quot;", out);
		else if (byte == '\'')
			(void)fputs("&#39;", out);
		else if (i > 0 && bytes[i - 1] == '-')
			(void)fputs("&#45;", out);
		else
			(void)putc(byte, out);
	}
}

void escape_text(FILE *out, const char *bytes, size_t length)
{
	for (size_t i = write_plain(out, bytes, 0, length, &plain_text); i < length;
	     i = write_plain(out, bytes, i + 1, length, &plain_text))
		(void)fprintf(out, "\\x%02x", (unsigned)(unsigned char)bytes[i]);
}
