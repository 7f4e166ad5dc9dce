/* The command line of --resume: what may be given again, what is kept, and what is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/resume.h"
#include "words.h"

static int parse(const char *line, char storage[static WORDS_BYTES], struct scan_options *o,
		 struct failure *f)
{
	char *argv[WORDS_MOST];
	int argc = words_cut(line, storage, argv);

	memset(f, 0, sizeof(*f));
	return scan_options_parse(argc, argv, o, f);
}

static void what_is_fixed_is_refused(void **state)
{
	static const char *const fixed[] = {"192.0.2.1",
					    "-p 22",
					    "--exclude 192.0.2.1",
					    "-sS",
					    "-iL hosts",
					    "--seed 1",
					    "-T4",
					    "--max-retries 1",
					    "-e eth0",
					    "-S 192.0.2.1",
					    "--top-ports 10",
					    "-F",
					    "--exclude-ports 22",
					    "-6",
					    "--resolve-all",
					    "--shard 1/2",
					    "--explain",
					    "--checkpoint other",
					    "--part 1-2",
					    "--plan x",
					    "--dry-run",
					    "-g 53",
					    "--ttl 3",
					    "--badsum",
					    "-Pn"};
	char storage[WORDS_BYTES], line[100];
	struct scan_options o;
	struct failure f;

	(void)state;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		for (int before = 0; before < 2; before++) {
			snprintf(line, sizeof(line), "%s %s", before ? fixed[i] : "--resume today",
				 before ? "--resume today" : fixed[i]);
			assert_int_equal(parse(line, storage, &o, &f), -1);
			assert_int_equal(f.exit_code, EXIT_USAGE);
			assert_non_null(strstr(f.text, "--resume"));
			scan_options_fini(&o);
		}
	}
	assert_int_equal(
		parse("--resume today --max-rate 5 --min-rate 2 --engine frames -v -q --open "
		      "-oD a --checkpoint-every 1s --stats-every 1s --max-sockets 3",
		      storage, &o, &f),
		0);
	scan_options_fini(&o);
	assert_int_equal(parse("--checkpoint-every 1s 192.0.2.1", storage, &o, &f), -1);
	scan_options_fini(&o);
	assert_int_equal(parse("--checkpoint a --explain 192.0.2.1", storage, &o, &f), -1);
	scan_options_fini(&o);
}

static void options_are_kept_or_replaced(void **state)
{
	const char *const command[] = {
		"-sS",	 "-p1-9",   "--max-rate=10", "-T4",	     "-oX",
		"a.xml", "--open",  "-iL",	     "hosts",	     "--seed",
		"5",	 "--shard", "1/2",	     "--checkpoint", "today"};
	struct checkpoint c = {.command = {(const char **)command, 15},
			       .seed = 9,
			       .first = 4,
			       .last = 8,
			       .techniques = 1u << TECH_FIN,
			       .ports = "T:1-5"};
	struct scan_options given, o;
	struct failure f;
	char storage[WORDS_BYTES];

	(void)state;
	assert_int_equal(parse("--resume b --max-rate 7", storage, &given, &f), 0);
	assert_int_equal(resume_options(&c, &given, &o, &f), 0);
	assert_true(o.request.max_rate_pps == 7);
	assert_int_equal(o.request.timing, 4);
	assert_string_equal(o.output[FORMAT_XML], "a.xml");
	assert_true(o.open_only);
	assert_string_equal(o.checkpoint, "b");
	/* As the checkpoint has them. */
	assert_ptr_equal(o.request.resolved, &c.targets);
	assert_int_equal(o.request.techniques, 1u << TECH_FIN);
	assert_string_equal(o.request.ports, "T:1-5");
	assert_int_equal(o.request.seed, 9);
	assert_int_equal(o.request.shards, 0);
	assert_true(o.request.has_part && o.request.part_first == 4 && o.request.part_last == 8);
	scan_options_fini(&o);
	scan_options_fini(&given);

	assert_int_equal(parse("--resume b -oD c", storage, &given, &f), 0);
	assert_int_equal(resume_options(&c, &given, &o, &f), 0);
	assert_true(o.request.max_rate_pps == 10);
	assert_null(o.output[FORMAT_XML]);
	assert_string_equal(o.output[FORMAT_NDJSON], "c");
	scan_options_fini(&o);
	scan_options_fini(&given);
}

static void a_command_of_no_version_is_refused(void **state)
{
	const char *const command[] = {"--future"};
	struct checkpoint c = {.command = {(const char **)command, 1}};
	struct scan_options given, o;
	struct failure f;
	char storage[WORDS_BYTES];

	(void)state;
	assert_int_equal(parse("--resume b", storage, &given, &f), 0);
	assert_int_equal(resume_options(&c, &given, &o, &f), -1);
	assert_int_equal(f.exit_code, EXIT_DATA);
	assert_non_null(strstr(f.text, "--future"));
	scan_options_fini(&o);
	scan_options_fini(&given);
}

static void a_shard_of_a_scheduler_is_written_out(void **state)
{
	static char *lines[][4] = {{"--shard", "auto", "--seed=3"}, {"--seed=3", "--shard=auto/9"}};
	static const char *const wanted[][2] = {{"auto", "4/9"}, {"--shard=auto/9", "--shard=4/9"}};

	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct scan_options o = {.has_shard = true,
					       .request = {.shard = 4, .shards = 9}};
		const int count = i == 0 ? 3 : 2;
		struct words command = {0};
		char shard[RESUME_SHARD];

		assert_int_equal(resume_keep_command(&command, &o, count, lines[i], shard), 0);
		assert_int_equal(command.count, count);
		for (int w = 0; w < count; w++)
			assert_string_equal(command.word[w], strcmp(lines[i][w], wanted[i][0]) == 0
								     ? wanted[i][1]
								     : lines[i][w]);
		words_fini(&command);
	}
}

static void the_command_is_one_that_a_shell_reads(void **state)
{
	static const struct {
		const char *file, *command;
	} files[] = {
		{"today.ckpt", "portlight scan --resume today.ckpt"},
		{"my scan", "portlight scan --resume 'my scan'"},
		{"it's", "portlight scan --resume 'it'\\''s'"},
		{"-x", "portlight scan --resume=-x"},
		{"a\x1b[2J'\\", "portlight scan --resume $'a\\x1b[2J\\'\\\\'"},
	};
	char *again[] = {"--resume", "a b", "--max-rate=3"};
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		text = resume_command(files[i].file, 0, NULL);
		assert_string_equal(text, files[i].command);
		free(text);
	}
	text = resume_command(NULL, 3, again);
	assert_string_equal(text, "portlight scan --resume 'a b' --max-rate=3");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_fixed_is_refused),
		cmocka_unit_test(options_are_kept_or_replaced),
		cmocka_unit_test(a_command_of_no_version_is_refused),
		cmocka_unit_test(a_shard_of_a_scheduler_is_written_out),
		cmocka_unit_test(the_command_is_one_that_a_shell_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
