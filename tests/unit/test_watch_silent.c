/* The detector's near misses: traffic that looks like a scan from one side, and is none. */
#include "watch_lab.h"

#include "watch/watch.h"

#define HTTPS 443

/* One contact fewer than it takes. */

static void too_few_ports_say_nothing(void **state)
{
	static const uint8_t techniques[] = {TECH_SYN,	TECH_FIN, TECH_NULL,
					     TECH_XMAS, TECH_ACK, TECH_MAIMON,
					     TECH_UDP,	SEEN_ODD, SEEN_IPPROTO};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(techniques); i++) {
		for (unsigned contacts = 9; contacts <= 10; contacts++) {
			struct lab *l = lab_open(&lab);

			l->v6 = i & 1;
			for (uint16_t n = 0; n < contacts; n++)
				lab_probe(l, techniques[i / 2], lab_far(l, 7), lab_near(l, 1),
					  (uint16_t)(100 + n), REFUSED);
			lab_finish(l);
			assert_int_equal(l->alerts, contacts == 10);
		}
	}
}

static void too_few_hosts_say_nothing(void **state)
{
	/* The number of hosts of one network that it takes: the first is only entered in the
	 * probation table. */
	static const struct {
		uint8_t technique;
		uint16_t port;
		bool raw;
		uint16_t hosts;
	} rules[] = {{TECH_SYN, 8080, false, 17}, {TECH_SYN, 22, false, 11},
		     {TECH_SYN, 8080, true, 11},  {TECH_UDP, 8080, false, 22},
		     {TECH_ACK, 8080, false, 17}, {SEEN_ICMP, 0, false, 33},
		     {SEEN_ARP, 0, false, 57}};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		for (unsigned more = 0; more < 2; more++) {
			struct lab *l = lab_open(&lab);

			l->raw = rules[i].raw;
			for (uint32_t n = 0; n < rules[i].hosts - 1 + more; n++)
				lab_probe(l, rules[i].technique, lab_far(l, 7), lab_near(l, n),
					  rules[i].port, SILENT);
			lab_finish(l);
			if (l->alerts != more)
				fail_msg("rule %u: %zu alerts, not %u", i, l->alerts, more);
		}
	}
}

/* Servers and their clients. */

static void a_busy_web_server(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct addr client = lab_far(l, lab_below(l, 3000));
		unsigned chance = lab_below(l, 100);

		lab_connect(l, client, lab_near(l, 1), lab_port(l), HTTPS,
			    chance < 2	 ? SILENT
			    : chance < 4 ? REFUSED
			    : chance < 6 ? IDLE
					 : USED);
		lab_wait(l, 5 * MS);
	}
	lab_silent(l, true);
}

/* Hosts that use many services of one server, of which some are not there. */
static void a_client_that_is_refused_now_and_then(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		/* 40 services, the first 8 of which are down. */
		unsigned service = lab_below(l, 40);

		lab_connect(l, lab_near(l, 3), lab_near(l, 1), lab_port(l),
			    (uint16_t)(8000 + service), service < 8 ? REFUSED : USED);
		lab_wait(l, 300 * MS);
	}
	lab_silent(l, true);
}

static void a_service_that_restarts(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		lab_connect(l, lab_near(l, i % 20), lab_near(l, 100), lab_port(l), 5432,
			    i < 4000 ? REFUSED : USED);
		lab_wait(l, 20 * MS);
	}
	lab_silent(l, false);
}

/* Behind one address many users contact one server, and some are refused. */
static void a_nat_gateway_with_many_users(void **state)
{
	static const uint16_t services[] = {443, 80, 993, 587, 22};
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		lab_connect(l, lab_far(l, 7), lab_near(l, lab_below(l, 3)), lab_port(l),
			    services[lab_below(l, 5)], lab_below(l, 20) ? USED : REFUSED);
		lab_wait(l, 30 * MS);
	}
	lab_silent(l, true);
}

/* A balancer opens and closes without a word, every second; one backend is down. */
static void health_checks(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned second = 0; second < 3600; second++) {
		for (uint32_t backend = 0; backend < 24; backend++)
			lab_connect(l, lab_near(l, 200), lab_near(l, backend / 4), lab_port(l),
				    (uint16_t)(8080 + backend % 4),
				    backend / 4 == 3 ? REFUSED : IDLE);
		lab_wait(l, SECOND);
	}
	lab_silent(l, true);
}

static void a_monitoring_host(void **state)
{
	static const uint16_t checks[] = {22, 80, 443, 3306, 9100};
	struct lab lab;

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct lab *l = lab_open(&lab);

		l->v6 = v6;
		for (unsigned round = 0; round < 12; round++) {
			for (uint32_t host = 0; host < 200; host++) {
				lab_ping(l, lab_near(l, 250), lab_near(l, host), USED);
				for (unsigned c = 0; c < 5; c++)
					lab_connect(l, lab_near(l, 250), lab_near(l, host),
						    lab_port(l), checks[c], IDLE);
				lab_wait(l, 1500 * MS);
			}
		}
		lab_silent(l, true);
	}
}

/* All that is watched goes down at once: a switch fails, or everything is restarted. */
static void an_outage(void **state)
{
	static const uint16_t checks[] = {22, 80, 443, 3306, 9100};
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned round = 0; round < 10; round++) {
		for (uint32_t host = 0; host < 200; host++) {
			bool down = round >= 2 && host < 120;

			lab_ping(l, lab_near(l, 250), lab_near(l, host), down ? SILENT : USED);
			for (unsigned c = 0; c < 5; c++)
				lab_connect(l, lab_near(l, 250), lab_near(l, host), lab_port(l),
					    checks[c],
					    !down	 ? USED
					    : round == 4 ? REFUSED
							 : SILENT);
			lab_wait(l, 300 * MS);
		}
	}
	lab_silent(l, true);
}

/* Nothing answers over IPv6, so that every connection is made twice. */
static void a_client_without_ipv6(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (uint32_t n = 0; n < 500; n++) {
		l->v6 = true;
		lab_connect(l, lab_near(l, 3), lab_far(l, lab_below(l, 400)), lab_port(l), HTTPS,
			    SILENT);
		l->v6 = false;
		lab_connect(l, lab_near(l, 3), lab_far(l, n), lab_port(l), HTTPS, USED);
		lab_wait(l, 10 * SECOND);
	}
	lab_silent(l, true);
}

/* The port of the data connection is another every time; each succeeds. */
static void passive_ftp(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned one_way = 0; one_way < 2; one_way++) {
		struct lab *l = lab_open(&lab);

		l->one_way = one_way;
		for (unsigned i = 0; i < 400; i++) {
			lab_connect(l, lab_far(l, 7), lab_near(l, 1), lab_port(l),
				    (uint16_t)(50000 + i * 7), USED);
			lab_wait(l, 500 * MS);
		}
		lab_silent(l, true);
	}
}

/* The data flows towards the client, which sends nothing but acknowledgements. */
static void passive_ftp_downloads(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned one_way = 0; one_way < 2; one_way++) {
		struct lab *l = lab_open(&lab);

		l->one_way = one_way;
		for (unsigned i = 0; i < 400; i++) {
			struct packet p = lab_syn(l, lab_far(l, 7), lab_near(l, 1), lab_port(l),
						  (uint16_t)(50000 + i * 7));

			lab_packet(l, &p);
			lab_segment(l, &p, true, TCP_SYN | TCP_ACK, 0);
			lab_segment(l, &p, false, TCP_ACK, 0);
			lab_segment(l, &p, true, TCP_ACK, 1448);
			lab_segment(l, &p, false, TCP_ACK, 0);
			lab_segment(l, &p, true, TCP_FIN | TCP_ACK, 0);
			lab_segment(l, &p, false, TCP_FIN | TCP_ACK, 0);
			lab_wait(l, 500 * MS);
		}
		lab_silent(l, true);
	}
}

static void port_knocking(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		for (unsigned knock = 0; knock < 3; knock++)
			lab_connect(l, lab_far(l, i % 4), lab_near(l, 1), lab_port(l),
				    (uint16_t)(7000 + 1000 * knock), SILENT);
		lab_connect(l, lab_far(l, i % 4), lab_near(l, 1), lab_port(l), 22, USED);
		lab_wait(l, 60 * SECOND);
	}
	lab_silent(l, true);
}

/* Connections that are over, or older than the capture. */

/* Packets that a server still sends to clients that are gone, on a flow that is no longer in the
 * table. */
static void late_ends_of_finished_flows(void **state)
{
	static const uint8_t flags[] = {TCP_FIN | TCP_ACK, TCP_FIN | TCP_PSH | TCP_ACK,
					TCP_RST,	   TCP_RST | TCP_ACK,
					TCP_ACK,	   TCP_PSH | TCP_ACK};
	static const uint16_t servers[] = {443, 80, 5432, 8080};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < sizeof(flags) * 4 * 2; i++) {
		struct lab *l = lab_open(&lab);
		uint8_t with = flags[i / 8];

		for (unsigned n = 0; n < 400; n++) {
			/* Towards the many users of one address, and towards many addresses. */
			struct addr client = n & 1 ? lab_near(l, 1) : lab_near(l, n);
			struct packet p =
				lab_stray(l, lab_far(l, 7), client,
					  (const uint16_t[]){servers[i / 2 % 4], lab_port(l)}, with,
					  with & TCP_PSH ? 31 : 0);

			if (i & 1 && !(with & TCP_RST))
				lab_segment(l, &p, true, TCP_RST, 0);
			lab_wait(l, 50 * MS);
		}
		lab_silent(l, true);
	}
}

/* The capture begins amid hundreds of connections: their first captured packet may come from
 * either end. */
static void a_capture_that_begins_in_the_middle(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct lab *l = lab_open(&lab);

		l->v6 = i & 1;
		l->one_way = i & 2;
		for (unsigned n = 0; n < 600; n++) {
			struct addr server = lab_near(l, 1), client = lab_far(l, n % 5);
			uint16_t port = (uint16_t)(33000 + n);
			struct packet p;

			/* The server's or the client's acknowledgement is seen first. */
			p = i & 4 ? lab_stray(l, server, client, (const uint16_t[]){HTTPS, port},
					      TCP_ACK, 0)
				  : lab_stray(l, client, server, (const uint16_t[]){port, HTTPS},
					      TCP_ACK, 0);
			lab_segment(l, &p, true, TCP_ACK, 1448);
			lab_wait(l, 10 * MS);
		}
		lab_silent(l, true);
	}
}

/* A client that downloads from many servers of one network, of which only the client is seen. */
static void downloads_seen_from_the_client_only(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (uint32_t server = 0; server < 100; server++) {
		struct packet p =
			lab_tcp(l, lab_far(l, 7), lab_near(l, server), lab_port(l), HTTPS);

		p.flags = TCP_ACK;
		for (unsigned n = 0; n < 4; n++) {
			lab_packet(l, &p);
			p.ack += 2896;
			lab_wait(l, 10 * MS);
		}
	}
	lab_silent(l, true);
}

static void retransmissions(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned one_way = 0; one_way < 2; one_way++) {
		struct lab *l = lab_open(&lab);

		l->one_way = one_way;
		for (unsigned n = 0; n < 8; n++) {
			struct packet p = lab_syn(l, lab_far(l, 7), lab_near(l, 1),
						  (uint16_t)(40000 + n), (uint16_t)(100 + n));

			/* RFC 6298: 1, 2, 4 ... seconds. */
			for (unsigned retry = 0; retry < 7; retry++) {
				lab_packet(l, &p);
				lab_wait(l, SECOND << retry);
			}
		}
		lab_silent(l, true);
	}
}

/* Of many connections to popular servers only what these send is seen. */
static void connections_seen_inwards_only(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct lab *l = lab_open(&lab);

		l->v6 = v6;
		l->inwards = true;
		for (unsigned n = 0; n < 20000; n++) {
			lab_connect(l, lab_near(l, lab_below(l, 200)), lab_far(l, lab_below(l, 80)),
				    lab_port(l), HTTPS, lab_below(l, 10) ? USED : REFUSED);
			lab_wait(l, 5 * MS);
		}
		lab_silent(l, true);
	}
}

static int listens_on_8443(void *context, struct addr a, uint16_t port, uint8_t proto)
{
	(void)context;
	if (!addr_is_v4(a) || addr_v4(a) != 0x0a010002)
		return 0;
	return proto == IPPROTO_TCP && port == 8443 ? 1 : -1;
}

/* A server of ours ends the idle connections of an office that is gone, behind one address and
 * from ports of any kind. The same from a host without a listener is a scan. */
static void a_server_ends_what_it_does_not_remember(void **state)
{
	struct lab lab, *l = &lab;

	(void)state;
	for (unsigned scan = 0; scan < 2; scan++) {
		lab_init(l);
		l->conf.listens = listens_on_8443;
		lab_begin(l);
		for (unsigned n = 0; n < 300; n++) {
			const uint16_t ports[2] = {scan ? 8444 : 8443,
						   (uint16_t)(1024 + lab_below(l, 20000))};

			lab_stray(l, lab_near(l, 1), lab_far(l, 7), ports, TCP_FIN | TCP_ACK, 0);
			lab_wait(l, 2 * SECOND);
		}
		lab_finish(l);
		assert_int_equal(l->alerts, scan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_few_ports_say_nothing),
		cmocka_unit_test(too_few_hosts_say_nothing),
		cmocka_unit_test(a_busy_web_server),
		cmocka_unit_test(a_client_that_is_refused_now_and_then),
		cmocka_unit_test(a_service_that_restarts),
		cmocka_unit_test(a_nat_gateway_with_many_users),
		cmocka_unit_test(health_checks),
		cmocka_unit_test(a_monitoring_host),
		cmocka_unit_test(an_outage),
		cmocka_unit_test(a_client_without_ipv6),
		cmocka_unit_test(passive_ftp),
		cmocka_unit_test(passive_ftp_downloads),
		cmocka_unit_test(port_knocking),
		cmocka_unit_test(late_ends_of_finished_flows),
		cmocka_unit_test(a_capture_that_begins_in_the_middle),
		cmocka_unit_test(downloads_seen_from_the_client_only),
		cmocka_unit_test(retransmissions),
		cmocka_unit_test(connections_seen_inwards_only),
		cmocka_unit_test(a_server_ends_what_it_does_not_remember),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
