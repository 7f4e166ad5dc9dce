/* filter: classic BPF programs that select the frames a packet socket receives. */
#ifndef PORTLIGHT_CAPTURE_FILTER_H
#define PORTLIGHT_CAPTURE_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#define FILTER_LENGTH 128
/* Interfaces that a program may leave out. */
#define FILTER_WITHOUT 40

/* Caller's storage. */
struct filter {
	struct sock_filter code[FILTER_LENGTH];
	unsigned short length;
};

struct filter_conf {
	/* Of the IP header: 14 with Ethernet, 0 without link header; FILTER_ANY_LINK: as the kernel
	 * finds it, in a ring of all interfaces. */
	uint32_t network_offset;
	uint32_t snap_bytes;	  /* most bytes kept of a frame */
	uint16_t port, port_mask; /* our ports: (p & port_mask) == port */
	uint16_t more, more_mask; /* and these; more_mask 0: none */
	bool both_ways;		  /* also packets from our ports, for a trace */
	/* Indices of interfaces whose frames are rejected; FILTER_WITHOUT at most. */
	const unsigned *without;
	unsigned without_count;
};
#define FILTER_ANY_LINK ((uint32_t)SKF_NET_OFF)

/*
 * Fills *filter with a program that accepts TCP and UDP to our ports, ICMP errors (types 3, 11, 12:
 * RFC 792) and ICMPv6 errors (types below 128: RFC 4443, 2.1). IPv6 packets with extension headers
 * are accepted as well, since user space parses them. Fragments other than the first are rejected:
 * they have no ports. Cannot fail.
 */
void filter_answers(struct filter *filter, const struct filter_conf *conf);

/* Fills *filter with a program that accepts ARP replies (RFC 826) and neighbour advertisements (RFC
 * 4861, 4.4) on Ethernet. Cannot fail. */
void filter_neighbours(struct filter *filter);

/* The same, and ARP requests: these announce addresses, too (RFC 5227, 3). */
void filter_announcements(struct filter *filter);

#endif
