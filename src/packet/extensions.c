/* extensions: the chain of extension headers of an IPv6 packet. */
#include "packet/extensions.h"

#include <netinet/in.h>

#include "base/bytes.h"

/* Extension headers that <netinet/in.h> lacks (RFC 7045, 4). */
enum {
	EXTENSION_HIP = 139,
	EXTENSION_SHIM6 = 140,
};

static bool extension_known(uint8_t next)
{
	switch (next) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_AH:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
	case EXTENSION_HIP:
	case EXTENSION_SHIM6:
		return true;
	default:
		return false;
	}
}

static size_t extension_bytes(uint8_t header, uint8_t length)
{
	if (header == IPPROTO_FRAGMENT)
		return 8;
	if (header == IPPROTO_AH)
		return ((size_t)length + 2) * 4; /* RFC 4302, 2.2 */
	return ((size_t)length + 1) * 8;
}

enum extensions_end extensions_walk(const uint8_t *bytes, size_t end, struct extensions *e)
{
	const size_t first = e->at;

	/* Linux takes as many as the packet holds; each has 8 bytes at least. */
	while (extension_known(e->next)) {
		uint8_t header = e->next;

		/* Hop-by-hop options stand first or nowhere (RFC 8200, 4.1). */
		if (header == IPPROTO_HOPOPTS && e->at != first)
			return EXTENSIONS_BAD;
		e->need = 8;
		if (!bytes_hold(end, e->at, e->need))
			return EXTENSIONS_SHORT;
		e->need = extension_bytes(header, bytes_get8(bytes, end, e->at + 1));
		if (!bytes_hold(end, e->at, e->need))
			return EXTENSIONS_SHORT;
		e->next = bytes_get8(bytes, end, e->at);
		if (header == IPPROTO_ROUTING && bytes_get8(bytes, end, e->at + 3))
			e->rerouted = true;
		if (header == IPPROTO_FRAGMENT) {
			uint16_t word = bytes_get16(bytes, end, e->at + 2);

			e->fragment_offset = word & 0xfff8;
			e->fragment_id = bytes_get32(bytes, end, e->at + 4);
			e->more_fragments = e->more_fragments || (word & 1);
		}
		e->at += e->need;
		if (e->fragment_offset)
			return EXTENSIONS_FRAGMENT;
	}
	return EXTENSIONS_DONE;
}
