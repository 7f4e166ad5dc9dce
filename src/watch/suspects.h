/* suspects: sources that failed at many ports of a flooded target, and may be scanners. */
#ifndef PORTLIGHT_WATCH_SUSPECTS_H
#define PORTLIGHT_WATCH_SUSPECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "result/event.h"
#include "watch/params.h"

struct contact;

/* One source. 64 bytes; a free entry is all zero. */
struct suspect {
	uint64_t name; /* name_of() its address */
	struct addr source;
	uint64_t ports[4]; /* 256 bits: the hashes of the ports that it asked for */
	uint32_t contacts; /* that failed */
	uint32_t strength; /* contacts, less one each time that another source found no entry */
};

/*
 * Counts one more failed contact of a flood. A new source takes a free entry, or weakens the
 * weakest entry it finds and replaces it when that has no strength left (Misra and Gries, "Finding
 * repeated elements", 1982): an entry resists as many packets as it sent itself. Returns true if
 * the contact made its source a suspect: SUSPECT_CONTACTS failed contacts, and SUSPECT_PORTS ports.
 */
bool suspects_add(struct suspect suspects[static SUSPECTS], const struct contact *c);

/* Removes a source, by name, that was reported as an event of its own. */
void suspects_drop(struct suspect suspects[static SUSPECTS], uint64_t name);

/* Copies the suspects to out[], those with most ports first. Returns how many, up to SUSPECTS. */
size_t suspects_list(const struct suspect suspects[static SUSPECTS],
		     struct event_suspect out[static SUSPECTS]);

#endif
