/* solicit: resolves link addresses of on-link hosts and gateways by ARP and NDP. */
#ifndef PORTLIGHT_ENGINE_FRAMES_SOLICIT_H
#define PORTLIGHT_ENGINE_FRAMES_SOLICIT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/failure.h"
#include "net/link.h"

/*
 * Each address is solicited up to SOLICIT_TRIES times (RFC 826; RFC 4861, 7.2), SOLICIT_SPACING_MS
 * apart. An answer is waited for until SOLICIT_WAIT_MS after the first request: busy hosts and
 * wireless ones that sleep take more than a second. (The kernel waits for 3 s.) The rate is bounded
 * so as not to flood the link, which adds 20 us or more for each address and try.
 */
#define SOLICIT_TRIES	   3
#define SOLICIT_SPACING_MS 300
#define SOLICIT_WAIT_MS	   1500
#define SOLICIT_PER_SECOND 50000

/* An address to resolve on one interface. */
struct solicit_ask {
	struct addr addr;
	struct addr source;	 /* an address of ours, of the same family */
	const struct link *link; /* Ethernet, with a MAC address */
};

/*
 * The addresses are numbered 0..count-1 and stored by the caller in a more compact form. Both
 * functions get `context` and are called from solicit_run() only.
 */
struct solicit_conf {
	size_t count;
	/* Fills *out with address `number`; false if it needs no (further) solicitation. */
	bool (*ask)(void *context, size_t number, struct solicit_ask *out);
	/* A host announced its MAC address on that interface. Returns how many of the numbers were
	 * unresolved until now and are resolved by it. */
	size_t (*resolved)(void *context, struct addr addr, unsigned link_index,
			   const uint8_t mac[6]);
	/* A socket of solicit_listen() on that interface, which stays the caller's; -1: one is
	 * opened, which needs CAP_NET_RAW. NULL: always. */
	int (*socket)(void *context, const struct link *link);
	double per_second; /* requests, 0: SOLICIT_PER_SECOND, which is never exceeded */
	/* The earliest time of the next request, kept by the caller between two calls. NULL: now.
	 */
	uint64_t *next_ns;
	void *context;
	const volatile sig_atomic_t *stop; /* not 0: stop early, after a signal; NULL: never */
};

/*
 * Solicits all unresolved addresses and waits for answers. Answers count only if they are sent to
 * our MAC address and, for NDP, have a correct checksum and hop limit 255 (RFC 4861, 7.1.2).
 * Returns 0, also where addresses stay unresolved; or -1 with *f if an interface cannot send or
 * receive.
 */
int solicit_run(const struct solicit_conf *conf, struct failure *f);

/* Opens a packet socket on an Ethernet interface that receives ARP and neighbour advertisements,
 * and that solicit_run() can use. The descriptor, or -errno. */
int solicit_listen(const struct link *link);

/*
 * Reads the next announcement of an address and its MAC address: an ARP message of any kind, or a
 * neighbour advertisement (RFC 4861, 7.2.6), sent to us or to all. Any host on the link can
 * forge it. False if there is none at the moment.
 */
bool solicit_announced(int fd, const struct link *link, struct addr *addr, uint8_t mac[6]);

#endif
