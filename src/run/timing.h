/* timing: what -T0 to -T5 mean, as plain numbers. */
#ifndef PORTLIGHT_RUN_TIMING_H
#define PORTLIGHT_RUN_TIMING_H

#include <stdint.h>

#include "run/request.h"
#include "scan/scan.h"

struct timing {
	double start_pps, most_pps;
	uint64_t initial_rtt_ns, min_rtt_ns, max_rtt_ns;
	int retries_less; /* fewer attempts than the technique's row has */
};

#define TIMINGS 6
extern const struct timing timing_table[TIMINGS];

/* Fills the pace, the round-trip bounds and the attempts of *conf. */
void timing_apply(const struct scan_request *r, struct scan_conf *conf);

#endif
