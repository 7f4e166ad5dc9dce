/* target_list: all targets of a request: words, files and names, without the excludes. */
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

/* A single address, and the name by which it was given, if any. */
struct named_target {
	struct addr addr;
	char *name;	   /* the first name given; NULL for an address without a name */
	char *other_names; /* the other names, separated by commas; or NULL */
	size_t order;	   /* position on the command line */
};

struct target_list {
	struct ranges ranges;	    /* normalised, without the excludes */
	struct named_target *named; /* sorted by address */
	size_t named_count;
	char zone[16];	     /* interface of link-local targets, "" if there are none */
	uint64_t excluded;   /* number of addresses that the excludes removed */
	size_t unresolved;   /* names without an address, skipped with a warning */
	int unresolved_exit; /* exit code for the last of them */
};

/*
 * Reads and resolves all targets of *r. Facts that the user should know (other addresses of a
 * name, names without an address) go to observer->warning, and progress to observer->news. 0, or
 * -1 with *f: then nothing may be scanned, especially if an exclude failed. The caller calls
 * target_list_fini in either case.
 */
int target_list_build(const struct scan_request *r, const struct observer *observer,
		      struct target_list *list, struct failure *f);
void target_list_fini(struct target_list *list);

/* 0.0.0.0 and ::. The kernel treats them as this machine, and no answer comes from them. */
bool target_list_is_nobody(struct addr a);

/* Used while the list is built: adds a single address with its name (copied), or without one
 * (NULL). 0, or -1 with *f if out of memory. */
int target_list_named(struct target_list *list, struct addr a, const char *name, struct failure *f);

/* The entry of an address, or NULL. */
const struct named_target *target_list_find(const struct target_list *list, struct addr a);

#endif
