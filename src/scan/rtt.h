/* rtt: how long an answer takes, and how long to wait for one. */
#ifndef PORTLIGHT_SCAN_RTT_H
#define PORTLIGHT_SCAN_RTT_H

#include <stdint.h>

struct rtt_conf {
	uint64_t initial_ns; /* timeout before anything was measured */
	uint64_t min_ns, max_ns;
};

/* RFC 6298 smoothing over all hosts, and a histogram of octave quarters, because the hosts of a
 * scan differ more from one another than one host from itself. */
struct rtt {
	struct rtt_conf conf;
	uint64_t smoothed_ns, variation_ns, count;
	uint32_t histogram[192]; /* by floor(4 * log2(us)) */
};

void rtt_init(struct rtt *r, const struct rtt_conf *conf);
void rtt_note(struct rtt *r, uint64_t rtt_ns);
/* Timeout: the greater of smoothed + 4 variations and twice the 99.9th percentile, in bounds. */
uint64_t rtt_timeout_ns(const struct rtt *r);

#endif
