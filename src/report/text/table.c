/* table: the readable table on stdout: a block per host, aligned, extraports summarised, notes
 * explained. */
#include "report/text/table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/escape.h"
#include "report/phrase.h"
#include "report/view.h"
#include "result/host.h"

enum column { COLUMN_PORT, COLUMN_STATE, COLUMN_SERVICE, COLUMN_REASON, COLUMN_TECHNIQUE, COLUMNS };

static const char *const column_titles[COLUMNS] = {"PORT", "STATE", "SERVICE", "REASON",
						   "TECHNIQUE"};

/* ANSI SGR by state: green, red, yellow. */
static const char *const state_colours[PORT_STATES] = {
	[PORT_OPEN] = "\x1b[32m",	   [PORT_CLOSED] = "\x1b[31m",
	[PORT_FILTERED] = "\x1b[33m",	   [PORT_UNFILTERED] = "\x1b[36m",
	[PORT_OPEN_FILTERED] = "\x1b[33m",
};

/* The cells of one line; cells that are formatted have their storage here. */
struct line {
	const char *cell[COLUMNS]; /* NULL: the column is not shown */
	uint8_t state;
	char port[16];
	char reason[PHRASE_EVIDENCE];
};

static void line_fill(struct line *line, const struct report *r, const struct view *view,
		      const struct finding *f)
{
	const char *service = view_service(r, f);

	(void)snprintf(line->port, sizeof(line->port), "%u/%s", (unsigned)f->port,
		       phrase_proto(f->technique));
	line->state = f->state;
	line->cell[COLUMN_PORT] = line->port;
	line->cell[COLUMN_STATE] = port_state_name(f->state);
	line->cell[COLUMN_SERVICE] = service ? service : "unknown";
	line->cell[COLUMN_REASON] = r->conf.reasons ? phrase_evidence(f, line->reason) : NULL;
	line->cell[COLUMN_TECHNIQUE] = NULL;
	if (view->several && !view->merged && f->technique < TECHNIQUES)
		line->cell[COLUMN_TECHNIQUE] = technique_table[f->technique].name;
}

static void line_write(FILE *out, const struct line *line, const size_t width[COLUMNS], bool colour)
{
	size_t pad = 0;

	for (unsigned c = 0; c < COLUMNS; c++) {
		const char *text = line->cell[c];

		if (!text)
			continue;
		bool paint = colour && c == COLUMN_STATE && line->state < PORT_STATES &&
			     state_colours[line->state];

		if (c > 0)
			(void)fprintf(out, "%*s", (int)pad + 2, "");
		if (paint)
			(void)fputs(state_colours[line->state], out);
		escape_text(out, text, strlen(text));
		if (paint)
			(void)fputs("\x1b[0m", out);
		pad = width[c] > strlen(text) ? width[c] - strlen(text) : 0;
	}
	(void)putc('\n', out);
}

static void write_ports(struct report *r, const struct view *view)
{
	size_t width[COLUMNS] = {0};
	struct line line, titles = {.state = STATE_NONE};
	size_t lines = 0;

	for (size_t i = 0; i < view->host.count; i++) {
		if (!view_lists(view, &view->host.findings[i]))
			continue;
		line_fill(&line, r, view, &view->host.findings[i]);
		for (unsigned c = 0; c < COLUMNS; c++) {
			if (!line.cell[c])
				continue;
			titles.cell[c] = column_titles[c];
			if (width[c] < strlen(column_titles[c]))
				width[c] = strlen(column_titles[c]);
			if (width[c] < strlen(line.cell[c]))
				width[c] = strlen(line.cell[c]);
		}
		lines++;
	}
	if (lines == 0)
		return;
	line_write(r->out, &titles, width, false);
	for (size_t i = 0; i < view->host.count; i++) {
		if (!view_lists(view, &view->host.findings[i]))
			continue;
		line_fill(&line, r, view, &view->host.findings[i]);
		line_write(r->out, &line, width, r->conf.colour);
	}
}

/* Writes "(reset)", or "(990 reset, 7 admin-prohibited)" if the group has several reasons. */
static void write_reasons(FILE *out, const struct extraports_group *group)
{
	const char *comma = "";

	(void)fputs(" (", out);
	for (unsigned i = 0; i < REASONS; i++) {
		if (group->reasons[i] == 0)
			continue;
		(void)fputs(comma, out);
		if (group->reasons[i] != group->count)
			(void)fprintf(out, "%" PRIu32 " ", group->reasons[i]);
		(void)fputs(reason_name(i), out);
		comma = ", ";
	}
	(void)putc(')', out);
}

static void write_extraports(FILE *out, const struct view *view)
{
	for (unsigned i = 0; i < view->extra.groups; i++) {
		const struct extraports_group *group = &view->extra.group[i];

		if (group->count == view->host.count && group->count > 1)
			(void)fprintf(out, "All %" PRIu32 " scanned %s ports are %s", group->count,
				      phrase_proto(group->technique),
				      port_state_name(group->state));
		else
			(void)fprintf(out, "Not shown: %" PRIu32 " %s %s port%s", group->count,
				      port_state_name(group->state), phrase_proto(group->technique),
				      group->count == 1 ? "" : "s");
		write_reasons(out, group);
		if (view->several && !view->merged)
			(void)fprintf(out, " by %s", technique_table[group->technique].name);
		(void)putc('\n', out);
	}
}

/* The shortest measured round trip, in us; false if none was measured. */
static bool shortest_rtt(const struct host_report *host, uint32_t *rtt_us)
{
	bool found = false;

	for (size_t i = 0; i < host->count; i++) {
		const struct finding *f = &host->findings[i];

		if (!(f->has & FINDING_RTT) || f->has & FINDING_FROM)
			continue;
		if (!found || f->rtt_us < *rtt_us)
			*rtt_us = f->rtt_us;
		found = true;
	}
	return found;
}

static void write_status(FILE *out, const struct host_report *host)
{
	const struct host_status status = host_status(host);
	uint32_t rtt_us = 0;
	char mac[18];

	if (status.state == STATUS_UNKNOWN && host->notes & HOST_REFUSED && host->count == 0) {
		(void)fputs("Nothing is known of the host: no probe was sent to it.\n", out);
	} else if (status.state == STATUS_UNKNOWN) {
		(void)fputs("Host did not answer: it is behind a packet filter, or not there.\n",
			    out);
	} else if (status.state == STATUS_UP) {
		(void)fputs("Host is up (", out);
		escape_text(out, status.reason, strlen(status.reason));
		if (status.ttl)
			(void)fprintf(out, " ttl %u", (unsigned)status.ttl);
		if (shortest_rtt(host, &rtt_us))
			(void)fprintf(out, ", round trip %" PRIu32 ".%03" PRIu32 " ms",
				      rtt_us / 1000, rtt_us % 1000);
		(void)fputs(").\n", out);
	}
	if (host->notes & HOST_MAC)
		(void)fprintf(out, "MAC address: %s\n", phrase_mac(host->mac, mac));
}

/* "Other names: mail.example, ftp.example" */
static void write_names(FILE *out, const char *names)
{
	(void)fputs("Other names: ", out);
	for (; *names; names++) {
		escape_text(out, names, 1);
		if (*names == ',')
			(void)putc(' ', out);
	}
	(void)putc('\n', out);
}

void table_write_host(struct report *r, const struct host_report *host, bool merge)
{
	const char *name = phrase_name(host);
	char address[PHRASE_ADDRESS];
	struct view view;

	if (view_open(&view, r, host, merge) != 0)
		return;
	(void)fputs("portlight report for ", r->out);
	if (name)
		escape_text(r->out, name, strlen(name));
	(void)phrase_address(host, address);
	(void)fputs(name ? " (" : "", r->out);
	escape_text(r->out, address, strlen(address));
	(void)fputs(name ? ")\n" : "\n", r->out);
	if (host->other_names)
		write_names(r->out, host->other_names);
	if (host->name && host->reverse_name) {
		(void)fputs("Name by reverse DNS: ", r->out);
		escape_text(r->out, host->reverse_name, strlen(host->reverse_name));
		(void)putc('\n', r->out);
	}
	write_status(r->out, host);
	write_extraports(r->out, &view);
	write_ports(r, &view);
	for (size_t i = 0; i < phrase_note_count; i++)
		if (host->notes & phrase_notes[i].bit)
			phrase_wrap(r->out, r->conf.columns, "Note:", phrase_notes[i].sentence, 6);
	(void)putc('\n', r->out);
	view_close(&view);
}

/* Columns of "Confidence: ". */
#define CONFIDENCE_INDENT 12

/* A line of its own, wrapped like a note. */
static void write_confidence(struct report *r, const struct run_summary *summary,
			     const char *prefix)
{
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);
	bool any;

	if (!memory) {
		r->error = ENOMEM;
		return;
	}
	any = phrase_confidence(memory, summary);
	if (fclose(memory) != 0 || !text)
		r->error = ENOMEM;
	else if (any && *prefix)
		(void)fprintf(r->out, "%sConfidence: %s\n", prefix, text);
	else if (any)
		phrase_wrap(r->out, r->conf.columns, "Confidence:", text, CONFIDENCE_INDENT);
	free(text);
}

void table_write_remarks(struct report *r, const struct run_summary *summary, const char *prefix)
{
	if (r->hidden_hosts)
		(void)fprintf(r->out, "%sNot listed: %" PRIu64 " host%s that did not answer.\n",
			      prefix, r->hidden_hosts, r->hidden_hosts == 1 ? "" : "s");
	if (r->shut_hosts)
		(void)fprintf(r->out, "%sNot listed: %" PRIu64 " host%s without an open port.\n",
			      prefix, r->shut_hosts, r->shut_hosts == 1 ? "" : "s");
	if (summary->hosts_hidden)
		(void)fprintf(r->out, "%sNot listed: %" PRIu64 " host%s without a report.\n",
			      prefix, summary->hosts_hidden, summary->hosts_hidden == 1 ? "" : "s");
	write_confidence(r, summary, prefix);
}

static void table_begin(struct report *r, const struct run_info *run)
{
	(void)r; /* facts about the run itself go to stderr */
	(void)run;
}

static void table_host(struct report *r, const struct host_report *host)
{
	table_write_host(r, host, false);
}

static void table_end(struct report *r, const struct run_summary *summary)
{
	const char *why = summary->stopped_why ? summary->stopped_why : "interrupted";

	table_write_remarks(r, summary, "");
	(void)fputs("portlight ", r->out);
	if (summary->partial) {
		(void)fputs("stopped (", r->out);
		escape_text(r->out, why, strlen(why));
		(void)fputs("), results are partial: ", r->out);
	} else {
		(void)fputs("done: ", r->out);
	}
	phrase_summary(r->out, summary);
	(void)putc('\n', r->out);
}

const struct report_ops report_table = {"table", table_begin, table_host, table_end};
