/* quote: bytes of strangers made safe to print. */
#ifndef PORTLIGHT_BASE_QUOTE_H
#define PORTLIGHT_BASE_QUOTE_H

#include <stddef.h>

/* Longest result of text_quote for `length` bytes: each becomes \xHH at worst, and a NUL. */
#define TEXT_QUOTED(length) ((length)*4 + 1)

/*
 * Copies `length` bytes to out[0..size), each one outside 0x20..0x7e, and the backslash, as \xHH,
 * so that no escape sequence, newline or broken UTF-8 gets through. Cut with "..." where size is
 * too small (size >= 4). Always NUL-terminated. Returns `out`.
 */
const char *text_quote(const char *bytes, size_t length, char *out, size_t size);

#endif
