/* target_list: all targets of a request: words, files, names, minus excludes. */
#ifndef PORTLIGHT_RUN_TARGET_LIST_H
#define PORTLIGHT_RUN_TARGET_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "address/ranges.h"
#include "base/failure.h"
#include "run/observer.h"
#include "run/request.h"

/* An address that was given singly, and by which name if it was a name. */
struct named_target {
	struct addr addr;
	char *name; /* NULL for a bare address */
};

struct target_list {
	struct ranges ranges;	    /* normalised, excludes out */
	struct named_target *named; /* sorted by address */
	size_t named_count;
	char zone[16];	   /* interface of link-local targets, "" if there are none */
	uint64_t excluded; /* addresses that the excludes took out */
};

/*
 * Reads and resolves all targets of *r. What the user should know (other addresses of a name) goes
 * to observer->warning. 0, or -1 with *f: nothing may be scanned then, least of all if an exclude
 * failed. Freed with target_list_fini in either case.
 */
int target_list_build(const struct scan_request *r, const struct observer *observer,
		      struct target_list *list, struct failure *f);
void target_list_fini(struct target_list *list);

/* The entry of an address, or NULL. */
const struct named_target *target_list_find(const struct target_list *list, struct addr a);

#endif
