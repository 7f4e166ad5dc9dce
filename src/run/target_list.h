/* target_list: the targets of a request, without the excludes, and their names. */
#ifndef PORTLIGHT_RUN_TARGET_LIST_H
#define PORTLIGHT_RUN_TARGET_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "address/ranges.h"
#include "base/failure.h"

/* A single address, and the name by which it was given, if any. */
struct named_target {
	struct addr addr;
	char *name;	   /* the first name given; NULL for an address without a name */
	char *other_names; /* the other names, separated by commas; or NULL */
	size_t order;	   /* position on the command line */
	bool listed;	   /* it stands in a list file only */
};

struct target_list {
	struct ranges ranges;	    /* normalised, without the excludes */
	struct named_target *named; /* sorted by address */
	size_t named_count;
	bool whole_link;     /* the link of that zone was given as a whole: "fe80::%eth0" */
	char zone[16];	     /* interface of link-local targets, "" if there are none */
	uint64_t excluded;   /* number of addresses that the excludes removed */
	size_t unresolved;   /* names without an address, skipped with a warning */
	int unresolved_exit; /* exit code for the last of them */
};

void target_list_fini(struct target_list *list);

/* Used while the list is built: adds a single address with its name (copied), or without one
 * (NULL); `listed`: by a list file. 0, or -1 with *f if out of memory. */
int target_list_named(struct target_list *list, struct addr a, const char *name, bool listed,
		      struct failure *f);

/* Sorts list->named by address and joins the names of an address. 0, or -1 with *f if out of
 * memory. */
int target_list_sort(struct target_list *list, struct failure *f);

/* The entry of an address, or NULL. */
const struct named_target *target_list_find(const struct target_list *list, struct addr a);

#endif
