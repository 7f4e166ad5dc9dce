/* attribute: netlink attributes (netlink(7), struct nlattr) read from bytes, with checked lengths.
 */
#include "net/attribute.h"

#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

bool attribute_next(struct attributes *rest, unsigned *type, struct attributes *payload)
{
	struct nlattr header;
	size_t whole;

	if (rest->length < sizeof(header))
		return false;
	memcpy(&header, rest->bytes, sizeof(header));
	if (header.nla_len < sizeof(header) || header.nla_len > rest->length)
		return false;
	*type = header.nla_type & (unsigned)NLA_TYPE_MASK;
	*payload =
		(struct attributes){rest->bytes + sizeof(header), header.nla_len - sizeof(header)};
	whole = ((size_t)header.nla_len + 3) & ~(size_t)3; /* RFC 3549, 2.2: to 4 bytes */
	if (whole > rest->length) /* the padding of the last one may be absent */
		whole = rest->length;
	rest->bytes += whole;
	rest->length -= whole;
	return true;
}

struct attributes attribute_find(struct attributes all, unsigned type)
{
	struct attributes payload;
	unsigned found;

	while (attribute_next(&all, &found, &payload))
		if (found == type)
			return payload;
	return (struct attributes){NULL, 0};
}

bool attribute_be32(struct attributes all, unsigned type, uint32_t *out)
{
	const struct attributes payload = attribute_find(all, type);

	if (payload.length < 4)
		return false;
	*out = bytes_get32(payload.bytes, payload.length, 0);
	return true;
}

bool attribute_is(struct attributes all, unsigned type, const char *text)
{
	const struct attributes payload = attribute_find(all, type);
	const size_t length = strlen(text);

	return payload.bytes && payload.length >= length &&
	       memcmp(payload.bytes, text, length) == 0 &&
	       (payload.length == length || payload.bytes[length] == '\0');
}

char *attribute_text(struct attributes all, unsigned type)
{
	const struct attributes payload = attribute_find(all, type);

	return payload.length ? strndup((const char *)payload.bytes, payload.length) : strdup("");
}
