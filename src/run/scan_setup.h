/* scan_setup: turns a request into a plan, a pace and an open engine. */
#ifndef PORTLIGHT_RUN_SCAN_SETUP_H
#define PORTLIGHT_RUN_SCAN_SETUP_H

#include "base/failure.h"
#include "engine/engine.h"
#include "engine/registry.h"
#include "run/observer.h"
#include "run/request.h"
#include "run/stated_plan.h"
#include "run/target_list.h"
#include "scan/scan.h"
#include "system/services.h"

struct scan_setup {
	const struct scan_request *request;
	struct target_list targets;
	struct services *services;
	struct ports ports;
	unsigned techniques;		 /* bit set of enum technique_id */
	enum privilege_raw raw;		 /* whether raw frames can be sent */
	const struct engine_row *engine; /* the choice so far */
	char engine_why[640];		 /* why that one, as text */
	unsigned settled_ms;		 /* how long IPv6 addresses of ours were waited for */
	struct plan *plan;
	struct scan_conf conf;
	/* Values for run_info. */
	uint8_t technique[TECHNIQUES];
	char *port_list[TECHNIQUES];
	uint32_t port_count[TECHNIQUES];
	size_t technique_count;
	struct run_plan run_plan;
	struct stated_plan stated; /* of request->plan_file */
};

/*
 * Resolves all that can be resolved before a packet is sent: engine, names, plan, pace. *request
 * outlives *setup; random_seed orders the probes if the request has no seed. 0, or -1 with *f. The
 * caller calls scan_setup_fini in either case.
 */
int scan_setup_init(struct scan_setup *setup, const struct scan_request *request,
		    uint64_t random_seed, const struct observer *observer, struct failure *f);
void scan_setup_fini(struct scan_setup *setup);

/* Opens the engine, and may change setup->engine and extend setup->engine_why. *sheets and *run
 * outlive it. NULL with *f. */
struct engine *scan_setup_engine(struct scan_setup *setup, const struct run_context *run,
				 struct sheet *const *sheets, struct failure *f);

#endif
