/* The plan's order: bijections, exact cover with shards, no overflow; the cookie's hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/siphash_stream.h"
#include "plan/permute.h"
#include "plan/plan.h"
#include "scan/cookie.h"
#include "technique/technique.h"

static uint64_t random_state;

/* xorshift64*: the tests' own randomness, the same in every run. */
static uint64_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(2685821657736338717);
}

static int seed_random(void **state)
{
	(void)state;
	random_state = 20261123;
	return 0;
}

/* Every index of [0, n) exactly once, and back again. */
static void check_cover(uint64_t n, uint64_t tweak, uint8_t *seen)
{
	const __u64 seed[2] = {random_next(), random_next()};
	struct permute p;

	permute_init(&p, n, seed, tweak);
	memset(seen, 0, n);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t to = permute_forward(&p, i);

		if (to >= n || seen[to]++ || permute_backward(&p, to) != i)
			fail_msg("n %llu, index %llu goes to %llu", (unsigned long long)n,
				 (unsigned long long)i, (unsigned long long)to);
	}
}

static void permutation_covers_every_small_size(void **state)
{
	uint8_t *seen = malloc(1 << 20);

	(void)state;
	for (uint64_t n = 1; n <= 2048; n++)
		check_cover(n, n & 3, seen);
	for (unsigned bit = 11; bit <= 20; bit++)
		for (int off = -1; off <= 1; off++)
			if ((UINT64_C(1) << bit) + (uint64_t)(int64_t)off <= 1 << 20)
				check_cover((UINT64_C(1) << bit) + (uint64_t)(int64_t)off, bit,
					    seen);
	for (int i = 0; i < 40; i++)
		check_cover(1 + random_next() % (1 << 20), random_next(), seen);
	free(seen);
}

static void permutation_is_invertible_at_any_size(void **state)
{
	(void)state;
	for (int round = 0; round < 2000; round++) {
		const __u64 seed[2] = {random_next(), random_next()};
		uint64_t n = (random_next() >> (1 + random_next() % 44)) + 1;
		struct permute p;

		if (round < 4)
			n = (UINT64_C(1) << 63) - (uint64_t)round;
		permute_init(&p, n, seed, random_next());
		assert_true(p.a <= UINT64_C(1) << 32 && p.b <= p.a);
		for (int i = 0; i < 100; i++) {
			uint64_t from = i < 2 ? (i ? n - 1 : 0) : random_next() % n;
			uint64_t to = permute_forward(&p, from);

			assert_true(to < n);
			assert_true(permute_backward(&p, to) == from);
		}
	}
}

/* What the kernel walks by: the same, from values looked up. */
static void permutation_by_table_is_the_same(void **state)
{
	struct permute_table table;

	(void)state;
	for (int round = 0; round < 200; round++) {
		const __u64 seed[2] = {random_next(), random_next()};
		const uint64_t n = round < 3   ? (1u << 20) - (unsigned)round
				   : round % 2 ? 1 + random_next() % (1 << 20)
					       : 1 + random_next() % 2000;
		struct permute p;

		permute_init(&p, n, seed, random_next());
		permute_table_init(&table, &p);
		for (int i = 0; i < 1000; i++) {
			const uint64_t from = i < 2 ? (i ? n - 1 : 0) : random_next() % n;
			uint64_t to = permute_table_step(&table, &p, from);

			if (to >= n)
				to = permute_forward(&p, to);
			assert_true(to == permute_forward(&p, from));
			do
				to = permute_table_back(&table, &p, to);
			while (to >= n);
			assert_true(to == from);
		}
	}
}

/* By multiplication, as the kernel does it: every cell of some numbers of slots, and the ends of
 * each host's cells of all others. */
static void hosts_of_cells_are_their_quotients(void **state)
{
	(void)state;
	for (uint32_t slots = 1; slots <= PLAN_WINDOW_CELLS; slots += slots < 70000 ? 1 : 997) {
		const uint64_t reciprocal = plan_slot_reciprocal(slots);
		const uint32_t hosts = PLAN_WINDOW_CELLS / slots;

		for (int i = 0; i < 20; i++) {
			const uint32_t host = i ? (uint32_t)random_next() % hosts : hosts - 1;
			const uint32_t first = host * slots, last = first + slots - 1;

			assert_int_equal(plan_cell_host(first, reciprocal), host);
			assert_int_equal(plan_cell_host(last, reciprocal), host);
		}
	}
	for (uint32_t slots = 1; slots <= PLAN_WINDOW_CELLS; slots += slots * 2 + 1) {
		const uint64_t reciprocal = plan_slot_reciprocal(slots);

		for (uint32_t cell = 0; cell < PLAN_WINDOW_CELLS; cell++)
			assert_true(plan_cell_host(cell, reciprocal) == cell / slots);
	}
}

static void permutation_mixes_and_depends_on_its_key(void **state)
{
	const __u64 one[2] = {1, 2}, two[2] = {1, 3};
	struct permute p, q, r;
	unsigned near = 0, same = 0, same_window = 0;

	(void)state;
	permute_init(&p, 1 << 20, one, 0);
	permute_init(&q, 1 << 20, two, 0);
	permute_init(&r, 1 << 20, one, 1);
	for (uint64_t i = 0; i + 1 < 1 << 16; i++) {
		uint64_t a = permute_forward(&p, i), b = permute_forward(&p, i + 1);

		near += (a > b ? a - b : b - a) < 1024;
		same += a == permute_forward(&q, i);
		same_window += a == permute_forward(&r, i);
	}
	/* By chance 1 in 512 neighbours are that near, and 1 in 2^20 the same. */
	assert_true(near < 65536 / 128);
	assert_true(same < 16 && same_window < 16);
}

static struct plan *make_plan(uint64_t addresses, unsigned tcp_ports, unsigned techniques, bool v6)
{
	struct ranges targets = {0};
	struct ports ports = {0};
	const uint64_t seed[2] = {7, 8};
	struct failure f = {0};
	struct addr base =
		v6 ? (struct addr){UINT64_C(0x20010db800000000), 0} : addr_from_v4(0xc6120000);
	uint64_t left = addresses;

	/* In several pieces with holes between them. */
	while (left) {
		uint64_t piece = left < 7 ? left : left / 2;

		assert_int_equal(ranges_add(&targets, base, addr_add(base, piece - 1)), 0);
		base = addr_add(base, piece + 3);
		left -= piece;
	}
	ranges_normalise(&targets);
	for (unsigned i = 0; i < tcp_ports; i++)
		port_set_add(&ports.tcp, i * 13 % 65536);
	port_set_add(&ports.udp, 53);
	struct plan *p = plan_new(&targets, &ports, techniques, seed, &f);

	ranges_fini(&targets);
	return p;
}

static uint64_t probe_index(const struct plan *p, struct plan_probe probe)
{
	uint64_t rank;
	uint32_t slot;

	assert_true(plan_find_host(p, probe.to, &rank));
	assert_true(plan_find_slot(p, probe.technique, probe.port, &slot));
	return rank * p->slots + slot;
}

static void shards_cover_the_plan_exactly_once(void **state)
{
	static const struct {
		uint64_t addresses, shards;
		unsigned ports, techniques;
	} cases[] = {
		{1, 1, 1, 1u << TECH_SYN},
		{1, 7, 3, 1u << TECH_SYN},
		{37, 258, 90, 1u << TECH_SYN | 1u << TECH_UDP},
		{3000, 19, 400, 1u << TECH_SYN},		  /* several windows */
		{20, 3, 65000, 1u << TECH_FIN | 1u << TECH_NULL}, /* windows of 8 hosts */
	};

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct plan *p =
			make_plan(cases[c].addresses, cases[c].ports, cases[c].techniques, c % 2);
		uint64_t end = 0;

		assert_non_null(p);
		uint8_t *seen = calloc(1, p->total);

		assert_int_equal(p->total, p->hosts * p->slots);
		for (uint64_t shard = 1; shard <= cases[c].shards; shard++) {
			uint64_t first, last;

			plan_shard(p, shard, cases[c].shards, &first, &last);
			assert_int_equal(first, end);
			end = last;
			for (uint64_t i = first; i < last; i++)
				if (seen[probe_index(p, plan_at(p, i))]++)
					fail_msg("index %llu twice", (unsigned long long)i);
		}
		assert_int_equal(end, p->total);
		free(seen);
		plan_free(p);
	}
}

static void largest_plans_do_not_overflow(void **state)
{
	struct ranges all4 = {0}, v6 = {0};
	struct ports ports = {0};
	const uint64_t seed[2] = {1, 2};
	struct failure f = {0};
	struct addr base6 = {UINT64_C(0x20010db800000000), 0};

	(void)state;
	memset(&ports.tcp, 0xff, sizeof(ports.tcp));
	assert_int_equal(ranges_add(&all4, addr_from_v4(0), addr_from_v4(UINT32_MAX)), 0);
	struct plan *p = plan_new(&all4, &ports, 1u << TECH_SYN, seed, &f);

	assert_non_null(p);
	assert_true(p->total == UINT64_C(1) << 48);
	for (int i = 0; i < 20000; i++) {
		uint64_t index = i < 2 ? (i ? p->total - 1 : 0) : random_next() % p->total;
		struct plan_probe probe = plan_at(p, index);

		assert_true(addr_is_v4(probe.to));
		/* The cell of the window leads back to the index. */
		uint64_t cell = probe_index(p, probe), window = index / p->window_cells;
		struct permute order;

		plan_window_permute(p, window, &order);
		assert_true(cell / p->window_cells == window);
		assert_true(permute_backward(&order, cell % p->window_cells) ==
			    index % p->window_cells);
	}
	for (uint64_t shard = 1; shard <= 1000; shard++) {
		uint64_t first, last, next, ignored;

		plan_shard(p, shard, 1000, &first, &last);
		assert_true(first < last);
		if (shard < 1000) {
			plan_shard(p, shard + 1, 1000, &next, &ignored);
			assert_true(next == last);
		}
	}
	plan_free(p);

	/* 2^46 addresses x 65,536 ports is 2^62; 2^47 of them would be 2^63. */
	assert_int_equal(ranges_add(&v6, base6, addr_add(base6, (UINT64_C(1) << 46) - 1)), 0);
	p = plan_new(&v6, &ports, 1u << TECH_SYN, seed, &f);
	assert_non_null(p);
	assert_true(p->total == UINT64_C(1) << 62);
	(void)plan_at(p, p->total - 1);
	plan_free(p);
	assert_int_equal(ranges_add(&v6, base6, addr_add(base6, (UINT64_C(1) << 48))), 0);
	ranges_normalise(&v6);
	assert_null(plan_new(&v6, &ports, 1u << TECH_SYN, seed, &f));
	assert_int_equal(f.exit_code, EXIT_USAGE);
	ranges_fini(&v6);
	assert_int_equal(ranges_add(&v6, base6, (struct addr){base6.hi + 5, 0}), 0);
	assert_null(plan_new(&v6, &ports, 1u << TECH_SYN, seed, &f));
	ranges_fini(&v6);
	ranges_fini(&all4);
}

static void plan_finds_only_its_own(void **state)
{
	struct plan *p = make_plan(1000, 10, 1u << TECH_SYN | 1u << TECH_UDP, false);
	uint64_t rank;
	uint32_t slot;

	(void)state;
	for (uint64_t i = 0; i < p->hosts; i++) {
		assert_true(plan_find_host(p, plan_host(p, i), &rank));
		assert_int_equal(rank, i);
	}
	assert_false(plan_find_host(p, addr_from_v4(0xc611ffff), &rank));
	assert_false(plan_find_host(p, addr_from_v4(0xffffffff), &rank));
	assert_false(plan_find_host(p, (struct addr){0, 0}, &rank));
	assert_false(plan_find_host(p, (struct addr){~UINT64_C(0), ~UINT64_C(0)}, &rank));
	assert_true(plan_find_slot(p, TECH_UDP, 53, &slot));
	assert_false(plan_find_slot(p, TECH_UDP, 54, &slot));
	assert_false(plan_find_slot(p, TECH_FIN, 0, &slot));
	plan_free(p);
}

/* Golden: computed by a program of its own (Python), from the encoding as plan.h describes it. A
 * change of it makes every checkpoint in the world useless. */
static void plans_have_names(void **state)
{
	struct plan *a = make_plan(100, 10, 1u << TECH_SYN | 1u << TECH_UDP, false);
	struct plan *b = make_plan(100, 10, 1u << TECH_SYN | 1u << TECH_UDP, false);
	struct plan *c = make_plan(101, 10, 1u << TECH_SYN | 1u << TECH_UDP, false);
	struct plan *d = make_plan(100, 10, 1u << TECH_FIN | 1u << TECH_UDP, false);
	struct plan *e = make_plan(100, 11, 1u << TECH_SYN | 1u << TECH_UDP, false);
	const uint64_t hash = plan_hash(a, 0, a->total);

	(void)state;
	assert_true(hash == UINT64_C(0x62bfce8bb86296e5));
	assert_true(plan_hash(b, 0, b->total) == hash);
	assert_true(plan_hash(c, 0, a->total) != hash);
	assert_true(plan_hash(d, 0, a->total) != hash);
	assert_true(plan_hash(e, 0, a->total) != hash);
	assert_true(plan_hash(a, 0, a->total - 1) != hash);
	assert_true(plan_hash(a, 1, a->total) != hash);
	b->seed[1]++;
	assert_true(plan_hash(b, 0, b->total) != hash);
	plan_free(a);
	plan_free(b);
	plan_free(c);
	plan_free(d);
	plan_free(e);
}

/* However the same addresses were written down. */
static void names_do_not_depend_on_how_ranges_are_cut(void **state)
{
	const struct addr base = addr_from_v4(0xc6120000);
	const uint64_t seed[2] = {1, 2};
	uint64_t hash[3];

	(void)state;
	for (unsigned cut = 0; cut < 3; cut++) {
		struct ranges targets = {0};
		struct ports ports = {0};
		struct failure f = {0};
		struct plan *p;

		port_set_add(&ports.tcp, 80);
		/* One; two that touch; two with a hole between them, and as many addresses. */
		for (unsigned i = 0; i <= (cut > 0); i++) {
			const struct addr from = addr_add(base, i * (cut == 2 ? 12 : 10));

			assert_int_equal(ranges_add(&targets, from, addr_add(from, cut ? 9 : 19)),
					 0);
		}
		p = plan_new(&targets, &ports, 1u << TECH_SYN, seed, &f);
		assert_non_null(p);
		assert_int_equal(p->hosts, 20);
		assert_int_equal(p->ranges, cut ? 2 : 1);
		hash[cut] = plan_hash(p, 0, p->total);
		plan_free(p);
		ranges_fini(&targets);
	}
	assert_true(hash[0] == hash[1]);
	assert_true(hash[0] != hash[2]);
}

/* Appendix A of the SipHash paper: key 00..0f; message 00..07 gives 93f5f5799a932462. */
static void siphash_gives_the_published_values(void **state)
{
	const struct siphash_key key = {
		{UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};
	const __u64 words[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

	(void)state;
	assert_true(siphash_words(&key, words, 0, 2, 4) == UINT64_C(0x726fdb47dd0e0e31));
	assert_true(siphash_words(&key, words, 1, 2, 4) == UINT64_C(0x93f5f5799a932462));
	assert_true(siphash_words(&key, words, 2, 2, 4) == UINT64_C(0x3f2acc7f57c29bdb));
}

/* SipHash-c-d byte by byte, from the paper: of any length, and by none of the code under test but
 * its round. */
static uint64_t siphash(const struct siphash_key *key, const uint8_t *bytes, size_t length, int c,
			int d)
{
	__u64 v[4] = {
		key->k[0] ^ UINT64_C(0x736f6d6570736575), key->k[1] ^ UINT64_C(0x646f72616e646f6d),
		key->k[0] ^ UINT64_C(0x6c7967656e657261), key->k[1] ^ UINT64_C(0x7465646279746573)};
	uint64_t word = 0;

	for (size_t i = 0; i <= length; i++) {
		if (i < length)
			word |= (uint64_t)bytes[i] << i % 8 * 8;
		else
			word |= (uint64_t)(uint8_t)length << 56;
		if (i % 8 != 7 && i < length)
			continue;
		v[3] ^= word;
		siphash_rounds(v, c);
		v[0] ^= word;
		word = 0;
	}
	v[2] ^= 0xff;
	siphash_rounds(v, d);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void siphash_in_pieces_is_the_same(void **state)
{
	const struct siphash_key key = {
		{UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};
	uint8_t bytes[300];
	struct siphash_stream s;

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		const size_t cut = length ? random_next() % length : 0;

		siphash_stream_init(&s, &key);
		siphash_stream_put(&s, bytes, cut);
		siphash_stream_put(&s, bytes + cut, length - cut);
		assert_true(siphash_stream_end(&s) == siphash(&key, bytes, length, 2, 4));
	}
	siphash_stream_init(&s, &key);
	siphash_stream_number(&s, UINT64_C(0x0706050403020100), 8);
	siphash_stream_number(&s, UINT64_C(0x0e0d0c0b0a0908), 7);
	assert_true(siphash_stream_end(&s) == UINT64_C(0xa129ca6149be45e5)); /* of the paper */
}

static void cookies_are_siphash_of_address_port_and_technique(void **state)
{
	const struct siphash_key published = {
		{UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};
	uint8_t bytes[19];

	(void)state;
	for (uint8_t i = 0; i < 19; i++)
		bytes[i] = i;
	assert_true(siphash(&published, bytes, 7, 2, 4) == UINT64_C(0xab0200f58b01d137));
	assert_true(siphash(&published, bytes, 15, 2, 4) == UINT64_C(0xa129ca6149be45e5));
	for (int i = 0; i < 1000; i++) {
		const struct siphash_key key = {{random_next(), random_next()}};
		const uint64_t hi = i % 8 ? random_next() : 0, lo = random_next();
		const uint32_t v4 = (uint32_t)random_next();
		const uint16_t port = (uint16_t)random_next();
		const uint8_t technique = (uint8_t)random_next();

		for (int b = 0; b < 8; b++) {
			bytes[b] = (uint8_t)(hi >> b * 8);
			bytes[8 + b] = (uint8_t)(lo >> b * 8);
		}
		bytes[16] = (uint8_t)port;
		bytes[17] = (uint8_t)(port >> 8);
		bytes[18] = technique;
		assert_true(cookie_hash(&key, hi, lo, port, technique) ==
			    siphash(&key, bytes, 19, 1, 3));
		for (int b = 0; b < 4; b++)
			bytes[b] = (uint8_t)(v4 >> b * 8);
		memcpy(bytes + 4, bytes + 16, 3);
		assert_true(cookie_hash(&key, 0, UINT64_C(0xffff00000000) | v4, port, technique) ==
			    siphash(&key, bytes, 7, 1, 3));
	}
}

static void cookies_carry_the_cell_and_bind_all_fields(void **state)
{
	const struct siphash_key key = {{random_next(), random_next()}};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		/* Of both families. */
		uint64_t hi = i % 2 ? random_next() : 0;
		uint64_t lo =
			i % 2 ? random_next() : UINT64_C(0xffff00000000) | (uint32_t)random_next();
		uint16_t port = (uint16_t)random_next();
		uint32_t cell = (uint32_t)random_next();
		struct cookie c = cookie_make(&key, hi, lo, port, TECH_SYN, cell);

		assert_true((c.seq ^ (uint32_t)cookie_hash(&key, hi, lo, port, TECH_SYN)) == cell);
		assert_true(c.seq != cookie_make(&key, hi, lo ^ 1, port, TECH_SYN, cell).seq);
		assert_true(c.seq != cookie_make(&key, hi, lo, port ^ 1, TECH_SYN, cell).seq);
		assert_true(c.seq != cookie_make(&key, hi, lo, port, TECH_FIN, cell).seq);
	}
	assert_int_equal(cookie_port(0xf000, 3, 0x21), 0xf321);
	assert_int_equal(cookie_port(0xf000, 15, 0xff), 0xffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(permutation_covers_every_small_size, seed_random),
		cmocka_unit_test_setup(permutation_is_invertible_at_any_size, seed_random),
		cmocka_unit_test_setup(permutation_by_table_is_the_same, seed_random),
		cmocka_unit_test_setup(hosts_of_cells_are_their_quotients, seed_random),
		cmocka_unit_test(permutation_mixes_and_depends_on_its_key),
		cmocka_unit_test(shards_cover_the_plan_exactly_once),
		cmocka_unit_test_setup(largest_plans_do_not_overflow, seed_random),
		cmocka_unit_test(plan_finds_only_its_own),
		cmocka_unit_test(plans_have_names),
		cmocka_unit_test(names_do_not_depend_on_how_ranges_are_cut),
		cmocka_unit_test(siphash_in_pieces_is_the_same),
		cmocka_unit_test(siphash_gives_the_published_values),
		cmocka_unit_test_setup(cookies_are_siphash_of_address_port_and_technique,
				       seed_random),
		cmocka_unit_test_setup(cookies_carry_the_cell_and_bind_all_fields, seed_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
