/* watch_driver: feeds packets to the detector, passes its events to the sink, and does periodic
 * work. */
#ifndef PORTLIGHT_RUN_WATCH_DRIVER_H
#define PORTLIGHT_RUN_WATCH_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "packet/packet.h"
#include "run/observer.h"
#include "run/watch_origin.h"
#include "run/watch_setup.h"
#include "watch/watch.h"

/* Addresses of --explain beyond these are explained without their events. */
#define WATCH_EXPLAINED 64

/* Packets that are read ahead, if available, before they are judged. */
#define WATCH_AHEAD 16

struct watch_ahead {
	struct packet packet;
	struct sighting sighting;
	uint64_t t_ns;
	uint64_t lost; /* packets that the capture lost so far */
};

struct watch_driver {
	struct watch_setup *setup;
	const struct run_context *run;
	struct watch *watch;
	uint64_t packets; /* packets that passed the filter */
	uint64_t tick_ns; /* the detector's last tick, on the capture's clock */
	bool started;
	int sink_error; /* the sink's error, as an errno, which ends the run; or 0 */
	uint64_t lost;
	/* On the monotonic clock: when each comes due; see watch_driver.c. */
	uint64_t second_ns, metrics_ns, stats_ns, watchdog_ns, news_ns;
	unsigned news;			       /* lines in this minute */
	struct watch_ahead ahead[WATCH_AHEAD]; /* packets not judged yet */
	unsigned ahead_count;
	struct watch_origin origin;
	struct {
		uint64_t events; /* number reported about this address */
		uint64_t last;	 /* id of the latest */
		uint8_t action, phase;
	} reported[WATCH_EXPLAINED];
};

/* Creates the driver and its detector for *setup, which is open and outlives the driver, as *run
 * does. NULL with *f. */
struct watch_driver *watch_driver_new(struct watch_setup *setup, const struct run_context *run,
				      struct failure *f);
void watch_driver_free(struct watch_driver *d);

/*
 * Runs until the file ends, `count` is reached, an interruption, or an error of the sink; then
 * calls watch_finish. The sink gets begin, each event, and end. 0, or -1 with *f; the sink has all
 * events in both cases.
 */
int watch_driver_run(struct watch_driver *d, struct failure *f);

/* Calls `line` with each line (without newline) of the explanation of the request's sources. */
void watch_driver_explain(struct watch_driver *d, void (*line)(void *context, const char *text),
			  void *context);

#endif
