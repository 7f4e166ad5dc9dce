/* cmd_merge: `portlight merge`: several saved runs as one. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/args_text.h"
#include "cli/commands.h"
#include "cli/inputs.h"
#include "cli/merge_options.h"
#include "cli/outputs.h"
#include "run/merge_runs.h"

/* The records hold what the sources have, and nothing of this machine. */
static const struct report_conf all = {.all_ports = true, .all_hosts = true};

/* No file is emptied before every input has begun and fits the others. */
static int merge_opened(const struct merge_options *o, const struct merge_conf *conf,
			struct merge_runs *runs, struct failure *f)
{
	struct outputs outputs;
	struct failure closing = {0};
	int result;

	for (size_t i = 0; i < conf->count; i++)
		if (input_apart(conf->file[i].in, o->output, f) < 0)
			return -1;
	if (outputs_open_one(&report_ndjson, o->output, &all, &outputs, f) < 0)
		return -1;
	result = merge_runs_write(runs, &outputs.sink, f);
	if (result > 0)
		result = sink_result(&outputs.sink, result, f);
	if (outputs_close(&outputs, true, &closing) < 0 && result == 0)
		result = failure_set(f, closing.exit_code, "%s", closing.text);
	if (result != 0 || !merge_runs_partial(runs))
		return result;
	fprintf(stderr, "portlight: the merged runs are not all of their plan\n");
	return EXIT_PARTIAL;
}

static int merge_files(const struct merge_options *o, struct merge_file *file, const char *args,
		       struct failure *f)
{
	const struct merge_conf conf = {
		.file = file,
		.count = o->inputs.count,
		.any_plan = o->any_plan,
		.version = PORTLIGHT_VERSION,
		.args = args,
	};
	struct merge_runs *runs;
	int result = -1;

	for (size_t i = 0; i < conf.count; i++) {
		file[i].name = input_name(o->inputs.word[i]);
		file[i].in = input_open(o->inputs.word[i], f);
		if (!file[i].in)
			return -1;
	}
	runs = merge_runs_open(&conf, f);
	if (runs)
		result = merge_opened(o, &conf, runs, f);
	merge_runs_close(runs);
	return result;
}

static int merge_command(const struct merge_options *o, int argc, char **argv, struct failure *f)
{
	struct merge_file *file = calloc(o->inputs.count, sizeof(*file));
	char *args = args_text("portlight merge", argc, argv);
	int result;

	(void)signal(SIGPIPE, SIG_IGN); /* reported by the write */
	result = file && args ? merge_files(o, file, args, f)
			      : failure_set(f, EXIT_SOFTWARE, "out of memory");
	for (size_t i = 0; file && i < o->inputs.count; i++)
		input_close(file[i].in);
	free(file);
	free(args);
	return result;
}

int cmd_merge(int argc, char **argv)
{
	struct merge_options o;
	struct failure f = {0};
	int result = merge_options_parse(argc, argv, &o, &f);

	if (result == 0 && o.help)
		merge_options_help(stdout);
	else if (result == 0)
		result = merge_command(&o, argc, argv, &f);
	merge_options_fini(&o);
	if (result >= 0)
		return result;
	fprintf(stderr, "portlight: %s\n", f.text);
	return f.exit_code;
}
