/* fragment: TCP headers that were cut into fragments, put together again. */
#ifndef PORTLIGHT_WATCH_FRAGMENT_H
#define PORTLIGHT_WATCH_FRAGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/siphash.h"
#include "packet/packet.h"

/*
 * Scanners cut the header to hide the flags from packet filters (nmap -f: 8 bytes a fragment). One
 * entry a packet under way, 40 bytes, direct-mapped: a new one pushes out the old one of its place.
 */
#define FRAGMENT_PLACES 512

struct fragment_table {
	struct fragment {
		uint64_t tag; /* of source, target and identification; 0: free */
		uint64_t came_ms;
		uint32_t seq;
		uint16_t sport, dport, window;
		uint8_t flags;
		bool has_start, has_flags;
	} place[FRAGMENT_PLACES];
};

/*
 * A piece of a TCP header (PACKET_TCP_START, PACKET_TCP_FLAGS). True, and *whole the packet as it
 * was before it was cut, once ports and flags are known; else false.
 */
bool fragment_join(struct fragment_table *t, const struct siphash_key *key, const struct packet *p,
		   uint64_t now_ms, struct packet *whole);

#endif
