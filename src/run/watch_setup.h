/* watch_setup: everything a detector needs, opened before it goes into its cage. */
#ifndef PORTLIGHT_RUN_WATCH_SETUP_H
#define PORTLIGHT_RUN_WATCH_SETUP_H

#include <stddef.h>

#include "address/ranges.h"
#include "base/failure.h"
#include "capture/expression.h"
#include "capture/file.h"
#include "capture/live.h"
#include "net/listeners.h"
#include "net/local.h"
#include "run/observer.h"
#include "run/request.h"
#include "run/watch_response.h"
#include "sandbox/cage.h"
#include "system/notify.h"
#include "watch/watch.h"

/* Zero-initialised is empty. */
struct watch_setup {
	const struct watch_request *request;
	const struct observer *observer;
	struct ranges home, ignored, never;
	struct local local;	       /* live */
	struct expression *expression; /* NULL: no filter */
	struct file *file;	       /* of a capture; else */
	struct live *live;
	struct listeners *listeners; /* NULL: what listens is not known */
	struct notify notify;
	struct watch_response response;
	struct cage cage;
};

/*
 * Reads all that *request names, and opens a capture file and the blocker: in the order in which
 * a failure costs least. *request and *observer outlive *setup. 0, or -1 with *f. watch_setup_fini
 * in either case.
 */
int watch_setup_init(struct watch_setup *setup, const struct watch_request *request,
		     const struct observer *observer, struct failure *f);
/* Once the caller's outputs are open, for which home networks had to be known: opens the live
 * capture, if it is one. 0, or -1 with *f. */
int watch_setup_capture(struct watch_setup *setup, struct failure *f);
void watch_setup_fini(struct watch_setup *setup);

/* The networks called ours, for outputs; NULL where they are not known (of a capture). */
const struct ranges *watch_setup_home(const struct watch_setup *setup);

/* Fills all of *conf but where events go. A replay has a fixed key, so that it can be repeated. */
void watch_setup_conf(const struct watch_setup *setup, const struct siphash_key *key,
		      struct watch_conf *conf);

/* The cage for this request; folder[0..size) is where conf->writable may point. */
void watch_setup_cage(const struct watch_request *request, struct cage_conf *conf, char *folder,
		      size_t size);

/* Goes into the cage. 0, or -1 with *f. */
int watch_setup_enter(struct watch_setup *setup, struct failure *f);

#endif
