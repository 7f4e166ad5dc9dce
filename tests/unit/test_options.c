/* The command line: nmap's habits, and refusals that name the offending text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "cli/options.h"
#include "cli/output_name.h"
#include "technique/technique.h"
#include "words.h"

/* The pieces of `line` live in `storage`. */
static int parse(const char *line, char storage[static WORDS_BYTES], struct scan_options *o,
		 struct failure *f)
{
	char *argv[WORDS_MOST];
	int argc = words_cut(line, storage, argv);

	memset(f, 0, sizeof(*f));
	return scan_options_parse(argc, argv, o, f);
}

static void nmap_letters_and_habits_work(void **state)
{
	struct scan_options o;
	struct failure f;
	char storage[WORDS_BYTES];

	(void)state;
	assert_int_equal(
		parse("-sS -sU -p T:1-1000,U:53 -iL hosts.txt --exclude 192.0.2.9,192.0.2.10 "
		      "-T4 -Pn -n -oX out.xml -oG - -v -v 192.0.2.5",
		      storage, &o, &f),
		0);
	assert_int_equal(o.request.techniques, 1u << TECH_SYN | 1u << TECH_UDP);
	assert_string_equal(o.request.ports, "T:1-1000,U:53");
	assert_int_equal(o.request.lists.count, 1);
	assert_string_equal(o.request.lists.word[0], "hosts.txt");
	assert_int_equal(o.request.excludes.count, 1);
	assert_string_equal(o.request.excludes.word[0], "192.0.2.9,192.0.2.10");
	assert_int_equal(o.request.timing, 4);
	assert_string_equal(o.output[FORMAT_XML], "out.xml");
	assert_string_equal(o.output[FORMAT_GREPABLE], "-");
	assert_int_equal(o.verbose, 2);
	assert_int_equal(o.request.targets.count, 1);
	scan_options_fini(&o);

	assert_int_equal(parse("-sSU -p22 -vvv --max-rate=3M -g53 -e eth0 host", storage, &o, &f),
			 0);
	assert_int_equal(o.request.techniques, 1u << TECH_SYN | 1u << TECH_UDP);
	assert_string_equal(o.request.ports, "22");
	assert_int_equal(o.verbose, 3);
	assert_true(o.request.max_rate_pps == 3e6);
	assert_true(o.request.has_source_port && o.request.source_port == 53);
	assert_string_equal(o.request.interface, "eth0");
	scan_options_fini(&o);

	assert_int_equal(parse("-v2 -vv --unique --seed 1 --shards 1/2 h", storage, &o, &f), 0);
	assert_int_equal(o.verbose, 4);
	assert_true(o.request.shard == 1 && o.request.shards == 2);
	scan_options_fini(&o);

	assert_int_equal(parse("-p- -T polite --rate 0.5 --technique ttl,fin --max-retries 0 "
			       "--min-rtt-timeout 50ms --stats-every 2m -oA base -- -sT",
			       storage, &o, &f),
			 0);
	assert_string_equal(o.request.ports, "-");
	assert_int_equal(o.request.timing, 2);
	assert_true(o.request.max_rate_pps == 0.5);
	assert_int_equal(o.request.techniques, 1u << TECH_TTL | 1u << TECH_FIN);
	assert_true(o.request.has_max_retries && o.request.max_retries == 0);
	assert_true(o.request.min_rtt_ns == 50000000);
	assert_true(o.stats_every_ns == 120 * UINT64_C(1000000000));
	assert_string_equal(o.request.targets.word[0], "-sT"); /* behind -- */
	scan_options_fini(&o);
}

static void values_are_parsed_once_and_for_all(void **state)
{
	struct scan_options o;
	struct failure f;
	char storage[WORDS_BYTES];

	(void)state;
	assert_int_equal(parse("--engine xdp --xdp-mode generic --top-ports 65535 -S 2001:db8::1 "
			       "--seed 0xffffffffffffffff --shard 1000000/1000000 --ttl 1 h",
			       storage, &o, &f),
			 0);
	assert_ptr_equal(o.request.engine, engine_by_name("xdp"));
	assert_true(o.request.xdp_generic);
	assert_int_equal(o.request.top_ports, 65535);
	assert_true(o.request.has_source && o.request.source.lo == 1);
	assert_true(o.request.has_seed && o.request.seed == UINT64_MAX);
	assert_int_equal(o.request.shard, 1000000);
	assert_int_equal(o.request.shards, 1000000);
	assert_int_equal(o.request.ttl, 1);
	scan_options_fini(&o);

	assert_int_equal(parse("-F --unprivileged h", storage, &o, &f), 0);
	assert_int_equal(o.request.top_ports, 100);
	assert_ptr_equal(o.request.engine, engine_by_name("sockets"));
	scan_options_fini(&o);

	/* By name comes before by privilege. */
	assert_int_equal(
		parse("--engine sockets --privileged --xdp-mode native h", storage, &o, &f), 0);
	assert_ptr_equal(o.request.engine, engine_by_name("sockets"));
	assert_false(o.request.xdp_generic);
	scan_options_fini(&o);

	assert_int_equal(parse("h", storage, &o, &f), 0);
	assert_null(o.request.engine);
	assert_false(o.request.has_seed || o.request.has_source);
	assert_int_equal(o.request.shards, 0);
	scan_options_fini(&o);

	/* What contradicts itself does not hide the help. */
	assert_int_equal(parse("--help -F -p 22 --shard 1/2", storage, &o, &f), 0);
	assert_true(o.help);
	scan_options_fini(&o);
}

static void help_reads_the_registry(void **state)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	(void)state;
	assert_non_null(out);
	scan_options_man(out);
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; i < ENGINES; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%s (", engine_rows[i].name);
		assert_non_null(strstr(text, name));
	}
	free(text);
}

static void every_technique_letter_is_an_option(void **state)
{
	(void)state;
	for (int t = 0; t < TECHNIQUES; t++) {
		char line[32], storage[512];
		struct scan_options o;
		struct failure f;

		if (technique_table[t].letter) {
			snprintf(line, sizeof(line), "-s%c h", technique_table[t].letter);
			assert_int_equal(parse(line, storage, &o, &f), 0);
			assert_int_equal(o.request.techniques, 1u << t);
			scan_options_fini(&o);
		}
		snprintf(line, sizeof(line), "--technique %s h", technique_table[t].name);
		assert_int_equal(parse(line, storage, &o, &f), 0);
		assert_int_equal(o.request.techniques, 1u << t);
		scan_options_fini(&o);
	}
}

/* The help of -s names each technique of the table that has a letter, and in its order. */
static void the_help_lists_the_letters_of_the_table(void **state)
{
	char *help = NULL, expected[256] = "", *list, *to;
	size_t size = 0;
	FILE *out = open_memstream(&help, &size);

	(void)state;
	assert_non_null(out);
	scan_options_help(out);
	assert_int_equal(fclose(out), 0);
	for (unsigned t = 0; t < TECHNIQUES; t++)
		if (technique_table[t].letter)
			(void)snprintf(expected + strlen(expected), 32, "%s%c %s",
				       expected[0] ? ", " : "", technique_table[t].letter,
				       technique_table[t].name);
	list = strstr(help, "T connect");
	assert_non_null(list);
	to = list;
	for (const char *from = list; *from; from += strspn(from, " \n")) {
		while (*from && !strchr(" \n", *from))
			*to++ = *from++;
		*to++ = ' ';
	}
	if (strncasecmp(list, expected, strlen(expected)) != 0 || list[strlen(expected)] != ';')
		fail_msg("\"%.80s\", not \"%s\"", list, expected);
	free(help);
}

static void refusals_name_the_text(void **state)
{
	static const struct {
		const char *line, *names;
	} cases[] = {
		{"--frobnicate h", "--frobnicate"},
		{"-x h", "-x"},
		{"-sQ h", "Q"},
		{"-T9 h", "9"},
		{"--technique nope h", "nope"},
		{"--max-rate fast h", "fast"},
		{"--max-rate 0 h", "0"},
		{"--max-rate -5 h", "-5"},
		{"--max-retries 99 h", "99"},
		{"--max-retries x h", "x"},
		{"-g 70000 h", "70000"},
		{"--ttl 0 h", "0"},
		{"--ttl 99999999999999999999 h", "99999999999999999999"},
		{"--stats-every 5parsecs h", "5parsecs"},
		{"--json=yes h", "--json=yes"},
		{"h -p", "-p"},
		{"h -oX", "-oX"},
		{"--exclude= h", "--exclude"},
		{"-sV h", "-sV"},
		{"-O h", "-O"},
		{"-D a,b h", "-D"},
		{"-sn h", "-sn"},
		{"-oJ f h", "-oJ"},
		{"-oL f h", "-oG FILE"},
		{"-d2 h", "no -d:"},
		{"-dd h", "no -d:"},
		{"-ff h", "no -f:"},
		{"--script-help=all h", "no --script-help:"},
		{"--open-only h", "use --open"},
		{"--adapter-ip 192.0.2.1 h", "-S ADDRESS"},
		{"-sL -oG - h", "-sL"},
		{"-sL --json h", "-sL"},
		{"-v22 h", "-v22"},
		{"--min-rate 200 --max-rate 100 h", "--max-rate 100"},
		{"--max-rtt-timeout 1s --min-rtt-timeout 2s h", "--min-rtt-timeout 2000"},
		{"--engine frame h", "--engine wants sockets, frames or xdp, not \"frame\""},
		{"--engine xdp --engine frames h", "--engine is given twice"},
		{"--xdp-mode fast h", "--xdp-mode wants native or generic, not \"fast\""},
		{"--top-ports 0 h", "--top-ports wants a number from 1 to 65535, not \"0\""},
		{"--top-ports 65536 h", "\"65536\""},
		{"--top-ports 10 -F h", "exclude one another"},
		{"-n -R h", "-n and -R exclude each other"},
		{"-sL -R h", "-R looks up names of addresses that are up"},
		{"-p 22 -F h", "exclude one another"},
		{"-S host h", "-S wants an address, not \"host\""},
		{"-S 192.0.2.1 -S 192.0.2.2 h", "-S is given twice"},
		{"--seed -1 h", "--seed wants a number, not \"-1\""},
		{"--seed 18446744073709551616 h", "\"18446744073709551616\""},
		{"--seed 1 --seed 2 h", "--seed is given twice"},
		{"--seed 1 --shard 3/2 h",
		 "--shard wants I/N with 1 <= I <= N, auto or auto/N, not \"3/2\""},
		{"--seed 1 --shard 0/2 h", "\"0/2\""},
		{"--seed 1 --shard 1/2x h", "\"1/2x\""},
		{"--shard 1/2 h", "--shard needs --seed"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scan_options o;
		struct failure f;
		char storage[WORDS_BYTES];

		if (parse(cases[i].line, storage, &o, &f) != -1)
			fail_msg("%s is accepted", cases[i].line);
		assert_int_equal(f.exit_code, EXIT_USAGE);
		if (!strstr(f.text, cases[i].names))
			fail_msg("\"%s\" does not name %s", f.text, cases[i].names);
		scan_options_fini(&o);
	}
}

/* Typed by hands that know nmap, or wrong. */
static void what_was_meant_is_named(void **state)
{
	static const struct {
		const char *line, *ends;
	} cases[] = {
		{"--top-port 10 h", "did you mean --top-ports?"},
		{"-top-ports 10 h", "did you mean --top-ports?"},
		{"--max_rate 10 h", "did you mean --max-rate?"},
		{"--max-ret 1 h", "did you mean --max-retries?"},
		{"-open h", "did you mean --open?"},
		{"-exclude 192.0.2.1 h", "did you mean --exclude?"},
		{"-ports 22 h", "did you mean --ports?"},
		{"--oX file h", "did you mean -oX?"},
		{"-on file h", "did you mean -oN?"},
		{"-P 22 h", "did you mean -p?"},
		{"--verbsoe h", "did you mean --verbose?"},
		{"--explian=1 h", "did you mean --explain?"},
		{"--host-time 3 h",
		 "did you mean --host-timeout (which portlight has not either)?"},
		{"-x h", "see portlight scan --help"},
		{"--frobnicate h", "see portlight scan --help"},
		{"--a-name-that-is-longer-than-any-name-of-ours h", "see portlight scan --help"},
		{"--= h", "see portlight scan --help"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scan_options o;
		struct failure f;
		char storage[WORDS_BYTES];
		size_t ends = strlen(cases[i].ends);

		assert_int_equal(parse(cases[i].line, storage, &o, &f), -1);
		assert_int_equal(f.exit_code, EXIT_USAGE);
		if (strlen(f.text) < ends ||
		    strcmp(f.text + strlen(f.text) - ends, cases[i].ends) != 0)
			fail_msg("%s: \"%s\"", cases[i].line, f.text);
		scan_options_fini(&o);
	}
}

static void hostile_text_is_shown_harmless(void **state)
{
	struct scan_options o;
	struct failure f;
	char storage[WORDS_BYTES];

	(void)state;
	assert_int_equal(parse("--x\033[2Jy\n", storage, &o, &f), -1);
	assert_non_null(strstr(f.text, "\\x1b[2J"));
	for (const char *c = f.text; *c; c++)
		assert_in_range(*c, 0x20, 0x7e);
	scan_options_fini(&o);
}

static void expands(const char *name, const char *wanted)
{
	const struct tm at = {
		.tm_year = 126, .tm_mon = 10, .tm_mday = 3, .tm_hour = 4, .tm_min = 5, .tm_sec = 6};
	struct failure f = {0};
	char *out = NULL;

	assert_int_equal(output_name_expand(name, &at, &out, &f), 0);
	assert_string_equal(out, wanted);
	free(out);
}

/* The conversions of nmap's manual page, Output. */
static void test_output_names(void **state)
{
	const struct tm at = {0};
	struct failure f = {0};
	char *out = NULL;

	(void)state;
	expands("scan.xml", "scan.xml");
	expands("-", "-");
	expands("%Y%m%d-%H%M%S.xml", "20261103-040506.xml");
	expands("%y/%T/%R/%D", "26/040506/0405/110326");
	expands("%%-%q-%", "%-q-%");
	assert_int_equal(output_name_expand("-oG", &at, &out, &f), -1);
	assert_int_equal(f.exit_code, EXIT_USAGE);
	assert_non_null(strstr(f.text, "./-oG"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nmap_letters_and_habits_work),
		cmocka_unit_test(values_are_parsed_once_and_for_all),
		cmocka_unit_test(help_reads_the_registry),
		cmocka_unit_test(every_technique_letter_is_an_option),
		cmocka_unit_test(the_help_lists_the_letters_of_the_table),
		cmocka_unit_test(refusals_name_the_text),
		cmocka_unit_test(what_was_meant_is_named),
		cmocka_unit_test(hostile_text_is_shown_harmless),
		cmocka_unit_test(test_output_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
