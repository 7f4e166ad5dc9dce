/* solicit: link addresses of on-link targets and gateways, asked for by ARP and NDP. */
#ifndef PORTLIGHT_ENGINE_SOLICIT_H
#define PORTLIGHT_ENGINE_SOLICIT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/addr.h"
#include "system/link.h"
#include "text/failure.h"

/*
 * One address to be asked for on one interface (RFC 826; RFC 4861, 7.2). Each is asked
 * SOLICIT_TRIES times, SOLICIT_SPACING_MS apart, and given that long to answer the last time:
 * 0.9 s in all, plus 20 us an address and try so as not to flood the link.
 */
#define SOLICIT_TRIES	   3
#define SOLICIT_SPACING_MS 300
#define SOLICIT_PER_SECOND 50000

struct solicit_ask {
	struct addr who;
	struct addr source;	 /* our address, of the family of who */
	const struct link *link; /* Ethernet, with a MAC address */
	uint8_t mac[6];
	bool known; /* mac is set; may be so from the start, then nothing is asked */
};

/* Sorts by address, then interface, and drops doubles: what solicit_run and solicit_find want.
 * Returns how many are left. */
size_t solicit_sort(struct solicit_ask *asks, size_t count);

/* NULL if it is not among them. */
struct solicit_ask *solicit_find(struct solicit_ask *asks, size_t count, struct addr who,
				 unsigned link_index);

/*
 * Asks for all that are not known yet. An answer is believed only from its own address, to us,
 * and for NDP with a right checksum and hop limit 255 (RFC 4861, 7.1.2). Ends early, after a
 * signal, once *stop is not 0 (NULL: never). 0, or -1 with *f if nothing could be sent or received.
 */
int solicit_run(struct solicit_ask *asks, size_t count, const volatile sig_atomic_t *stop,
		struct failure *f);

#endif
