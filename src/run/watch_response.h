/* watch_response: blocks proven scanners, or in a dry run reports which would be blocked. */
#ifndef PORTLIGHT_RUN_WATCH_RESPONSE_H
#define PORTLIGHT_RUN_WATCH_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "address/ranges.h"
#include "blocker/blocker.h"
#include "net/listeners.h"
#include "result/event.h"
#include "run/observer.h"

/* Verdicts stored, so that each is reported once per scan. */
#define WATCH_RESPONSE_RECENT 512

struct watch_response {
	struct blocker *blocker;     /* NULL: no address is blocked */
	bool dry_run;		     /* only report what would be blocked */
	const struct ranges *never;  /* block_policy_never */
	struct listeners *listeners; /* knows addresses that became ours later; may be NULL */
	const struct observer
		*observer; /* news: which source was blocked, and which could not be */
	uint64_t blocked, failed;
	struct {
		uint64_t event; /* id of the event */
		uint8_t verdict;
	} recent[WATCH_RESPONSE_RECENT];
};

/* Handles an event of any phase; EVENT_CLOSE has no effect. Does nothing if there is neither a
 * blocker nor a dry run. */
void watch_response_event(struct watch_response *r, const struct event *event);

#endif
