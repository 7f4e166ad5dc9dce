/* scan_setup: from options to a plan, a pace and an open engine. */
#ifndef PORTLIGHT_RUN_SCAN_SETUP_H
#define PORTLIGHT_RUN_SCAN_SETUP_H

#include "base/failure.h"
#include "cli/options.h"
#include "engine/engine.h"
#include "result/finding.h"
#include "run/target_list.h"
#include "scan/scan.h"
#include "system/services.h"

struct scan_setup {
	struct target_list targets;
	struct services *services;
	struct ports ports;
	unsigned techniques;  /* bit set of enum technique_id */
	bool frames;	      /* engine: frames, or sockets */
	bool xdp;	      /* rather xdp than frames, */
	bool xdp_forced;      /* and nothing else */
	char engine_why[640]; /* why that one, for people */
	unsigned settled_ms;  /* so long IPv6 addresses of ours were waited for */
	struct plan *plan;
	struct scan_conf conf;
	const volatile sig_atomic_t
		*interrupts; /* set after init: ends what the engine waits for */
	/* What run_info wants. */
	uint8_t technique[TECHNIQUES];
	char *port_list[TECHNIQUES];
	uint32_t port_count[TECHNIQUES];
	size_t technique_count;
};

/* All that can be settled before a packet is sent. 0, or -1 with *f. Freed with scan_setup_fini
 * in either case. */
int scan_setup_init(struct scan_setup *setup, const struct scan_options *o, FILE *notes,
		    struct failure *f);
void scan_setup_fini(struct scan_setup *setup);

/* Opens the engine, and may say more in setup->engine_why. *sheets and *trace outlive it. NULL
 * with *f. */
struct engine *scan_setup_engine(struct scan_setup *setup, const struct scan_options *o,
				 struct sheet *const *sheets, struct trace *trace,
				 struct failure *f);

#endif
