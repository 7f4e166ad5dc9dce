/* grepable: the -oG file: one line per host, with the fields that scripts read from nmap's. */
#include <inttypes.h>
#include <string.h>

#include "report/escape.h"
#include "report/phrase.h"
#include "report/text/table.h"
#include "report/view.h"
#include "result/host.h"

static void grepable_begin(struct report *r, const struct run_info *run)
{
	phrase_begin(r->out, run);
}

/* Writes a name; the separators of the format in it, '/' and ',', become '|'. */
static void write_field(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '/' || *text == ',')
			(void)putc('|', out);
		else
			escape_text(out, text, 1);
}

static void write_ports(struct report *r, const struct view *view)
{
	const char *before = "\tPorts: ";

	for (size_t i = 0; i < view->host.count; i++) {
		const struct finding *f = &view->host.findings[i];
		const char *service = view_service(r, f);

		if (!view_lists(view, f))
			continue;
		(void)fprintf(r->out, "%s%u/%s/%s//", before, (unsigned)f->port,
			      port_state_name(f->state), phrase_proto(f->technique));
		write_field(r->out, service ? service : "");
		(void)fputs("///", r->out);
		before = ", ";
	}
}

/* "Ignored State: closed (997), filtered (3)": per state, most frequent group first. */
static void write_ignored(FILE *out, const struct extraports *extra)
{
	const char *before = "\tIgnored State: ";

	for (unsigned i = 0; i < extra->groups; i++) {
		const uint64_t count = extraports_in_state(extra, i);

		if (count == 0)
			continue;
		(void)fprintf(out, "%s%s (%" PRIu64 ")", before,
			      port_state_name(extra->group[i].state), count);
		before = ", ";
	}
}

static void write_host_name(struct report *r, const struct host_report *host)
{
	const char *name = phrase_name(host);
	char address[PHRASE_ADDRESS];

	(void)phrase_address(host, address);
	(void)fputs("Host: ", r->out);
	escape_text(r->out, address, strlen(address));
	(void)fputs(" (", r->out);
	if (name)
		escape_text(r->out, name, strlen(name));
	(void)putc(')', r->out);
}

static void grepable_host(struct report *r, const struct host_report *host)
{
	static const char *const texts[HOST_STATES] = {"Unknown", "Up", "Down"};
	struct view view;

	if (view_open(&view, r, host, true) != 0)
		return;
	write_host_name(r, host);
	(void)fprintf(r->out, "\tStatus: %s", texts[host_status(host).state]);
	if (host->other_names) {
		(void)fputs("\tOther names: ", r->out);
		escape_text(r->out, host->other_names, strlen(host->other_names));
	}
	if (host->name && host->reverse_name) {
		(void)fputs("\tName by reverse DNS: ", r->out);
		escape_text(r->out, host->reverse_name, strlen(host->reverse_name));
	}
	(void)putc('\n', r->out);
	if (view.host.count) {
		write_host_name(r, host);
		write_ports(r, &view);
		write_ignored(r->out, &view.extra);
		(void)fputs(host->notes & HOST_PARTIAL ? "\tPartial: yes\n" : "\n", r->out);
	}
	view_close(&view);
}

static void grepable_end(struct report *r, const struct run_summary *summary)
{
	char time[PHRASE_TIME];

	table_write_remarks(r, summary, "# ");
	(void)fprintf(r->out, "# portlight %s at %s -- ",
		      summary->partial ? "stopped early" : "done",
		      phrase_time_short(summary->end_ns, time));
	phrase_summary(r->out, summary);
	(void)putc('\n', r->out);
}

const struct report_ops report_grepable = {"grepable", grepable_begin, grepable_host, grepable_end};
