/* fuzz_escape: escaped JSON, XML and text are safe for any input. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "report/escape.h"

static char *escaped(void (*escape)(FILE *out, const char *bytes, size_t length),
		     const uint8_t *data, size_t size, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);

	if (!out)
		abort();
	escape(out, (const char *)data, size);
	if (fclose(out) != 0)
		abort();
	for (size_t i = 0; i < *length; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			abort();
	return text;
}

static unsigned hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	abort();
}

/* Read back by RFC 8259, 7, the JSON gives the very bytes that went in. */
static void check_json(const char *text, size_t length, const uint8_t *data, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < length; i++, at++) {
		unsigned byte = (unsigned char)text[i];

		if (byte == '"')
			abort();
		if (byte == '\\') {
			if (++i >= length)
				abort();
			byte = (unsigned char)text[i];
			if (byte == 'u') {
				if (length - i < 5)
					abort();
				byte = hex_digit(text[i + 1]) << 12 | hex_digit(text[i + 2]) << 8 |
				       hex_digit(text[i + 3]) << 4 | hex_digit(text[i + 4]);
				i += 4;
			} else if (byte != '"' && byte != '\\') {
				abort();
			}
		}
		if (at >= size || data[at] != byte)
			abort();
	}
	if (at != size)
		abort();
}

static void check_xml(const char *text)
{
	static const char *const references[] = {"&amp;",  "&lt;",  "&gt;",
						 "&quot;", "&#39;", "&#45;"};

	if (strpbrk(text, "<>\"'") || strstr(text, "--") || strstr(text, "]]>"))
		abort();
	for (const char *c = strchr(text, '&'); c; c = strchr(c + 1, '&')) {
		size_t known = 0;

		for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++)
			known += strncmp(c, references[i], strlen(references[i])) == 0;
		if (known != 1)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length;
	char *text = escaped(escape_json, data, size, &length);

	check_json(text, length, data, size);
	free(text);
	text = escaped(escape_xml, data, size, &length);
	check_xml(text);
	free(text);
	text = escaped(escape_text, data, size, &length);
	if (length < size)
		abort();
	free(text);
	return 0;
}
