/* timing: the table of -T, and the options that override it. */
#include "run/timing.h"

#include "technique/technique.h"

#define MS UINT64_C(1000000)

/*
 * The rate starts at `start` and moves up to `most` while answers prove that nothing is lost
 * (pacer.h). -T0 to -T2 keep nmap's spacing: a probe every 5 min, 15 s and 0.4 s.
 */
static const struct timing {
	double start_pps, most_pps;
	uint64_t initial_rtt_ns, min_rtt_ns, max_rtt_ns;
	int retries_less; /* than the technique's row says */
} timings[] = {
	{1.0 / 300, 1.0 / 300, 1000 * MS, 100 * MS, 10000 * MS, 0},
	{1.0 / 15, 1.0 / 15, 1000 * MS, 100 * MS, 10000 * MS, 0},
	{2.5, 2.5, 1000 * MS, 100 * MS, 10000 * MS, 0},
	{10e3, 500e3, 1000 * MS, 100 * MS, 10000 * MS, 0},
	{40e3, 1e6, 500 * MS, 100 * MS, 1250 * MS, 0},
	{100e3, 10e6, 250 * MS, 50 * MS, 300 * MS, 1},
};

void timing_apply(const struct scan_options *o, struct scan_conf *conf)
{
	const struct timing *t = &timings[o->timing <= 5 ? o->timing : 3];

	conf->pace = (struct pacer_conf){0, t->start_pps, t->most_pps};
	if (o->max_rate_pps > 0) {
		conf->pace.start_pps = o->max_rate_pps;
		conf->pace.ceiling_pps = o->max_rate_pps;
	}
	if (o->min_rate_pps > 0) {
		conf->pace.floor_pps = o->min_rate_pps;
		if (conf->pace.start_pps < o->min_rate_pps)
			conf->pace.start_pps = o->min_rate_pps;
		if (conf->pace.ceiling_pps < o->min_rate_pps)
			conf->pace.ceiling_pps = o->min_rate_pps;
	}
	conf->rtt = (struct rtt_conf){
		.initial_ns = o->initial_rtt_ns ? o->initial_rtt_ns : t->initial_rtt_ns,
		.min_ns = o->min_rtt_ns ? o->min_rtt_ns : t->min_rtt_ns,
		.max_ns = o->max_rtt_ns ? o->max_rtt_ns : t->max_rtt_ns,
	};
	if (conf->rtt.min_ns > conf->rtt.max_ns)
		conf->rtt.min_ns = conf->rtt.max_ns;
	conf->rst_retries = !o->has_max_retries && t->retries_less == 0;
	for (int i = 0; i < TECHNIQUES; i++) {
		int retries = technique_table[i].retries - t->retries_less;

		if (o->has_max_retries)
			retries = (int)o->max_retries;
		conf->tries[i] = (uint8_t)(retries + 1);
	}
}

/* 1/300, 2.5, 500000: as people say it. */
static const char *rate_text(double pps, char text[static 24])
{
	if (pps < 1)
		(void)snprintf(text, 24, "1/%.0f", 1 / pps);
	else
		(void)snprintf(text, 24, "%.10g", pps);
	return text;
}

void timing_help(FILE *out)
{
	fputs("\nTiming templates\n"
	      "       start/s    most/s    wait: first, least, most   retries\n",
	      out);
	for (unsigned i = 0; i < sizeof(timings) / sizeof(timings[0]); i++) {
		const struct timing *t = &timings[i];
		char start[24], most[24];

		fprintf(out, "  -T%u %9s %9s   %4u ms, %3u ms, %5u ms   %s\n", i,
			rate_text(t->start_pps, start), rate_text(t->most_pps, most),
			(unsigned)(t->initial_rtt_ns / MS), (unsigned)(t->min_rtt_ns / MS),
			(unsigned)(t->max_rtt_ns / MS),
			t->retries_less ? "one less" : "by technique");
	}
	fputs("The rate rises from the first to the second number only while answers come\n"
	      "back, and falls when the kernel refuses packets or fewer answers come than\n"
	      "before. A host that still answers its last attempts gets more (up to -T4, and\n"
	      "without --max-retries).\n",
	      out);
}
