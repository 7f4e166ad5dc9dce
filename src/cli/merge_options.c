/* merge_options: the command line of `merge` as a table. */
#include "cli/merge_options.h"

#include <string.h>

#define AT(member) offsetof(struct merge_options, member)

// clang-format off
static const struct option_row option_rows[] = {
HEADING("Merge"),
{"-o", "--output", "FILE", OPTION_TEXT, AT(output), 0, 0, 0,
 "write to FILE; default standard output, which - also names"},
{"--any-plan", NULL, NULL, OPTION_FLAG, AT(any_plan), 0, 0, 0,
 "also merge runs of different targets, ports or techniques"},
{"-h", "--help", NULL, OPTION_FLAG, AT(help), 0, 0, 0, "this text"},
};
// clang-format on

static const struct option_table table = {
	.command = "merge",
	.usage = "usage: portlight merge file... [-o FILE]\n"
		 "file: NDJSON of portlight, or XML of portlight or nmap; - is standard input. "
		 "Writes "
		 "one\nrun as NDJSON",
	.row = option_rows,
	.count = sizeof(option_rows) / sizeof(option_rows[0]),
	.arguments = AT(inputs),
};

int merge_options_parse(int argc, char **argv, struct merge_options *o, struct failure *f)
{
	memset(o, 0, sizeof(*o));
	if (option_table_parse(&table, argc, argv, o, f) < 0)
		return -1;
	if (!o->output)
		o->output = "-";
	if (!o->help && o->inputs.count == 0)
		return failure_set(f, EXIT_USAGE, "merge wants saved reports");
	return 0;
}

void merge_options_fini(struct merge_options *o)
{
	words_fini(&o->inputs);
}

void merge_options_help(FILE *out)
{
	option_table_help(&table, out);
}

void merge_options_man(FILE *out)
{
	option_table_man(&table, out);
}
