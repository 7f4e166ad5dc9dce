/* What is sent before or with a scan to hide it: one packet a port must not be enough. */
#include "watch_lab.h"

#define PROBES	   60
#define FIRST_PORT 1000
#define FROM	   53

static struct addr attacker(const struct lab *l)
{
	return lab_far(l, 7);
}

static struct addr victim(const struct lab *l)
{
	return lab_near(l, 1);
}

/* A packet of the attacker, by its flags, from one port for all; a RST answers. */
static void send_flags(struct lab *l, uint16_t port, uint8_t flags, bool refused)
{
	struct packet p = lab_tcp(l, attacker(l), victim(l), FROM, port);

	p.flags = flags;
	lab_packet(l, &p);
	if (refused)
		lab_segment(l, &p, true, TCP_RST | TCP_ACK, 0);
}

/* First one packet a port that makes a flow, then a scan with the same ports. */
static void packets_before_a_scan_hide_nothing(void **state)
{
	static const uint8_t before[] = {TCP_SYN | TCP_ACK, TCP_ACK, TCP_FIN | TCP_ACK,
					 TCP_PSH | TCP_ACK, TCP_FIN, 0};
	static const uint8_t scans[] = {TCP_SYN, TCP_FIN, TCP_FIN | TCP_PSH | TCP_URG, TCP_ACK,
					TCP_SYN | TCP_PSH};
	static const uint64_t gaps[] = {0, MS, 10 * SECOND};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 6 * 5 * 3 * 2; i++) {
		struct lab *l = lab_open(&lab);
		uint64_t gap = gaps[i / 30 % 3];
		const struct lab_event *told;

		for (uint16_t n = 0; n < PROBES; n++) {
			send_flags(l, (uint16_t)(FIRST_PORT + n), before[i % 6], i >= 90);
			if (gap == 0)
				send_flags(l, (uint16_t)(FIRST_PORT + n), scans[i / 6 % 5], true);
		}
		lab_wait(l, gap);
		for (uint16_t n = 0; gap && n < PROBES; n++)
			send_flags(l, (uint16_t)(FIRST_PORT + n), scans[i / 6 % 5], true);
		lab_wait(l, 5 * SECOND);
		lab_finish(l);
		told = lab_alert(l, NULL);
		if (l->alerts != 1 || told->event.ports_total != PROBES) {
			lab_print(l);
			fail_msg("%02x before %02x, %llu ms", before[i % 6], scans[i / 6 % 5],
				 (unsigned long long)(gap / MS));
		}
	}
}

/* What seems to come from the target, sent by the attacker to the target itself. */
static void forged_openers_hide_nothing(void **state)
{
	static const uint8_t before[] = {TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK, TCP_FIN | TCP_ACK};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct lab *l = lab_open(&lab);

		for (uint16_t n = 0; n < PROBES; n++) {
			struct packet p = lab_tcp(l, victim(l), attacker(l),
						  (uint16_t)(FIRST_PORT + n), FROM);

			p.flags = before[i];
			lab_packet(l, &p);
			send_flags(l, (uint16_t)(FIRST_PORT + n), TCP_SYN, true);
		}
		lab_wait(l, 5 * SECOND);
		lab_finish(l);
		assert_non_null(lab_alert(l, &(struct addr){attacker(l).hi, attacker(l).lo}));
	}
}

/* The kernel drops a packet with a bad checksum, so it settles nothing. */
static void bad_checksums_hide_nothing(void **state)
{
	static const uint8_t pretended[] = {TCP_ACK | TCP_PSH, TCP_SYN | TCP_ACK, TCP_RST, TCP_ACK};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct lab *l = lab_open(&lab);

		for (uint16_t n = 0; n < PROBES; n++) {
			struct packet p = lab_syn(l, attacker(l), victim(l), FROM,
						  (uint16_t)(FIRST_PORT + n));
			struct packet bad = p;

			lab_packet(l, &p);
			bad.has |= PACKET_SUM_BAD;
			bad.flags = pretended[i];
			bad.seq++;
			bad.payload_bytes = pretended[i] & TCP_PSH ? 10 : 0;
			lab_packet(l, &bad);
			bad.src = p.dst;
			bad.dst = p.src;
			bad.sport = p.dport;
			bad.dport = p.sport;
			lab_packet(l, &bad);
		}
		lab_wait(l, 5 * SECOND);
		assert_int_equal(lab_one_alert(l)->event.ports_total, PROBES);
	}
}

/* ACK scans from the port of a service, and UDP scans from one, with little data or none. */
static void ports_of_services_hide_nothing(void **state)
{
	static const uint16_t from[] = {53, 5353, 123, 80, 443, 5060};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 6 * 4; i++) {
		struct lab *l = lab_open(&lab);

		for (uint16_t n = 0; n < PROBES; n++) {
			const uint16_t ports[2] = {from[i % 6], (uint16_t)(7500 + n)};
			struct packet p = {
				.has = PACKET_IP | PACKET_UDP,
				.src = attacker(l),
				.dst = victim(l),
				.proto = IPPROTO_UDP,
				.ttl = 64,
				.sport = ports[0],
				.dport = ports[1],
				.payload_bytes = i / 6 == 3 ? 8 : 0,
			};

			if (i / 6 < 2) {
				lab_segment_probe(l, attacker(l), victim(l), ports,
						  i / 6 ? TCP_FIN | TCP_ACK : TCP_ACK, REFUSED);
				continue;
			}
			lab_packet(l, &p);
			lab_port_unreachable(l, &p);
		}
		assert_int_equal(lab_one_alert(l)->event.ports_total, PROBES);
	}
}

/* Ends of connections from before the capture come soon after its begin; later ones belong to flows
 * that are known. */
static void the_excuse_of_the_begin_ends(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		struct lab *l = lab_open(&lab);

		lab_connect(l, lab_far(l, 9), victim(l), lab_port(l), 80, USED);
		lab_wait(l, late ? 300 * SECOND : SECOND);
		for (uint16_t n = 0; n < PROBES; n++)
			lab_segment_probe(l, attacker(l), victim(l),
					  (const uint16_t[]){443, (uint16_t)(40000 + n)}, TCP_ACK,
					  REFUSED);
		lab_wait(l, 5 * SECOND);
		if (late)
			assert_int_equal(lab_one_alert(l)->event.ports_total, PROBES);
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

/* Nobody on this machine asked, and its errors are rate-limited: what looks like answers, or like a
 * stream, goes to closed ports. */
static void unasked_answers_to_closed_ports_of_ours(void **state)
{
	struct lab lab, *l = &lab;

	(void)state;
	for (unsigned stream = 0; stream < 2; stream++) {
		lab_init(l);
		l->conf.listens = none_listens;
		l->conf.listens_context = l;
		lab_begin(l);
		lab_udp(l, lab_far(l, 9), victim(l), lab_port(l), 53, USED);
		lab_wait(l, 60 * SECOND);
		for (uint16_t n = 0; n < PROBES; n++)
			for (unsigned copy = 0; copy < (stream ? 12 : 1); copy++)
				lab_udp(l, attacker(l), victim(l), stream ? 40001 : 53,
					(uint16_t)(42000 + n), SILENT);
		lab_wait(l, 5 * SECOND);
		assert_int_equal(lab_one_alert(l)->event.ports_total, PROBES);
	}
}

/* Only frames to all hosts of a link are broadcasts: in a large network a host's address may end
 * in 255. */
static void a_host_whose_address_ends_in_255(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned group = 0; group < 2; group++) {
		struct lab *l = lab_open(&lab);

		for (uint16_t n = 0; n < PROBES; n++) {
			struct packet p = {
				.has = PACKET_ETHERNET | PACKET_IP | PACKET_UDP,
				.mac_dst = {group ? 0xff : 2, 0, 0, 0, 0, 1},
				.src = attacker(l),
				.dst = addr_from_v4(0x0a0101ff),
				.proto = IPPROTO_UDP,
				.ttl = 64,
				.sport = 40000,
				.dport = (uint16_t)(FIRST_PORT + n),
			};

			lab_packet(l, &p);
		}
		lab_wait(l, 5 * SECOND);
		if (group)
			lab_silent(l, true);
		else
			assert_int_equal(lab_one_alert(l)->event.ports_total, PROBES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_before_a_scan_hide_nothing),
		cmocka_unit_test(forged_openers_hide_nothing),
		cmocka_unit_test(bad_checksums_hide_nothing),
		cmocka_unit_test(ports_of_services_hide_nothing),
		cmocka_unit_test(the_excuse_of_the_begin_ends),
		cmocka_unit_test(unasked_answers_to_closed_ports_of_ours),
		cmocka_unit_test(a_host_whose_address_ends_in_255),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
