/* watch_setup: opens everything that a detector needs before it enters its cage. */
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
	struct file *file;	       /* a capture file; NULL: live, and then */
	struct live *live;
	struct listeners *listeners; /* NULL: the listening ports are unknown */
	struct notify notify;
	struct watch_response response;
	struct cage cage;
};

/*
 * Reads all that *request names, and opens a capture file and the blocker, cheapest steps first.
 * *request and *observer outlive *setup. 0, or -1 with *f. The caller calls watch_setup_fini in
 * either case.
 */
int watch_setup_init(struct watch_setup *setup, const struct watch_request *request,
		     const struct observer *observer, struct failure *f);
/* Opens the live capture, if there is one. Called after the caller opened its outputs, which need
 * the home networks. 0, or -1 with *f. */
int watch_setup_capture(struct watch_setup *setup, struct failure *f);
void watch_setup_fini(struct watch_setup *setup);

/* Our networks, for the outputs; NULL if unknown (a capture file without --home). */
const struct ranges *watch_setup_home(const struct watch_setup *setup);

/* Fills all of *conf except the event callback. A replay has a fixed key, so that it is
 * reproducible. */
void watch_setup_conf(const struct watch_setup *setup, const struct siphash_key *key,
		      struct watch_conf *conf);

/* Fills *conf for this request; folder[0..size) is storage for the text of conf->writable. */
void watch_setup_cage(const struct watch_request *request, struct cage_conf *conf, char *folder,
		      size_t size);

/* Enters the cage. 0, or -1 with *f. */
int watch_setup_enter(struct watch_setup *setup, struct failure *f);

#endif
