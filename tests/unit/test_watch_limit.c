/* The limit of events a minute must not hide the scan that matters. */
#include "watch_lab.h"

#define FORGED 100

/* Scans with spoofed addresses that use up the limit. */
static void forge_scans(struct lab *l)
{
	for (uint32_t n = 0; n < FORGED; n++)
		for (uint16_t port = 1; port <= 14; port++)
			lab_connect(l, lab_far(l, 1000 + n), lab_near(l, 10 + n), lab_port(l), port,
				    REFUSED);
}

/* Scans ports from `first` on; each tenth is open, and its handshake is completed or reset. */
static void scan(struct lab *l, uint32_t source, uint16_t first, uint16_t ports, bool proven)
{
	for (uint16_t port = first; port < first + ports; port++)
		lab_connect(l, lab_far(l, source), lab_near(l, 1), lab_port(l), port,
			    port % 10 ? REFUSED
			    : proven  ? IDLE
				      : HALF);
}

static unsigned opened(const struct lab *l, uint32_t source)
{
	unsigned count = 0;

	for (size_t i = 0; i < l->count; i++)
		count += l->told[i].event.phase == EVENT_OPEN &&
			 event_is_alert(l->told[i].event.action) &&
			 addr_equal(l->told[i].event.source, lab_far(l, source));
	return count;
}

static void proven_sources_have_their_own_limit(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	forge_scans(l);
	scan(l, 7, 1000, 100, true);
	assert_int_equal(opened(l, 7), 1);
	lab_finish(l);
	assert_int_equal(l->alerts, WATCH_EVENTS_PER_MINUTE + 1);
}

/* An unproven scan is beyond the limit when it opens. If it continues it is reported in the next
 * minute, or at once when it is proven. */
static void a_scan_that_goes_on_is_reported_later(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned proven = 0; proven < 2; proven++) {
		struct lab *l = lab_open(&lab);

		forge_scans(l);
		scan(l, 7, 1000, 50, false);
		assert_int_equal(opened(l, 7), 0);
		if (proven) {
			scan(l, 7, 2000, 200, true);
			assert_int_equal(opened(l, 7), 1);
		}
		for (unsigned second = 0; second < 70; second++) {
			scan(l, 7, (uint16_t)(3000 + 10 * second), 1, false);
			lab_wait(l, SECOND);
		}
		assert_int_equal(opened(l, 7), 1);
		assert_non_null(lab_action(l, EVENT_SUPPRESSED));
		lab_finish(l);
		assert_int_equal(opened(l, 7), 1);
	}
}

/* A capture may end before its minute does. */
static void the_end_reports_what_was_suppressed(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	forge_scans(l);
	lab_finish(l);
	assert_int_equal(l->alerts, WATCH_EVENTS_PER_MINUTE);
	assert_non_null(lab_action(l, EVENT_SUPPRESSED));
	assert_int_equal(lab_action(l, EVENT_SUPPRESSED)->event.suppressed,
			 FORGED - WATCH_EVENTS_PER_MINUTE);
}

/* One host with an IPv6 network of its own proves as many addresses as it likes. */
static void one_network_does_not_use_up_the_limit(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	l->v6 = true;
	for (uint32_t n = 0; n < FORGED; n++)
		for (uint16_t port = 1; port <= 21; port++)
			lab_connect(l, (struct addr){UINT64_C(0x2a00000100020000) | n / 4, n + 1},
				    lab_near(l, 10 + n), lab_port(l), port,
				    port == 5 ? IDLE : REFUSED);
	assert_int_equal(l->alerts, WATCH_EVENTS_PER_MINUTE / NETWORK_EVENTS_ONE_IN);
	scan(l, 7, 1000, 100, true);
	assert_int_equal(opened(l, 7), 1);
	lab_finish(l);
	assert_non_null(lab_action(l, EVENT_SUPPRESSED));
}

static unsigned responses;

static void respond(void *context, const struct event *e)
{
	(void)context;
	assert_true(e->has & EVENT_HANDSHAKE);
	responses++;
}

/* Blocking depends on the proof, not on the report. */
static void responses_do_not_depend_on_reports(void **state)
{
	struct lab lab, *l = &lab;

	(void)state;
	lab_init(l);
	l->conf.beyond = respond;
	l->conf.events_per_minute = 2;
	lab_begin(l);
	responses = 0;
	for (uint32_t n = 0; n < 5; n++)
		scan(l, 100 + n, 1000, 200, true);
	lab_finish(l);
	/* Two proven ones at once, and two that were unproven when they opened. */
	assert_true(responses > 0);
	assert_int_equal(responses + l->alerts, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proven_sources_have_their_own_limit),
		cmocka_unit_test(a_scan_that_goes_on_is_reported_later),
		cmocka_unit_test(the_end_reports_what_was_suppressed),
		cmocka_unit_test(one_network_does_not_use_up_the_limit),
		cmocka_unit_test(responses_do_not_depend_on_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
