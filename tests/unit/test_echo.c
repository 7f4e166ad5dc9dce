/* Which probe a datagram from elsewhere answers: the one whose cookie it returns, or none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "address/ranges.h"
#include "scan/cookie.h"
#include "scan/echo.h"
#include "scan/sheet_private.h"

static uint64_t state = 1181783497276652981u;

static uint64_t next(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 2685821657736338717u;
}

/* Two windows of hosts with every port that has a payload. */
struct fixture {
	struct plan *plan;
	struct sheet *sheets[SHEETS];
	struct siphash_key key;
	struct echo_scan scan;
};

static void fixture_open(struct fixture *x, unsigned hosts, bool v6)
{
	static struct ports ports;
	const struct addr first =
		v6 ? (struct addr){UINT64_C(0x20010db8) << 32, 1} : addr_from_v4(0x0a000000);
	const uint64_t seed[2] = {11, 12};
	struct ranges targets = {0};
	struct failure f = {0};

	memset(&ports, 0, sizeof(ports));
	for (unsigned n = 0; n < payload_count(); n++)
		port_set_add(&ports.udp, payload_port(n));
	port_set_add(&ports.udp, 7777);
	assert_int_equal(ranges_add(&targets, first, addr_add(first, hosts - 1)), 0);
	ranges_normalise(&targets);
	x->plan = plan_new(&targets, &ports, 1u << TECH_UDP, seed, &f);
	ranges_fini(&targets);
	assert_non_null(x->plan);
	for (unsigned i = 0; i < SHEETS; i++)
		x->sheets[i] =
			i < x->plan->windows ? sheet_new(x->plan, i, 0, x->plan->total, 0) : NULL;
	x->key = (struct siphash_key){{0x0123456789abcdef, 0xfedcba9876543210}};
	x->scan = (struct echo_scan){x->plan, x->sheets, &x->key};
}

static void fixture_close(struct fixture *x)
{
	for (unsigned i = 0; i < SHEETS; i++)
		sheet_free(x->sheets[i]);
	plan_free(x->plan);
}

/* A probe that was sent, and an answer to it from elsewhere. */
struct sent {
	struct sheet *sheet;
	uint32_t cell;
	struct plan_probe probe;
	struct echo_datagram datagram;
	uint8_t bytes[64];
};

/* Of the cookie's probe to that port; RFC 1035, 4.1.1: QR; RFC 5905, 7.3; RFC 1350, 5. */
static size_t answer_of(uint16_t port, const uint8_t *question, uint8_t *out)
{
	memset(out, 0, 64);
	switch (port) {
	case 53:
		memcpy(out, question, 12);
		out[2] |= 0x80;
		return 12;
	case 123:
		out[0] = 0x24;
		memcpy(out + 24, question + 40, 8);
		return 48;
	case 111:
		memcpy(out, question, 4);
		out[7] = 1;
		return 24;
	default:
		assert_int_equal(port, 69);
		memcpy(out, "\0\5\0\1nothing", 12);
		return 12;
	}
}

static void send_to(struct fixture *x, struct sent *s, uint32_t host, uint16_t port, bool fixed)
{
	uint8_t cookie[PAYLOAD_ECHO], question[PAYLOAD_MOST];
	uint32_t slot;

	*s = (struct sent){.sheet = x->sheets[0]};
	assert_true(plan_find_slot(x->plan, TECH_UDP, port, &slot));
	s->cell = host * x->plan->slots + slot;
	s->probe = sheet_probe(s->sheet, s->cell);
	s->datagram.attempt = (uint8_t)(next() % 4);
	s->sheet->tries[s->cell] = (uint8_t)(s->datagram.attempt + 1);
	echo_make(&x->key, s->probe.to, port, host, cookie);
	(void)payload_write(port, s->datagram.attempt, cookie, question);
	s->datagram.length = answer_of(port, question, s->bytes);
	s->datagram.bytes = s->bytes;
	s->datagram.from = port == 69 ? s->probe.to : addr_from_v4(0xc0a80001);
	s->datagram.has_port = !fixed;
	s->datagram.sport =
		(uint8_t)(cookie_hash(&x->key, s->probe.to.hi, s->probe.to.lo, port, TECH_UDP) >>
			  32);
}

static bool finds(struct fixture *x, struct sent *s)
{
	struct sheet *sheet;
	uint32_t cell;

	/* It may have been copied. */
	s->datagram.bytes = s->bytes;
	if (!echo_find(&x->scan, &s->datagram, &sheet, &cell))
		return false;
	/* Never another one. */
	assert_ptr_equal(sheet, s->sheet);
	assert_int_equal(cell, s->cell);
	return true;
}

static const uint16_t ports[] = {53, 123, 111, 69};

/* Hosts of two windows have other numbers, so that two bytes never fit one of each. */
static void windows_are_told_apart(void **unused)
{
	uint8_t one[PAYLOAD_ECHO], other[PAYLOAD_ECHO];
	const struct siphash_key key = {{3, 4}};

	(void)unused;
	for (uint64_t rank = 0; rank < 1000; rank++) {
		echo_make(&key, addr_from_v4(1), 53, rank, one);
		echo_make(&key, addr_from_v4(1), 53, rank + 57, other);
		assert_memory_not_equal(one, other, 2);
	}
}

static void right_answers_are_believed(void **unused)
{
	(void)unused;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct fixture x;
		struct sent s;

		fixture_open(&x, 250, v6);
		for (int round = 0; round < 4000; round++) {
			const uint16_t port = ports[next() % 4];
			const bool fixed = next() & 1;

			send_to(&x, &s, (uint32_t)(next() % 250), port, fixed);
			/* Two bytes and no byte of the port are too few for 250 hosts. */
			assert_int_equal(finds(&x, &s), !(fixed && port == 53));
		}
		fixture_close(&x);
	}
}

/* One of the fields that have to fit is another's. */
static void wrong_answers_are_not(void **unused)
{
	unsigned believed = 0;
	struct fixture x;

	(void)unused;
	fixture_open(&x, 250, false);
	for (int round = 0; round < 20000; round++) {
		const uint16_t port = ports[next() % 4];
		struct sheet *sheet;
		uint32_t cell;
		struct sent s;

		send_to(&x, &s, (uint32_t)(next() % 250), port, false);
		switch (next() % 4) {
		case 0: /* an attempt that was not made */
			s.datagram.attempt += 1;
			break;
		case 1: /* the port of another host's probe */
			s.datagram.sport ^= (uint8_t)(1u << next() % 8);
			break;
		case 2: /* bytes that no probe has, or another address */
			if (port == 69)
				s.datagram.from = addr_from_v4(0x0b000001);
			else
				s.bytes[port == 123 ? 24 + next() % 8 : next() % 2] ^=
					(uint8_t)(1u << next() % 8);
			break;
		case 3: /* no answer at all */
			memset(s.bytes, 0xee, sizeof(s.bytes));
			break;
		}
		s.datagram.bytes = s.bytes;
		believed += echo_find(&x.scan, &s.datagram, &sheet, &cell);
		memset(s.sheet->tries, 0, sheet_cells(s.sheet));
	}
	assert_int_equal(believed, 0);
	fixture_close(&x);
}

/* Guesses at two bytes, while every probe of 250 hosts was sent: 1 in 65,536 of all; here the
 * forger even knows which ports of ours are in use. */
static void guesses_hit_no_more_than_chance(void **unused)
{
	unsigned believed = 0;
	struct fixture x;

	(void)unused;
	fixture_open(&x, 250, false);
	memset(x.sheets[0]->tries, 1, sheet_cells(x.sheets[0]));
	for (unsigned round = 0; round < 1u << 18; round++) {
		uint8_t bytes[12] = {(uint8_t)next(), (uint8_t)next(), 0x81, 5};
		const struct echo_datagram datagram = {
			.from = addr_from_v4(0xc0a80001),
			.bytes = bytes,
			.length = sizeof(bytes),
			.has_port = true,
			.sport = (uint8_t)next(),
		};
		struct sheet *sheet;
		uint32_t cell;

		believed += echo_find(&x.scan, &datagram, &sheet, &cell);
	}
	/* Three forms (53, 137, 5353), each 250 / 2^24: 11.7 in all. */
	assert_true(believed < 35);
	fixture_close(&x);
}

/* Two probes from one port of ours to two hosts: the answer's bytes decide, and where there are
 * none, its address; a third host's answer is refused. */
static void one_port_and_two_hosts(void **unused)
{
	struct fixture x;
	struct sent a, b;
	struct sheet *sheet;
	uint32_t cell;

	(void)unused;
	fixture_open(&x, 1, false);
	fixture_close(&x);
	fixture_open(&x, 40, false);
	for (unsigned i = 0; i < 4; i++) {
		send_to(&x, &a, 3, ports[i], true);
		send_to(&x, &b, 4, ports[i], true);
		if (ports[i] == 53)
			continue;
		assert_true(finds(&x, &a));
		assert_true(finds(&x, &b));
		/* From the other host's address, too. */
		if (ports[i] != 69) {
			a.datagram.from = b.probe.to;
			assert_true(finds(&x, &a));
			continue;
		}
		a.datagram.from = addr_add(b.probe.to, 1);
		assert_false(echo_find(&x.scan, &a.datagram, &sheet, &cell));
	}
	fixture_close(&x);
}

/* What might answer two probes opens neither. */
static void what_fits_two_is_refused(void **unused)
{
	struct fixture x;
	struct sent dns, kin;
	struct sheet *sheet;
	uint32_t cell;
	unsigned both = 0;

	(void)unused;
	/* With one host and -g, two bytes are enough. Keys for which the questions to ports 53 and
	 * 5353 have the same bytes are 1 in 65,536: one is searched for. */
	fixture_open(&x, 1, false);
	for (unsigned round = 0; round < 1u << 20 && both == 0; round++) {
		uint8_t one[PAYLOAD_ECHO], other[PAYLOAD_ECHO];

		x.key.k[0]++;
		echo_make(&x.key, sheet_probe(x.sheets[0], 0).to, 53, 0, one);
		echo_make(&x.key, sheet_probe(x.sheets[0], 0).to, 5353, 0, other);
		both = memcmp(one, other, 2) == 0;
	}
	assert_int_equal(both, 1);
	send_to(&x, &dns, 0, 53, true);
	assert_true(finds(&x, &dns));
	assert_true(plan_find_slot(x.plan, TECH_UDP, 5353, &cell));
	kin = dns;
	kin.datagram.bytes = kin.bytes;
	x.sheets[0]->tries[cell] = 4;
	assert_false(echo_find(&x.scan, &kin.datagram, &sheet, &cell));
	fixture_close(&x);
}

/* With more than 256 hosts two bytes can be guessed, and are not believed. */
static void many_hosts_need_more_bytes(void **unused)
{
	struct fixture x;
	struct sent s;

	(void)unused;
	fixture_open(&x, 257, false);
	send_to(&x, &s, 256, 53, false);
	assert_false(finds(&x, &s));
	send_to(&x, &s, 256, 123, false);
	assert_true(finds(&x, &s));
	fixture_close(&x);
}

/* Cookies of hosts that follow each other do not. */
static void numbers_are_hidden(void **unused)
{
	const struct siphash_key key = {{1, 2}};
	static uint8_t seen[1 << 16];
	unsigned near = 0;

	(void)unused;
	for (unsigned host = 0; host < 1u << 16; host++) {
		uint8_t one[PAYLOAD_ECHO], other[PAYLOAD_ECHO];
		unsigned distance;

		echo_make(&key, addr_from_v4(0x0a000000 + host), 53, host, one);
		echo_make(&key, addr_from_v4(0x0a000000 + host + 1), 53, host + 1, other);
		assert_int_equal(seen[one[0] << 8 | one[1]]++, 0);
		distance = (unsigned)abs((one[0] << 8 | one[1]) - (other[0] << 8 | other[1]));
		near += distance < 256;
	}
	/* 511 / 65,536 of them by chance. */
	assert_true(near > 300 && near < 750);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_answers_are_believed),
		cmocka_unit_test(windows_are_told_apart),
		cmocka_unit_test(wrong_answers_are_not),
		cmocka_unit_test(guesses_hit_no_more_than_chance),
		cmocka_unit_test(one_port_and_two_hosts),
		cmocka_unit_test(what_fits_two_is_refused),
		cmocka_unit_test(many_hosts_need_more_bytes),
		cmocka_unit_test(numbers_are_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
