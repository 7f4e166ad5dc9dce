/* suspects: who failed at many ports of a flooded target, and cannot be told from its flood. */
#ifndef PORTLIGHT_WATCH_SUSPECTS_H
#define PORTLIGHT_WATCH_SUSPECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "result/event.h"
#include "watch/params.h"

struct contact;

/* 64 bytes. All are 0 where it is free. */
struct suspect {
	uint64_t name; /* of the source (name.h) */
	struct addr source;
	uint64_t ports[4]; /* which hashes of ports were asked for: 256 bits */
	uint32_t contacts;
	uint32_t strength; /* contacts, less one for each time that somebody found no place */
};

/*
 * One more failed contact. Who is new takes a free place, or weakens the weakest of those that are
 * in the way (Misra and Gries, "Finding repeated elements", 1982), and has its place when nothing
 * is left: as many packets as it sent itself. True if that made a suspect of its source.
 */
bool suspects_add(struct suspect suspects[static SUSPECTS], const struct contact *c);

/* It is known what it is: it is told of by itself. */
void suspects_drop(struct suspect suspects[static SUSPECTS], uint64_t name);

/* Those that are some, most ports first; how many, at most SUSPECTS. */
size_t suspects_list(const struct suspect suspects[static SUSPECTS],
		     struct event_suspect out[static SUSPECTS]);

#endif
