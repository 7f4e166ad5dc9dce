/* tool: recognises scanning programs by relations between the fields of their packets. */
#ifndef PORTLIGHT_WATCH_TOOL_H
#define PORTLIGHT_WATCH_TOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"
#include "result/event.h"

/*
 * The tools whose relations hold in one first packet, as bits 1 << enum event_tool; 0 if it is not
 * TCP. One packet proves nothing: the bits are counted over a scan.
 */
uint16_t tool_relations(const struct packet *p);

/* Whether TCP packets with that shape are no operating system's: without an MSS in a SYN, or with a
 * fixed small window. `flags` are those of the packet, mss is 0 without that option. */
bool tool_is_raw(uint8_t flags, uint16_t window, uint16_t mss);

/* The relations that no packet fulfils by chance more often than once in 2^16. */
#define TOOL_STRICT (1u << TOOL_MASSCAN | 1u << TOOL_MIRAI | 1u << TOOL_ZMAP)

/*
 * The relations of a probe that repeats the sequence number and the source port of the one before,
 * which nmap's raw probes do and portlight's do not. `window` is the probe's TCP window.
 */
uint16_t tool_repeated(uint16_t relations, uint16_t window);

/*
 * The tool whose relations held in the greatest share of `contacts` (hits[tool] of them), strict
 * relations first. *confidence is that share, at most 1. Returns TOOL_UNKNOWN, and 0 in
 * *confidence, if no tool fits more than TOOL_SHARE.
 */
enum event_tool tool_choose(const uint64_t hits[EVENT_TOOLS], uint64_t contacts,
			    double *confidence);

#endif
