/* resume: the command line of a scan that is resumed, from its checkpoint; and the one to print. */
#include "cli/resume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int resume_options(struct checkpoint *checkpoint, const struct scan_options *given,
		   struct scan_options *o, struct failure *f)
{
	struct scan_request *r = &o->request;
	struct failure inner = {0};

	if (scan_options_parse((int)checkpoint->command.count, (char **)checkpoint->command.word, o,
			       &inner) < 0)
		return failure_set(f, EXIT_DATA,
				   "the command of the checkpoint is none of this version: %.400s",
				   inner.text);
	scan_options_resume(o, given);
	o->list_only = o->help = o->version = o->explain = false;
	r->resolved = &checkpoint->targets;
	r->techniques = checkpoint->techniques;
	r->ports = checkpoint->ports;
	r->exclude_ports = NULL;
	r->top_ports = 0;
	r->has_seed = false;
	return 0;
}

/* Appends the word so that a shell (one that knows $'\xHH', where there are such bytes) reads it
 * as it is. */
static void put_word(FILE *out, const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "-_./:,=+@%";
	bool printable = true;

	if (*word && word[strspn(word, safe)] == '\0') {
		fputs(word, out);
		return;
	}
	for (const char *at = word; *at; at++)
		printable &= *at >= ' ' && *at <= '~';
	fputs(printable ? "'" : "$'", out);
	for (const char *at = word; *at; at++) {
		if (*at < ' ' || *at > '~')
			fprintf(out, "\\x%02x", (unsigned char)*at);
		else if (printable && *at == '\'')
			fputs("'\\''", out);
		else if (!printable && (*at == '\'' || *at == '\\'))
			fprintf(out, "\\%c", *at);
		else
			fputc(*at, out);
	}
	fputc('\'', out);
}

char *resume_command(const char *checkpoint, int argc, char *const *argv)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	fputs("portlight scan", out);
	if (checkpoint) {
		fputs(checkpoint[0] == '-' ? " --resume=" : " --resume ", out);
		put_word(out, checkpoint);
	}
	for (int i = 0; !checkpoint && i < argc; i++) {
		fputc(' ', out);
		put_word(out, argv[i]);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
