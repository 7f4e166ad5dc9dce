/* attribute: netlink attributes (netlink(7), struct nlattr) read from bytes, with checked lengths.
 */
#ifndef PORTLIGHT_NET_ATTRIBUTE_H
#define PORTLIGHT_NET_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes. bytes may be NULL if length is 0. */
struct attributes {
	const uint8_t *bytes;
	size_t length;
};

/* Takes the next attribute from the front of *rest: its type without flags, and its payload. False
 * at the end, or where a length does not fit. */
bool attribute_next(struct attributes *rest, unsigned *type, struct attributes *payload);

/* The payload of the first attribute of that type; empty if there is none. */
struct attributes attribute_find(struct attributes all, unsigned type);

/* The number of 4 bytes (big endian, as of netfilter) of the attribute of that type. False if there
 * is none of 4 bytes or more. */
bool attribute_be32(struct attributes all, unsigned type, uint32_t *out);

/* Whether the attribute of that type is that text, with or without a NUL at its end. */
bool attribute_is(struct attributes all, unsigned type, const char *text);

/* Copies the text of that attribute, up to its NUL: from malloc, "" if it is absent; NULL out of
 * memory. */
char *attribute_text(struct attributes all, unsigned type);

#endif
