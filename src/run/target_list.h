/* target_list: all targets of a request: words, files, names, minus excludes. */
#ifndef PORTLIGHT_RUN_TARGET_LIST_H
#define PORTLIGHT_RUN_TARGET_LIST_H

#include <stdbool.h>
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
	char *name;	   /* the first one that was typed; NULL for a bare address */
	char *other_names; /* the others, with commas between; or NULL */
	size_t order;	   /* of the command line */
};

struct target_list {
	struct ranges ranges;	    /* normalised, excludes out */
	struct named_target *named; /* sorted by address */
	size_t named_count;
	char zone[16];	     /* interface of link-local targets, "" if there are none */
	uint64_t excluded;   /* addresses that the excludes took out */
	size_t unresolved;   /* names without an address, left out with a warning */
	int unresolved_exit; /* exit code that the last of them asks for */
};

/*
 * Reads and resolves all targets of *r. What the user should know (other addresses of a name, names
 * without an address) goes to observer->warning, and progress to observer->news. 0, or -1 with *f:
 * nothing may be scanned then, least of all if an exclude failed. Freed with target_list_fini in
 * either case.
 */
int target_list_build(const struct scan_request *r, const struct observer *observer,
		      struct target_list *list, struct failure *f);
void target_list_fini(struct target_list *list);

/* 0.0.0.0 and ::. The kernel takes them for this machine, and no answer comes from them. */
bool target_list_is_nobody(struct addr a);

/* While it is built: an address was given singly, by a name (copied) or without (NULL). 0, or -1
 * with *f without memory. */
int target_list_named(struct target_list *list, struct addr a, const char *name, struct failure *f);

/* The entry of an address, or NULL. */
const struct named_target *target_list_find(const struct target_list *list, struct addr a);

#endif
