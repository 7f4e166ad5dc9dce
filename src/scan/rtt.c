/* rtt: smoothed round trip and its histogram. */
#include "scan/rtt.h"

#include <string.h>

#define RTT_BUCKETS (sizeof(((struct rtt *)0)->histogram) / sizeof(uint32_t))

void rtt_init(struct rtt *r, const struct rtt_conf *conf)
{
	memset(r, 0, sizeof(*r));
	r->conf = *conf;
}

/* floor(4 * log2(us)), by the position and the two bits below the leading one. */
static unsigned rtt_bucket(uint64_t us)
{
	if (us < 4)
		return (unsigned)us;
	unsigned octave = 63 - (unsigned)__builtin_clzll(us);
	unsigned bucket = octave * 4 + (unsigned)(us >> (octave - 2) & 3);

	return bucket < RTT_BUCKETS ? bucket : RTT_BUCKETS - 1;
}

/* The upper end of a bucket, in us. */
static uint64_t rtt_bucket_end(unsigned bucket)
{
	if (bucket < 8)
		return bucket + 1;
	return (uint64_t)(4 + (bucket & 3) + 1) << (bucket / 4 - 2);
}

void rtt_note(struct rtt *r, uint64_t rtt_ns)
{
	if (r->count == 0) {
		r->smoothed_ns = rtt_ns;
		r->variation_ns = rtt_ns / 2;
	} else {
		uint64_t off =
			rtt_ns > r->smoothed_ns ? rtt_ns - r->smoothed_ns : r->smoothed_ns - rtt_ns;

		r->variation_ns += off / 4;
		r->variation_ns -= r->variation_ns / 4;
		r->smoothed_ns += rtt_ns / 8;
		r->smoothed_ns -= r->smoothed_ns / 8;
	}
	r->count++;
	r->histogram[rtt_bucket(rtt_ns / 1000)]++;
}

/* The round trip that all but one answer in a thousand kept to. */
static uint64_t rtt_high_ns(const struct rtt *r)
{
	uint64_t over = r->count / 1000, seen = 0;

	for (unsigned bucket = RTT_BUCKETS; bucket > 0; bucket--) {
		seen += r->histogram[bucket - 1];
		if (seen > over)
			return rtt_bucket_end(bucket - 1) * 1000;
	}
	return 0;
}

uint64_t rtt_timeout_ns(const struct rtt *r)
{
	if (r->count == 0)
		return r->conf.initial_ns;
	uint64_t smoothed = r->smoothed_ns + 4 * r->variation_ns;
	uint64_t high = 2 * rtt_high_ns(r);
	uint64_t timeout = smoothed > high ? smoothed : high;

	if (timeout < r->conf.min_ns)
		return r->conf.min_ns;
	return timeout < r->conf.max_ns ? timeout : r->conf.max_ns;
}
