/* quote: makes bytes from the user or the network safe to print. */
#ifndef PORTLIGHT_BASE_QUOTE_H
#define PORTLIGHT_BASE_QUOTE_H

#include <stddef.h>

/* Size of the buffer that text_quote needs for `length` bytes: \xHH for each, and a NUL. */
#define TEXT_QUOTED(length) ((length)*4 + 1)

/*
 * Copies `length` bytes to out[0..size), each one outside 0x20..0x7e, and the backslash, as \xHH,
 * so that no escape sequence, newline or broken UTF-8 gets through. If `size` (4 at least) is too
 * small, the result is cut and ends in "...". Always NUL-terminated. Returns `out`.
 */
const char *text_quote(const char *bytes, size_t length, char *out, size_t size);

#endif
