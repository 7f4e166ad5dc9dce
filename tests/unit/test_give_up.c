/* Hosts that a scan gives up: after --host-timeout, and with more open ports than --max-open. */
#include "scan_lab.h"

#include <string.h>

#define PORTS 1000

/* What was reported of the hosts. */
static struct {
	uint64_t timed_out, too_open, partial, answered;
	uint64_t findings[8];
} seen;

static void note_hosts(struct scan *scan, uint64_t now_ns)
{
	static struct finding findings[PORTS];
	int place = scan_ready(scan, now_ns);

	if (place < 0)
		return;
	memset(&seen, 0, sizeof(seen));
	for (uint32_t h = 0; h < scan_hosts(scan, place); h++) {
		struct host_report host;

		scan_read(scan, place, h, true, findings, &host);
		seen.timed_out += (host.notes & HOST_TIMED_OUT) != 0;
		seen.too_open += (host.notes & HOST_TOO_OPEN) != 0;
		seen.partial += (host.notes & HOST_PARTIAL) != 0;
		seen.answered += (host.notes & HOST_ANSWERED) != 0;
		seen.findings[h] = host.count;
	}
}

static unsigned expect_anything(uint64_t rank, const struct finding *f)
{
	(void)rank;
	return f->state;
}

/* The lab reads hosts out at the end of a turn: at the begin of the next they would be gone. */
static struct result run_noting(const struct plan *plan, struct network *net,
				const struct scan_conf *conf)
{
	lab_before_reading = note_hosts;
	struct result r = run(plan, net, conf, expect_anything, 0);

	lab_before_reading = NULL;
	return r;
}

static enum nature first_is_silent(uint64_t rank)
{
	return rank == 0 ? ALL_SILENT : OPEN_AT_MULTIPLES_OF_10;
}

/* What takes longer is ended, and what is known is kept; the other host is not affected. */
static void a_host_that_takes_too_long_is_ended(void **state)
{
	struct network net = {.nature = first_is_silent, .rtt_ns = MS};
	struct plan *plan = plan_of(2, 1, PORTS, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result whole = run_noting(plan, &net, &conf), r;

	(void)state;
	assert_int_equal(seen.timed_out, 0);
	assert_int_equal(seen.findings[0], PORTS);
	conf.host_timeout_ns = 300 * MS;
	r = run_noting(plan, &net, &conf);
	assert_true(r.elapsed_ns < whole.elapsed_ns);
	assert_in_range(r.elapsed_ns, 300 * MS, 400 * MS);
	assert_int_equal(seen.timed_out, 1);
	assert_int_equal(seen.partial, 0);
	assert_true(seen.findings[0] < PORTS);
	assert_int_equal(seen.findings[1], PORTS);
	conf.host_timeout_ns = 3600 * SECOND;
	r = run_noting(plan, &net, &conf);
	assert_int_equal(r.digest, whole.digest);
	plan_free(plan);
}

/* One port in ten is open. */
static void a_host_with_too_many_open_ports_is_probed_no_further(void **state)
{
	struct network net = {.nature = all_normal, .rtt_ns = MS};
	struct plan *plan = plan_of(1, 1, PORTS, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r;

	(void)state;
	conf.max_open = PORTS / 10;
	r = run_noting(plan, &net, &conf);
	assert_int_equal(r.sent, PORTS);
	assert_int_equal(seen.too_open, 0);
	conf.max_open = 10;
	r = run_noting(plan, &net, &conf);
	assert_true(r.sent < PORTS / 2);
	assert_int_equal(seen.too_open, 1);
	assert_int_equal(seen.timed_out + seen.partial, 0);
	/* What was not probed has no verdict. */
	assert_int_equal(seen.findings[0], r.sent);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_that_takes_too_long_is_ended),
		cmocka_unit_test(a_host_with_too_many_open_ports_is_probed_no_further),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
