/* xml: the -oX file: nmap's XML, valid against nmap.dtd, so that programs that read nmap's files
 * read ours. */
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "report/escape.h"
#include "report/phrase.h"
#include "report/view.h"
#include "result/host.h"

#define XML_OUTPUT_VERSION "1.05"
/* The reader in ingest/ knows it, too. */
#define XML_TECHNIQUES "portlight-techniques"

/* scaninfo types of the DTD that we have. */
static const char *const dtd_types[] = {"connect", "syn",    "fin",    "null", "xmas",
					"ack",	   "window", "maimon", "udp"};

static bool dtd_has_type(const char *name)
{
	for (size_t i = 0; i < sizeof(dtd_types) / sizeof(dtd_types[0]); i++)
		if (strcmp(dtd_types[i], name) == 0)
			return true;
	return false;
}

/* The DTD's name for a technique: its own name, or that of the first row that sends the same
 * packets. */
static const char *scaninfo_type(unsigned technique)
{
	const struct technique *row = &technique_table[technique];

	if (dtd_has_type(row->name))
		return row->name;
	for (unsigned t = 0; t < TECHNIQUES; t++)
		if (technique_table[t].proto == row->proto &&
		    technique_table[t].flags == row->flags &&
		    technique_table[t].needs == row->needs && dtd_has_type(technique_table[t].name))
			return technique_table[t].name;
	return row->proto == IPPROTO_UDP ? "udp" : "syn";
}

/* Writes name="value" with a space before it; value is untrusted. */
static void write_attribute(FILE *out, const char *name, const char *value)
{
	(void)fprintf(out, " %s=\"", name);
	escape_xml(out, value, strlen(value));
	(void)putc('"', out);
}

static void xml_begin(struct report *r, const struct run_info *run)
{
	FILE *out = r->out;
	char time[PHRASE_TIME];

	(void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE nmaprun>\n", out);
	/* The DTD allows no other name for the scanner; args shows the real one. */
	(void)fputs("<nmaprun scanner=\"nmap\"", out);
	write_attribute(out, "args", run->args);
	(void)fprintf(out, " start=\"%" PRIu64 "\" startstr=\"%s\"", run->start_ns / 1000000000,
		      phrase_time_short(run->start_ns, time));
	write_attribute(out, "version", run->version);
	(void)fputs(" xmloutputversion=\"" XML_OUTPUT_VERSION "\">\n", out);
	for (size_t i = 0; i < run->technique_count; i++) {
		unsigned technique = run->techniques[i];

		(void)fprintf(
			out, "<scaninfo type=\"%s\" protocol=\"%s\" numservices=\"%" PRIu32 "\"",
			scaninfo_type(technique), phrase_proto(technique), run->port_counts[i]);
		write_attribute(out, "services", run->port_lists[i]);
		(void)fputs("/>\n", out);
	}
	(void)fprintf(out, "<verbose level=\"%d\"/>\n<debugging level=\"0\"/>\n", run->verbose);
}

static void write_name(FILE *out, const char *name, size_t length, const char *type)
{
	(void)fputs("<hostname name=\"", out);
	escape_xml(out, name, length);
	(void)fprintf(out, "\" type=\"%s\"/>\n", type);
}

static void write_host_head(FILE *out, const struct host_report *host)
{
	const struct host_status status = host_status(host);
	char address[PHRASE_ADDRESS];

	(void)fprintf(out, "<host starttime=\"%" PRIu64 "\" endtime=\"%" PRIu64 "\"",
		      host->start_ns / 1000000000, host->end_ns / 1000000000);
	if (host->notes & HOST_PARTIAL)
		(void)fputs(" comment=\"partial\"", out);
	(void)fprintf(out, "><status state=\"%s\"", host_state_name(status.state));
	write_attribute(out, "reason", status.reason);
	(void)fprintf(out, " reason_ttl=\"%u\"/>\n", (unsigned)status.ttl);
	(void)fputs("<address", out);
	write_attribute(out, "addr", phrase_address(host, address));
	(void)fprintf(out, " addrtype=\"%s\"/>\n", addr_is_v4(host->addr) ? "ipv4" : "ipv6");
	if (host->notes & HOST_MAC)
		/* In capitals: otherwise ndiff takes the host for a different one. */
		(void)fprintf(
			out, "<address addr=\"%02X:%02X:%02X:%02X:%02X:%02X\" addrtype=\"mac\"/>\n",
			host->mac[0], host->mac[1], host->mac[2], host->mac[3], host->mac[4],
			host->mac[5]);
	(void)fputs("<hostnames>\n", out);
	if (host->name)
		write_name(out, host->name, strlen(host->name), "user");
	for (const char *at = host->other_names; at && *at;) {
		const size_t length = strcspn(at, ",");

		write_name(out, at, length, "user");
		at += length + (at[length] == ',');
	}
	if (host->reverse_name)
		write_name(out, host->reverse_name, strlen(host->reverse_name), "PTR");
	(void)fputs("</hostnames>\n", out);
}

static void write_extrareasons(FILE *out, const struct view *view,
			       const struct extraports_group *group)
{
	for (unsigned reason = 0; reason < REASONS; reason++) {
		const struct phrase_choice choice = {.technique = group->technique,
						     .state = group->state,
						     .only_reason = true,
						     .reason = (uint8_t)reason,
						     .only_summarised = !group->whole};

		if (group->reasons[reason] == 0)
			continue;
		(void)fprintf(out,
			      "<extrareasons reason=\"%s\" count=\"%" PRIu32
			      "\" proto=\"%s\" ports=\"",
			      reason_name(reason), group->reasons[reason],
			      phrase_proto(group->technique));
		phrase_ports(out, &view->host, &choice, ",");
		(void)fputs("\"/>\n", out);
	}
}

/* One extraports element per state: readers use the state as its key. */
static void write_extraports(FILE *out, const struct view *view)
{
	const struct extraports *extra = &view->extra;

	for (unsigned i = 0; i < extra->groups; i++) {
		const uint8_t state = extra->group[i].state;
		const uint64_t count = extraports_in_state(extra, i);

		if (count == 0)
			continue;
		(void)fprintf(out, "<extraports state=\"%s\" count=\"%" PRIu64 "\">\n",
			      port_state_name(state), count);
		for (unsigned j = i; j < extra->groups; j++)
			if (extra->group[j].state == state)
				write_extrareasons(out, view, &extra->group[j]);
		(void)fputs("</extraports>\n", out);
	}
}

static void write_port(struct report *r, const struct finding *f)
{
	const char *service = view_service(r, f);
	char address[ADDR_TEXT];

	(void)fprintf(r->out,
		      "<port protocol=\"%s\" portid=\"%u\"><state state=\"%s\" reason=\"%s\" "
		      "reason_ttl=\"%u\"",
		      phrase_proto(f->technique), (unsigned)f->port, port_state_name(f->state),
		      reason_name(f->reason), f->has & FINDING_TTL ? (unsigned)f->ttl : 0);
	if (f->has & FINDING_FROM)
		write_attribute(r->out, "reason_ip", addr_format(f->from, address));
	(void)fputs("/>", r->out);
	if (service) {
		(void)fputs("<service", r->out);
		write_attribute(r->out, "name", service);
		(void)fputs(" method=\"table\" conf=\"3\"/>", r->out);
	}
	(void)fputs("</port>\n", r->out);
}

/* "syn open: 22,80" on a line of its own; nothing where there is no such port. */
static void write_result(FILE *out, const struct host_report *host,
			 const struct phrase_choice *choice)
{
	size_t count = 0;

	for (size_t i = 0; i < host->count; i++)
		count += phrase_chosen(choice, &host->findings[i]);
	if (count == 0)
		return;
	(void)fprintf(out, "&#xa;%s %s: ", technique_table[choice->technique].name,
		      port_state_name(choice->state));
	phrase_ports(out, host, choice, ",");
}

/* As a source has them, with the lines kept. */
static void write_lines(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '\n')
			(void)fputs("&#xa;", out);
		else
			escape_xml(out, text, 1);
}

/*
 * A port element has one state, merged of all techniques. What each of them found is kept in the
 * place that nmap's XML has for anything else, so that nmap's readers show it.
 */
static void write_techniques(struct report *r, const struct host_report *host)
{
	(void)fputs("<hostscript><script id=\"" XML_TECHNIQUES "\" output=\"", r->out);
	if (host->technique_results)
		write_lines(r->out, host->technique_results);
	/* Also one that the run of a converted XML file does not name: the DTD has no name for it.
	 */
	for (uint8_t t = 0; t < TECHNIQUES && !host->technique_results; t++)
		for (uint8_t state = 0; state < PORT_STATES; state++)
			write_result(r->out, host,
				     &(struct phrase_choice){.technique = t, .state = state});
	(void)fputs("\"/></hostscript>\n", r->out);
}

static void xml_host(struct report *r, const struct host_report *host)
{
	struct view view;

	if (view_open(&view, r, host, true) != 0)
		return;
	write_host_head(r->out, host);
	(void)fputs("<ports>", r->out);
	write_extraports(r->out, &view);
	for (size_t i = 0; i < view.host.count; i++)
		if (view_lists(&view, &view.host.findings[i]))
			write_port(r, &view.host.findings[i]);
	(void)fputs("</ports>\n", r->out);
	if (view.several && host->count)
		write_techniques(r, host);
	(void)fputs("</host>\n", r->out);
	view_close(&view);
}

static void xml_end(struct report *r, const struct run_summary *summary)
{
	FILE *out = r->out;
	char time[PHRASE_TIME], seconds[PHRASE_SECONDS];

	(void)fprintf(out,
		      "<runstats><finished time=\"%" PRIu64 "\" timestr=\"%s\" summary=\"portlight "
		      "%s: ",
		      summary->end_ns / 1000000000, phrase_time_short(summary->end_ns, time),
		      summary->partial ? "stopped early" : "done");
	phrase_summary(out, summary);
	if (summary->confidence.known) {
		(void)fputs("; ", out);
		(void)phrase_confidence(out, summary);
	}
	(void)fprintf(out, "\" elapsed=\"%s\"", phrase_seconds(summary->elapsed_ns, seconds));
	if (summary->partial) {
		(void)fputs(" exit=\"error\"", out);
		write_attribute(out, "errormsg",
				summary->stopped_why ? summary->stopped_why : "interrupted");
	} else {
		(void)fputs(" exit=\"success\"", out);
	}
	(void)fprintf(out,
		      "/><hosts up=\"%" PRIu64 "\" down=\"%" PRIu64 "\" total=\"%" PRIu64
		      "\"/>\n</runstats>\n</nmaprun>\n",
		      summary->hosts_up, summary->hosts_down, summary->hosts_total);
}

const struct report_ops report_xml = {"xml", xml_begin, xml_host, xml_end};
