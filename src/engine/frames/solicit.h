/* solicit: link addresses of on-link targets and gateways, asked for by ARP and NDP. */
#ifndef PORTLIGHT_ENGINE_FRAMES_SOLICIT_H
#define PORTLIGHT_ENGINE_FRAMES_SOLICIT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/failure.h"
#include "net/link.h"

/* Each address is asked for SOLICIT_TRIES times (RFC 826; RFC 4861, 7.2), SOLICIT_SPACING_MS apart,
 * and given that long to answer the last time: 0.9 s in all, plus 20 us an address and try so as
 * not to flood the link. */
#define SOLICIT_TRIES	   3
#define SOLICIT_SPACING_MS 300
#define SOLICIT_PER_SECOND 50000

/* One address, to be asked for on one interface. */
struct solicit_ask {
	struct addr who;
	struct addr source;	 /* our address, of the family of who */
	const struct link *link; /* Ethernet, with a MAC address */
};

/*
 * What is asked for, by number: the caller has it in its own, smaller form. The functions are given
 * `context`, and called by solicit_run alone.
 */
struct solicit_conf {
	size_t count;
	/* What is to be asked for; false if nothing is, or no longer. */
	bool (*ask)(void *context, size_t number, struct solicit_ask *out);
	/* Somebody said who has that address there. How many numbers were open until now and have
	 * got it. */
	size_t (*told)(void *context, struct addr who, unsigned link_index, const uint8_t mac[6]);
	void *context;
	const volatile sig_atomic_t *stop;
};

/*
 * Asks for all that are open. An answer is believed only from its own address, to us, and for NDP
 * with a right checksum and hop limit 255 (RFC 4861, 7.1.2). Ends early, after a signal, once
 * *stop is not 0 (NULL: never). 0, or -1 with *f if nothing could be sent or received.
 */
int solicit_run(const struct solicit_conf *conf, struct failure *f);

#endif
