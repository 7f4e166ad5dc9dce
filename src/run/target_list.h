/* target_list: all targets of a request: words, files and names, without the excludes. */
#ifndef PORTLIGHT_RUN_TARGET_LIST_H
#define PORTLIGHT_RUN_TARGET_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "address/ranges.h"
#include "base/failure.h"
#include "run/observer.h"
#include "run/request.h"

/* A single address, and the name by which it was given, if any. */
struct named_target {
	struct addr addr;
	char *name; /* NULL for a bare address */
};

struct target_list {
	struct ranges ranges;	    /* normalised, without the excludes */
	struct named_target *named; /* sorted by address */
	size_t named_count;
	char zone[16];	   /* interface of link-local targets, "" if there are none */
	uint64_t excluded; /* number of addresses that the excludes removed */
};

/*
 * Reads and resolves all targets of *r. Facts that the user should know (other addresses of a
 * name) go to observer->warning. 0, or -1 with *f: then nothing may be scanned, especially if an
 * exclude failed. The caller calls target_list_fini in either case.
 */
int target_list_build(const struct scan_request *r, const struct observer *observer,
		      struct target_list *list, struct failure *f);
void target_list_fini(struct target_list *list);

/* The entry of an address, or NULL. */
const struct named_target *target_list_find(const struct target_list *list, struct addr a);

#endif
