/* quote: bytes of strangers made safe to print. */
#include "base/quote.h"

#include <string.h>

static size_t quote_byte(unsigned char byte, char out[static 4])
{
	static const char digits[] = "0123456789abcdef";

	if (byte >= 0x20 && byte <= 0x7e && byte != '\\') {
		out[0] = (char)byte;
		return 1;
	}
	out[0] = '\\';
	out[1] = 'x';
	out[2] = digits[byte >> 4];
	out[3] = digits[byte & 15];
	return 4;
}

const char *text_quote(const char *bytes, size_t length, char *out, size_t size)
{
	static const char dots[] = "...";
	size_t at = 0;
	size_t cut = 0; /* last end of a whole byte that leaves room for the dots */

	if (size == 0)
		return out;
	for (size_t i = 0; i < length; i++) {
		char quoted[4];
		size_t count = quote_byte((unsigned char)bytes[i], quoted);

		if (count >= size - at) {
			at = cut;
			if (size >= sizeof(dots)) {
				memcpy(out + at, dots, sizeof(dots) - 1);
				at += sizeof(dots) - 1;
			}
			break;
		}
		memcpy(out + at, quoted, count);
		at += count;
		if (size - at >= sizeof(dots))
			cut = at;
	}
	out[at] = '\0';
	return out;
}
