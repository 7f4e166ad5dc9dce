/* watch_driver: packets into the detector, its events out, and what comes due in between. */
#ifndef PORTLIGHT_RUN_WATCH_DRIVER_H
#define PORTLIGHT_RUN_WATCH_DRIVER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/failure.h"
#include "packet/packet.h"
#include "run/watch_origin.h"
#include "run/watch_setup.h"
#include "watch/watch.h"

/* Addresses of --explain beyond these are explained without their events. */
#define WATCH_EXPLAINED 64

/* So many packets are read before they are judged, if they are at hand. */
#define WATCH_AHEAD 16

struct watch_ahead {
	struct packet packet;
	struct sighting sighting;
	uint64_t t_ns;
	uint64_t lost; /* by the capture, so far */
};

struct watch_driver {
	struct watch_setup *setup;
	struct watch *watch;
	FILE *notes;
	const volatile sig_atomic_t *stop; /* a signal asked for the end */
	volatile sig_atomic_t *report;	   /* a signal asked for counters; set to 0 here */
	uint64_t packets;		   /* that passed the filter */
	uint64_t tick_ns;		   /* of the capture's clock, last told to the detector */
	bool started;
	uint64_t lost;
	/* On the monotonic clock: when each comes due; see watch_driver.c. */
	uint64_t second_ns, metrics_ns, stats_ns, watchdog_ns, news_ns;
	unsigned news;			       /* in this minute */
	struct watch_ahead ahead[WATCH_AHEAD]; /* read, and not yet judged */
	unsigned ahead_count;
	struct watch_origin origin;
	struct {
		uint64_t events; /* told about this address */
		uint64_t last;	 /* id of the latest */
		uint8_t action, phase;
	} told[WATCH_EXPLAINED];
};

/* watch_conf.event, with the loop as its context. */
void watch_driver_event(void *context, const struct event *event);

/*
 * Until the file ends, --count is reached, a signal asks for the end, or nobody reads standard
 * output any more; then watch_finish. 0, or -1 with *f: also then all events are told.
 */
int watch_driver_run(struct watch_driver *loop, struct failure *f);

/* The line of counters, and what --explain asks for, to `out`. */
void watch_driver_stats(struct watch_driver *loop, FILE *out);
void watch_driver_explain(struct watch_driver *loop, FILE *out);

#endif
