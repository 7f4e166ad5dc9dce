/* link_hosts: finds the IPv6 hosts of a link by multicast, where a /64 cannot be walked. */
#ifndef PORTLIGHT_NET_LINK_HOSTS_H
#define PORTLIGHT_NET_LINK_HOSTS_H

#include <signal.h>

#include "address/addr.h"
#include "address/ranges.h"
#include "base/failure.h"

/* Echo requests to all hosts, how far apart, and how long answers to the last are waited for. */
#define LINK_HOSTS_TRIES      2
#define LINK_HOSTS_SPACING_MS 500
#define LINK_HOSTS_WAIT_MS    1000
/* Most addresses that are taken from a link: a host could send from any number of them. */
#define LINK_HOSTS_MOST 4096

/*
 * Sends ICMPv6 echo requests to all nodes of the link (ff02::1, RFC 4291, 2.7.1) and adds to *out,
 * which is not normalised then, the link-local addresses that anything came from meanwhile: echo
 * replies, and what hosts send by themselves, as MLD reports (RFC 3810) and neighbour discovery
 * (RFC 4861). A link-local source is on the link, since no router forwards it (RFC 4291, 2.5.6).
 * `link`: index of an interface, whose own addresses are left out. With CAP_NET_RAW it hears all;
 * without it, through an ICMP socket, replies only. *stop: not 0 ends it early; NULL: never. 0; or
 * -1 with *f if nothing can be sent.
 */
int link_hosts_find(unsigned link, struct ranges *out, const volatile sig_atomic_t *stop,
		    struct failure *f);

#endif
