/* techniques: the technique table itself, for people and as JSON. */
#include "report/text/techniques.h"

#include <errno.h>
#include <string.h>

#include "packet/packet.h"
#include "report/escape.h"
#include "report/phrase.h"
#include "technique/technique.h"

#define INDENT 12

static const char *const flag_names[8] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};

/* Same meaning as the answer before it: told once, under both names. */
static bool is_repeated(const struct technique *t, unsigned reply)
{
	const struct rule *rule = &t->rules[reply], *before = reply ? rule - 1 : NULL;

	return before && before->state == rule->state && strcmp(before->why, rule->why) == 0;
}

static void write_rule_text(FILE *out, const struct technique *t, unsigned reply)
{
	const struct rule *rule = &t->rules[reply];
	unsigned last = reply;

	while (last + 1 < REPLIES && t->rules[last + 1].state != STATE_NONE &&
	       is_repeated(t, last + 1))
		last++;
	(void)fprintf(out, "  %s", reply_name(reply));
	for (unsigned i = reply + 1; i <= last; i++)
		(void)fprintf(out, ", %s", reply_name(i));
	(void)fprintf(out, ": %s\n", port_state_name(rule->state));
	phrase_wrap(out, "", rule->why, INDENT);
	phrase_wrap(out, "", rule->from, INDENT);
}

static void write_technique_text(FILE *out, const struct technique *t)
{
	(void)fprintf(out, "%s: %s. ", t->name, t->title);
	if (t->letter)
		(void)fprintf(out, "Option -s%c. ", t->letter);
	(void)fprintf(out, "%s\n",
		      t->needs == NEEDS_FRAMES ? "Needs CAP_NET_RAW." : "Needs no privilege.");
	phrase_wrap(out, "  sends", t->sends, INDENT);
	if (*t->caveat)
		phrase_wrap(out, "  but", t->caveat, INDENT);
	for (unsigned reply = 0; reply < REPLIES; reply++)
		if (t->rules[reply].state != STATE_NONE && !is_repeated(t, reply))
			write_rule_text(out, t, reply);
	(void)putc('\n', out);
}

static void write_string(FILE *out, const char *before, const char *name, const char *value)
{
	(void)fprintf(out, "%s\"%s\":\"", before, name);
	escape_json(out, value, strlen(value));
	(void)putc('"', out);
}

static void write_flags_json(FILE *out, uint8_t flags)
{
	const char *comma = "";

	(void)fputs(",\"flags\":[", out);
	for (unsigned bit = 0; bit < 8; bit++)
		if (flags >> bit & 1) {
			(void)fprintf(out, "%s\"%s\"", comma, flag_names[bit]);
			comma = ",";
		}
	(void)putc(']', out);
}

static void write_technique_json(FILE *out, const struct technique *t)
{
	const char letter[2] = {t->letter, '\0'}, *comma = "{";

	write_string(out, "{", "name", t->name);
	if (t->letter)
		write_string(out, ",", "letter", letter);
	else
		(void)fputs(",\"letter\":null", out);
	write_string(out, ",", "title", t->title);
	write_string(out, ",", "proto", phrase_proto((unsigned)(t - technique_table)));
	write_flags_json(out, t->flags);
	(void)fprintf(out, ",\"needs_privilege\":%s,\"retries\":%u",
		      t->needs == NEEDS_FRAMES ? "true" : "false", (unsigned)t->retries);
	write_string(out, ",", "sends", t->sends);
	write_string(out, ",", "caveat", t->caveat);
	(void)fputs(",\"answers\":[", out);
	for (unsigned reply = 0; reply < REPLIES; reply++) {
		if (t->rules[reply].state == STATE_NONE)
			continue;
		write_string(out, comma, "answer", reply_name(reply));
		write_string(out, ",", "state", port_state_name(t->rules[reply].state));
		write_string(out, ",", "why", t->rules[reply].why);
		write_string(out, ",", "source", t->rules[reply].from);
		(void)putc('}', out);
		comma = ",{";
	}
	(void)fputs("]}", out);
}

int report_techniques(FILE *out, bool json)
{
	for (unsigned i = 0; i < TECHNIQUES; i++) {
		if (!json) {
			write_technique_text(out, &technique_table[i]);
			continue;
		}
		(void)fputs(i ? ",\n" : "[", out);
		write_technique_json(out, &technique_table[i]);
	}
	if (json)
		(void)fputs("]\n", out);
	errno = 0;
	if (fflush(out) != 0 || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}
