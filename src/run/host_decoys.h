/* host_decoys: whether a host with many open ports also accepts ports that nothing listens on. */
#ifndef PORTLIGHT_RUN_HOST_DECOYS_H
#define PORTLIGHT_RUN_HOST_DECOYS_H

#include <stdbool.h>
#include <stdint.h>

#include "run/scan_setup.h"
#include "scan/scan.h"

/* A host is asked if it has at least this number of open TCP ports, and they are at least half of
 * those asked. */
#define DECOYS_OPEN 8u
/* Decoys a host: ports that are no port of the scan where it leaves enough of them, drawn at
 * random; of these, this number must accept a whole handshake. One may be lost, or be open in
 * truth. */
#define DECOYS	      6u
#define DECOYS_ACCEPT 5u

struct host_decoys;

/* *setup outlives it. NULL if out of memory. */
struct host_decoys *host_decoys_new(const struct scan_setup *setup);
/* NULL is fine. */
void host_decoys_free(struct host_decoys *d);

/*
 * Of the window at that place, which is finished: starts to ask the hosts that have many open
 * ports, and returns whether to wait for them: until all have been asked, a few seconds for each 64
 * hosts at most. now_ns is of CLOCK_MONOTONIC.
 */
bool host_decoys_wait(struct host_decoys *d, const struct scan *scan, int place, uint64_t now_ns);
/* Whether a window waits. */
bool host_decoys_waits(const struct host_decoys *d);
/* Notes of a host of that window: HOST_DECOYS and what its handshakes were like, or 0. Called once
 * for each host, in ascending order. */
uint32_t host_decoys_notes(struct host_decoys *d, uint32_t host);

#endif
