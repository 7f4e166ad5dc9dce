/* networks: builds one set of addresses from options and files that list networks. */
#ifndef PORTLIGHT_RUN_NETWORKS_H
#define PORTLIGHT_RUN_NETWORKS_H

#include "address/ranges.h"
#include "base/failure.h"
#include "base/words.h"

/*
 * Adds the networks that the words of an option list: comma-separated, in the grammar of targets.
 * `option` is its name, for error messages. *set is not normalised. 0, or -1 with *f: EXIT_USAGE
 * naming the text that does not parse; host names are refused too, since the addresses of a name
 * may change.
 */
int networks_add(struct ranges *set, const char *option, const struct words *words,
		 struct failure *f);

/* The same from the files that the words name. EXIT_IO for one that cannot be read. */
int networks_add_files(struct ranges *set, const struct words *paths, struct failure *f);

#endif
