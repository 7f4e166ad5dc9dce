/* Exact sets of hosts, and which source used which host before: compared with plain lists, full
 * and swept. */
#include "watch_lab.h"

#include <stdlib.h>

#include "watch/host_set.h"
#include "watch/known_service.h"
#include "watch/name.h"

static const struct siphash_key key = {{9, 10}};

/* A number that is different for each owner and looks random, as owners are. */
static uint64_t owner(uint64_t n)
{
	return (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static void each_pair_is_new_once(void **state)
{
	struct host_set t;

	(void)state;
	assert_int_equal(host_set_init(&t, 1 << 20, &key), 0);
	for (unsigned round = 0; round < 3; round++)
		for (uint32_t n = 0; n < 60000; n++)
			assert_int_equal(host_set_add(&t, owner(n % 7), n / 7),
					 round ? HOST_SET_KNOWN : HOST_SET_NEW);
	assert_int_equal(t.used, 60000);
	host_set_fini(&t);
}

static void a_full_set_says_so(void **state)
{
	struct host_set t;
	uint32_t news = 0;

	(void)state;
	assert_int_equal(host_set_init(&t, 8192, &key), 0);
	for (uint32_t n = 0; n < 5000; n++) {
		enum host_set_answer answer = host_set_add(&t, owner(1), n);

		assert_int_not_equal(answer, HOST_SET_KNOWN);
		news += answer == HOST_SET_NEW;
	}
	assert_true(host_set_is_full(&t));
	assert_int_equal(news, t.used);
	assert_in_range(news, 1024 * 3 / 4 - 4, 1024 * 3 / 4);
	host_set_fini(&t);
}

/* Sweeping takes out all of owners that are gone, and loses nothing of the others. */
static void a_sweep_keeps_what_is_alive(void **state)
{
	struct lab lab = {.random = 3};
	struct host_set t;

	(void)state;
	assert_int_equal(host_set_init(&t, 8192, &key), 0);
	for (unsigned round = 0; round < 200; round++) {
		uint64_t alive[1024] = {0};
		unsigned owners = 2 + lab_below(&lab, 20), each = 700 / owners, kept = 0;

		for (unsigned o = 0; o < owners; o++)
			for (unsigned n = 0; n < each; n++)
				assert_int_equal(host_set_add(&t, owner(round * 100 + o), n),
						 HOST_SET_NEW);
		for (unsigned o = 0; o < owners; o += 2) {
			uint16_t mark = host_set_mark(owner(round * 100 + o));

			alive[mark >> 6] |= UINT64_C(1) << (mark & 63);
			kept++;
		}
		host_set_sweep(&t, alive);
		assert_int_equal(t.used, kept * each);
		for (unsigned o = 0; o < owners; o += 2)
			for (unsigned n = 0; n < each; n++)
				assert_int_equal(host_set_add(&t, owner(round * 100 + o), n),
						 HOST_SET_KNOWN);
		memset(alive, 0, sizeof(alive));
		host_set_sweep(&t, alive);
		assert_int_equal(t.used, 0);
	}
	host_set_fini(&t);
}

static struct known_service_pair pair(uint32_t n)
{
	return (struct known_service_pair){name_of(&key, addr_from_v4(n)),
					   name_of(&key, addr_from_v4(~n)), (uint16_t)n,
					   IPPROTO_TCP};
}

static void the_latest_are_remembered(void **state)
{
	struct known_services t;
	unsigned kept = 0;

	(void)state;
	assert_int_equal(known_service_init(&t, 1 << 16), 0);
	for (uint32_t n = 0; n < 4000; n++) {
		struct known_service_pair p = pair(n);

		known_service_add(&t, &p);
	}
	for (uint32_t n = 0; n < 4000; n++) {
		struct known_service_pair p = pair(n);

		kept += known_service_has(&t, &p);
		p.proto = IPPROTO_UDP;
		assert_false(known_service_has(&t, &p));
	}
	assert_true(kept > 3990);
	/* Hosts that are used often stay, even if many others are added. */
	for (uint32_t n = 0; n < 1000000; n++) {
		struct known_service_pair other = pair(10000 + n), p = pair(n % 100);

		known_service_add(&t, &other);
		known_service_add(&t, &p);
		assert_true(known_service_has(&t, &p));
	}
	for (uint32_t n = 0; n < 100; n++) {
		struct known_service_pair p = pair(n);

		assert_true(known_service_has(&t, &p));
	}
	known_service_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pair_is_new_once),
		cmocka_unit_test(a_full_set_says_so),
		cmocka_unit_test(a_sweep_keeps_what_is_alive),
		cmocka_unit_test(the_latest_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
