/* The command line of watch: what it means, and refusals that name the offending text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/watch_options.h"
#include "run/networks.h"
#include "watch/watch.h"
#include "words.h"

#define NS UINT64_C(1000000000)

/* The pieces of `line` live in `storage`. */
static int parse(const char *line, char storage[static WORDS_BYTES], struct watch_options *o,
		 struct failure *f)
{
	char *argv[WORDS_MOST];
	int argc = words_cut(line, storage, argv);

	memset(f, 0, sizeof(*f));
	return watch_options_parse(argc, argv, o, f);
}

static void defaults_are_those_of_the_detector(void **state)
{
	struct watch_options o;
	struct watch_conf conf;
	struct failure f;
	char storage[WORDS_BYTES];

	(void)state;
	watch_conf_init(&conf);
	assert_int_equal(parse("", storage, &o, &f), 0);
	assert_int_equal(o.request.memory_bytes, conf.memory_bytes);
	assert_true(o.request.false_positive == conf.false_positive);
	assert_true(o.request.detection == conf.detection);
	assert_int_equal(o.request.idle_ns, conf.idle_ns);
	assert_int_equal(o.request.events_per_minute, conf.events_per_minute);
	assert_int_equal(o.request.block_time_ns, 3600 * NS);
	assert_null(o.request.read);
	assert_false(o.request.block || o.request.dry_run || o.has_syslog || o.has_journal ||
		     o.json || o.quiet);
	watch_options_fini(&o);
}

/* The names of version 0: aliases. */
static void old_names_of_the_error_rates_are_understood(void **state)
{
	struct watch_options o;
	struct failure f;
	char storage[WORDS_BYTES];

	(void)state;
	assert_int_equal(parse("--alpha 1e-9 --beta 0.999", storage, &o, &f), 0);
	assert_true(o.request.false_positive == 1e-9 && o.request.detection == 0.999);
	watch_options_fini(&o);
}

static void everything_is_understood(void **state)
{
	struct watch_options o;
	struct failure f;
	char storage[WORDS_BYTES];

	(void)state;
	assert_int_equal(
		parse("-i eth0 --interface=lo -f tcp -p -c 100 --memory 12.5M --false-positive "
		      "1e-9 "
		      "--detection 0.999 --idle 2m --home 192.0.2.0/24 --home 2001:db8::/32 "
		      "--ignore 192.0.2.9 --ignore-file trusted.txt",
		      storage, &o, &f),
		0);
	assert_int_equal(o.request.interfaces.count, 2);
	assert_string_equal(o.request.interfaces.word[1], "lo");
	assert_string_equal(o.request.filter, "tcp");
	assert_true(o.request.promiscuous);
	assert_int_equal(o.request.count, 100);
	assert_int_equal(o.request.memory_bytes, 25 << 19);
	assert_true(o.request.false_positive == 1e-9 && o.request.detection == 0.999);
	assert_int_equal(o.request.idle_ns, 120 * NS);
	assert_int_equal(o.request.home.count, 2);
	assert_string_equal(o.request.ignores.word[0], "192.0.2.9");
	assert_string_equal(o.request.ignore_files.word[0], "trusted.txt");
	watch_options_fini(&o);

	assert_int_equal(parse("-r a.pcap --json -oD out.ndjson --journal --syslog=/run/log "
			       "--proven-only --metrics x.prom --events-per-minute 5 --explain "
			       "192.0.2.7 --explain=2001:db8::7 --stats-every 10s -q -vv --dry-run",
			       storage, &o, &f),
			 0);
	assert_string_equal(o.request.read, "a.pcap");
	assert_true(o.json && o.has_journal && o.has_syslog && o.proven_only && o.quiet);
	assert_null(o.journal);
	assert_string_equal(o.syslog, "/run/log");
	assert_string_equal(o.ndjson, "out.ndjson");
	assert_string_equal(o.request.metrics, "x.prom");
	assert_int_equal(o.request.events_per_minute, 5);
	assert_int_equal(o.request.explain.count, 2);
	assert_int_equal(o.request.stats_every_ns, 10 * NS);
	assert_int_equal(o.verbose, 2);
	assert_true(o.request.dry_run && !o.request.block);
	watch_options_fini(&o);

	assert_int_equal(parse("--block --block-time 1d --never-block 192.0.2.1,192.0.2.2 "
			       "--user nobody --self-test",
			       storage, &o, &f),
			 0);
	assert_true(o.request.block && o.self_test);
	assert_int_equal(o.request.block_time_ns, 86400 * NS);
	assert_string_equal(o.request.user, "nobody");
	watch_options_fini(&o);

	/* The next word is not the socket of --syslog: it is no option either. */
	assert_int_equal(parse("--syslog /run/log", storage, &o, &f), -1);
	watch_options_fini(&o);
}

static void refusals_name_the_text(void **state)
{
	static const struct {
		const char *line, *named;
	} refused[] = {
		{"eth0", "did you mean -i eth0?"},
		{"--nonsense", "--nonsense"},
		{"-r", "-r"},
		{"--memory 12287K", "12287K"},
		{"--memory 32X", "32X"},
		{"--memory 2048T", "2048T"},
		{"--memory -1", "-1"},
		{"--false-positive 0", "--false-positive"},
		{"--alpha 0.2", "0.2"},
		{"--alpha nan", "nan"},
		{"--alpha 0x1p-20", "0x1p-20"},
		{"--detection 1", "--detection"},
		{"--beta 0.4", "0.4"},
		{"--beta inf", "inf"},
		{"--idle 0.5s", "--idle"},
		{"--idle 31d", "--idle"},
		{"--count 0", "-c wants"},
		{"-c 99999999999999999999", "99999999999999999999"},
		{"--events-per-minute 0", "--events-per-minute"},
		{"--block-time 31d", "--block-time"},
		{"--block-time 10ms", "--block-time"},
		{"--json=yes", "--json"},
		{"--syslog=", "--syslog"},
		{"--explain host", "--explain wants an address, not \"host\""},
		{"-r a -i eth0", "contradict"},
		{"-r a --promiscuous", "contradict"},
		{"--json -oD -", "contradict"},
		{"-r a --block", "--dry-run"},
		{"--proven-only", "--syslog"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct watch_options o;
		struct failure f;
		char storage[WORDS_BYTES];

		if (parse(refused[i].line, storage, &o, &f) != -1)
			fail_msg("\"%s\" was taken", refused[i].line);
		assert_int_equal(f.exit_code, EXIT_USAGE);
		if (!strstr(f.text, refused[i].named))
			fail_msg("\"%s\": \"%s\" does not name \"%s\"", refused[i].line, f.text,
				 refused[i].named);
		watch_options_fini(&o);
	}
}

/* A usage error behind --help must not hide the help. */
static void help_comes_before_contradictions(void **state)
{
	struct watch_options o;
	struct failure f;
	char storage[WORDS_BYTES];

	(void)state;
	assert_int_equal(parse("-r a -i b --help", storage, &o, &f), 0);
	assert_true(o.help);
	watch_options_fini(&o);
}

/* Each option stands in the help and in the man page, and neither has control bytes. */
static void help_and_man_page_list_all(void **state)
{
	static const char *const names[] = {
		"-i",
		"-r",
		"-f",
		"--memory",
		"--false-positive",
		"--detection",
		"--idle",
		"--home",
		"--ignore",
		"--json",
		"-oD",
		"--syslog[=SOCKET]",
		"--journal",
		"--metrics",
		"--explain",
		"--block",
		"--dry-run",
		"--never-block",
		"--self-test",
		"--user",
		"--count",
		"--verbose",
	};
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	(void)state;
	assert_non_null(out);
	watch_options_help(out);
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strstr(text, names[i]))
			fail_msg("--help does not list %s", names[i]);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strlen(line) > 100)
			fail_msg("wider than 100: %s", line);
	free(text);
	out = open_memstream(&text, &length);
	assert_non_null(out);
	watch_options_man(out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, ".It Fl -syslog Ns Op = Ns Ar SOCKET\n"));
	assert_non_null(strstr(text, ".It Fl i , Fl -interface Ar NAME\n"));
	free(text);
}

static void networks_are_numbers_only(void **state)
{
	const char *good[] = {"192.0.2.0/30,198.51.100.1", "2001:db8::/64"};
	const char *bad[] = {"192.0.2.0/33"}, *named[] = {"192.0.2.1,host.example"};
	struct words words = {good, 2};
	struct ranges set = {0};
	struct failure f = {0};

	(void)state;
	assert_int_equal(networks_add(&set, "--home", &words, &f), 0);
	ranges_normalise(&set);
	assert_int_equal(set.count, 3);
	assert_true(ranges_contain(&set, addr_from_v4(0xc0000203)));
	assert_false(ranges_contain(&set, addr_from_v4(0xc0000204)));
	words = (struct words){bad, 1};
	assert_int_equal(networks_add(&set, "--home", &words, &f), -1);
	assert_int_equal(f.exit_code, EXIT_USAGE);
	assert_non_null(strstr(f.text, "--home"));
	assert_non_null(strstr(f.text, "192.0.2.0/33"));
	f = (struct failure){0};
	words = (struct words){named, 1};
	assert_int_equal(networks_add(&set, "--ignore", &words, &f), -1);
	assert_non_null(strstr(f.text, "host.example"));
	ranges_fini(&set);
}

static void network_files_name_their_line(void **state)
{
	char path[] = "/tmp/portlight-networks-XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	const char *word = path;
	struct words words = {&word, 1};
	struct ranges set = {0};
	struct failure f = {0};

	(void)state;
	assert_non_null(file);
	fputs("# friends\n192.0.2.1 192.0.2.2\n\n2001:db8::/32\n", file);
	fflush(file);
	assert_int_equal(networks_add_files(&set, &words, &f), 0);
	assert_int_equal(set.count, 3);
	fputs("192.0.2.256\n", file);
	fclose(file);
	assert_int_equal(networks_add_files(&set, &words, &f), -1);
	assert_int_equal(f.exit_code, EXIT_USAGE);
	assert_non_null(strstr(f.text, ":5: "));
	assert_non_null(strstr(f.text, "192.0.2.256"));
	remove(path);
	f = (struct failure){0};
	assert_int_equal(networks_add_files(&set, &words, &f), -1);
	assert_int_equal(f.exit_code, EXIT_IO);
	ranges_fini(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_detector),
		cmocka_unit_test(old_names_of_the_error_rates_are_understood),
		cmocka_unit_test(everything_is_understood),
		cmocka_unit_test(refusals_name_the_text),
		cmocka_unit_test(help_comes_before_contradictions),
		cmocka_unit_test(help_and_man_page_list_all),
		cmocka_unit_test(networks_are_numbers_only),
		cmocka_unit_test(network_files_name_their_line),
	};

	return cmocka_run_group_tests_name("watch_options", tests, NULL, NULL);
}
