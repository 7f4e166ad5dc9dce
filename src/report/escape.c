/* escape: bytes of strangers made safe inside JSON, XML and plain text. */
#include "report/escape.h"

#include <stdbool.h>

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte <= 0x7e;
}

void escape_json(FILE *out, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (!is_plain(byte))
			(void)fprintf(out, "\\u%04x", (unsigned)byte);
		else if (byte == '"' || byte == '\\')
			(void)fprintf(out, "\\%c", byte);
		else
			(void)putc(byte, out);
	}
}

void escape_xml(FILE *out, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (!is_plain(byte))
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
		else if (byte == '-' && i > 0 && bytes[i - 1] == '-')
			(void)fputs("&#45;", out);
		else
			(void)putc(byte, out);
	}
}

void escape_text(FILE *out, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (is_plain(byte))
			(void)putc(byte, out);
		else
			(void)fprintf(out, "\\x%02x", (unsigned)byte);
	}
}
