/* timing: the table of -T, and the options that override it. */
#include "run/timing.h"

#include "technique/technique.h"

#define MS UINT64_C(1000000)

/*
 * The rate starts at `start` and rises up to `most` while answers show that no probes are lost
 * (pacer.h). -T0 to -T2 have nmap's spacing: a probe every 5 min, 15 s and 0.4 s.
 */
const struct timing timing_table[TIMINGS] = {
	{1.0 / 300, 1.0 / 300, 1000 * MS, 100 * MS, 10000 * MS, 0},
	{1.0 / 15, 1.0 / 15, 1000 * MS, 100 * MS, 10000 * MS, 0},
	{2.5, 2.5, 1000 * MS, 100 * MS, 10000 * MS, 0},
	{10e3, 500e3, 1000 * MS, 100 * MS, 10000 * MS, 0},
	{40e3, 1e6, 500 * MS, 100 * MS, 1250 * MS, 0},
	{100e3, 10e6, 250 * MS, 50 * MS, 300 * MS, 1},
};

void timing_apply(const struct scan_request *r, struct scan_conf *conf)
{
	const struct timing *t = &timing_table[r->timing < TIMINGS ? r->timing : 3];

	conf->pace = (struct pacer_conf){0, t->start_pps, t->most_pps};
	if (r->max_rate_pps > 0) {
		conf->pace.start_pps = r->max_rate_pps;
		conf->pace.ceiling_pps = r->max_rate_pps;
	}
	if (r->min_rate_pps > 0) {
		conf->pace.floor_pps = r->min_rate_pps;
		if (conf->pace.start_pps < r->min_rate_pps)
			conf->pace.start_pps = r->min_rate_pps;
		if (conf->pace.ceiling_pps < r->min_rate_pps)
			conf->pace.ceiling_pps = r->min_rate_pps;
	}
	conf->rtt = (struct rtt_conf){
		.initial_ns = r->initial_rtt_ns ? r->initial_rtt_ns : t->initial_rtt_ns,
		.min_ns = r->min_rtt_ns ? r->min_rtt_ns : t->min_rtt_ns,
		.max_ns = r->max_rtt_ns ? r->max_rtt_ns : t->max_rtt_ns,
	};
	if (conf->rtt.min_ns > conf->rtt.max_ns)
		conf->rtt.min_ns = conf->rtt.max_ns;
	conf->host_timeout_ns = r->host_timeout_ns;
	conf->max_open = (uint32_t)r->max_open;
	conf->rst_retries = !r->has_max_retries && t->retries_less == 0;
	conf->probe_again = true;
	for (int i = 0; i < TECHNIQUES; i++) {
		int retries = technique_table[i].retries - t->retries_less;

		if (r->has_max_retries)
			retries = (int)r->max_retries;
		conf->tries[i] = (uint8_t)(retries > 0 ? retries + 1 : 1);
	}
}
