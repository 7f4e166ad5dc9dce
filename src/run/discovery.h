/* discovery: which hosts to find before their ports are scanned, by which probes, or why not. */
#ifndef PORTLIGHT_RUN_DISCOVERY_H
#define PORTLIGHT_RUN_DISCOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "engine/registry.h"
#include "plan/plan.h"
#include "run/request.h"
#include "run/target_list.h"
#include "scan/scan.h"
#include "system/services.h"

/* Most probes that may be asked for, of each host. */
#define DISCOVERY_SLOTS 1024

struct discovery {
	bool wanted;			 /* hosts are found first */
	bool only;			 /* and nothing follows (-sn) */
	const struct engine_row *engine; /* that sends its probes */
	uint32_t slot[DISCOVERY_SLOTS];	 /* technique << 16 | port, in the order of sending */
	uint32_t slots;
	char probes[160]; /* the same as text: "icmp-echo, syn 443" */
	/* The decision as a clause for the user, "all are probed: ..."; or "" where there was
	 * nothing to decide. */
	char why[160];
};

/* What the decision depends on. */
struct discovery_case {
	const struct scan_request *request;
	const struct target_list *targets;
	const struct service_names *services;
	const struct engine_row *engine; /* chosen for the ports */
	enum privilege_raw raw;
	uint32_t ports; /* probes of each host in the scan of ports */
};

/*
 * Decides, and chooses engine and probes. By default hosts are found first if that costs less than
 * to probe the ports of all addresses that were not named one by one. 0; or -1 with *f if what was
 * asked for cannot be sent.
 */
int discovery_choose(struct discovery *d, const struct discovery_case *c, struct failure *f);

/* Fills *conf for the discovery from that of the request's scan (timing.h), which it then differs
 * from in its attempts. */
void discovery_conf(const struct scan_request *request, struct scan_conf *conf);

/* Whether a host is scanned all the same if it does not answer: named one by one on the command
 * line, and not in a list. */
bool discovery_keeps(const struct target_list *targets, struct addr addr);

#endif
