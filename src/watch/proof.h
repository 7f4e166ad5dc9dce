/* proof: whether the contacts that are evidence were made by their source address itself. */
#ifndef PORTLIGHT_WATCH_PROOF_H
#define PORTLIGHT_WATCH_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "watch/params.h"

/*
 * Only a host that received our SYN+ACK can acknowledge its sequence number (RFC 9293, 3.4.1), so a
 * completed handshake proves the source address of that one contact. A closed port never proves
 * anything: its RST acknowledges a number that the opener chose. A forger that sends SYNs in the
 * name of a client must not profit from connections of that client, so a proof counts only
 *   - if its connection is evidence itself: completed, and closed without data;
 *   - for contacts whose SYNs have the same header fields as the proven one, and only if these are
 *     PROOF_SHARE_ONE_IN of all contacts at least.
 * Starts out as zeros.
 */
struct proof {
	uint32_t contacts; /* that are evidence */
	/* Majority vote (Boyer and Moore, "MJRTY", 1981): `alike` is at most the number of contacts
	 * with the fields `print` less that of all others. */
	uint32_t alike;
	uint16_t print;
	uint16_t proven_print; /* of the latest proven contact */
	bool proven;	       /* there is one */
};

/* The header fields that the SYNs of one program on one host have in common, as a hash. */
static inline uint16_t proof_print(uint16_t window, uint16_t mss, uint8_t ttl)
{
	uint32_t mixed = ((uint32_t)window << 16 | mss) ^ ttl * UINT32_C(0x9e3779b1);

	mixed = (mixed ^ (mixed >> 15)) * UINT32_C(0x85ebca6b);
	return (uint16_t)(mixed >> 16);
}

static inline void proof_vote(struct proof *p, uint16_t print, uint32_t votes)
{
	if (p->print == print || p->alike < votes) {
		p->alike = p->print == print ? p->alike + votes : votes - p->alike;
		p->print = print;
		return;
	}
	p->alike -= votes;
}

/* Adds a contact that is evidence. `proven`: it proves its own source address. */
static inline void proof_add(struct proof *p, uint16_t print, bool proven)
{
	p->contacts++;
	proof_vote(p, print, 1);
	if (proven) {
		p->proven = true;
		p->proven_print = print;
	}
}

/* Adds the contacts of another record of the same source. */
static inline void proof_join(struct proof *p, const struct proof *other)
{
	p->contacts += other->contacts;
	proof_vote(p, other->print, other->alike);
	if (other->proven) {
		p->proven = true;
		p->proven_print = other->proven_print;
	}
}

/* Whether the source address of these contacts is proven. */
static inline bool proof_holds(const struct proof *p)
{
	return p->proven && p->proven_print == p->print &&
	       (uint64_t)p->alike * PROOF_SHARE_ONE_IN >= p->contacts;
}

#endif
