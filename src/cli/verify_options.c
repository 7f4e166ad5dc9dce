/* verify_options: the command line of `verify` as a table. */
#include "cli/verify_options.h"

#include <string.h>

#define AT(member) offsetof(struct verify_options, member)

// clang-format off
static const struct option_row option_rows[] = {
HEADING("Verify"),
{"-h", "--help", NULL, OPTION_FLAG, AT(help), 0, 0, 0, "this text"},
};
// clang-format on

static const struct option_table table = {
	.command = "verify",
	.usage = "usage: portlight verify file...\n"
		 "file: NDJSON of portlight scan: shards, parts and resumed runs of one plan; - is "
		 "standard\ninput. Prints commands that scan what is missing; then the exit status "
		 "is 1",
	.row = option_rows,
	.count = sizeof(option_rows) / sizeof(option_rows[0]),
	.arguments = AT(inputs),
};

int verify_options_parse(int argc, char **argv, struct verify_options *o, struct failure *f)
{
	memset(o, 0, sizeof(*o));
	if (option_table_parse(&table, argc, argv, o, f) < 0)
		return -1;
	if (!o->help && o->inputs.count == 0)
		return failure_set(f, EXIT_USAGE, "verify wants files of NDJSON");
	return 0;
}

void verify_options_fini(struct verify_options *o)
{
	words_fini(&o->inputs);
}

void verify_options_help(FILE *out)
{
	option_table_help(&table, out);
}

void verify_options_man(FILE *out)
{
	option_table_man(&table, out);
}
