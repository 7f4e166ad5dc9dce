/* target_names: host names among targets and excludes, collected first and resolved together. */
#ifndef PORTLIGHT_RUN_TARGET_NAMES_H
#define PORTLIGHT_RUN_TARGET_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "address/ranges.h"
#include "base/failure.h"
#include "plan/targets.h"
#include "run/observer.h"
#include "run/request.h"
#include "run/target_list.h"

struct target_name;

/* Caller's storage; zero-initialised is empty. */
struct target_names {
	struct target_name *name;
	size_t count, capacity;
};

/* Position of a name: texts for a message, copied. */
struct target_place {
	const char *before; /* "hosts.txt:7: ", or "" */
	const char *after;  /* "; ports are given by -p", or "" */
};

/* Adds the name of *target to the targets or the excludes. 0, or -1 with *f if out of memory. */
int target_names_add(struct target_names *names, const struct target *target, bool exclude,
		     const struct target_place *place, struct failure *f);

/*
 * Resolves all names, in parallel, and adds their addresses to list->ranges and list->named, or to
 * *excludes, in the order in which they were added. A target without an address becomes a warning
 * and is counted in list->unresolved. 0; or -1 with *f if an exclude has no address, if such a
 * target was the only one, or with request->strict_targets.
 */
int target_names_resolve(struct target_names *names, const struct scan_request *request,
			 const struct observer *observer, struct target_list *list,
			 struct ranges *excludes, struct failure *f);

void target_names_fini(struct target_names *names);

#endif
