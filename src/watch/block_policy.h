/* block_policy: whether the source of an event may be blocked. Pure. */
#ifndef PORTLIGHT_WATCH_BLOCK_POLICY_H
#define PORTLIGHT_WATCH_BLOCK_POLICY_H

#include <stddef.h>

#include "address/ranges.h"
#include "result/event.h"

enum block_verdict {
	BLOCK_YES,
	BLOCK_NO_SCAN,	 /* the event is not the doing of its source: floods, backscatter */
	BLOCK_NO_SOURCE, /* many sources, no single address */
	BLOCK_UNPROVEN, /* no handshake was completed from there: the address may be spoofed, to get
			   its owner blocked */
	BLOCK_NEVER,	/* the address must never be blocked */
	BLOCK_VERDICTS,
};

/*
 * Fills *never (empty before) with the addresses that must never be blocked: this network,
 * loopback, link-local, multicast, broadcast and unspecified addresses of both families, and those
 * of lists[0..count) (struct local's own, gateways and resolvers; --never-block); a NULL list is
 * skipped. The result is normalised; the caller frees it with ranges_fini. Returns 0; or -1 if out
 * of memory, and *never is empty.
 */
int block_policy_never(struct ranges *never, const struct ranges *const lists[], size_t count);

/* Judges an event of any phase. *never is from block_policy_never. */
enum block_verdict block_policy(const struct event *event, const struct ranges *never);

/* The verdict as part of a sentence, "its address is not proven by a completed handshake". Never
 * NULL. */
const char *block_verdict_text(unsigned verdict);

#endif
