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

/* A SYN with header fields that are not those of the lab's hosts, as a forger guesses them, and
 * what the target and the owner of the address do: an open port answers, and the owner resets that.
 */
static void forge_syn(struct lab *l, struct addr source, uint16_t port, bool open)
{
	struct packet p = lab_syn(l, source, victim(l), lab_port(l), port);

	p.window = (uint16_t)(1024 + port % 3);
	p.ttl = 57;
	lab_packet(l, &p);
	lab_segment(l, &p, true, open ? TCP_SYN | TCP_ACK : TCP_RST | TCP_ACK, 0);
	if (open)
		lab_segment(l, &p, false, TCP_RST, 0);
}

/* Connections of a client prove nothing about SYNs that another host sends in its name: neither
 * those with data, nor those that it closes without data, before, during and after. */
static void a_client_is_not_called_proven(void **state)
{
	static const enum lab_outcome uses[] = {USED, IDLE};
	struct lab lab;

	(void)state;
	for (unsigned way = 0; way < 8; way++) {
		struct lab *l = lab_open(&lab);
		const uint16_t service = way & 1 ? FIRST_PORT + 20 : 80;
		const enum lab_outcome use = uses[way >> 2];

		l->v6 = way >> 1 & 1;
		for (uint16_t n = 0; n < PROBES; n++) {
			if (n % 10 == 5)
				lab_connect(l, attacker(l), victim(l), lab_port(l), service, use);
			forge_syn(l, attacker(l), (uint16_t)(FIRST_PORT + n),
				  FIRST_PORT + n == service);
		}
		for (unsigned n = 0; n < 3; n++)
			lab_connect(l, attacker(l), victim(l), lab_port(l), service, use);
		lab_finish(l);
		assert_int_equal(l->alerts, 1);
		for (size_t i = 0; i < l->count; i++)
			assert_false(l->told[i].event.has & EVENT_HANDSHAKE);
	}
}

/* Even with the very header fields of the client: a service that it used before proves nothing. */
static void a_known_service_proves_nothing(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	lab_connect(l, attacker(l), victim(l), lab_port(l), 80, USED);
	for (uint16_t n = 0; n < PROBES; n++) {
		lab_connect(l, attacker(l), victim(l), lab_port(l), (uint16_t)(FIRST_PORT + n),
			    REFUSED);
		if (n % 10 == 5)
			lab_connect(l, attacker(l), victim(l), lab_port(l), 80, IDLE);
	}
	assert_false(lab_one_alert(l)->event.has & EVENT_HANDSHAKE);
}

/* What a scanner that scans half-open uses afterwards proves no more than the connections of a
 * client in whose name somebody else scans. */
static void use_behind_a_half_open_scan_proves_nothing(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct lab *l = lab_open(&lab);

		l->v6 = v6;
		for (uint16_t n = 0; n < PROBES; n++)
			lab_probe(l, TECH_SYN, attacker(l), victim(l), (uint16_t)(FIRST_PORT + n),
				  n == 20 ? HALF : REFUSED);
		lab_wait(l, 20 * SECOND);
		lab_connect(l, attacker(l), victim(l), lab_port(l), FIRST_PORT + 20, USED);
		lab_connect(l, attacker(l), victim(l), lab_port(l), FIRST_PORT + 20, USED);
		assert_int_equal(lab_one_alert(l)->event.packets, PROBES);
		for (size_t i = 0; i < l->count; i++)
			assert_false(l->told[i].event.has & EVENT_HANDSHAKE);
	}
}

static bool victim_is_own(void *context, struct addr a)
{
	return addr_equal(a, victim(context));
}

/* Sends one packet that came in by, or left through, an interface. */
static void pass(struct lab *l, const struct packet *p, enum sight_way way, uint16_t interface)
{
	l->way = (uint8_t)way;
	l->interface = interface;
	lab_packet(l, p);
	l->way = SIGHT_WAY_UNKNOWN;
}

/*
 * A handshake that is forged as a whole, SYN+ACK included. `case_of`: 0, of a target that is this
 * machine; 1, the same with its real SYN+ACK; 2, of one behind this router, which is silent; 3, in
 * a capture with the real SYN+ACK. 4 is the real handshake alone, through this router.
 */
static void forge_handshake(struct lab *l, unsigned case_of, uint16_t port)
{
	struct packet syn = lab_syn(l, attacker(l), victim(l), lab_port(l), port);
	struct packet answer = syn, ack = syn, real;
	bool file = case_of == 3;

	answer.src = syn.dst;
	answer.dst = syn.src;
	answer.sport = syn.dport;
	answer.dport = syn.sport;
	answer.flags = TCP_SYN | TCP_ACK;
	answer.seq = 5000;
	answer.ack = syn.seq + 1;
	real = answer;
	real.seq = 77777;
	ack.flags = TCP_ACK;
	ack.seq++;
	ack.ack = answer.seq + 1;
	pass(l, &syn, file ? SIGHT_WAY_UNKNOWN : SIGHT_WAY_IN, 2);
	if (case_of == 2 || case_of == 4)
		pass(l, &syn, SIGHT_WAY_OUT, 3);
	if (case_of == 1 || file)
		pass(l, &real, file ? SIGHT_WAY_UNKNOWN : SIGHT_WAY_OUT, 2);
	pass(l, &answer, file ? SIGHT_WAY_UNKNOWN : SIGHT_WAY_IN, case_of == 4 ? 3 : 2);
	pass(l, &ack, file ? SIGHT_WAY_UNKNOWN : SIGHT_WAY_IN, 2);
	ack.flags = TCP_FIN | TCP_ACK;
	pass(l, &ack, file ? SIGHT_WAY_UNKNOWN : SIGHT_WAY_IN, 2);
}

static void forged_answers_prove_nothing(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned case_of = 0; case_of < 5; case_of++) {
		struct lab *l = &lab;
		const struct lab_event *told;

		lab_init(l);
		l->bad_clock = true; /* an update may be due to an older packet that waited */
		if (case_of < 2) {
			l->conf.is_own = victim_is_own;
			l->conf.is_own_context = l;
		}
		lab_begin(l);
		for (uint16_t n = 0; n < PROBES; n++) {
			if (n % 10 == 5)
				forge_handshake(l, case_of, (uint16_t)(FIRST_PORT + n));
			else
				lab_connect(l, attacker(l), victim(l), lab_port(l),
					    (uint16_t)(FIRST_PORT + n), REFUSED);
		}
		lab_wait(l, 5 * SECOND);
		told = lab_one_alert(l);
		assert_int_equal(!!(told->event.has & EVENT_HANDSHAKE), case_of == 4);
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
		cmocka_unit_test(a_client_is_not_called_proven),
		cmocka_unit_test(a_known_service_proves_nothing),
		cmocka_unit_test(use_behind_a_half_open_scan_proves_nothing),
		cmocka_unit_test(forged_answers_prove_nothing),
		cmocka_unit_test(an_address_for_each_probe_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
