/* convert_options: the command line of `convert` as a table. */
#include "cli/convert_options.h"

#include <string.h>

static int parse_format(const struct option_row *row, const char *text, void *options,
			struct failure *f)
{
	struct convert_options *o = options;
	const int format = format_by_name(text);
	char names[128];
	size_t used = 0;

	if (format >= 0) {
		o->to = (enum format_id)format;
		return 0;
	}
	names[0] = '\0';
	for (int i = 0; i < FORMATS && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
					 i == 0		    ? ""
					 : i == FORMATS - 1 ? " or "
							    : ", ",
					 format_table[i].name);
	return failure_set(f, EXIT_USAGE, "%s wants %s, not \"%s\"", row->name, names,
			   option_quote(text).text);
}

#define AT(member)				  offsetof(struct convert_options, member)
#define NAME(id, name, option, suffix, help, ops) " " name

// clang-format off
static const struct option_row option_rows[] = {
HEADING("Convert"),
{"--to", NULL, "FORMAT", OPTION_PARSED, AT(to), AT(has_to), 0, 0,
 "the format to write:" FORMAT_ROWS(NAME), parse_format},
{"-o", "--output", "FILE", OPTION_TEXT, AT(output), 0, 0, 0,
 "write to FILE; default standard output, which - also names"},
{"-h", "--help", NULL, OPTION_FLAG, AT(help), 0, 0, 0, "this text"},
};
// clang-format on

static const struct option_table table = {
	.command = "convert",
	.usage = "usage: portlight convert file --to FORMAT [-o FILE]\n"
		 "file: NDJSON of portlight or XML of portlight or nmap; - is standard input",
	.row = option_rows,
	.count = sizeof(option_rows) / sizeof(option_rows[0]),
	.arguments = AT(inputs),
};

int convert_options_parse(int argc, char **argv, struct convert_options *o, struct failure *f)
{
	memset(o, 0, sizeof(*o));
	if (option_table_parse(&table, argc, argv, o, f) < 0)
		return -1;
	if (!o->output)
		o->output = "-";
	if (o->help)
		return 0;
	if (o->inputs.count != 1)
		return failure_set(f, EXIT_USAGE,
				   "convert wants one file, or - for standard input");
	if (!o->has_to)
		return failure_set(f, EXIT_USAGE, "convert wants --to and a format");
	return 0;
}

void convert_options_fini(struct convert_options *o)
{
	words_fini(&o->inputs);
}

void convert_options_help(FILE *out)
{
	option_table_help(&table, out);
}

void convert_options_man(FILE *out)
{
	option_table_man(&table, out);
}
