/* rtt: round-trip times of a scan, and the time-out that follows from them. */
#ifndef PORTLIGHT_SCAN_RTT_H
#define PORTLIGHT_SCAN_RTT_H

#include <stdint.h>

struct rtt_conf {
	uint64_t initial_ns;	 /* time-out before anything was measured */
	uint64_t min_ns, max_ns; /* bounds of the time-out after that */
};

/* RFC 6298 smoothing over all hosts, and a histogram of octave quarters, because the hosts of a
 * scan differ more from one another than one host from itself. */
struct rtt {
	struct rtt_conf conf;
	uint64_t smoothed_ns, variation_ns, count;
	uint32_t histogram[192]; /* by floor(4 * log2(us)) */
};

void rtt_init(struct rtt *r, const struct rtt_conf *conf);
/* Adds a measured round-trip time. */
void rtt_note(struct rtt *r, uint64_t rtt_ns);
/* The time-out: the greater of smoothed + 4 variations (RFC 6298, 2) and twice the 99.9th
 * percentile, within the bounds of conf. */
uint64_t rtt_timeout_ns(const struct rtt *r);

#endif
