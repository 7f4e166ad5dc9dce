/* extensions: the chain of extension headers of an IPv6 packet. */
#ifndef PORTLIGHT_PACKET_EXTENSIONS_H
#define PORTLIGHT_PACKET_EXTENSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far the walk has come. */
struct extensions {
	uint8_t next; /* in: of the IPv6 header; out: the header at `at` */
	size_t at;
	size_t need; /* EXTENSIONS_SHORT: bytes wanted from `at` on */
	uint16_t fragment_offset;
	uint32_t fragment_id;
	bool more_fragments;
	bool rerouted; /* a routing header has segments left (RFC 8200, 8.1) */
};

enum extensions_end {
	EXTENSIONS_DONE,  /* `next` is a transport header, or one that cannot be parsed (encrypted)
			   */
	EXTENSIONS_SHORT, /* the bytes end before the header at `at` does */
	EXTENSIONS_BAD,	  /* in forbidden order */
	EXTENSIONS_FRAGMENT, /* behind `at` is the middle of something */
};

/*
 * Walks from e->at, where a header of type e->next begins, and fills the rest of *e, which starts
 * out as zeros. Reads no byte outside [bytes, bytes + end).
 */
enum extensions_end extensions_walk(const uint8_t *bytes, size_t end, struct extensions *e);

#endif
