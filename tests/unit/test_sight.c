/* What a packet can be, seen by itself: a golden list typed from the literature, and the odd rest.
 */
#include "watch_lab.h"

#include "technique/technique.h"
#include "watch/sight.h"

#define SERVER addr_from_v4(0x0a000001)
#define CLIENT addr_from_v4(0xc6336407)

static struct packet tcp(uint16_t sport, uint16_t dport, uint8_t flags)
{
	return (struct packet){
		.has = PACKET_IP | PACKET_TCP,
		.src = CLIENT,
		.dst = SERVER,
		.proto = IPPROTO_TCP,
		.ttl = 64,
		.sport = sport,
		.dport = dport,
		.flags = flags,
	};
}

static struct packet udp(uint16_t sport, uint16_t dport)
{
	struct packet p = tcp(sport, dport, 0);

	p.has = PACKET_IP | PACKET_UDP;
	p.proto = IPPROTO_UDP;
	return p;
}

static struct packet icmp(uint8_t type, bool v6)
{
	struct packet p = {
		.has = PACKET_IP | PACKET_ICMP,
		.src = v6 ? (struct addr){1, 1} : CLIENT,
		.dst = v6 ? (struct addr){1, 2} : SERVER,
		.proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
		.ttl = 64,
		.icmp_type = type,
	};

	return p;
}

static struct sighting seen(const struct packet *p)
{
	struct sighting s;

	memset(&s, 0xff, sizeof(s)); /* all of it is filled */
	sight_packet(p, &s);
	return s;
}

static void check(const struct packet *p, unsigned kind, uint32_t techniques)
{
	struct sighting s = seen(p);

	if (s.kind != kind || (kind == SIGHT_FIRST && s.techniques != techniques))
		fail_msg("flags %02x ports %u %u icmp %u protocol %u: kind %u techniques %x, "
			 "not kind %u techniques %x",
			 p->flags, p->sport, p->dport, p->icmp_type, p->proto, s.kind, s.techniques,
			 kind, techniques);
}

/* All 256 combinations of flags, from a high port to a low one, by what the RFCs and nmap's book
 * say about them. ECE and CWR make no difference (RFC 3168, 6.1.1). */
static void every_mix_of_flags_is_known(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 256; flags++) {
		struct packet p = tcp(40000, 80, (uint8_t)flags);
		unsigned fin = flags & 1, syn = flags & 2, rst = flags & 4, ack = flags & 16;

		switch (flags & 0x3f) {
		case 0x02: /* SYN */
			check(&p, SIGHT_FIRST, BIT(TECH_SYN) | BIT(TECH_CONNECT));
			break;
		case 0x01:
			check(&p, SIGHT_FIRST, BIT(TECH_FIN));
			break;
		case 0x00:
			check(&p, SIGHT_FIRST, BIT(TECH_NULL));
			break;
		case 0x29: /* FIN, PSH, URG */
			check(&p, SIGHT_FIRST, BIT(TECH_XMAS));
			break;
		case 0x10:
			check(&p, SIGHT_FIRST, BIT(TECH_ACK) | BIT(TECH_WINDOW) | BIT(TECH_TTL));
			break;
		case 0x11: /* FIN, ACK */
			check(&p, SIGHT_FIRST, BIT(TECH_MAIMON));
			break;
		default:
			if (syn && (fin || rst)) /* contradicts itself */
				check(&p, SIGHT_FIRST, BIT(SEEN_ODD));
			else if (rst || (syn && ack))
				check(&p, SIGHT_ANSWER, 0);
			else /* with PSH or URG, but without data */
				check(&p, SIGHT_FIRST, BIT(SEEN_ODD));
			p.payload_bytes = ack ? 1 : 0;
			if (!syn && !rst && ack)
				check(&p, SIGHT_LIKELY_MIDDLE, 0);
			/* What was cut off may have been data. */
			p.payload_bytes = 0;
			p.has |= PACKET_TRUNCATED;
			if (!syn && !rst && ack)
				check(&p, SIGHT_LIKELY_MIDDLE, 0);
		}
	}
}

/* What carries data, or goes from where services are to where clients are, is no probe. */
static void what_may_be_a_connections_end_is_no_probe(void **state)
{
	static const uint16_t ports[][2] = {{443, 40000}, {80, 1025}, {5432, 33000}, {22, 65535}};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct packet p = tcp(ports[i][0], ports[i][1], TCP_FIN | TCP_ACK);

		check(&p, SIGHT_LIKELY_MIDDLE, 0);
		assert_int_equal(seen(&p).late_end, ports[i][1] >= 32768);
		p.flags = TCP_ACK;
		check(&p, SIGHT_LIKELY_MIDDLE, 0);
		/* But nothing of a connection looks like these. */
		p.flags = TCP_FIN;
		check(&p, SIGHT_FIRST, BIT(TECH_FIN));
		p.flags = TCP_SYN;
		check(&p, SIGHT_FIRST, BIT(TECH_SYN) | BIT(TECH_CONNECT));
	}
	struct packet p = tcp(40000, 80, TCP_FIN | TCP_ACK);

	p.payload_bytes = 1;
	check(&p, SIGHT_LIKELY_MIDDLE, 0);
	p.flags = TCP_ACK;
	check(&p, SIGHT_LIKELY_MIDDLE, 0);
	p.flags = TCP_SYN; /* Fast Open carries data (RFC 7413) */
	check(&p, SIGHT_FIRST, BIT(TECH_SYN) | BIT(TECH_CONNECT));
}

static void datagrams(void **state)
{
	static const struct {
		uint16_t sport, dport;
		uint8_t ttl;
		bool first, empty;
	} rows[] = {
		{40000, 53, 64, true}, /* a question */
		{40000, 161, 64, true},
		{40000, 50000, 64, true},
		{53, 40000, 64, false}, /* an answer */
		{123, 1024, 64, false},
		{123, 123, 64, false},	  /* NTP between servers */
		{500, 500, 64, false},	  /* IKE */
		{53, 161, 64, true},	  /* nmap -g 53 */
		{137, 137, 64, true},	  /* asks for NetBIOS names */
		{1900, 40000, 64, false}, /* SSDP */
		{5353, 40000, 64, false}, /* mDNS, one host only (RFC 6762, 6.7) */
		{3478, 40000, 64, false}, /* STUN */
		{40000, 33434, 5, false}, /* traceroute, on its way */
		{40000, 33500, 30, false},
		{40000, 33434, 64, true},
		{40000, 33690, 5, true},
		{53, 40000, 64, true, true},	/* no answer is empty: nmap -g 53 */
		{5060, 40000, 64, false, true}, /* keeps a translator's port open (RFC 6263, 4.1) */
		{40000, 33434, 5, false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet p = udp(rows[i].sport, rows[i].dport);

		p.ttl = rows[i].ttl;
		p.payload_bytes = rows[i].empty ? 0 : 30;
		/* What looks like an answer is one, unless it is refused. */
		check(&p,
		      rows[i].first	  ? SIGHT_FIRST
		      : rows[i].ttl <= 30 ? SIGHT_MIDDLE
					  : SIGHT_LIKELY_MIDDLE,
		      BIT(TECH_UDP));
		p.payload_bytes = 600; /* no scanner's */
		if (!rows[i].first && !rows[i].empty)
			check(&p, SIGHT_MIDDLE, 0);
	}
}

static void many_at_once_is_not_asked_for(void **state)
{
	const struct addr groups[] = {addr_from_v4(0xe0000001),		 addr_from_v4(0xefffffff),
				      addr_from_v4(0xffffffff),		 addr_from_v4(0),
				      {UINT64_C(0xff02000000000000), 1}, {0, 0}};
	struct packet p = udp(5353, 5353);

	(void)state;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		p = udp(40000, 161);
		p.dst = groups[i];
		check(&p, SIGHT_ASKS, 0);
		p = udp(40000, 161);
		p.src = groups[i]; /* an unused address */
		check(&p, SIGHT_IGNORE, 0);
		p = tcp(40000, 80, TCP_SYN);
		p.dst = groups[i];
		check(&p, SIGHT_IGNORE, 0);
	}
	p = udp(40000, 137); /* a directed broadcast */
	p.dst = addr_from_v4(0x0a0000ff);
	check(&p, SIGHT_ASKS, 0);
	p = tcp(40000, 80, TCP_SYN); /* class E is unicast */
	p.src = addr_from_v4(0xf0000001);
	p.dst = addr_from_v4(0xf0000002);
	check(&p, SIGHT_FIRST, BIT(TECH_SYN) | BIT(TECH_CONNECT));
	p = tcp(40000, 80, TCP_SYN); /* TCP never is */
	p.dst = addr_from_v4(0x0a0000ff);
	check(&p, SIGHT_FIRST, BIT(TECH_SYN) | BIT(TECH_CONNECT));
}

static void pings_and_their_answers(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		struct packet p = icmp((uint8_t)type, false);
		bool asks = type == 8 || type == 13 || type == 17;
		bool answers = type == 0 || type == 14 || type == 18;

		check(&p,
		      asks	? SIGHT_FIRST
		      : answers ? SIGHT_ANSWER
				: SIGHT_IGNORE,
		      BIT(SEEN_ICMP));
		p = icmp((uint8_t)type, true);
		check(&p,
		      type == 128   ? SIGHT_FIRST
		      : type == 129 ? SIGHT_ANSWER
				    : SIGHT_IGNORE,
		      BIT(SEEN_ICMP));
	}
	/* An answer has the key of its question, the other way round. */
	for (unsigned type = 0; type < 3; type++) {
		static const uint8_t pairs[3][2] = {{8, 0}, {13, 14}, {17, 18}};
		struct packet ask = icmp(pairs[type][0], false);
		struct packet answer = icmp(pairs[type][1], false);

		assert_int_equal(seen(&ask).key.dport, seen(&answer).key.sport);
		assert_int_equal(seen(&ask).key.sport, seen(&answer).key.dport);
	}
}

/* Neighbour discovery asks as ARP does; routers ask with their link-local address. */
static void neighbours(void **state)
{
	const struct addr asker = {UINT64_C(0x20010db800000001), 7},
			  target = {UINT64_C(0x20010db800000001), 9},
			  router = {UINT64_C(0xfe80000000000000), 1};
	struct packet ask = icmp(135, true), answer = icmp(136, true);

	(void)state;
	ask.has |= PACKET_NEIGHBOUR;
	ask.src = asker;
	ask.dst = (struct addr){UINT64_C(0xff02000000000000), 0x1ff000009};
	ask.neighbour_target = target;
	answer.has |= PACKET_NEIGHBOUR;
	answer.src = answer.neighbour_target = target;
	answer.dst = asker;
	check(&ask, SIGHT_FIRST, BIT(SEEN_ARP));
	check(&answer, SIGHT_ANSWER, 0);
	assert_true(addr_equal(seen(&ask).key.src, seen(&answer).key.dst));
	assert_true(addr_equal(seen(&ask).key.dst, seen(&answer).key.src));
	ask.src = router;
	check(&ask, SIGHT_IGNORE, 0);
	ask.neighbour_target = (struct addr){UINT64_C(0xfe80000000000000), 9};
	check(&ask, SIGHT_FIRST, BIT(SEEN_ARP));
	ask.src = (struct addr){0, 0}; /* detects duplicates (RFC 4862, 5.4.2) */
	check(&ask, SIGHT_IGNORE, 0);
	answer.dst = (struct addr){UINT64_C(0xff02000000000000), 1}; /* tells all */
	check(&answer, SIGHT_IGNORE, 0);
}

/* SCTP by its first chunk (RFC 9260, 3.2). */
static void associations(void **state)
{
	struct packet p = {.has = PACKET_IP | PACKET_SCTP,
			   .src = CLIENT,
			   .dst = SERVER,
			   .proto = IPPROTO_SCTP,
			   .ttl = 64};

	(void)state;
	for (unsigned chunk = 0; chunk < 256; chunk++) {
		p.chunk = (uint8_t)chunk;
		check(&p,
		      chunk == 1 || chunk == 10	 ? SIGHT_FIRST
		      : chunk == 2 || chunk == 6 ? SIGHT_ANSWER
						 : SIGHT_MIDDLE,
		      BIT(chunk == 1 ? SEEN_SCTP_INIT : SEEN_SCTP_COOKIE));
	}
}

/* The key of an error is that of the packet which it quotes. */
static void errors_name_what_they_are_about(void **state)
{
	struct packet p = icmp(3, false);
	struct sighting s;

	(void)state;
	p.has |= PACKET_QUOTE;
	p.quote = (struct packet_quote){SERVER, CLIENT, 1234, 80, 99, 7, IPPROTO_UDP, 3};
	s = seen(&p);
	assert_int_equal(s.kind, SIGHT_ERROR);
	assert_true(addr_equal(s.key.src, SERVER) && addr_equal(s.key.dst, CLIENT));
	assert_int_equal(s.key.sport, 1234);
	assert_int_equal(s.key.dport, 80);
	assert_int_equal(s.key.proto, IPPROTO_UDP);
}

static void arp(void **state)
{
	struct packet p = {
		.has = PACKET_ETHERNET | PACKET_ARP,
		.arp_operation = 1,
		.arp_sender = CLIENT,
		.arp_target = SERVER,
	};

	(void)state;
	check(&p, SIGHT_FIRST, BIT(SEEN_ARP));
	p.arp_operation = 2;
	check(&p, SIGHT_ANSWER, 0);
	p.arp_operation = 3; /* RARP */
	check(&p, SIGHT_IGNORE, 0);
	p.arp_operation = 1;
	p.arp_sender = addr_from_v4(0); /* a probe for one's own address: RFC 5227, 2.1.1 */
	check(&p, SIGHT_IGNORE, 0);
	p.arp_sender = p.arp_target = CLIENT; /* an announcement: 2.3 */
	check(&p, SIGHT_IGNORE, 0);
}

/* Any other transport is asked for by its number; headers that are cut short are nothing. */
static void other_protocols(void **state)
{
	struct packet p = {.has = PACKET_IP, .src = CLIENT, .dst = SERVER, .ttl = 64};

	(void)state;
	for (unsigned protocol = 0; protocol < 256; protocol++) {
		bool cut = protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
			   protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;

		p.proto = (uint8_t)protocol;
		p.has = PACKET_IP;
		check(&p, cut ? SIGHT_IGNORE : SIGHT_FIRST, BIT(SEEN_IPPROTO));
		p.has = PACKET_IP | PACKET_FRAGMENT;
		check(&p, SIGHT_IGNORE, 0);
	}
}

/* Every row of the table is recognised by the flags it sends, and no other row is. */
static void the_table_is_read_backwards(void **state)
{
	(void)state;
	for (unsigned t = 0; t < TECHNIQUES; t++) {
		const struct technique *row = &technique_table[t];
		struct packet p =
			row->proto == IPPROTO_TCP ? tcp(61234, 80, row->flags) : udp(61234, 80);
		struct sighting s = seen(&p);

		assert_int_equal(s.kind, SIGHT_FIRST);
		assert_true(s.techniques >> t & 1);
		for (unsigned other = 0; other < TECHNIQUES; other++)
			if (s.techniques >> other & 1)
				assert_int_equal(technique_table[other].flags, row->flags);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mix_of_flags_is_known),
		cmocka_unit_test(what_may_be_a_connections_end_is_no_probe),
		cmocka_unit_test(datagrams),
		cmocka_unit_test(many_at_once_is_not_asked_for),
		cmocka_unit_test(pings_and_their_answers),
		cmocka_unit_test(neighbours),
		cmocka_unit_test(associations),
		cmocka_unit_test(errors_name_what_they_are_about),
		cmocka_unit_test(arp),
		cmocka_unit_test(other_protocols),
		cmocka_unit_test(the_table_is_read_backwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
