/* scan_setup: turns a request into a plan, a pace and an open engine. */
#ifndef PORTLIGHT_RUN_SCAN_SETUP_H
#define PORTLIGHT_RUN_SCAN_SETUP_H

#include "base/failure.h"
#include "engine/engine.h"
#include "engine/registry.h"
#include "run/discovery.h"
#include "run/observer.h"
#include "run/request.h"
#include "run/stated_plan.h"
#include "run/target_list.h"
#include "scan/live_set.h"
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
	struct plan *plan;		 /* of the present stage */
	struct scan_conf conf;
	uint64_t seed[2];
	uint64_t hosts, probes; /* of the whole request: addresses, and probes of all their ports */
	/* Stages: hosts are found first, or nothing else is done; then the ports of those that are
	 * up are scanned. */
	struct discovery discovery;
	bool finding;			       /* the present stage finds hosts */
	struct plan *hosts_plan;	       /* of that stage, once it is over */
	struct live_set live;		       /* of hosts_plan; empty if no ports follow */
	const struct engine_row *ports_engine; /* of the stage after that */
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

/* The hosts are found: makes the plan of the ports of those that are up, and of those that are
 * scanned all the same. 1; 0 if there are none; or -1 with *f. */
int scan_setup_ports(struct scan_setup *setup, struct failure *f);

/* Opens the engine of the present stage, and may change setup->engine and extend setup->engine_why.
 * *sheets and *run outlive it. NULL with *f. */
struct engine *scan_setup_engine(struct scan_setup *setup, const struct run_context *run,
				 struct sheet *const *sheets, struct failure *f);

#endif
