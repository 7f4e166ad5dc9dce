/* cmd_verify: `portlight verify`: whether saved runs are together a whole plan. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/inputs.h"
#include "cli/verify_options.h"
#include "run/verify.h"

/* A probe has no verdict: as diff(1) and grep(1) exit when they differ and find nothing. */
#define EXIT_MISSING 1
/* Commands that are printed at most: then each covers more than is missing. */
#define COMMANDS_MOST 32

static int add_file(struct verify *v, const char *path, struct failure *f)
{
	FILE *in = input_open(path, f);
	int result;

	if (!in)
		return -1;
	result = verify_add(v, in, input_name(path), f);
	input_close(in);
	return result;
}

/* A word for sh(1). */
static void print_word(const char *word)
{
	putchar('\'');
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*word);
	putchar('\'');
}

static int print_missing(const struct verify *v, const char *plan_file, struct coverage *gaps,
			 struct failure *f)
{
	const uint64_t missing = coverage_size(gaps);

	fprintf(stderr, "portlight: %" PRIu64 " of %" PRIu64 " probes are missing\n", missing,
		(uint64_t)v->plan->total);
	coverage_join(gaps, COMMANDS_MOST);
	if (coverage_size(gaps) > missing)
		fprintf(stderr, "portlight: the commands repeat %" PRIu64 " probes\n",
			coverage_size(gaps) - missing);
	for (size_t i = 0; i < gaps->count; i++) {
		fputs("portlight scan --plan ", stdout);
		print_word(plan_file);
		printf(" --part %" PRIu64 "-%" PRIu64 " -oD missing-%zu.ndjson\n",
		       gaps->part[i].first, gaps->part[i].last - 1, i + 1);
	}
	if (fflush(stdout) || ferror(stdout))
		return failure_set(f, EXIT_IO, "cannot write to \"standard output\": %s",
				   strerror(errno));
	return EXIT_MISSING;
}

static int verify_files(const struct verify_options *o, struct verify *v, struct failure *f)
{
	struct coverage gaps = {0};
	int result = 0;

	for (size_t i = 0; i < o->inputs.count; i++)
		if (add_file(v, o->inputs.word[i], f) < 0)
			return -1;
	if (coverage_gaps(&v->covered, v->plan->total, &gaps) < 0)
		return failure_set(f, EXIT_SOFTWARE, "out of memory");
	fprintf(stderr, "portlight: plan %016" PRIx64 ", %zu file%s, of which %zu %s partial\n",
		v->hash, v->files, v->files == 1 ? "" : "s", v->partial,
		v->partial == 1 ? "is" : "are");
	if (gaps.count)
		result = print_missing(v, o->inputs.word[0], &gaps, f);
	else
		fprintf(stderr, "portlight: all %" PRIu64 " probes have a verdict\n",
			(uint64_t)v->plan->total);
	coverage_fini(&gaps);
	return result;
}

int cmd_verify(int argc, char **argv)
{
	struct verify v = {0};
	struct verify_options o;
	struct failure f = {0};
	int result = verify_options_parse(argc, argv, &o, &f);

	if (result == 0 && o.help)
		verify_options_help(stdout);
	else if (result == 0)
		result = verify_files(&o, &v, &f);
	verify_fini(&v);
	verify_options_fini(&o);
	if (result >= 0)
		return result;
	fprintf(stderr, "portlight: %s\n", f.text);
	return f.exit_code;
}
