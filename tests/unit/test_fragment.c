/* Headers cut into fragments: joined in any order, never with a stranger's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "watch/fragment.h"

static const struct siphash_key key = {{1, 2}};
static struct fragment_table table;

static int empty_table(void **state)
{
	(void)state;
	memset(&table, 0, sizeof(table));
	return 0;
}

static struct packet piece(uint32_t src, uint16_t ip_id, bool start)
{
	struct packet p = {.src = addr_from_v4(src),
			   .dst = addr_from_v4(0xc6120002),
			   .ip_id = ip_id,
			   .fragment_id = ip_id,
			   .proto = 6};

	p.has = PACKET_IP;
	if (start) {
		p.has |= PACKET_MORE_FRAGMENTS | PACKET_TCP_START;
		p.sport = 40000;
		p.dport = 22;
		p.seq = 7;
	} else {
		p.has |= PACKET_FRAGMENT | PACKET_TCP_FLAGS;
		p.flags = TCP_FIN;
		p.window = 1024;
	}
	return p;
}

static void check_whole(const struct packet *whole)
{
	assert_int_equal(whole->has, PACKET_IP | PACKET_TCP);
	assert_int_equal(whole->sport, 40000);
	assert_int_equal(whole->dport, 22);
	assert_int_equal(whole->seq, 7);
	assert_int_equal(whole->flags, TCP_FIN);
	assert_int_equal(whole->window, 1024);
}

static void two_pieces_are_joined_in_any_order(void **state)
{
	struct packet start = piece(0xc6120001, 9, true), flags = piece(0xc6120001, 9, false),
		      whole;

	(void)state;
	assert_false(fragment_join(&table, &key, &start, 0, &whole));
	assert_true(fragment_join(&table, &key, &flags, 10, &whole));
	check_whole(&whole);
	assert_false(fragment_join(&table, &key, &flags, 20, &whole));
	assert_true(fragment_join(&table, &key, &start, 30, &whole));
	check_whole(&whole);
}

/* A first fragment with a whole header, and a second one that writes over its flags, in either
 * order: the target may take either. */
static void whole_headers_and_parts(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct packet all = piece(0xc6120001, (uint16_t)(20 + i), true), whole;
		struct packet part = piece(0xc6120001, (uint16_t)(20 + i), false);
		bool differs = i & 1, part_first = i & 2;

		all.has = PACKET_IP | PACKET_TCP | PACKET_MORE_FRAGMENTS;
		all.flags = TCP_FIN;
		all.window = 1024;
		all.payload_bytes = 40;
		if (differs)
			part.flags = TCP_SYN;
		if (part_first)
			assert_false(fragment_join(&table, &key, &part, 0, &whole));
		assert_true(fragment_join(&table, &key, &all, 1, &whole));
		assert_int_equal(whole.payload_bytes, 40);
		assert_int_equal(whole.flags, differs && part_first ? FRAGMENT_ODD_FLAGS : TCP_FIN);
		if (part_first)
			continue;
		assert_int_equal(fragment_join(&table, &key, &part, 2, &whole), differs);
		if (differs)
			assert_int_equal(whole.flags, FRAGMENT_ODD_FLAGS);
		assert_false(fragment_join(&table, &key, &part, 3, &whole));
	}
}

static void one_piece_with_both_is_whole(void **state)
{
	struct packet both = piece(0xc6120001, 9, true), whole;

	(void)state;
	both.has |= PACKET_TCP_FLAGS;
	both.flags = TCP_FIN;
	both.window = 1024;
	assert_true(fragment_join(&table, &key, &both, 0, &whole));
	check_whole(&whole);
}

static void strangers_and_late_ones_are_not_joined(void **state)
{
	struct packet start = piece(0xc6120001, 9, true), whole;
	struct packet other_id = piece(0xc6120001, 10, false);
	struct packet other_source = piece(0xc6120003, 9, false);
	struct packet late = piece(0xc6120001, 9, false);

	(void)state;
	assert_false(fragment_join(&table, &key, &start, 0, &whole));
	assert_false(fragment_join(&table, &key, &other_id, 1, &whole));
	assert_false(fragment_join(&table, &key, &other_source, 2, &whole));
	assert_false(fragment_join(&table, &key, &late, 31000, &whole));
}

/* Linux takes the first of two equal parts and waits 30 s; of parts that differ, one must not hide
 * the other, in any order. */
static void parts_that_come_twice(void **state)
{
	struct packet start = piece(0xc6120001, 9, true), flags = piece(0xc6120001, 9, false);
	struct packet other = flags, other_port = start, whole;

	(void)state;
	other.flags = TCP_SYN | TCP_ACK;
	other_port.dport = 23;
	assert_false(fragment_join(&table, &key, &flags, 0, &whole));
	assert_false(fragment_join(&table, &key, &flags, 29000, &whole));
	assert_true(fragment_join(&table, &key, &start, 29900, &whole));
	check_whole(&whole);
	for (unsigned i = 0; i < 2; i++) {
		assert_false(fragment_join(&table, &key, i ? &other : &flags, 30000, &whole));
		assert_false(fragment_join(&table, &key, i ? &flags : &other, 30000, &whole));
		assert_true(fragment_join(&table, &key, &start, 30000, &whole));
		assert_int_equal(whole.dport, 22);
		assert_int_equal(whole.flags, FRAGMENT_ODD_FLAGS);
	}
	assert_false(fragment_join(&table, &key, &start, 30000, &whole));
	assert_false(fragment_join(&table, &key, &other_port, 30000, &whole));
	assert_true(fragment_join(&table, &key, &flags, 30000, &whole));
	assert_int_equal(whole.dport, 22);
	assert_int_equal(whole.flags, FRAGMENT_ODD_FLAGS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(two_pieces_are_joined_in_any_order, empty_table),
		cmocka_unit_test_setup(one_piece_with_both_is_whole, empty_table),
		cmocka_unit_test_setup(whole_headers_and_parts, empty_table),
		cmocka_unit_test_setup(strangers_and_late_ones_are_not_joined, empty_table),
		cmocka_unit_test_setup(parts_that_come_twice, empty_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
