/* hits: the hosts that a scan contacted most, and what was open there. */
#ifndef PORTLIGHT_WATCH_HITS_H
#define PORTLIGHT_WATCH_HITS_H

#include <stddef.h>
#include <stdint.h>

#include "result/event.h"
#include "watch/params.h"

struct contact;
struct evidence;

/* 80 bytes; a free entry is all zero. */
struct hit {
	struct addr target;
	uint64_t first_ns, last_ns;
	uint64_t ports; /* bits of the hashes of its ports */
	uint32_t contacts;
	uint32_t strength; /* contacts, less one each time that another host found no entry */
	uint16_t open[EVENT_TARGET_OPEN];
	uint16_t opens;
};

/* Counts a contact, or all contacts of a record about ports, for their target. A host that finds no
 * entry weakens the weakest (Misra and Gries, "Finding repeated elements", 1982). */
void hits_add(struct hit hits[static HITS], const struct contact *c);
void hits_add_record(struct hit hits[static HITS], const struct evidence *r);

/* Copies the hosts to out[], those with most contacts first. Returns how many. */
size_t hits_list(const struct hit hits[static HITS], struct event_target out[static HITS]);

#endif
