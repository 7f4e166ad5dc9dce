/* normal: the -oN file: the table's body, one line per port, between a first and a last comment
 * line. */
#include <string.h>

#include "report/escape.h"
#include "report/phrase.h"
#include "report/text/table.h"

static void normal_begin(struct report *r, const struct run_info *run)
{
	phrase_begin(r->out, run);
}

static void normal_host(struct report *r, const struct host_report *host)
{
	bool colour = r->conf.colour;

	r->conf.colour = false; /* a file has no colours */
	table_write_host(r, host, true);
	r->conf.colour = colour;
}

static void normal_end(struct report *r, const struct run_summary *summary)
{
	char time[PHRASE_TIME];

	table_write_remarks(r, summary, "# ");
	(void)fprintf(r->out, "# portlight %s %s: ", summary->partial ? "stopped early" : "done",
		      phrase_time_short(summary->end_ns, time));
	phrase_summary(r->out, summary);
	(void)putc('\n', r->out);
}

const struct report_ops report_normal = {"normal", normal_begin, normal_host, normal_end};
