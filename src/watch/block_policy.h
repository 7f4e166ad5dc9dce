/* block_policy: whether a source may be shut out for what it did. Pure. */
#ifndef PORTLIGHT_WATCH_BLOCK_POLICY_H
#define PORTLIGHT_WATCH_BLOCK_POLICY_H

#include <stddef.h>

#include "address/ranges.h"
#include "result/event.h"

enum block_verdict {
	BLOCK_YES,
	BLOCK_NO_SCAN,	 /* floods, backscatter and the like are not the doing of their source */
	BLOCK_NO_SOURCE, /* a crowd: no one address */
	BLOCK_UNPROVEN,	 /* nobody completed a handshake from there: it may be forged to hurt */
	BLOCK_NEVER,	 /* one that must never be shut out */
	BLOCK_VERDICTS,
};

/*
 * Fills *never (empty before) with what must never be shut out: this network, loopback, link-local,
 * multicast, broadcast and unspecified addresses of both families, and all of lists[0..count)
 * (struct local's own, gateways and resolvers; --never-block; NULL is skipped). Normalised; the
 * caller frees it with ranges_fini. 0, or -1 out of memory and *never empty.
 */
int block_policy_never(struct ranges *never, const struct ranges *const lists[], size_t count);

/* The verdict on an event of any phase; *never from block_policy_never. */
enum block_verdict block_policy(const struct event *event, const struct ranges *never);

/* "its address is not proven by a completed handshake"; a sentence part, never NULL. */
const char *block_verdict_text(unsigned verdict);

#endif
