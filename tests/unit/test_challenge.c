/* ACKs of connections that the target has already (RFC 5961, 4.2), in whole scans and snapshots. */
#include "scan_lab.h"

#include "scan/scan_snapshot.h"

static enum nature connected(uint64_t rank)
{
	return rank % 2 ? CHALLENGES : OPEN_AT_MULTIPLES_OF_10;
}

static enum nature always(uint64_t rank)
{
	(void)rank;
	return CHALLENGES_ALWAYS;
}

static unsigned expect_unfiltered(uint64_t rank, const struct finding *f)
{
	(void)rank;
	return f->port % 10 ? PORT_CLOSED : PORT_UNFILTERED;
}

/* The second attempt, from another port, finds out what the port is. */
static void another_port_is_tried(void **state)
{
	struct network net = {.nature = connected, .rtt_ns = MS};
	struct plan *plan = plan_of(10, 1, 100, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	(void)state;
	assert_int_equal(r.findings, 1000);
	assert_int_equal(r.wrong, 0);
	assert_int_equal(r.sent, 1000 + 5 * 10);
	plan_free(plan);
}

/* If it has connections with all of them, that is what was found out: never silence. */
static void only_challenges_are_unfiltered(void **state)
{
	static const uint8_t techniques[] = {TECH_SYN, TECH_FIN, TECH_MAIMON, TECH_ACK, TECH_TTL};

	(void)state;
	for (size_t i = 0; i < sizeof(techniques); i++) {
		struct network net = {.nature = always, .rtt_ns = MS};
		struct plan *plan = plan_of(2, 10, 1, 1u << techniques[i]);
		struct scan_conf conf = conf_default(plan);
		struct result r = run(plan, &net, &conf, expect_unfiltered, 0);

		assert_int_equal(r.findings, 2);
		assert_int_equal(r.wrong, 0);
		assert_int_equal(r.sent, 2u * conf.tries[techniques[i]]);
		plan_free(plan);
	}
}

struct fixture {
	struct plan *plan;
	struct scan_conf conf;
	struct scan scan;
};

static void fixture_open(struct fixture *f)
{
	f->plan = plan_of(1, 10, 2, 1u << TECH_SYN);
	f->conf = conf_default(f->plan);
	scan_init(&f->scan, f->plan, &f->conf, SECOND);
}

/* Sends what is due, and returns the probe to port 10. */
static struct probe send_all(struct scan *scan, uint64_t now_ns)
{
	struct probe probe, found = {0};
	unsigned budget;
	struct walk *walk = scan_turn(scan, now_ns, &budget);

	assert_non_null(walk);
	while (walk_next(walk, now_ns, &probe)) {
		walk_sent(walk, &probe, now_ns);
		if (probe.port == 10)
			found = probe;
	}
	assert_int_equal(found.port, 10);
	return found;
}

static struct answer answer_to(const struct probe *probe, enum reply reply)
{
	return (struct answer){.t_ns = SECOND + MS,
			       .from = probe->to,
			       .cell = probe->cell,
			       .reply = (uint8_t)reply,
			       .has = ANSWER_TTL | ANSWER_WINDOW,
			       .window = 501,
			       .ttl = 61};
}

static struct finding read_port(struct scan *scan, struct host_report *host)
{
	static struct finding findings[2];

	scan_read(scan, 0, 0, true, findings, host);
	assert_int_equal(host->count, 2);
	assert_int_equal(findings[0].port, 10);
	return findings[0];
}

/* An ACK is evidence, and no answer that ends the probe; any reply counts instead. */
static void an_ack_is_the_weakest_evidence(void **state)
{
	struct host_report host;
	struct finding finding;
	struct answer answer;
	struct probe probe;
	struct fixture f;
	uint32_t cell;

	(void)state;
	fixture_open(&f);
	assert_int_equal(scan_open(&f.scan, SECOND), 0);
	probe = send_all(&f.scan, SECOND);
	assert_false(probe.other_port);
	answer = answer_to(&probe, REPLY_ACK);
	assert_null(scan_answer(&f.scan, &answer, &cell));
	assert_null(scan_answer(&f.scan, &answer, &cell));
	assert_int_equal(f.scan.valid, 1);
	assert_int_equal(f.scan.duplicate, 1);
	assert_int_equal(sheet_get(f.scan.sheet[0], cell), REPLY_SILENCE);
	finding = read_port(&f.scan, &host);
	assert_int_equal(finding.state, PORT_UNFILTERED);
	assert_string_equal(reason_name(finding.reason), "challenge-ack");
	assert_int_equal(finding.has, FINDING_TTL | FINDING_WINDOW | FINDING_TIME);
	assert_int_equal(finding.ttl, 61);
	assert_true(host.notes & HOST_ANSWERED);
	assert_true(host.notes & HOST_CHALLENGED);
	probe = send_all(&f.scan, 3 * SECOND);
	assert_true(probe.other_port);
	assert_int_equal(probe.attempt, 1);
	answer = answer_to(&probe, REPLY_UNREACH);
	answer.has |= ANSWER_ICMP;
	answer.icmp_type = 3;
	answer.icmp_code = 13;
	assert_non_null(scan_answer(&f.scan, &answer, &cell));
	finding = read_port(&f.scan, &host);
	assert_string_equal(reason_name(finding.reason), "admin-prohibited");
	assert_true(host.notes & HOST_CHALLENGED);
	scan_fini(&f.scan);
	plan_free(f.plan);
}

/* UDP has no connections, and a probe that was not sent has no answer. */
static void strays_are_none(void **state)
{
	struct plan *plan = plan_of(1, 10, 1, 1u << TECH_UDP);
	struct scan_conf conf = conf_default(plan);
	struct fixture f;
	struct probe probe;
	struct answer answer;
	struct scan scan;
	uint32_t cell;

	(void)state;
	fixture_open(&f);
	assert_int_equal(scan_open(&f.scan, SECOND), 0);
	answer = (struct answer){.cell = 0, .reply = REPLY_ACK};
	assert_null(scan_answer(&f.scan, &answer, &cell));
	assert_int_equal(f.scan.stray, 1);
	assert_false(sheet_any_challenged(f.scan.sheet[0]));
	scan_fini(&f.scan);
	plan_free(f.plan);
	scan_init(&scan, plan, &conf, SECOND);
	assert_int_equal(scan_open(&scan, SECOND), 0);
	probe = send_all(&scan, SECOND);
	answer = answer_to(&probe, REPLY_ACK);
	assert_null(scan_answer(&scan, &answer, &cell));
	assert_int_equal(scan.stray, 1);
	scan_fini(&scan);
	plan_free(plan);
}

/* This machine's own connection: the kernel needed no packet to report it. */
static void a_port_in_use_here_is_noted(void **state)
{
	struct host_report host;
	struct answer answer;
	struct probe probe;
	struct fixture f;
	uint32_t cell;

	(void)state;
	fixture_open(&f);
	assert_int_equal(scan_open(&f.scan, SECOND), 0);
	probe = send_all(&f.scan, SECOND);
	answer = answer_to(&probe, REPLY_SYN_ACK);
	answer.has |= ANSWER_PORT_IN_USE;
	assert_non_null(scan_answer(&f.scan, &answer, &cell));
	assert_int_equal(read_port(&f.scan, &host).state, PORT_OPEN);
	assert_true(host.notes & HOST_CHALLENGED);
	scan_fini(&f.scan);
	plan_free(f.plan);
}

static void a_snapshot_has_them(void **state)
{
	static uint8_t bytes[1 << 16];
	struct host_report host;
	struct answer answer;
	struct scan restored;
	struct probe probe;
	struct fixture f;
	uint32_t cell;
	size_t length;

	(void)state;
	fixture_open(&f);
	assert_int_equal(scan_open(&f.scan, SECOND), 0);
	probe = send_all(&f.scan, SECOND);
	answer = answer_to(&probe, REPLY_ACK);
	assert_null(scan_answer(&f.scan, &answer, &cell));
	length = scan_snapshot(&f.scan, 2 * SECOND, bytes, sizeof(bytes));
	assert_true(length <= sizeof(bytes));
	scan_init(&restored, f.plan, &f.conf, 2 * SECOND);
	assert_int_equal(scan_restore(&restored, bytes, length, 2 * SECOND, 0), SNAPSHOT_OK);
	assert_true(sheet_challenged(restored.sheet[0], cell));
	assert_string_equal(reason_name(read_port(&restored, &host).reason), "challenge-ack");
	assert_true(send_all(&restored, 5 * SECOND).other_port);
	scan_fini(&restored);
	scan_fini(&f.scan);
	plan_free(f.plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_port_is_tried),
		cmocka_unit_test(only_challenges_are_unfiltered),
		cmocka_unit_test(an_ack_is_the_weakest_evidence),
		cmocka_unit_test(strays_are_none),
		cmocka_unit_test(a_port_in_use_here_is_noted),
		cmocka_unit_test(a_snapshot_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
