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
	o->list_only = o->dry_run = o->help = o->version = o->explain = false;
	r->resolved = &checkpoint->targets;
	r->techniques = checkpoint->techniques;
	r->ports = checkpoint->ports;
	r->exclude_ports = NULL;
	r->top_ports = 0;
	r->plan_file = NULL;
	r->has_seed = true;
	r->seed = checkpoint->seed;
	r->shard = r->shards = 0;
	r->has_part = true;
	r->part_first = checkpoint->first;
	r->part_last = checkpoint->last;
	return 0;
}

/* The shard that `--shard auto` stood for, as this word of the command has it; NULL: it has none.
 */
static const char *shard_word(const char *before, const char *word, char text[static RESUME_SHARD],
			      const struct scan_options *o)
{
	const unsigned long long number = o->request.shard, count = o->request.shards;
	const bool next = strcmp(before, "--shard") == 0 || strcmp(before, "--shards") == 0;

	if (!next && strncmp(word, "--shard=", 8) != 0 && strncmp(word, "--shards=", 9) != 0)
		return NULL;
	snprintf(text, RESUME_SHARD, "%s%llu/%llu", next ? "" : "--shard=", number, count);
	return text;
}

int resume_keep_command(struct words *command, const struct scan_options *o, int argc, char **argv,
			char shard[static RESUME_SHARD])
{
	for (int i = 0; i < argc; i++) {
		const char *word = shard_word(i > 0 ? argv[i - 1] : "", argv[i], shard, o);

		if (words_add(command, word && o->has_shard ? word : argv[i]) < 0)
			return -1;
	}
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
