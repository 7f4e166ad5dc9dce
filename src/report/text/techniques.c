/* techniques: prints the technique table, as text and as JSON. */
#include "report/text/techniques.h"

#include <errno.h>
#include <string.h>

#include "packet/packet.h"
#include "report/json/json.h"
#include "report/phrase.h"
#include "technique/technique.h"

#define INDENT 12

static const char *const flag_names[8] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};

/* The same meaning as the answer before it: printed once, under both names. */
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

static void write_technique_json(struct json *j, const struct technique *t)
{
	const char letter[2] = {t->letter, '\0'};

	json_open(j, NULL, '{');
	json_string(j, "name", t->name);
	json_string(j, "letter", t->letter ? letter : NULL);
	json_string(j, "title", t->title);
	json_string(j, "proto", phrase_proto((unsigned)(t - technique_table)));
	json_open(j, "flags", '[');
	for (unsigned bit = 0; bit < 8; bit++)
		if (t->flags >> bit & 1)
			json_string(j, NULL, flag_names[bit]);
	json_close(j, ']');
	json_flag(j, "needs_privilege", t->needs == NEEDS_FRAMES);
	json_number(j, "retries", t->retries);
	json_string(j, "sends", t->sends);
	json_string(j, "caveat", t->caveat);
	json_open(j, "answers", '[');
	for (unsigned reply = 0; reply < REPLIES; reply++) {
		if (t->rules[reply].state == STATE_NONE)
			continue;
		json_open(j, NULL, '{');
		json_string(j, "answer", reply_name(reply));
		json_string(j, "state", port_state_name(t->rules[reply].state));
		json_string(j, "why", t->rules[reply].why);
		json_string(j, "source", t->rules[reply].from);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

int report_techniques(FILE *out, bool json)
{
	for (unsigned i = 0; i < TECHNIQUES; i++) {
		if (!json) {
			write_technique_text(out, &technique_table[i]);
			continue;
		}
		(void)fputs(i ? ",\n" : "[", out);
		write_technique_json(&(struct json){out, false}, &technique_table[i]);
	}
	if (json)
		(void)fputs("]\n", out);
	errno = 0;
	if (fflush(out) != 0 || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}
