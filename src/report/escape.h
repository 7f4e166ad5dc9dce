/* escape: makes untrusted bytes safe inside JSON, XML and plain text. */
#ifndef PORTLIGHT_REPORT_ESCAPE_H
#define PORTLIGHT_REPORT_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

/*
 * Each writes `length` arbitrary bytes so that `out` gets only bytes 0x20..0x7e. A failed write
 * shows in ferror(out).
 */

/* The content of a JSON string (RFC 8259, 7): any other byte becomes \u00HH. */
void escape_json(FILE *out, const char *bytes, size_t length);

/*
 * XML text, an attribute value in either quote, or the content of a comment. XML 1.0 forbids most
 * control characters even as character references, so any other byte becomes the four characters
 * \xHH. Every '>' and the second '-' of "--" become references, so that "]]>" and the end of a
 * comment cannot occur.
 */
void escape_xml(FILE *out, const char *bytes, size_t length);

/* Plain text for a terminal or a log: any other byte becomes \xHH. */
void escape_text(FILE *out, const char *bytes, size_t length);

#endif
