/* escape: bytes of strangers made safe inside JSON, XML and plain text. */
#ifndef PORTLIGHT_REPORT_ESCAPE_H
#define PORTLIGHT_REPORT_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

/*
 * Each writes `length` bytes to `out` so that only bytes 0x20..0x7e come out, whatever goes in.
 * A failed write shows in ferror(out).
 */

/* The inside of a JSON string (RFC 8259, 7): a foreign byte becomes \u00HH. */
void escape_json(FILE *out, const char *bytes, size_t length);

/*
 * XML text, an attribute value in either quote, or the inside of a comment. XML 1.0 forbids most
 * control characters even as character references, so a foreign byte becomes the four characters
 * \xHH. Every '>' and the second '-' of "--" become references: no "]]>", no end of comment.
 */
void escape_xml(FILE *out, const char *bytes, size_t length);

/* Plain text for a terminal or a log: a foreign byte becomes \xHH, all others stay. */
void escape_text(FILE *out, const char *bytes, size_t length);

#endif
