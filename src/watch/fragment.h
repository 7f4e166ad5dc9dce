/* fragment: reassembles TCP headers that were cut into IP fragments. */
#ifndef PORTLIGHT_WATCH_FRAGMENT_H
#define PORTLIGHT_WATCH_FRAGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/siphash.h"
#include "packet/packet.h"

/*
 * Scanners fragment the TCP header to hide its flags from packet filters (nmap -f: 8 bytes a
 * fragment). One entry of 40 bytes a packet, direct-mapped: a new packet evicts the one that has
 * its slot. Zero-initialised is empty.
 */
#define FRAGMENT_PLACES 4096

/* Flags of a packet of which a part came twice, with other contents: those of no connection
 * (SEEN_ODD). Honest hosts send no such fragments. */
#define FRAGMENT_ODD_FLAGS (TCP_SYN | TCP_FIN | TCP_PSH | TCP_URG)

struct fragment_table {
	struct fragment {
		uint64_t tag; /* keyed hash of source, target and identification; 0: free */
		uint64_t came_ms;
		uint32_t seq;
		uint16_t sport, dport, window;
		uint8_t flags;
		bool has_start, has_flags; /* the ports and seq; the flags and window */
		bool is_told;		   /* it came with a whole header, and was given so */
		bool is_odd;		   /* a part came twice, and not the same */
	} place[FRAGMENT_PLACES];
};

/*
 * Adds a fragment that holds a part of a TCP header (PACKET_TCP_START, PACKET_TCP_FLAGS), or all of
 * it (PACKET_TCP in a first fragment). Returns true once both parts are known, with *whole the
 * packet as it was before fragmentation; else false. Of two parts
 * that differ Linux takes the first one or none (IPv4), and none in IPv6 (RFC 5722, 4), others the
 * last one: such a packet has FRAGMENT_ODD_FLAGS, also if it was whole before. Parts wait for
 * FRAGMENT_WAIT_MS.
 */
bool fragment_join(struct fragment_table *t, const struct siphash_key *key, const struct packet *p,
		   uint64_t now_ms, struct packet *whole);

#endif
