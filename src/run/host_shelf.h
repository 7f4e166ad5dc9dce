/* host_shelf: the hosts of a source in memory, in ascending order of address. */
#ifndef PORTLIGHT_RUN_HOST_SHELF_H
#define PORTLIGHT_RUN_HOST_SHELF_H

#include "ingest/builder.h"
#include "ingest/source.h"

/* Zero-initialised is empty. */
struct host_shelf {
	struct builder *host;
	size_t count, capacity;
};

/* Reads all host records of a source that has begun. 0, or -1 with *f. The caller calls
 * host_shelf_fini in either case. */
int host_shelf_fill(struct host_shelf *shelf, struct source *source, struct failure *f);
void host_shelf_fini(struct host_shelf *shelf);

#endif
