/* Tests of src/packet against frames typed by hand from what the RFCs show. */
#include "wire.h"

static void golden_syn(void **state)
{
	const struct packet p = {
		.has = PACKET_ETHERNET | PACKET_IP | PACKET_TCP | PACKET_MSS,
		.ethertype = 0x0800,
		.mac_dst = {2, 0, 0, 0, 0, 2},
		.mac_src = {2, 0, 0, 0, 0, 1},
		.src = addr_from_v4(0xc0000201),
		.dst = addr_from_v4(0xc6336407),
		.proto = 6,
		.ttl = 64,
		.ip_id = 0x1234,
		.ip_bytes = 44,
		.sport = 0xc000,
		.dport = 22,
		.seq = 0xdeadbeef,
		.flags = TCP_SYN,
		.window = 1024,
		.mss = 1460,
		.payload_offset = 58,
	};

	(void)state;
	assert_golden(PACKET_LINK_ETHERNET,
		      MACS "0800 "
			   "4500 002c 1234 0000 40 06 7c5c " ADDRS4
			   "c000 0016 deadbeef 00000000 6002 0400 4a36 0000 020405b4",
		      &p, NULL, 0);
}

static void golden_udp6(void **state)
{
	const struct packet p = {
		.has = PACKET_IP | PACKET_UDP,
		.src = one,
		.dst = two,
		.proto = 17,
		.ttl = 64,
		.tos = 2,
		.flow_label = 0x12345,
		.ip_bytes = 53,
		.sport = 0xc001,
		.dport = 53,
		.payload_offset = 48,
		.payload_bytes = 5,
	};

	(void)state;
	assert_golden(PACKET_LINK_RAW_IP,
		      "60212345 000d 11 40 " ADDR6_ONE ADDR6_TWO "c001 0035 000d a056 68656c6c6f",
		      &p, (const uint8_t *)"hello", 5);
}

/* RFC 792: destination unreachable, port, with the first 8 bytes of what it is about. */
static void golden_port_unreachable(void **state)
{
	static const char quote[] = "4500 0024 abcd 0000 3e 11 0000 c6336407 c0000201 "
				    "c0de 00a1 0010 59f0";
	const struct packet p = {
		.has = PACKET_IP | PACKET_ICMP | PACKET_QUOTE,
		.src = addr_from_v4(0xc0000201),
		.dst = addr_from_v4(0xc6336407),
		.proto = 1,
		.ttl = 64,
		.tos = 0xc0,
		.ip_id = 0x1234,
		.ip_bytes = 56,
		.icmp_type = 3,
		.icmp_code = 3,
		.quote = {.src = addr_from_v4(0xc6336407),
			  .dst = addr_from_v4(0xc0000201),
			  .sport = 0xc0de,
			  .dport = 161,
			  .ip_id = 0xabcd,
			  .proto = 17,
			  .ttl = 62},
		.payload_offset = 28,
		.payload_bytes = 28,
	};
	size_t length;
	uint8_t *payload = wire_new(quote, &length);

	(void)state;
	assert_golden(PACKET_LINK_RAW_IP,
		      "45c0 0038 1234 0000 40 01 7b95 " ADDRS4 "0303 c63c 00000000 "
		      "4500 0024 abcd 0000 3e 11 0000 c6336407 c0000201 c0de 00a1 0010 59f0",
		      &p, payload, length);
	free(payload);
}

static void golden_neighbours(void **state)
{
	struct packet p = {
		.has = PACKET_ETHERNET | PACKET_IP | PACKET_ICMP | PACKET_NEIGHBOUR |
		       PACKET_LINK_ADDRESS,
		.ethertype = 0x86dd,
		.mac_dst = {0x33, 0x33, 0xff, 0, 0, 2},
		.mac_src = {2, 0, 0, 0, 0, 1},
		.src = one,
		.dst = {UINT64_C(0xff02000000000000), UINT64_C(0x00000001ff000002)},
		.proto = 58,
		.ttl = 255,
		.ip_bytes = 72,
		.icmp_type = 135,
		.neighbour_target = two,
		.neighbour_mac = {2, 0, 0, 0, 0, 1},
		.payload_offset = 62,
		.payload_bytes = 24,
	};

	(void)state;
	assert_golden(PACKET_LINK_ETHERNET,
		      "3333ff000002 020000000001 86dd 60000000 0020 3a ff " ADDR6_ONE
		      "ff020000 00000000 00000001 ff000002 "
		      "87 00 1c27 00000000 " ADDR6_TWO "01 01 020000000001",
		      &p, NULL, 0);

	p.has &= ~(uint32_t)PACKET_ETHERNET;
	p.ethertype = 0;
	memset(p.mac_dst, 0, 6);
	memset(p.mac_src, 0, 6);
	p.src = two;
	p.dst = one;
	p.icmp_type = 136;
	p.icmp_rest = 0x60000000; /* solicited, override */
	p.neighbour_mac[5] = 2;
	p.payload_offset = 48;
	assert_golden(PACKET_LINK_RAW_IP,
		      "60000000 0020 3a ff " ADDR6_TWO ADDR6_ONE "88 00 8a71 60000000 " ADDR6_TWO
		      "02 01 020000000002",
		      &p, NULL, 0);
}

static void golden_arp(void **state)
{
	const struct packet p = {
		.has = PACKET_ETHERNET | PACKET_VLAN | PACKET_ARP,
		.ethertype = 0x0806,
		.vlan = 0x6042,
		.mac_dst = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		.mac_src = {2, 0, 0, 0, 0, 1},
		.arp_operation = 1,
		.arp_sender = addr_from_v4(0xc0000201),
		.arp_target = addr_from_v4(0xc0000209),
		.arp_sender_mac = {2, 0, 0, 0, 0, 1},
	};

	(void)state;
	assert_golden(PACKET_LINK_ETHERNET,
		      "ffffffffffff 020000000001 8100 6042 0806 "
		      "0001 0800 06 04 0001 020000000001 c0000201 000000000000 c0000209",
		      &p, NULL, 0);
}

static void cooked_frames(void **state)
{
	struct packet p;

	(void)state;
	parse_wire(PACKET_LINK_COOKED,
		   "0000 0304 0006 0000000000000000 0800 " IP4("0028", "06") SYN, &p);
	assert_int_equal(p.has, PACKET_IP | PACKET_TCP);
	assert_int_equal(p.ethertype, 0x0800);
	assert_int_equal(p.seq, 0xdeadbeef);
	parse_wire(PACKET_LINK_COOKED,
		   "0000 0001 0006 0200000000010000 8100 0007 86dd " IP6("0014", "06") SYN, &p);
	assert_int_equal(p.has, PACKET_VLAN | PACKET_IP | PACKET_TCP);
	assert_int_equal(p.vlan, 7);
	parse_wire(PACKET_LINK_COOKED, "0000 0001 0006 0200000000010000 08", &p);
	assert_int_equal(p.has, PACKET_TRUNCATED);
	parse_wire(PACKET_LINK_COOKED2,
		   "0800 0000 00000003 0001 04 06 0200000000010000 " IP4("0028", "06") SYN, &p);
	assert_int_equal(p.has, PACKET_IP | PACKET_TCP);
	assert_int_equal(p.ethertype, 0x0800);
	assert_int_equal(p.seq, 0xdeadbeef);
	parse_wire(PACKET_LINK_COOKED2, "0800 0000 00000003 0001 04 06 02000000000100", &p);
	assert_int_equal(p.has, PACKET_TRUNCATED);
}

/* The families of IPv6 in Linux, NetBSD, FreeBSD and Darwin, in either byte order. */
static void loopback_frames(void **state)
{
	struct packet p;

	(void)state;
	parse_wire(PACKET_LINK_FAMILY, "02000000 " IP4("0028", "06") SYN, &p);
	assert_int_equal(p.has, PACKET_IP | PACKET_TCP);
	assert_int_equal(p.ethertype, 0);
	parse_wire(PACKET_LINK_FAMILY, "00000002 " IP4("0028", "06") SYN, &p);
	assert_int_equal(p.has, PACKET_IP | PACKET_TCP);
	parse_wire(PACKET_LINK_FAMILY, "0000000a " IP6("0014", "06") SYN, &p);
	assert_int_equal(p.has, PACKET_IP | PACKET_TCP);
	parse_wire(PACKET_LINK_FAMILY, "18000000 " IP6("0014", "06") SYN, &p);
	assert_int_equal(p.has, PACKET_IP | PACKET_TCP);
	parse_wire(PACKET_LINK_FAMILY, "0000001c " IP6("0014", "06") SYN, &p);
	assert_int_equal(p.has, PACKET_IP | PACKET_TCP);
	parse_wire(PACKET_LINK_FAMILY, "1e000000 " IP6("0014", "06") SYN, &p);
	assert_int_equal(p.has, PACKET_IP | PACKET_TCP);
	assert_int_equal(p.seq, 0xdeadbeef);
	/* AppleTalk; IPv4 by its family only. */
	parse_wire(PACKET_LINK_FAMILY, "10000000 " IP4("0028", "06") SYN, &p);
	assert_int_equal(p.has, 0);
	parse_wire(PACKET_LINK_FAMILY, "02000000 " IP6("0014", "06") SYN, &p);
	assert_int_equal(p.has, PACKET_MALFORMED);
	parse_wire(PACKET_LINK_FAMILY, "020000", &p);
	assert_int_equal(p.has, PACKET_TRUNCATED);
}

/* With and without address and control, protocol in two bytes and in one; RFC 1661, RFC 1662. */
static void ppp_frames(void **state)
{
	struct packet p;

	(void)state;
	parse_wire(PACKET_LINK_PPP, "ff03 0021 " IP4("0028", "06") SYN, &p);
	assert_int_equal(p.has, PACKET_IP | PACKET_TCP);
	assert_int_equal(p.seq, 0xdeadbeef);
	parse_wire(PACKET_LINK_PPP, "0057 " IP6("0014", "06") SYN, &p);
	assert_int_equal(p.has, PACKET_IP | PACKET_TCP);
	parse_wire(PACKET_LINK_PPP, "21 " IP4("0028", "06") SYN, &p);
	assert_int_equal(p.has, PACKET_IP | PACKET_TCP);
	parse_wire(PACKET_LINK_PPP, "ff03 c021 01010004", &p); /* link control */
	assert_int_equal(p.has, 0);
	parse_wire(PACKET_LINK_PPP, "ff03", &p);
	assert_int_equal(p.has, PACKET_TRUNCATED);
	parse_wire(PACKET_LINK_PPP, "ff03 00", &p);
	assert_int_equal(p.has, PACKET_TRUNCATED);
	parse_wire(PACKET_LINK_PPP, "0f00 0800 " IP4("0028", "06") SYN, &p); /* Cisco HDLC */
	assert_int_equal(p.has, PACKET_IP | PACKET_TCP);
	assert_int_equal(p.seq, 0xdeadbeef);
}

/* RFC 2516: a session's packet behind a VLAN tag; discovery and other codes are not looked into. */
static void pppoe_frames(void **state)
{
	static const char ethernet[] = "ffffffffffff 020000000001 ";
	char text[300];
	struct packet p;

	(void)state;
	snprintf(text, sizeof(text), "%s8100 0007 8864 1100 0001 002a 0021 %s", ethernet,
		 IP4("0028", "06") SYN);
	parse_wire(PACKET_LINK_ETHERNET, text, &p);
	assert_int_equal(p.has, PACKET_ETHERNET | PACKET_VLAN | PACKET_IP | PACKET_TCP);
	assert_int_equal(p.ethertype, 0x0800);
	assert_int_equal(p.vlan, 7);
	assert_int_equal(p.seq, 0xdeadbeef);
	snprintf(text, sizeof(text), "%s8864 1109 0001 002a 0021 %s", ethernet,
		 IP4("0028", "06") SYN);
	parse_wire(PACKET_LINK_ETHERNET, text, &p);
	assert_int_equal(p.has, PACKET_ETHERNET);
	assert_int_equal(p.ethertype, 0x8864);
	snprintf(text, sizeof(text), "%s8864 1100 0001", ethernet);
	parse_wire(PACKET_LINK_ETHERNET, text, &p);
	assert_int_equal(p.has, PACKET_ETHERNET | PACKET_TRUNCATED);
}

static uint32_t checked(const char *text)
{
	struct packet p;
	size_t length;
	uint8_t *wire = wire_new(text, &length);

	packet_parse_checked(PACKET_LINK_RAW_IP, wire, length, &p);
	free(wire);
	return p.has & PACKET_SUM_BAD;
}

/* Sums that cannot be judged are not called bad; those that can are judged. */
static void sums_that_can_be_checked(void **state)
{
	(void)state;
	/* Right IPv4 header sum: RFC 1071 over 4500 0028 1234 0000 4006 + addresses. */
	assert_int_equal(checked("4500 0028 1234 0000 40 06 7c60 " ADDRS4 SYN), PACKET_SUM_BAD);
	assert_int_equal(checked("4500 0028 1234 0000 40 06 7c60 " ADDRS4
				 "c000 0016 deadbeef 00000000 5002 0400 61f2 0000"),
			 0);
	assert_int_equal(checked("4500 0028 1234 0000 40 06 7c61 " ADDRS4
				 "c000 0016 deadbeef 00000000 5002 0400 61f2 0000"),
			 PACKET_SUM_BAD);
	/* Cut, so only the IP header counts. */
	assert_int_equal(checked("4500 0028 1234 0000 40 06 7c60 " ADDRS4
				 "c000 0016 deadbeef 00000000 5002 0400 6666"),
			 0);
	/* First fragment, header sum 2000 less. */
	assert_int_equal(checked("4500 0028 1234 2000 40 06 5c60 " ADDRS4 SYN), 0);
	/* UDP without a checksum: allowed by RFC 768, forbidden by RFC 8200, 8.1. */
	assert_int_equal(checked("4500 001c 1234 0000 40 11 7c61 " ADDRS4 "c000 0035 0008 0000"),
			 0);
	assert_int_equal(checked(IP6("0008", "11") "c000 0035 0008 0000"), PACKET_SUM_BAD);
	/* A routing header with segments left hides the final destination; with none it does not.
	 */
	assert_int_equal(checked(IP6("001c", "2b") "0600 0001 00000000 " SYN), 0);
	assert_int_equal(checked(IP6("001c", "2b") "0600 0000 00000000 " SYN), PACKET_SUM_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_syn),
		cmocka_unit_test(golden_udp6),
		cmocka_unit_test(golden_port_unreachable),
		cmocka_unit_test(golden_neighbours),
		cmocka_unit_test(golden_arp),
		cmocka_unit_test(cooked_frames),
		cmocka_unit_test(loopback_frames),
		cmocka_unit_test(ppp_frames),
		cmocka_unit_test(pppoe_frames),
		cmocka_unit_test(sums_that_can_be_checked),
	};

	return cmocka_run_group_tests_name("packet_wire", tests, NULL, NULL);
}
