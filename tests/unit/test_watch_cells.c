/* Walks over cells: blocks, random scans, knocks on open ports; and clients that look like them. */
#include "watch_lab.h"

#include "watch/watch.h"

/* Contacts until an alert, of a source with that many ports a host; 0: none within `most`. */
static unsigned until_noticed(struct lab *l, unsigned ports, bool far, enum lab_outcome outcome,
			      unsigned most)
{
	unsigned n = 0;

	for (; n < most && l->alerts == 0; n++) {
		struct addr to = far ? lab_far(l, n) : lab_near(l, n / ports);
		uint16_t port = (uint16_t)(far ? 1000 + n * 37 : 8000 + n % ports);

		lab_connect(l, lab_far(l, 7), to, lab_port(l), port, outcome);
		lab_wait(l, 300 * MS);
	}
	lab_finish(l);
	return l->alerts ? n : 0;
}

static void a_block_is_one_thing(void **state)
{
	struct lab lab, *l;

	(void)state;
	for (unsigned ports = 2; ports <= 9; ports++) {
		l = lab_open(&lab);
		l->v6 = ports & 1;
		assert_in_range(until_noticed(l, ports, false, REFUSED, 100), 12, 30);
		l = lab_open(&lab);
		l->raw = true;
		assert_in_range(until_noticed(l, ports, false, SILENT, 100), 9, 34);
	}
}

/* Random hosts and ports of a raw tool, as masscan asks for them. */
static void raw_cells_anywhere(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	l->raw = true;
	assert_in_range(until_noticed(l, 1, true, REFUSED, 200), 20, 24);
	l = lab_open(&lab);
	assert_int_equal(until_noticed(l, 1, true, REFUSED, 200), 0);
}

/* A relation that chance makes once in 2^16 decides with a handful of probes. */
static void strict_relations_decide(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (uint32_t n = 0; n < 8; n++) {
		struct packet p = lab_syn(l, lab_far(l, 7), lab_far(l, 100 + n), 40000,
					  (uint16_t)(1000 + n * 37));

		p.has &= ~(uint32_t)PACKET_MSS;
		p.mss = 0;
		p.window = 1024;
		p.ip_id = (uint16_t)(addr_v4(p.dst) ^ p.dport ^ p.seq);
		lab_packet(l, &p);
		lab_segment(l, &p, true, TCP_RST | TCP_ACK, 0);
	}
	assert_int_equal(lab_one_alert(l)->event.tool, TOOL_MASSCAN);
}

/* connect() to ports that are open everywhere, closed at once: told when its source does not come
 * back. `ports` of each of 60 hosts, the first of them `port`. */
static struct lab *knock(struct lab *lab, uint16_t port, unsigned ports, unsigned rounds,
			 enum lab_outcome outcome)
{
	struct lab *l = lab_open(lab);

	for (unsigned round = 0; round < rounds; round++) {
		for (uint32_t n = 0; n < 60 * ports; n++)
			lab_connect(l, lab_far(l, 7), lab_near(l, n / ports), lab_port(l),
				    (uint16_t)(port + n % ports), outcome);
		lab_wait(l, 60 * SECOND);
	}
	return l;
}

static void knocks_on_open_ports_are_seen(void **state)
{
	static const struct {
		uint16_t port;
		uint8_t ports;
	} rows[] = {{22, 1}, {3389, 1}, {8080, 1}, {80, 4}};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lab *l = knock(&lab, rows[i].port, rows[i].ports, 1, IDLE);
		const struct event *e;

		/* A monitor would come back within five minutes. */
		assert_int_equal(l->alerts, 0);
		lab_wait(l, 300 * SECOND);
		assert_int_equal(l->alerts, 1);
		e = &lab_one_alert(l)->event;
		assert_int_equal(e->techniques, BIT(TECH_CONNECT));
		assert_int_equal(e->hosts, 60);
		assert_int_equal(e->ports_total, rows[i].ports);
		assert_int_equal(e->action,
				 rows[i].ports == 1 ? EVENT_NETWORK_SWEEP : EVENT_BLOCK_SCAN);
		assert_true(e->has & EVENT_HANDSHAKE);
	}
}

static void monitors_come_back(void **state)
{
	struct lab lab;

	(void)state;
	lab_silent(knock(&lab, 8443, 1, 8, IDLE), true);
	lab_silent(knock(&lab, 22, 2, 4, IDLE), true);
	/* And clients that use what they open. */
	lab_silent(knock(&lab, 22, 4, 1, USED), true);
}

/* A monitor with hosts that are gone: one in seven, in every round. */
static void a_monitor_with_dead_hosts(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned round = 0; round < 10; round++) {
		for (uint32_t n = 0; n < 300; n++) {
			lab_connect(l, lab_near(l, 1000), lab_near(l, n), lab_port(l), 8443,
				    n % 7 == 3 ? SILENT : IDLE);
			lab_wait(l, 20 * MS);
		}
		lab_wait(l, 30 * SECOND);
	}
	lab_silent(l, true);
}

/* A monitor asks a new host, which is dead, for what it knows from others of its network. */
static void a_new_host_of_a_monitor_is_dead(void **state)
{
	static const uint16_t ports[] = {22,  25,   53,	  80,	110,  143,
					 443, 3306, 5432, 5666, 8080, 9100};
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned round = 0; round < 4; round++)
		for (uint32_t host = 0; host < (round ? 13 : 12); host++)
			for (unsigned i = 0; i < 12; i++) {
				lab_connect(l, lab_near(l, 1000), lab_near(l, host), lab_port(l),
					    ports[i], host == 12 ? SILENT : USED);
				lab_wait(l, 100 * MS);
			}
	lab_silent(l, true);
}

/* A firewall drops the ports that FTP's passive mode names; a scan of them is seen all the same. */
static void dropped_passive_ports(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned many = 0; many < 2; many++) {
		struct lab *l = lab_open(&lab);

		lab_connect(l, lab_near(l, 9), lab_near(l, 10), lab_port(l), 21, USED);
		for (uint16_t n = 0; n < (many ? 100 : 20); n++) {
			lab_connect(l, lab_near(l, 9), lab_near(l, 10), lab_port(l),
				    (uint16_t)(50000 + n * 37), SILENT);
			lab_wait(l, 2 * SECOND);
		}
		if (many)
			assert_int_equal(lab_one_alert(l)->event.ports_total, 100);
		else
			lab_silent(l, true);
	}
}

/* Keepalives of connections from before the begin, refused by a host that was restarted. ACK scans
 * of raw tools to such ports are seen even then. */
static void keepalives_after_a_restart(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned scan = 0; scan < 2; scan++) {
		struct lab *l = lab_open(&lab);

		l->raw = scan;
		for (uint16_t n = 0; n < 25; n++) {
			lab_segment_probe(l, lab_near(l, 9), lab_near(l, 10),
					  (const uint16_t[]){49667, (uint16_t)(50000 + 7 * n)},
					  TCP_ACK, REFUSED);
			lab_wait(l, SECOND);
		}
		if (scan)
			assert_int_equal(lab_one_alert(l)->event.ports_total, 25);
		else
			lab_silent(l, true);
	}
}

/* SYN+ACKs from a client's port, or of a raw tool, are no backscatter. */
static void synacks_that_are_probes(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct lab *l = lab_open(&lab);

		for (uint16_t n = 0; n < 60; n++) {
			struct packet p = lab_tcp(l, lab_far(l, 7), lab_near(l, 1),
						  i == 1 ? 45631 : 80, (uint16_t)(100 + n));

			p.has |= PACKET_MSS;
			p.mss = 1460;
			p.flags = TCP_SYN | TCP_ACK;
			p.window = i == 2 ? 1024 : 65160;
			lab_packet(l, &p);
			lab_segment(l, &p, true, TCP_RST, 0);
		}
		lab_wait(l, 5 * SECOND);
		if (i == 0) /* a server's: another host forged SYNs with this address */
			lab_silent(l, false);
		else
			assert_int_equal(lab_one_alert(l)->event.techniques, BIT(SEEN_SYNACK));
	}
}

/* UDP scans from the port of a service to the ports of clients, with data. */
static void datagrams_from_ports_of_services(void **state)
{
	static const uint16_t from[] = {53, 5353, 123, 1900};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct lab *l = lab_open(&lab);

		for (uint16_t n = 0; n < 60; n++)
			lab_udp(l, lab_far(l, 7), lab_near(l, 1), from[i],
				(uint16_t)(40000 + n * 11), REFUSED);
		assert_int_equal(lab_one_alert(l)->event.ports_total, 60);
	}
}

/* An event lists the hosts that were contacted most, with what was open there; a patient scan is
 * told again when it has drawn in more hosts. */
static void victims_are_told(void **state)
{
	struct lab lab, *l = lab_open(&lab);
	const struct lab_event *told;
	unsigned updates = 0;

	(void)state;
	for (uint32_t host = 0; host < 100; host++) {
		for (uint16_t n = 0; n < (host == 70 ? 80 : 20); n++)
			lab_connect(l, lab_far(l, 7), lab_near(l, host), lab_port(l),
				    (uint16_t)(100 + n), host == 70 && n == 63 ? IDLE : REFUSED);
		lab_wait(l, 240 * SECOND);
	}
	told = lab_one_alert(l);
	for (size_t i = 0; i < l->count; i++)
		updates += l->told[i].event.phase == EVENT_UPDATE;
	assert_in_range(updates, 3, 8);
	assert_int_equal(told->targets, 20);
	assert_true(addr_equal(told->first_target.target, lab_near(l, 70)));
	/* Of the first ones some may be lost, until it is in the list. */
	assert_in_range(told->first_target.contacts, 50, 80);
	assert_in_range(told->first_target.ports, 40, 140);
	assert_int_equal(told->first_target.opens, 1);
	assert_int_equal(told->first_target.open[0], 163);
	assert_true(told->first_target.last_ns > told->first_target.first_ns);
}

/* Pings of a whole network that go with a scan of one host do not make it a block, and a question
 * to a resolver does not hide its target. */
static void by_products_are_none_of_the_scan(void **state)
{
	struct lab lab, *l = lab_open(&lab);
	const struct event *e;

	(void)state;
	l->raw = true;
	for (uint16_t n = 0; n < 100; n++) {
		lab_connect(l, lab_near(l, 7), lab_near(l, 1), lab_port(l), (uint16_t)(100 + n),
			    REFUSED);
		if (n > 50)
			lab_arp(l, lab_near(l, 7), lab_near(l, 1000 + n), SILENT);
		if (n == 60)
			lab_udp(l, lab_near(l, 7), lab_near(l, 2), lab_port(l), 53, REFUSED);
	}
	lab_wait(l, 5 * SECOND);
	e = &lab_one_alert(l)->event;
	assert_int_equal(e->action, EVENT_PORT_SCAN);
	assert_true(e->has & EVENT_HAS_TARGET && addr_equal(e->target, lab_near(l, 1)));
	assert_int_equal(e->tool, TOOL_NMAP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_is_one_thing),
		cmocka_unit_test(raw_cells_anywhere),
		cmocka_unit_test(strict_relations_decide),
		cmocka_unit_test(knocks_on_open_ports_are_seen),
		cmocka_unit_test(monitors_come_back),
		cmocka_unit_test(a_monitor_with_dead_hosts),
		cmocka_unit_test(a_new_host_of_a_monitor_is_dead),
		cmocka_unit_test(dropped_passive_ports),
		cmocka_unit_test(keepalives_after_a_restart),
		cmocka_unit_test(synacks_that_are_probes),
		cmocka_unit_test(datagrams_from_ports_of_services),
		cmocka_unit_test(victims_are_told),
		cmocka_unit_test(by_products_are_none_of_the_scan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
