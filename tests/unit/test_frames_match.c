/* Which packets the frames engine believes: those of a probe that was sent, and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "address/ranges.h"
#include "engine/frames/frames_egress.h"
#include "engine/frames/frames_match.h"
#include "engine/frames/frames_state.h"
#include "net/ephemeral.h"
#include "net/link.h"
#include "scan/cookie.h"
#include "scan/sheet_private.h"
#include "technique/payloads.h"

#define BASE 0xf000

static uint64_t state = 1181783497276652981u;

static uint64_t next(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 2685821657736338717u;
}

/* An engine that has nothing open: two windows of a plan with every technique. */
struct fixture {
	struct frames fr;
	struct plan *plan;
	struct sheet *sheets[SHEETS];
	struct frames_egress egress;
};

static struct fixture fixture;

static int open_fixture(void **unused)
{
	static struct ports ports;
	const uint64_t seed[2] = {11, 12};
	struct ranges targets = {0};
	struct failure f = {0};
	struct frames *fr = &fixture.fr;

	(void)unused;
	for (unsigned p = 1; p <= 2000; p++)
		port_set_add(&ports.tcp, p);
	for (unsigned p = 1; p <= 200; p++)
		port_set_add(&ports.udp, p);
	assert_int_equal(ranges_add(&targets, addr_from_v4(0x0a000000), addr_from_v4(0x0a0000ff)),
			 0);
	ranges_normalise(&targets);
	fixture.plan = plan_new(&targets, &ports, (1u << TECHNIQUES) - 1, seed, &f);
	ranges_fini(&targets);
	assert_non_null(fixture.plan);
	assert_true(fixture.plan->windows > 2);
	fr->conf.plan = fixture.plan;
	fr->conf.key = (struct siphash_key){{0x0123456789abcdef, 0xfedcba9876543210}};
	fr->conf.sheets = fixture.sheets;
	fr->techniques = (1u << TECHNIQUES) - 1;
	fr->port = fr->block = BASE;
	fr->port_mask = 0xf000;
	fixture.egress.source = addr_from_v4(0xc0000201);
	static struct frames_egress *egresses[1];
	egresses[0] = &fixture.egress;
	fr->egresses = egresses;
	fr->egress_count = 1;
	for (unsigned i = 0; i < SHEETS; i++) {
		fixture.sheets[i] = sheet_new(fixture.plan, i + 1, 0, fixture.plan->total, 0);
		assert_non_null(fixture.sheets[i]);
		fr->windows[i].window = i + 1;
		fr->windows[i].egress = calloc(sheet_hosts(fixture.sheets[i]), sizeof(uint16_t));
		fr->windows[i].used = true;
	}
	return 0;
}

static int close_fixture(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < SHEETS; i++) {
		free(fixture.fr.windows[i].egress);
		sheet_free(fixture.sheets[i]);
	}
	plan_free(fixture.plan);
	return 0;
}

/* A random cell as if sent, and what its answer has to carry. */
struct sent {
	struct sheet *sheet;
	uint32_t cell;
	struct plan_probe probe;
	struct cookie cookie;
	uint8_t attempt;
	uint16_t ours;
};

static void some_sent(struct sent *s)
{
	s->sheet = fixture.sheets[next() % SHEETS];
	s->cell = (uint32_t)(next() % sheet_cells(s->sheet));
	s->probe = sheet_probe(s->sheet, s->cell);
	s->cookie = cookie_make(&fixture.fr.conf.key, s->probe.to.hi, s->probe.to.lo, s->probe.port,
				s->probe.technique, sheet_tag(s->sheet, s->cell));
	s->attempt = (uint8_t)(next() % 16);
	s->sheet->tries[s->cell] = (uint8_t)(s->attempt + 1);
	s->ours = cookie_port(BASE, s->attempt, s->cookie.sport);
}

static struct frames_claim claim_of(const struct sent *s, uint32_t ack, uint32_t seq)
{
	return (struct frames_claim){
		.target = s->probe.to,
		.port = s->probe.port,
		.ours = s->ours,
		.source = fixture.egress.source,
		.plain = {ack - 1, ack},
		.plain_count = 2,
		.acked = {seq, seq - 1},
		.acked_count = 2,
	};
}

static bool is_tcp(const struct sent *s)
{
	return technique_table[s->probe.technique].proto == IPPROTO_TCP;
}

static void is_matched(const struct sent *s, const struct frames_match *m)
{
	assert_ptr_equal(m->sheet, s->sheet);
	assert_int_equal(m->cell, s->cell);
	assert_int_equal(m->technique, s->probe.technique);
	assert_true(m->has_attempt);
	assert_int_equal(m->attempt, s->attempt);
}

static void every_right_answer_is_believed(void **unused)
{
	(void)unused;
	for (int round = 0; round < 20000; round++) {
		struct frames_match m;
		struct sent s;

		some_sent(&s);
		if (is_tcp(&s)) {
			struct frames_claim exact = claim_of(&s, s.cookie.seq, (uint32_t)next());
			struct frames_claim more = claim_of(&s, s.cookie.seq + 1, (uint32_t)next());
			struct frames_claim rst = claim_of(&s, 0, s.cookie.seq);

			assert_true(frames_match_tcp(&fixture.fr, &exact, &m));
			is_matched(&s, &m);
			assert_true(frames_match_tcp(&fixture.fr, &more, &m));
			is_matched(&s, &m);
			/* The number comes back as a sequence number only to a probe with ACK. */
			if (technique_table[s.probe.technique].flags & TCP_ACK) {
				assert_true(frames_match_tcp(&fixture.fr, &rst, &m));
				is_matched(&s, &m);
			} else {
				assert_false(frames_match_tcp(&fixture.fr, &rst, &m));
			}
		} else {
			struct frames_claim claim = claim_of(&s, 0, 0);

			assert_true(frames_match_ports(&fixture.fr, &claim, IPPROTO_UDP, &m));
			is_matched(&s, &m);
		}
	}
}

/* Changes one field that has to fit. */
static void spoil(struct frames_claim *claim, unsigned field, bool tcp)
{
	switch (field) {
	case 0:
		claim->target.lo ^= UINT64_C(1) << (next() % 32);
		break;
	case 1:
		claim->port ^= (uint16_t)(1u << (next() % 16));
		break;
	case 2: /* the cookie's byte of our port, or the block */
		claim->ours ^= (uint16_t)(1u << (next() & 1 ? next() % 8 : 12 + next() % 4));
		break;
	case 3:
		claim->source.lo ^= UINT64_C(1) << (next() % 32);
		break;
	case 4:
		claim->target.hi ^= 1;
		break;
	default:
		if (!tcp) {
			claim->ours ^= 1;
			break;
		}
		/* Three or more away from the right one. */
		claim->plain[0] ^= UINT32_C(8) << (next() % 29);
		claim->plain[1] ^= UINT32_C(8) << (next() % 29);
		break;
	}
}

static void no_wrong_answer_is_believed(void **unused)
{
	unsigned believed_udp = 0, tried_udp = 0;

	(void)unused;
	for (int round = 0; round < 60000; round++) {
		unsigned field = (unsigned)(next() % 6);
		struct frames_claim claim;
		struct frames_match m;
		struct sent s;

		some_sent(&s);
		claim = claim_of(&s, s.cookie.seq + (uint32_t)(next() & 1), 0);
		claim.acked_count = 0;
		spoil(&claim, field, is_tcp(&s));
		if (is_tcp(&s)) {
			assert_false(frames_match_tcp(&fixture.fr, &claim, &m));
			continue;
		}
		/* UDP has 8 bits to be believed by: a wrong address of the plan fits once in 256.
		 */
		tried_udp++;
		believed_udp += frames_match_ports(&fixture.fr, &claim, IPPROTO_UDP, &m);
	}
	assert_true(tried_udp > 500);
	assert_true(believed_udp * 100 < tried_udp);
}

static void unsent_attempts_are_not_believed(void **unused)
{
	(void)unused;
	for (int round = 0; round < 5000; round++) {
		struct frames_claim claim;
		struct frames_match m;
		struct sent s;

		some_sent(&s);
		if (!is_tcp(&s))
			continue;
		claim = claim_of(&s, s.cookie.seq + 1, 0);
		s.sheet->tries[s.cell] = s.attempt;
		assert_false(frames_match_tcp(&fixture.fr, &claim, &m));
		s.sheet->tries[s.cell] = 0;
		assert_false(frames_match_tcp(&fixture.fr, &claim, &m));
	}
}

static void a_closed_window_is_not_believed(void **unused)
{
	(void)unused;
	for (int round = 0; round < 2000; round++) {
		struct frames_claim claim;
		struct frames_match m;
		struct sent s;
		unsigned place;

		some_sent(&s);
		claim = claim_of(&s, s.cookie.seq + 1, 0);
		place = s.sheet == fixture.sheets[0] ? 0 : 1;
		fixture.sheets[place] = NULL;
		assert_false(frames_match_tcp(&fixture.fr, &claim, &m));
		assert_false(frames_match_ports(&fixture.fr, &claim, IPPROTO_UDP, &m));
		fixture.sheets[place] = s.sheet;
	}
}

static void a_fixed_port_tells_no_attempt(void **unused)
{
	(void)unused;
	fixture.fr.conf.has_source_port = true;
	fixture.fr.port = 53;
	fixture.fr.port_mask = 0xffff;
	for (int round = 0; round < 5000; round++) {
		struct frames_claim claim;
		struct frames_match m;
		struct sent s;

		some_sent(&s);
		s.ours = 53;
		claim = claim_of(&s, s.cookie.seq, 0);
		if (is_tcp(&s))
			assert_true(frames_match_tcp(&fixture.fr, &claim, &m));
		else
			assert_true(frames_match_ports(&fixture.fr, &claim, IPPROTO_UDP, &m));
		assert_int_equal(m.cell, s.cell);
		assert_false(m.has_attempt);
		claim.ours = 54;
		assert_false(frames_match_tcp(&fixture.fr, &claim, &m));
		/* The ports that are tried where that of -g has a connection. */
		claim.ours = cookie_port(BASE, s.attempt, s.cookie.sport);
		if (is_tcp(&s)) {
			assert_true(frames_match_tcp(&fixture.fr, &claim, &m));
			is_matched(&s, &m);
			claim.ours ^= 1;
			assert_false(frames_match_tcp(&fixture.fr, &claim, &m));
		}
	}
	fixture.fr.conf.has_source_port = false;
	fixture.fr.port = BASE;
	fixture.fr.port_mask = 0xf000;
}

/* A SYN that acknowledges nothing counts for the rows that sent one, and for no other. */
static void a_bare_syn_answers_a_syn(void **unused)
{
	(void)unused;
	for (int round = 0; round < 20000; round++) {
		struct frames_claim claim;
		struct frames_match m;
		struct sent s;

		some_sent(&s);
		claim = claim_of(&s, 0, 0);
		if (s.probe.technique == TECH_SYN) {
			assert_true(frames_match_ports(&fixture.fr, &claim, IPPROTO_TCP, &m));
			assert_int_equal(m.cell, s.cell);
		} else if (is_tcp(&s) && frames_match_ports(&fixture.fr, &claim, IPPROTO_TCP, &m)) {
			assert_int_equal(technique_table[m.technique].flags, TCP_SYN);
		}
	}
}

/* The ACK of a connection has numbers of its own: address and port decide, and what was sent. */
static void an_ack_tells_of_a_connection(void **unused)
{
	unsigned believed = 0, tried = 0;

	(void)unused;
	for (int round = 0; round < 20000; round++) {
		struct frames_claim claim;
		struct frames_match m;
		struct sent s;

		some_sent(&s);
		claim = claim_of(&s, (uint32_t)next(), (uint32_t)next());
		if (!is_tcp(&s)) {
			if (frames_match_connection(&fixture.fr, &claim, &m))
				assert_int_not_equal(m.technique, TECH_UDP);
			continue;
		}
		assert_true(frames_match_connection(&fixture.fr, &claim, &m));
		assert_true(addr_equal(sheet_probe(m.sheet, m.cell).to, s.probe.to));
		assert_int_equal(sheet_probe(m.sheet, m.cell).port, s.probe.port);
		spoil(&claim, (unsigned)(next() % 5), true);
		believed += frames_match_connection(&fixture.fr, &claim, &m);
		tried++;
	}
	/* Nine techniques have a port, each a byte of its own: a wrong byte fits one of the others
	 * once in 28. */
	assert_true(tried > 10000 && believed * 10 < tried);
}

/* A datagram of another address and port that returns the cookie of a DNS query (RFC 1035, 4.1.1).
 */
static void what_it_says_tells_whose_it_is(void **unused)
{
	uint32_t slot;

	(void)unused;
	assert_true(plan_find_slot(fixture.plan, TECH_UDP, 53, &slot));
	for (int round = 0; round < 5000; round++) {
		struct sheet *sheet = fixture.sheets[next() % SHEETS];
		const uint32_t host = (uint32_t)(next() % sheet_hosts(sheet));
		struct frames_claim claim;
		struct frames_match m;
		struct probe probe = {.attempt = (uint8_t)(next() % 16), .port = 53};
		uint8_t bytes[PAYLOAD_MOST];
		struct link link = {.mtu = 1500};
		struct sent s = {.sheet = sheet, .attempt = probe.attempt};
		size_t length;

		s.cell = host * fixture.plan->slots + slot;
		s.probe = sheet_probe(sheet, s.cell);
		sheet->tries[s.cell] = (uint8_t)(s.attempt + 1);
		probe.to = s.probe.to;
		probe.cell = sheet_tag(sheet, s.cell);
		s.cookie = cookie_make(&fixture.fr.conf.key, probe.to.hi, probe.to.lo, 53, TECH_UDP,
				       probe.cell);
		s.ours = cookie_port(BASE, s.attempt, s.cookie.sport);
		fixture.egress.link = &link;
		length = frames_egress_payload(&fixture.fr, &fixture.egress, &probe,
					       sheet_first_host(sheet) + host, bytes);
		bytes[2] |= 0x80;
		claim = claim_of(&s, 0, 0);
		claim.target = addr_from_v4(0xcb007105);
		claim.port = 34567;
		assert_true(frames_match_elsewhere(&fixture.fr, &claim, bytes, length, &m));
		is_matched(&s, &m);
		/* To another address of ours, to another port, in an attempt not made. */
		claim.source.lo ^= 1;
		assert_false(frames_match_elsewhere(&fixture.fr, &claim, bytes, length, &m));
		claim.source.lo ^= 1;
		claim.ours ^= 1;
		assert_false(frames_match_elsewhere(&fixture.fr, &claim, bytes, length, &m));
		claim.ours ^= 1;
		sheet->tries[s.cell] = s.attempt;
		assert_false(frames_match_elsewhere(&fixture.fr, &claim, bytes, length, &m));
		sheet->tries[s.cell] = (uint8_t)(s.attempt + 1);
		bytes[next() % 2] ^= 1;
		assert_false(frames_match_elsewhere(&fixture.fr, &claim, bytes, length, &m));
	}
	fixture.egress.link = NULL;
}

static void port_blocks(void **unused)
{
	(void)unused;
	assert_int_equal(ephemeral_block(32768, 60999, 4096), 0xf000);
	assert_int_equal(ephemeral_block(49152, 65535, 4096), 0xb000);
	assert_int_equal(ephemeral_block(4096, 65535, 4096), 0xf000);
	assert_int_equal(ephemeral_block(8192, 65535, 4096), 0x1000);
	assert_int_equal(ephemeral_block(1024, 4095, 4096), 0xf000);
	assert_int_equal(ephemeral_block(61440, 61440, 4096), 0xe000);
	for (int round = 0; round < 20000; round++) {
		uint16_t first = (uint16_t)next(), last = (uint16_t)next();
		uint32_t base;

		if (first > last)
			continue;
		base = ephemeral_block(first, last, 4096);
		assert_int_equal(base % 4096, 0);
		/* Outside, unless no block from 4096 on is. */
		if (base <= last && base + 4096 > first)
			assert_true(first < 8192 && last >= 0xf000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_right_answer_is_believed),
		cmocka_unit_test(no_wrong_answer_is_believed),
		cmocka_unit_test(unsent_attempts_are_not_believed),
		cmocka_unit_test(a_closed_window_is_not_believed),
		cmocka_unit_test(a_fixed_port_tells_no_attempt),
		cmocka_unit_test(a_bare_syn_answers_a_syn),
		cmocka_unit_test(an_ack_tells_of_a_connection),
		cmocka_unit_test(what_it_says_tells_whose_it_is),
		cmocka_unit_test(port_blocks),
	};

	return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
