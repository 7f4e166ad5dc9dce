/* explain: for each port the packets, the rule with its reference, and the verdict. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/escape.h"
#include "report/phrase.h"
#include "report/text/sequence.h"
#include "report/text/table.h"
#include "report/view.h"
#include "result/host.h"

#define INDENT	   10
#define PORTS_TEXT 300 /* a longer list of ports is cut; the other formats have all of it */

static void explain_begin(struct report *r, const struct run_info *run)
{
	FILE *out = r->out;

	phrase_wrap(out, r->conf.columns, "",
		    "How each verdict came about. Left: what this machine sends. Right: "
		    "what comes back. Every line is one packet (or, where no privilege is "
		    "used, one system call).",
		    0);
	phrase_wrap(out, r->conf.columns, "",
		    "A TCP packet shows its flags (SYN: open a connection, ACK: what you "
		    "sent has arrived, FIN: I am done, RST: there is no such connection), "
		    "the ports it goes from>to, seq (number of its first byte), ack (number "
		    "of the byte it waits for next), ttl (how many more routers it may "
		    "pass) and win (how many bytes it may be sent).",
		    0);
	(void)putc('\n', out);
	for (size_t i = 0; i < run->technique_count; i++) {
		const struct technique *t = &technique_table[run->techniques[i]];

		(void)fprintf(out, "%s: %s\n", t->name, t->title);
		phrase_wrap(out, r->conf.columns, "  Sends", t->sends, INDENT);
		if (*t->caveat)
			phrase_wrap(out, r->conf.columns, "  But", t->caveat, INDENT);
	}
	(void)putc('\n', out);
}

/* Of a datagram that came from another address or port than the probed one. */
#define ELSEWHERE                                                                                  \
	"The answer did not come from the probed address and port. It was recognised by what it "  \
	"says: it returns bytes of this probe, or is an answer of TFTP from the probed address "   \
	"(RFC 1350, 4), and it came to the port that the probe was sent from."

static void explain_port(struct report *r, const struct host_report *host, const struct finding *f)
{
	const struct rule *rule = technique_rule(f->technique, f->reply);
	const struct trace_event *events = NULL;
	size_t count = trace_find(r->conf.trace, f->cell, &events);
	char evidence[PHRASE_EVIDENCE], verdict[PHRASE_EVIDENCE + 96];
	const char *proto = phrase_proto(f->technique);

	(void)fprintf(r->out, "%u/%s by %s\n", (unsigned)f->port, proto,
		      f->technique < TECHNIQUES ? technique_table[f->technique].name : "unknown");
	sequence_write(r->out, host->addr, f, events, count);
	phrase_wrap(r->out, r->conf.columns, "  Rule", rule->why ? rule->why : "", INDENT);
	phrase_wrap(r->out, r->conf.columns, "  Source", rule->from ? rule->from : "", INDENT);
	(void)snprintf(verdict, sizeof(verdict), "%u/%s is %s (%s)", (unsigned)f->port, proto,
		       port_state_name(f->state), phrase_evidence(f, evidence));
	phrase_wrap(r->out, r->conf.columns, "  State", verdict, INDENT);
	if (f->reply == REPLY_DATA && f->has & (FINDING_FROM | FINDING_FROM_PORT))
		phrase_wrap(r->out, r->conf.columns, "  Note", ELSEWHERE, INDENT);
	if (host_is_mute(host->notes, f))
		phrase_wrap(r->out, r->conf.columns, "  But", technique_table[f->technique].caveat,
			    INDENT);
	(void)putc('\n', r->out);
}

/* The ports of a kind as text that can be wrapped: "1-21, 23-80". NULL if out of memory; the
 * caller frees it. */
static char *ports_text(const struct host_report *host, const struct phrase_choice *choice)
{
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);

	if (!memory)
		return NULL;
	phrase_ports(memory, host, choice, ", ");
	if (fclose(memory) != 0 || !text) {
		free(text);
		return NULL;
	}
	if (length > PORTS_TEXT) {
		for (length = PORTS_TEXT; length > 0 && text[length] != ' '; length--)
			;
		(void)strcpy(text + length, " ...");
	}
	return text;
}

/* Among the findings of one kind, the first with stored packets, or else the first; NULL if there
 * is none. */
static const struct finding *find_example(const struct report *r, const struct host_report *host,
					  const struct phrase_choice *choice, unsigned reply,
					  uint32_t *how_many)
{
	const struct finding *example = NULL;
	const struct trace_event *event;
	bool kept = false;

	*how_many = 0;
	for (size_t i = 0; i < host->count; i++) {
		const struct finding *f = &host->findings[i];

		if (!phrase_chosen(choice, f) || f->reply != reply)
			continue;
		(*how_many)++;
		if (!example || (!kept && trace_find(r->conf.trace, f->cell, &event) > 0)) {
			example = f;
			kept = trace_find(r->conf.trace, f->cell, &event) > 0;
		}
	}
	return example;
}

static void explain_kind(struct report *r, const struct host_report *host,
			 const struct phrase_choice *choice, unsigned reply)
{
	uint32_t how_many;
	const struct finding *example = find_example(r, host, choice, reply, &how_many);

	if (!example)
		return;
	explain_port(r, host, example);
	if (how_many == 1)
		return;
	(void)fprintf(
		r->out,
		"The other %" PRIu32 " port%s that %s found %s by %s had the same sequence.\n",
		how_many - 1, how_many == 2 ? "" : "s", technique_table[choice->technique].name,
		port_state_name(choice->state), reason_name(choice->reason));
	char *ports = ports_text(host, choice);

	if (ports)
		phrase_wrap(r->out, r->conf.columns, "  All", ports, INDENT);
	else
		r->error = ENOMEM;
	free(ports);
	(void)putc('\n', r->out);
}

static void explain_host(struct report *r, const struct host_report *host)
{
	const char *name = phrase_name(host);
	char address[PHRASE_ADDRESS];
	struct view view;

	if (view_open(&view, r, host, false) != 0)
		return;
	(void)fputs("portlight explains ", r->out);
	if (name)
		escape_text(r->out, name, strlen(name));
	(void)phrase_address(host, address);
	(void)fputs(name ? " (" : "", r->out);
	escape_text(r->out, address, strlen(address));
	(void)fputs(name ? ")\n\n" : "\n\n", r->out);
	for (size_t i = 0; i < host->count; i++)
		if (view_lists(&view, &host->findings[i]))
			explain_port(r, host, &host->findings[i]);
	for (unsigned i = 0; i < view.extra.groups; i++) {
		const struct extraports_group *group = &view.extra.group[i];

		for (unsigned reason = 0; reason < REASONS; reason++)
			for (unsigned reply = 0; group->reasons[reason] && reply < REPLIES; reply++)
				explain_kind(
					r, host,
					&(struct phrase_choice){.technique = group->technique,
								.state = group->state,
								.only_reason = true,
								.reason = (uint8_t)reason,
								.only_summarised = !group->whole},
					reply);
	}
	for (size_t i = 0; i < phrase_note_count; i++)
		if (host->notes & phrase_notes[i].bit)
			phrase_wrap(r->out, r->conf.columns, "Note:", phrase_notes[i].sentence,
				    INDENT);
	if (host->notes & ~(uint32_t)(HOST_ANSWERED | HOST_LOCAL | HOST_MAC | HOST_NAMED))
		(void)putc('\n', r->out);
	view_close(&view);
}

/* Writes the run in one sentence, wrapped like all text here. */
static void write_summary(struct report *r, const struct run_summary *summary)
{
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);

	if (!memory) {
		r->error = ENOMEM;
		return;
	}
	phrase_summary(memory, summary);
	if (fclose(memory) != 0 || !text)
		r->error = ENOMEM;
	else
		phrase_wrap(r->out, r->conf.columns, summary->partial ? "Stopped:" : "Done:", text,
			    INDENT);
	free(text);
}

static void explain_end(struct report *r, const struct run_summary *summary)
{
	if (r->conf.trace && r->conf.trace->lost)
		(void)fprintf(r->out,
			      "%" PRIu64 " later packets were not stored: the sequences of some "
			      "ports are incomplete.\n",
			      r->conf.trace->lost);
	table_write_remarks(r, summary, "");
	write_summary(r, summary);
}

const struct report_ops report_explain = {"explain", explain_begin, explain_host, explain_end};
