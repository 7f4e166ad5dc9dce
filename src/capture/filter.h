/* filter: classic BPF programs, so that the kernel wakes us only for frames that matter. */
#ifndef PORTLIGHT_CAPTURE_FILTER_H
#define PORTLIGHT_CAPTURE_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#define FILTER_LENGTH 64

/* Caller's storage. */
struct filter {
	struct sock_filter code[FILTER_LENGTH];
	unsigned short length;
};

struct filter_conf {
	uint32_t
		network_offset; /* where the IP header is: 14 behind Ethernet, 0 without a header */
	uint32_t snap_bytes;	/* keep at most so many of a frame */
	uint16_t port, port_mask; /* ours are the ports with (p & port_mask) == port */
	bool both_ways;		  /* also what comes from our ports: our own packets, in a trace */
};

/*
 * Passes TCP and UDP to our ports, ICMP errors (types 3, 11, 12: RFC 792) and ICMPv6 errors
 * (types below 128: RFC 4443, 2.1). IPv6 with extension headers passes too: walking them is user
 * space's work. No later fragments: they have no ports.
 */
void filter_answers(struct filter *filter, const struct filter_conf *conf);

/* Passes ARP replies (RFC 826) and neighbour advertisements (RFC 4861, 4.4) behind Ethernet. */
void filter_neighbours(struct filter *filter);

#endif
