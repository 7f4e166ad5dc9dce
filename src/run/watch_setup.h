/* watch_setup: everything a detector needs, opened before it goes into its cage. */
#ifndef PORTLIGHT_RUN_WATCH_SETUP_H
#define PORTLIGHT_RUN_WATCH_SETUP_H

#include <stddef.h>
#include <stdio.h>

#include "address/ranges.h"
#include "base/failure.h"
#include "capture/expression.h"
#include "capture/file.h"
#include "capture/live.h"
#include "cli/watch_options.h"
#include "cli/watch_outputs.h"
#include "net/listeners.h"
#include "net/local.h"
#include "run/watch_response.h"
#include "sandbox/cage.h"
#include "system/notify.h"
#include "watch/watch.h"

/* Zero-initialised is empty. */
struct watch_setup {
	const struct watch_options *options;
	FILE *notes;
	struct ranges home, ignored, never;
	struct local local; /* live */
	struct addr *explain;
	size_t explain_count;
	struct expression *expression; /* NULL: no filter */
	struct file *file;	       /* -r; else */
	struct live *live;
	struct listeners *listeners; /* NULL: what listens is not known */
	struct notify notify;
	struct watch_outputs outputs;
	struct watch_response response;
	struct cage cage;
};

/*
 * Reads all that *o names and opens all that is needed, in the order in which a failure costs
 * least: words, then what privilege is needed for. *o outlives *setup. 0, or -1 with *f.
 * watch_setup_fini in either case.
 */
int watch_setup_init(struct watch_setup *setup, const struct watch_options *o, FILE *notes,
		     struct failure *f);
void watch_setup_fini(struct watch_setup *setup);

/* Fills all of *conf but where events go. A replay has a fixed key, so that it can be repeated. */
int watch_setup_conf(const struct watch_setup *setup, struct watch_conf *conf, struct failure *f);

/* The cage for this setup; folder[0..size) is where conf->writable may point. */
void watch_setup_cage(const struct watch_options *o, struct cage_conf *conf, char *folder,
		      size_t size);

/* Goes into the cage. 0, or -1 with *f. */
int watch_setup_enter(struct watch_setup *setup, struct failure *f);

#endif
