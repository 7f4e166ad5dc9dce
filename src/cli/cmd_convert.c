/* cmd_convert: `portlight convert`: a saved report in another format. */
#include <signal.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/convert_options.h"
#include "cli/inputs.h"
#include "cli/outputs.h"
#include "ingest/source.h"

/* The records hold what the source has, and nothing of this machine: port names are the
 * report's. */
static const struct report_conf all = {.all_ports = true, .all_hosts = true};

/* All records of the source into the sink. */
static int convert(struct source *source, struct sink *sink, const struct run_info *run,
		   struct failure *f)
{
	struct record record;
	int result = sink_result(sink, sink_begin(sink, run), f), got = 1;

	while (result == 0 && got > 0) {
		got = source->ops->next(source, &record, f);
		if (got > 0)
			result = sink_result(sink, sink_record(sink, &record), f);
	}
	if (got < 0)
		return -1;
	return result ? result : sink_result(sink, sink_end(sink, &source->summary), f);
}

static int convert_file(const struct convert_options *o, FILE *in, const char *name,
			struct failure *f)
{
	struct source *source = source_open(in, name, f);
	struct outputs outputs;
	const struct run_info *run;
	int result = -1;

	if (!source)
		return -1;
	run = source->ops->begin(source, f);
	if (!run || input_apart(in, o->output, f) < 0 ||
	    outputs_open_one(format_table[o->to].ops, o->output, &all, &outputs, f) < 0)
		goto out;
	result = convert(source, &outputs.sink, run, f);
	struct failure closing = {0};

	if (outputs_close(&outputs, true, &closing) < 0 && result == 0)
		result = failure_set(f, closing.exit_code, "%s", closing.text);
	if (result == 0 && source->cut_off) {
		fprintf(stderr, "portlight: \"%s\" ends before its summary: the run was killed\n",
			option_quote(name).text);
		result = EXIT_PARTIAL;
	}
out:
	source->ops->close(source);
	return result;
}

static int convert_open(const struct convert_options *o, struct failure *f)
{
	const char *path = o->inputs.word[0];
	FILE *in;
	int result;

	(void)signal(SIGPIPE, SIG_IGN); /* reported by the write */
	in = input_open(path, f);
	if (!in)
		return -1;
	result = convert_file(o, in, input_name(path), f);
	input_close(in);
	return result;
}

int cmd_convert(int argc, char **argv)
{
	struct convert_options o;
	struct failure f = {0};
	int result = convert_options_parse(argc, argv, &o, &f);

	if (result == 0 && o.help)
		convert_options_help(stdout);
	else if (result == 0)
		result = convert_open(&o, &f);
	convert_options_fini(&o);
	if (result >= 0)
		return result;
	fprintf(stderr, "portlight: %s\n", f.text);
	return f.exit_code;
}
