/* timing_help: prints the table of -T0 to -T5 for --help and the manual page. */
#include "cli/timing_help.h"

#include "run/timing.h"

#define MS UINT64_C(1000000)

/* A rate as readers expect it: 1/300, 2.5, 500000. */
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
	for (unsigned i = 0; i < TIMINGS; i++) {
		const struct timing *t = &timing_table[i];
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
