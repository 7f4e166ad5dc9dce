/* The discovery of hosts: a plan by slot over the simulated network. */
#include "scan_lab.h"

#include <string.h>

#define SLOT(technique, port) ((uint32_t)(technique) << 16 | (port))

/* In the order of sending, which is not that of the numbers. */
static const uint32_t slots[] = {
	SLOT(TECH_ICMP_ECHO, 0),
	SLOT(TECH_SYN, 443),
	SLOT(TECH_ACK, 80),
	SLOT(TECH_ICMP_TIMESTAMP, 0),
};
#define SLOTS (sizeof(slots) / sizeof(slots[0]))

static struct plan *plan_by_slot(uint64_t hosts)
{
	const struct addr first = addr_from_v4(0xc6120000);
	const uint64_t seed[2] = {3, 4};
	struct ranges targets = {0};
	struct failure f = {0};
	struct plan *plan;

	assert_int_equal(ranges_add(&targets, first, addr_add(first, hosts - 1)), 0);
	plan = plan_new_by_slot(&targets, slots, SLOTS, seed, &f);
	assert_non_null(plan);
	ranges_fini(&targets);
	return plan;
}

static struct scan_conf conf_discovery(const struct plan *plan)
{
	struct scan_conf conf = conf_default(plan);

	conf.rst_retries = false;
	conf.mac_settles = true;
	return conf;
}

static unsigned expect_anything(uint64_t rank, const struct finding *f)
{
	(void)rank;
	return f->state;
}

/* Slot after slot: each host once in each of them, in another order than that of addresses. */
static void a_plan_by_slot_sends_slot_after_slot(void **state)
{
	struct plan *plan = plan_by_slot(300);
	bool seen[SLOTS][300] = {{false}};
	unsigned in_order = 0;

	(void)state;
	assert_int_equal(plan->total, 300 * SLOTS);
	for (uint64_t i = 0; i < plan->total; i++) {
		const struct plan_probe probe = plan_at(plan, i);
		uint64_t rank;

		assert_int_equal(SLOT(probe.technique, probe.port), slots[i / 300]);
		assert_true(plan_find_host(plan, probe.to, &rank));
		assert_false(seen[i / 300][rank]);
		seen[i / 300][rank] = true;
		in_order += rank == i % 300;
	}
	assert_true(in_order < 30);
	for (uint32_t i = 0; i < SLOTS; i++) {
		uint32_t slot;

		assert_true(
			plan_find_slot(plan, (uint8_t)(slots[i] >> 16), (uint16_t)slots[i], &slot));
		assert_int_equal(slot, i);
	}
	plan_free(plan);
}

/* It means another order than the same slots in a plan of ports. */
static void its_hash_is_another(void **state)
{
	static const uint32_t one[] = {SLOT(TECH_SYN, 1)};
	struct plan *ports = plan_of(300, 1, 1, 1u << TECH_SYN);
	const uint64_t seed[2] = {3, 4};
	struct ranges targets = {0};
	struct failure f = {0};
	struct plan *hosts;

	(void)state;
	assert_int_equal(
		ranges_add(&targets, addr_from_v4(0xc6120000), addr_from_v4(0xc6120000 + 299)), 0);
	hosts = plan_new_by_slot(&targets, one, 1, seed, &f);
	assert_non_null(hosts);
	assert_true(plan_hash(ports, 0, 300) != plan_hash(hosts, 0, 300));
	assert_null(plan_new_by_slot(&targets, one, 0, seed, &f));
	assert_int_equal(f.exit_code, EXIT_USAGE);
	plan_free(ports);
	plan_free(hosts);
	ranges_fini(&targets);
}

/* A host that answers the first probe gets no other one, and nothing is waited for then. */
static void who_answers_is_asked_nothing_else(void **state)
{
	struct network net = {.nature = all_normal, .rtt_ns = MS};
	struct plan *plan = plan_by_slot(1000);
	struct scan_conf conf = conf_discovery(plan);
	struct result r = run(plan, &net, &conf, expect_anything, 0);

	(void)state;
	assert_int_equal(r.hosts, 1000);
	assert_int_equal(r.sent, 1000);
	assert_true(r.elapsed_ns < SECOND);
	plan_free(plan);
}

static enum nature one_in_a_hundred(uint64_t rank)
{
	return rank % 100 == 7 ? OPEN_AT_MULTIPLES_OF_10 : ALL_SILENT;
}

/* Silence costs what the rows allow, and a second and a little. */
static void silence_costs_its_attempts(void **state)
{
	struct network net = {.nature = one_in_a_hundred, .rtt_ns = MS};
	struct plan *plan = plan_by_slot(1000);
	struct scan_conf conf = conf_discovery(plan);
	uint64_t most = 0;

	(void)state;
	for (size_t i = 0; i < SLOTS; i++) {
		conf.tries[slots[i] >> 16] = technique_table[slots[i] >> 16].retries < 1 ? 1 : 2;
		most += 990u * conf.tries[slots[i] >> 16];
	}
	struct result r = run(plan, &net, &conf, expect_anything, 0);

	assert_int_equal(r.sent, most + 10);
	assert_true(r.elapsed_ns >= SECOND);
	assert_true(r.elapsed_ns < 2 * SECOND);
	plan_free(plan);
}

static enum nature half_dead(uint64_t rank)
{
	return rank % 2 ? DEAD : OPEN_AT_MULTIPLES_OF_10;
}

/* No neighbour: nothing is sent, nothing is waited for. */
static void absent_hosts_cost_nothing(void **state)
{
	struct network net = {.nature = half_dead, .rtt_ns = MS};
	struct plan *plan = plan_by_slot(1000);
	struct scan_conf conf = conf_discovery(plan);
	struct result r = run(plan, &net, &conf, expect_anything, 0);

	(void)state;
	assert_int_equal(r.sent, 500);
	assert_true(r.elapsed_ns < SECOND);
	plan_free(plan);
}

/* One host in a hundred of very many answers: the rate rises all the same, also where the answers
 * end with the first slot. */
static void the_rate_survives_the_end_of_a_slot(void **state)
{
	struct network net = {.nature = one_in_a_hundred, .rtt_ns = 20 * MS};
	struct plan *plan = plan_by_slot(1u << 17);
	struct scan_conf conf = conf_discovery(plan);
	struct result r = run(plan, &net, &conf, expect_anything, 0);

	(void)state;
	assert_true(r.top_pps > 100000);
	assert_true(r.elapsed_ns < 20 * SECOND);
	assert_int_equal(r.hosts, 1u << 17);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_by_slot_sends_slot_after_slot),
		cmocka_unit_test(its_hash_is_another),
		cmocka_unit_test(who_answers_is_asked_nothing_else),
		cmocka_unit_test(silence_costs_its_attempts),
		cmocka_unit_test(absent_hosts_cost_nothing),
		cmocka_unit_test(the_rate_survives_the_end_of_a_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
