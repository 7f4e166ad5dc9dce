/* watch_response: shuts proven scanners out, or says whom it would shut out. */
#ifndef PORTLIGHT_RUN_WATCH_RESPONSE_H
#define PORTLIGHT_RUN_WATCH_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "address/ranges.h"
#include "blocker/blocker.h"
#include "net/listeners.h"
#include "result/event.h"
#include "run/observer.h"

/* Verdicts remembered, so that each is said once a scan. */
#define WATCH_RESPONSE_RECENT 512

struct watch_response {
	struct blocker *blocker;	 /* NULL: nobody is shut out */
	bool dry_run;			 /* say so instead */
	const struct ranges *never;	 /* block_policy_never */
	struct listeners *listeners;	 /* knows addresses that became ours since; may be NULL */
	const struct observer *observer; /* news: who was shut out, and who could not be */
	uint64_t blocked, failed;
	struct {
		uint64_t event; /* id */
		uint8_t verdict;
	} recent[WATCH_RESPONSE_RECENT];
};

/* Of any phase; the last is not acted on. Does nothing where there is neither a blocker nor a
 * dry run. */
void watch_response_event(struct watch_response *r, const struct event *event);

#endif
