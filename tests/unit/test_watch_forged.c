/* What somebody who has read the source sends, to hide a scan or to have another called a scanner.
 */
#include "watch_lab.h"

#define PROBES	   60
#define FIRST_PORT 1000

/* The forged or hidden scanner, and its target. */
static struct addr attacker(const struct lab *l)
{
	return lab_far(l, 7);
}

static struct addr victim(const struct lab *l)
{
	return lab_near(l, 1);
}

/* Each probe is followed by an error about it, made by the prober itself. */
static void errors_from_the_prober_excuse_nothing(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct lab *l = lab_open(&lab);

		l->v6 = v6;
		for (uint16_t n = 0; n < PROBES; n++) {
			struct packet probe = lab_syn(l, attacker(l), victim(l), lab_port(l),
						      (uint16_t)(FIRST_PORT + n));
			struct packet error = {
				.has = PACKET_IP | PACKET_ICMP | PACKET_QUOTE,
				.src = attacker(l),
				.dst = victim(l),
				.proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
				.ttl = 60,
				.icmp_type = v6 ? 3 : 11, /* time exceeded */
				.quote = {probe.src, probe.dst, probe.sport, probe.dport, probe.seq,
					  probe.ip_id, IPPROTO_TCP, 1},
			};

			lab_packet(l, &probe);
			lab_packet(l, &error);
			lab_segment(l, &probe, true, TCP_RST | TCP_ACK, 0);
		}
		assert_int_equal(lab_one_alert(l)->event.ports_total, PROBES);
	}
}

/* What follows a SYN at once. */
static void follow(struct lab *l, const struct packet *syn, uint8_t flags, uint32_t ack,
		   uint32_t payload)
{
	struct packet p = *syn;

	p.has &= ~(uint32_t)PACKET_MSS;
	p.flags = flags;
	p.seq++;
	p.ack = ack;
	p.payload_bytes = payload;
	lab_packet(l, &p);
}

/* Who does not hear the SYN+ACK cannot complete the handshake in another's name. */
static void a_forged_handshake_proves_nothing(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct lab *l = lab_open(&lab);
		const struct event *e;

		l->v6 = v6;
		for (uint16_t n = 0; n < PROBES; n++) {
			struct packet probe = lab_syn(l, attacker(l), victim(l), lab_port(l),
						      (uint16_t)(FIRST_PORT + n));
			bool open = n == 20, silent = n == 30;

			lab_packet(l, &probe);
			if (open)
				lab_segment(l, &probe, true, TCP_SYN | TCP_ACK, 0);
			if (open || silent) {
				follow(l, &probe, TCP_ACK, 4711, 0);
				follow(l, &probe, TCP_ACK | TCP_PSH, 4711, 10);
			}
			if (!silent)
				lab_segment(l, &probe, true, TCP_RST | TCP_ACK, 0);
		}
		e = &lab_one_alert(l)->event;
		assert_true(e->has & EVENT_SPOOFABLE);
		assert_false(e->has & EVENT_HANDSHAKE);
	}
}

static void a_handshake_proves_by_its_numbers(void **state)
{
	struct lab lab;

	(void)state;
	/* The last acknowledgement of the handshake may be seen before the SYN+ACK. */
	for (unsigned late = 0; late < 2; late++) {
		struct lab *l = lab_open(&lab);

		for (uint16_t n = 0; n < PROBES; n++) {
			struct packet probe = lab_syn(l, attacker(l), victim(l), lab_port(l),
						      (uint16_t)(FIRST_PORT + n));

			lab_packet(l, &probe);
			if (n != 20) {
				lab_segment(l, &probe, true, TCP_RST | TCP_ACK, 0);
				continue;
			}
			if (!late)
				lab_segment(l, &probe, true, TCP_SYN | TCP_ACK, 0);
			lab_segment(l, &probe, false, TCP_ACK, 0);
			if (late)
				lab_segment(l, &probe, true, TCP_SYN | TCP_ACK, 0);
			lab_segment(l, &probe, false, TCP_RST | TCP_ACK, 0);
		}
		const struct lab_event *told = lab_one_alert(l);

		assert_true(told->event.has & EVENT_HANDSHAKE);
		assert_int_equal(told->event.techniques, BIT(TECH_CONNECT));
		assert_int_equal(told->open_ranges, 1);
	}
}

/* A whole connection is pretended before the refusal can have come. */
static void pretending_does_not_undo_a_refusal(void **state)
{
	static const uint8_t pretended[][2] = {
		{TCP_ACK, TCP_ACK | TCP_PSH}, {TCP_ACK, TCP_FIN | TCP_ACK}, {TCP_RST, TCP_RST}};
	struct lab lab;

	(void)state;
	for (unsigned way = 0; way < sizeof(pretended) / sizeof(pretended[0]); way++) {
		struct lab *l = lab_open(&lab);
		const struct lab_event *told;

		for (uint16_t n = 0; n < PROBES; n++) {
			struct packet probe = lab_syn(l, attacker(l), victim(l), lab_port(l),
						      (uint16_t)(FIRST_PORT + n));

			lab_packet(l, &probe);
			follow(l, &probe, pretended[way][0], 4711, 0);
			follow(l, &probe, pretended[way][1], 4711,
			       pretended[way][1] & TCP_PSH ? 10 : 0);
			lab_segment(l, &probe, true, TCP_RST | TCP_ACK, 0);
		}
		told = lab_one_alert(l);
		assert_int_equal(told->event.ports_total, PROBES);
		assert_int_equal(told->open_ranges, 0);
		assert_false(told->event.has & EVENT_HANDSHAKE);
	}
}

/* The same for probes that a connection's middle, or a stream of datagrams, may look like. */
static void a_pretended_middle_does_not_undo_a_refusal(void **state)
{
	static const uint8_t flags[] = {TCP_ACK, TCP_FIN | TCP_ACK, TCP_PSH | TCP_ACK};
	struct lab lab;

	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		struct lab *l = lab_open(&lab);

		for (uint16_t n = 0; n < PROBES; n++) {
			struct packet probe = lab_tcp(l, attacker(l), victim(l), 40000,
						      (uint16_t)(FIRST_PORT + n));

			if (way == 3) {
				probe.has = PACKET_IP | PACKET_UDP;
				probe.proto = IPPROTO_UDP;
				for (unsigned copy = 0; copy < 12; copy++)
					lab_packet(l, &probe);
				lab_port_unreachable(l, &probe);
				continue;
			}
			probe.flags = flags[way];
			lab_packet(l, &probe);
			follow(l, &probe, TCP_ACK, 4711, 0);
			lab_segment(l, &probe, true, TCP_RST, 0);
		}
		assert_int_equal(lab_one_alert(l)->event.ports_total, PROBES);
	}
}

/* Probes with data, as by nmap --data-length, look like the middle of a connection; but no
 * connection is refused port by port. What is not refused stays the middle of one. */
static void probes_with_data_are_seen_where_refused(void **state)
{
	static const uint8_t flags[] = {TCP_ACK, TCP_FIN | TCP_ACK, TCP_PSH | TCP_ACK};
	struct lab lab;

	(void)state;
	for (unsigned way = 0; way < 6; way++) {
		struct lab *l = lab_open(&lab);

		for (uint16_t n = 0; n < 200; n++) {
			const uint16_t ports[2] = {40000, (uint16_t)(FIRST_PORT + n)};
			struct packet p =
				lab_stray(l, attacker(l), victim(l), ports, flags[way / 2], 20);

			if (way & 1)
				lab_segment(l, &p, true, TCP_RST, 0);
			lab_wait(l, 2 * MS);
		}
		lab_wait(l, 5 * SECOND);
		if (way & 1)
			assert_int_equal(lab_one_alert(l)->event.ports_total, 200);
		else
			lab_silent(l, true);
	}
}

static int none_listens(void *context, struct addr a, uint16_t port, uint8_t proto)
{
	struct lab *l = context;

	(void)port;
	(void)proto;
	return addr_equal(a, victim(l)) ? -1 : 0;
}

/* Where a firewall keeps silent it is enough to know that nobody listens. */
static void pretending_to_use_a_closed_port_of_ours(void **state)
{
	struct lab lab, *l = &lab;

	(void)state;
	lab_init(l);
	l->conf.listens = none_listens;
	l->conf.listens_context = l;
	lab_begin(l);
	for (uint16_t n = 0; n < PROBES; n++) {
		struct packet probe =
			lab_syn(l, attacker(l), victim(l), lab_port(l), (uint16_t)(FIRST_PORT + n));

		lab_packet(l, &probe);
		follow(l, &probe, TCP_ACK, 4711, 0);
		follow(l, &probe, TCP_ACK | TCP_PSH, 4711, 10);
	}
	lab_wait(l, 5 * SECOND);
	assert_int_equal(lab_one_alert(l)->event.ports_total, PROBES);
}

/* Who scans half-open and then uses what it found is told of as proven before it is over: what
 * shuts scanners out acts on that. */
static void a_proof_behind_the_scan_is_told(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct lab *l = lab_open(&lab);
		size_t before;

		l->v6 = v6;
		for (uint16_t n = 0; n < PROBES; n++)
			lab_probe(l, TECH_SYN, attacker(l), victim(l), (uint16_t)(FIRST_PORT + n),
				  n == 20 ? HALF : REFUSED);
		lab_wait(l, 20 * SECOND);
		before = l->count;
		assert_false(l->told[before - 1].event.has & EVENT_HANDSHAKE);
		lab_connect(l, attacker(l), victim(l), lab_port(l), FIRST_PORT + 20, USED);
		lab_connect(l, attacker(l), victim(l), lab_port(l), FIRST_PORT + 20, USED);
		assert_int_equal(l->count, before + 1);
		assert_int_equal(l->told[before].event.phase, EVENT_UPDATE);
		assert_true(l->told[before].event.has & EVENT_HANDSHAKE);
		assert_int_equal(lab_one_alert(l)->event.packets, PROBES);
	}
}

/* IPv6 has addresses enough to send each probe from another one of one network. Strangers, each out
 * of a network of its own, are no scan together. */
static void an_address_for_each_probe_is_seen(void **state)
{
	static const uint64_t gaps[] = {MS, 100 * MS, SECOND};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 2 * 3; i++) {
		struct lab *l = lab_open(&lab);
		bool strangers = i >= 3;
		const struct lab_event *told;

		l->v6 = true;
		for (uint16_t n = 0; n < 400; n++) {
			struct addr source = {UINT64_C(0x2a00000100020003), lab_random(l)};

			source.hi += strangers ? (uint64_t)lab_random(l) << 40 >> 24 : 0;
			lab_connect(l, source, lab_near(l, 1), lab_port(l), (uint16_t)(1 + n),
				    n & 1 ? REFUSED : SILENT);
			lab_wait(l, gaps[i % 3]);
		}
		lab_finish(l);
		told = lab_action(l, EVENT_DISTRIBUTED_SCAN);
		assert_int_equal(l->alerts, !strangers);
		assert_int_equal(!told, strangers);
		if (told)
			assert_true(told->event.ports_total > 390 && told->event.sources > 390);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_from_the_prober_excuse_nothing),
		cmocka_unit_test(a_forged_handshake_proves_nothing),
		cmocka_unit_test(a_handshake_proves_by_its_numbers),
		cmocka_unit_test(pretending_does_not_undo_a_refusal),
		cmocka_unit_test(a_pretended_middle_does_not_undo_a_refusal),
		cmocka_unit_test(probes_with_data_are_seen_where_refused),
		cmocka_unit_test(pretending_to_use_a_closed_port_of_ours),
		cmocka_unit_test(a_proof_behind_the_scan_is_told),
		cmocka_unit_test(an_address_for_each_probe_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
