/* What --explain says of a source. */
#include "watch_lab.h"

struct said {
	char text[4000];
};

static void on_line(void *context, const char *line)
{
	struct said *said = context;
	size_t used = strlen(said->text);

	snprintf(said->text + used, sizeof(said->text) - used, "%s\n", line);
}

static bool explain(const struct lab *l, struct addr source, struct said *said)
{
	said->text[0] = '\0';
	return watch_explain(l->watch, source, on_line, said);
}

static void check_said(const struct said *said, const char *wanted)
{
	if (!strstr(said->text, wanted))
		fail_msg("\"%s\" is not in: %s", wanted, said->text);
}

static void evidence_is_told_as_it_is_now(void **state)
{
	struct lab lab, *l = lab_open(&lab);
	struct said said;

	(void)state;
	assert_false(explain(l, lab_far(l, 7), &said));
	for (uint16_t port = 24; port > 20; port--)
		lab_connect(l, lab_far(l, 7), lab_near(l, 1), lab_port(l), port, REFUSED);
	assert_true(explain(l, lab_far(l, 7), &said));
	check_said(&said, "tcp ports of 10.1.0.2: 21,22,23,24; 4 failed, 0 used; syn|connect; "
			  "score 5.5 of 13.8, slow score 5.5 of 27.6: not enough");
	/* A day later hardly anything is left of it. */
	lab_wait(l, 86400 * SECOND);
	assert_true(explain(l, lab_far(l, 7), &said));
	check_said(&said, "score 0.0 of 13.8, slow score 2.8 of 27.6");
	watch_free(l->watch);
}

static void one_contact_is_told(void **state)
{
	struct lab lab, *l = lab_open(&lab);
	struct said said;

	(void)state;
	lab_connect(l, lab_far(l, 7), lab_near(l, 1), lab_port(l), 23, REFUSED);
	assert_true(explain(l, lab_far(l, 7), &said));
	check_said(&said, "one contact that failed, with tcp port 23");
	watch_free(l->watch);
}

static void who_is_ignored_is_told_so(void **state)
{
	const struct addr source = addr_from_v4(0x0a010004);
	struct ranges trusted = {0};
	struct lab lab, *l = &lab;
	struct said said;

	(void)state;
	lab_init(l);
	assert_int_equal(ranges_add(&trusted, source, source), 0);
	l->conf.trusted = &trusted;
	lab_begin(l);
	for (uint16_t port = 1; port < 100; port++)
		lab_connect(l, source, lab_near(l, 1), lab_port(l), port, REFUSED);
	assert_true(explain(l, source, &said));
	check_said(&said, "ignored");
	watch_free(l->watch);
	ranges_fini(&trusted);
}

static void scanners_are_told_so(void **state)
{
	struct lab lab, *l = lab_open(&lab);
	struct said said;

	(void)state;
	for (uint16_t port = 1; port < 100; port++)
		lab_connect(l, lab_far(l, 7), lab_near(l, 1), lab_port(l), port, REFUSED);
	for (uint32_t host = 0; host < 9; host++)
		lab_connect(l, lab_far(l, 8), lab_near(l, host), lab_port(l), 22, SILENT);
	lab_wait(l, 5 * SECOND);
	assert_true(explain(l, lab_far(l, 7), &said));
	check_said(&said, "called a scanner: event 1, syn|connect, 99 ports, 1 hosts");
	assert_true(explain(l, lab_far(l, 8), &said));
	check_said(&said, "hosts by tcp port 22, the latest 10.1.0.9; 9 failed");
	watch_free(l->watch);
}

/* An alert can be justified: the evidence that opened it is kept, also when the scan is over. */
static void evidence_of_scanners_is_kept(void **state)
{
	const struct addr sources[] = {addr_from_v4(0x0a010004), addr_from_v4(0x0a010005)};
	struct lab lab, *l = &lab;
	struct said said;

	(void)state;
	lab_init(l);
	l->conf.explain = sources;
	l->conf.explain_count = 2;
	lab_begin(l);
	for (uint16_t port = 1; port < 100; port++)
		lab_connect(l, sources[1], lab_near(l, 1), lab_port(l), port, REFUSED);
	lab_wait(l, 3600 * SECOND);
	assert_false(explain(l, sources[0], &said));
	assert_true(explain(l, sources[1], &said));
	check_said(&said,
		   "tcp ports of 10.1.0.2: 1,2,3,4,5,6,7,8,9,10; 10 failed, 0 used; "
		   "syn|connect; score 13.9 of 13.8, slow score 13.9 of 27.6: opened event 1");
	watch_free(l->watch);
}

/* The walk that is nearest to its line comes first; the farthest of many are counted. */
static void the_nearest_comes_first(void **state)
{
	struct lab lab, *l = lab_open(&lab);
	struct said said;

	(void)state;
	for (uint32_t host = 0; host < 14; host++)
		lab_connect(l, lab_far(l, 7), lab_near(l, host), lab_port(l), 8080, REFUSED);
	for (uint16_t port = 1; port < 8; port++)
		lab_connect(l, lab_far(l, 7), lab_far(l, 9), lab_port(l), port, REFUSED);
	assert_true(explain(l, lab_far(l, 7), &said));
	assert_ptr_equal(strstr(said.text, "hosts and ports of the network of 10.1.0.14"),
			 said.text);
	check_said(&said, "13 failed, 0 used");
	check_said(&said, "records more that are farther from their lines");
	watch_free(l->watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(evidence_is_told_as_it_is_now),
		cmocka_unit_test(one_contact_is_told),
		cmocka_unit_test(who_is_ignored_is_told_so),
		cmocka_unit_test(evidence_of_scanners_is_kept),
		cmocka_unit_test(scanners_are_told_so),
		cmocka_unit_test(the_nearest_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
