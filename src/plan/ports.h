/* ports: nmap's port grammar, text to sets of ports. */
#ifndef PORTLIGHT_PLAN_PORTS_H
#define PORTLIGHT_PLAN_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

/* A set of ports 0..65535, one bit each: 8 KiB. Zero-initialised is empty. */
struct port_set {
	uint64_t word[1024];
};

static inline bool port_set_has(const struct port_set *set, unsigned port)
{
	return set->word[(port & 0xffff) >> 6] >> (port & 63) & 1;
}

static inline void port_set_add(struct port_set *set, unsigned port)
{
	set->word[(port & 0xffff) >> 6] |= UINT64_C(1) << (port & 63);
}

static inline void port_set_remove(struct port_set *set, unsigned port)
{
	set->word[(port & 0xffff) >> 6] &= ~(UINT64_C(1) << (port & 63));
}

unsigned port_set_size(const struct port_set *set);

/* "22,80-90", from malloc; NULL out of memory. */
char *port_set_text(const struct port_set *set);

/* Both protocols' ports of one scan. */
struct ports {
	struct port_set tcp, udp;
};

/*
 * Looks a service name up: calls found(context, port) for each port it has for `proto`
 * (IPPROTO_TCP or IPPROTO_UDP); a '*' or '?' in name is a wildcard. Returns how many there were.
 */
struct service_names {
	int (*find)(void *context, const char *name, size_t length, int proto,
		    void (*found)(void *found_context, uint16_t port), void *found_context);
	void *context;
};

/*
 * `-p` text: "22,80-90", "-" (1-65535), "-100" (1-100), "60000-" (to 65535), "U:53,T:1-5",
 * "http,ssh", "http*", "[1-1024]" (only ports known to `names`). Without U: or T: a port goes to
 * both protocols; after one, to that, until the next. S: and P: (SCTP, protocols) are refused.
 * Port 0 only where written. Adds them to *ports. Returns 0; or -1 with *f naming the offending
 * text (impossible port, reversed range, unknown service, empty) and *ports unchanged. names may
 * be NULL.
 */
int ports_parse(const char *text, size_t length, const struct service_names *names,
		struct ports *ports, struct failure *f);

/*
 * Our own ranking of the ports that most often answer, most frequent first, per protocol
 * (IPPROTO_TCP, IPPROTO_UDP). Its origin is stated in ports_top.c. Adds the first n (or all there
 * are, then the lowest numbers that are not in the ranking, so that n is always reached up to
 * 65,535; port 0 never).
 */
void ports_add_top(struct port_set *set, int proto, unsigned n);

#endif
