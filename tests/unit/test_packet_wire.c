/* Tests of src/packet against frames typed by hand: what the RFCs show, and what they forbid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "packet/packet.h"
#include "packets.h"

#define WIRE_MAX 1024

/* Headers that the frames below share; total lengths and protocols are theirs. */
#define MACS		   "020000000002 020000000001 "
#define ADDRS4		   "c0000201 c6336407 " /* 192.0.2.1 to 198.51.100.7 */
#define ADDR6_ONE	   "20010db8 00000000 00000000 00000001 "
#define ADDR6_TWO	   "20010db8 00000000 00000000 00000002 "
#define IP4(total, proto)  "4500 " total " 1234 0000 40 " proto " 0000 " ADDRS4
#define IP6(payload, next) "60000000 " payload " " next " 40 " ADDR6_ONE ADDR6_TWO
#define TCP_HEAD	   "c000 0016 deadbeef 00000000 "
#define SYN		   TCP_HEAD "5002 0400 0000 0000 "

static int hex_digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Bytes of a hexadecimal text, on exactly as much heap. Blanks between bytes are skipped. */
static uint8_t *wire_new(const char *text, size_t *length)
{
	uint8_t bytes[WIRE_MAX], *wire;
	size_t count = 0;

	for (; *text; text++) {
		if (*text == ' ')
			continue;
		assert_true(count < sizeof(bytes));
		bytes[count++] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
		text++;
	}
	wire = malloc(count ? count : 1);
	assert_non_null(wire);
	memcpy(wire, bytes, count);
	*length = count;
	return wire;
}

static void parse_wire(enum packet_link link, const char *text, struct packet *out)
{
	size_t length;
	uint8_t *wire = wire_new(text, &length);

	packet_parse(link, wire, length, out);
	assert_true((size_t)out->payload_offset + out->payload_bytes <= length);
	free(wire);
}

/* What parse says must be what build was told, and what build writes must be these bytes. */
static void assert_golden(enum packet_link link, const char *text, const struct packet *p,
			  const uint8_t *payload, size_t payload_bytes)
{
	uint8_t frame[WIRE_MAX];
	struct packet got;
	size_t length;
	uint8_t *wire = wire_new(text, &length);
	const char *field;

	packet_parse_checked(link, wire, length, &got);
	field = packet_difference(&got, p);
	if (field)
		fail_msg("%s differs (has %x)", field, got.has);
	assert_int_equal(packet_build(link, p, payload, payload_bytes, frame, sizeof(frame)),
			 length);
	assert_memory_equal(frame, wire, length);
	free(wire);
}

static const struct addr one = {UINT64_C(0x20010db800000000), 1};
static const struct addr two = {UINT64_C(0x20010db800000000), 2};

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

/* One line per frame: what it is, link, bytes, exactly these flags. */
struct wire_case {
	const char *what;
	enum packet_link link;
	const char *text;
	uint32_t has;
};

static void assert_cases(const struct wire_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct packet p;

		parse_wire(cases[i].link, cases[i].text, &p);
		if (p.has != cases[i].has)
			fail_msg("%s: has %x, expected %x", cases[i].what, p.has, cases[i].has);
	}
}

#define CASES(cases) assert_cases(cases, sizeof(cases) / sizeof(cases[0]))

#define RAW	     PACKET_LINK_RAW_IP
#define ETHER	     PACKET_LINK_ETHERNET
#define BAD	     PACKET_MALFORMED
#define CUT	     PACKET_TRUNCATED
#define IP	     PACKET_IP

static void hostile_links(void **state)
{
	static const struct wire_case cases[] = {
		{"nothing", ETHER, "", CUT},
		{"nothing", RAW, "", CUT},
		{"unknown version", RAW, "55", BAD},
		{"unknown type", ETHER, MACS "88b5 1234", PACKET_ETHERNET},
		{"802.3 length", ETHER, MACS "0003 424203", PACKET_ETHERNET},
		{"version is not the type's", ETHER, MACS "0800 " IP6("0014", "06") SYN,
		 PACKET_ETHERNET | BAD},
		{"version is not the type's", ETHER,
		 MACS "86dd " IP4("0028", "06") SYN "0000 0000 0000 0000", PACKET_ETHERNET | BAD},
		{"8 tags", ETHER,
		 MACS "88a80001 88a80002 81000003 91000004 81000005 81000006 81000007 81000008 "
		      "0800 " IP4("0028", "06") SYN,
		 PACKET_ETHERNET | PACKET_VLAN | IP | PACKET_TCP},
		{"9 tags", ETHER,
		 MACS "88a80001 88a80002 81000003 91000004 81000005 81000006 81000007 81000008 "
		      "81000009 0800 " IP4("0028", "06") SYN,
		 PACKET_ETHERNET | PACKET_VLAN | BAD},
		{"tag cut", ETHER, MACS "8100 0001 08", PACKET_ETHERNET | CUT},
		{"ARP of other lengths", ETHER,
		 MACS "0806 0001 0800 08 04 0001 020000000001 c0000201 000000000000 c0000209",
		 PACKET_ETHERNET | BAD},
		{"ARP of another network", ETHER,
		 MACS "0806 0006 0800 06 04 0001 020000000001 c0000201 000000000000 c0000209",
		 PACKET_ETHERNET},
	};

	(void)state;
	CASES(cases);
}

static void hostile_ipv4(void **state)
{
	static const struct wire_case cases[] = {
		{"IHL 4", RAW, "4400 0028 1234 0000 40 06 0000 " ADDRS4 SYN, BAD},
		{"IHL 0", RAW, "4000 0028 1234 0000 40 06 0000 " ADDRS4 SYN, BAD},
		{"total 19", RAW, IP4("0013", "06") SYN, BAD},
		{"total 0", RAW, IP4("0000", "06") SYN, BAD},
		{"total below IHL", RAW, "4600 0014 1234 0000 40 06 0000 " ADDRS4 "01010101 " SYN,
		 BAD},
		{"options", RAW, "4600 002c 1234 0000 40 06 0000 " ADDRS4 "01010101 " SYN,
		 IP | PACKET_TCP},
		{"options cut", RAW, "4f00 0064 1234 0000 40 06 0000 " ADDRS4 "01010101 ", CUT},
		{"header alone", RAW, IP4("0014", "2f"), IP},
		{"TCP in 0 bytes", RAW, IP4("0014", "06") SYN, IP | BAD},
		{"TCP in 19 bytes", RAW, IP4("0027", "06") SYN, IP | BAD},
		{"TCP in 19 of 20 bytes", RAW, IP4("0028", "06") TCP_HEAD "5002 0400 0000 00",
		 IP | CUT},
		{"TCP in 19, 18 here", RAW, IP4("0027", "06") TCP_HEAD "5002 0400 0000",
		 IP | BAD | CUT},
		{"first fragment", RAW, "4500 0028 1234 2000 40 06 0000 " ADDRS4 SYN,
		 IP | PACKET_TCP | PACKET_MORE_FRAGMENTS},
		{"tiny first fragment", RAW,
		 "4500 001c 1234 2000 40 06 0000 " ADDRS4 "c000 0016 deadbeef",
		 IP | PACKET_MORE_FRAGMENTS | PACKET_TCP_START},
		{"first fragment with flags", RAW,
		 "4500 0024 1234 2000 40 06 0000 " ADDRS4 "c000 0016 deadbeef 00000000 50020400",
		 IP | PACKET_MORE_FRAGMENTS | PACKET_TCP_START | PACKET_TCP_FLAGS},
		{"first fragment of 7 bytes", RAW,
		 "4500 001b 1234 2000 40 06 0000 " ADDRS4 "c000 0016 deadbe",
		 IP | PACKET_MORE_FRAGMENTS},
		{"options in the next fragment", RAW,
		 "4500 0028 1234 2000 40 06 0000 " ADDRS4 TCP_HEAD "f002 0400 0000 0000",
		 IP | PACKET_TCP | PACKET_MORE_FRAGMENTS},
		{"UDP goes on in the next fragment", RAW,
		 "4500 0024 1234 2000 40 11 0000 " ADDRS4 "c000 0035 0100 0000 0123456789abcdef",
		 IP | PACKET_UDP | PACKET_MORE_FRAGMENTS},
		{"later fragment", RAW, "4500 0028 1234 2001 40 06 0000 " ADDRS4 SYN,
		 IP | PACKET_FRAGMENT | PACKET_MORE_FRAGMENTS | PACKET_TCP_FLAGS},
		{"last fragment", RAW, "4500 0028 1234 0001 40 06 0000 " ADDRS4 SYN,
		 IP | PACKET_FRAGMENT | PACKET_TCP_FLAGS},
		{"third fragment", RAW, "4500 0028 1234 0002 40 06 0000 " ADDRS4 SYN,
		 IP | PACKET_FRAGMENT},
		{"later fragment of 7 bytes", RAW,
		 "4500 001b 1234 0001 40 06 0000 " ADDRS4 "00000000 500204", IP | PACKET_FRAGMENT},
		{"ping of death", RAW, "4500 0028 1234 1fff 40 01 0000 " ADDRS4 SYN,
		 IP | PACKET_FRAGMENT | BAD},
		{"ICMP in 4 bytes", RAW, IP4("0018", "01") "0800 0000", IP | BAD},
		{"ICMPv6 over IPv4", RAW, IP4("001c", "3a") "8000 0000 00000000", IP},
		{"UDP of 7 bytes", RAW, IP4("001c", "11") "c000 0035 0007 0000", IP | BAD},
		{"UDP of 0 bytes", RAW, IP4("001c", "11") "c000 0035 0000 0000", IP | BAD},
		{"UDP over the end", RAW, IP4("001c", "11") "c000 0035 0009 0000 00", IP | BAD},
		{"UDP within the IP length", RAW, IP4("001e", "11") "c000 0035 0009 0000 0000",
		 IP | PACKET_UDP},
	};
	struct packet p;

	(void)state;
	CASES(cases);
	parse_wire(RAW, IP4("001e", "11") "c000 0035 0009 0000 0000", &p);
	assert_int_equal(p.payload_bytes, 1);
	parse_wire(RAW, "4500 0024 1234 2000 40 06 0000 " ADDRS4 "c000001600000001deadbeef50120400",
		   &p);
	assert_int_equal(p.ack, 0xdeadbeef);
	assert_int_equal(p.flags, TCP_SYN | TCP_ACK);
	parse_wire(RAW, "4500 0028 1234 2003 40 06 0000 " ADDRS4 SYN, &p);
	assert_int_equal(p.fragment_offset, 24);
	assert_int_equal(p.payload_bytes, 20);
	assert_int_equal(p.sport, 0);
}

static void hostile_tcp(void **state)
{
	static const struct wire_case cases[] = {
		{"offset 0", RAW, IP4("0028", "06") TCP_HEAD "0002 0400 0000 0000", IP | BAD},
		{"offset 4", RAW, IP4("0028", "06") TCP_HEAD "4002 0400 0000 0000", IP | BAD},
		{"offset over the end", RAW, IP4("0028", "06") TCP_HEAD "6002 0400 0000 0000",
		 IP | BAD},
		{"offset over the IP length", RAW,
		 IP4("0028", "06") TCP_HEAD "6002 0400 0000 0000 01010101", IP | BAD},
		{"option of length 0", RAW,
		 IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 08000000", IP | PACKET_TCP | BAD},
		{"option of length 1", RAW,
		 IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 08010000", IP | PACKET_TCP | BAD},
		{"option of length 255", RAW,
		 IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 08ff0000", IP | PACKET_TCP | BAD},
		{"option over the end by 1", RAW,
		 IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 08050000", IP | PACKET_TCP | BAD},
		{"option without a length", RAW,
		 IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 01010108", IP | PACKET_TCP | BAD},
		{"MSS of length 3", RAW, IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 02030501",
		 IP | PACKET_TCP | BAD},
		{"MSS of length 2", RAW, IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 02020000",
		 IP | PACKET_TCP | BAD},
		{"behind the end of options", RAW,
		 IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 00020200", IP | PACKET_TCP},
		{"option of 2 bytes at the end", RAW,
		 IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 01010402", IP | PACKET_TCP},
		{"MSS after others", RAW,
		 IP4("0034", "06") TCP_HEAD "8002 0400 0000 0000 0101 0402 0303 07 02 0405b4 00",
		 IP | PACKET_TCP | PACKET_MSS},
		{"options cut in the MSS", RAW,
		 IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 020405", IP | PACKET_TCP | CUT},
		{"options cut behind the kind", RAW,
		 IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 02", IP | PACKET_TCP | CUT},
	};
	struct packet p;

	(void)state;
	CASES(cases);
	parse_wire(RAW, IP4("002d", "06") TCP_HEAD "5002 0400 0000 0000 0102030405", &p);
	assert_int_equal(p.payload_offset, 40);
	assert_int_equal(p.payload_bytes, 5);
}

/* An extension header of 8 bytes: next header, length 0, padding. */
#define EXTENSION(next) next "00 010400000000 "

static void hostile_ipv6(void **state)
{
	static const struct wire_case cases[] = {
		{"plain", RAW, IP6("0014", "06") SYN, IP | PACKET_TCP},
		{"mapped source", RAW,
		 "60000000 0014 06 40 00000000 00000000 0000ffff c0000201 " ADDR6_TWO SYN, BAD},
		{"mapped destination", RAW,
		 "60000000 0014 06 40 " ADDR6_ONE "00000000 00000000 0000ffff c0000201 " SYN, BAD},
		{"payload 0", RAW, IP6("0000", "06") SYN, IP | BAD},
		{"no next header", RAW, IP6("0000", "3b"), IP},
		{"each kind of extension", RAW,
		 IP6("004c", "00") EXTENSION("3c") EXTENSION("2b") EXTENSION("33") EXTENSION("87")
			 EXTENSION("8b") EXTENSION("8c") EXTENSION("06") SYN,
		 IP | PACKET_TCP},
		{"8 extensions", RAW,
		 IP6("0054", "3c") EXTENSION("3c") EXTENSION("3c") EXTENSION("3c") EXTENSION("3c")
			 EXTENSION("3c") EXTENSION("3c") EXTENSION("3c") EXTENSION("06") SYN,
		 IP | PACKET_TCP},
		{"9 extensions", RAW,
		 IP6("005c", "3c") EXTENSION("3c") EXTENSION("3c") EXTENSION("3c") EXTENSION("3c")
			 EXTENSION("3c") EXTENSION("3c") EXTENSION("3c") EXTENSION("3c")
				 EXTENSION("06") SYN,
		 IP | BAD},
		{"hop-by-hop in second place", RAW,
		 IP6("0024", "3c") EXTENSION("00") EXTENSION("06") SYN, IP | BAD},
		{"extension over the IP length", RAW, IP6("0008", "3c") "06ff 010400000000 " SYN,
		 IP | BAD},
		{"extension of 4 bytes", RAW, IP6("0004", "3c") "0600 0104", IP | BAD},
		{"extension cut", RAW, IP6("0100", "3c") "0602 010400000000 ", IP | CUT},
		{"extension length cut", RAW, IP6("0100", "3c") "06", IP | CUT},
		{"TCP behind the IP length", RAW, IP6("0008", "3c") EXTENSION("06") SYN, IP | BAD},
		{"first fragment", RAW, IP6("001c", "2c") "0600 0001 00000001 " SYN,
		 IP | PACKET_TCP | PACKET_MORE_FRAGMENTS},
		{"atomic fragment", RAW, IP6("001c", "2c") "0600 0000 00000001 " SYN,
		 IP | PACKET_TCP},
		{"later fragment", RAW, IP6("001c", "2c") "0600 0009 00000001 " SYN,
		 IP | PACKET_FRAGMENT | PACKET_MORE_FRAGMENTS | PACKET_TCP_FLAGS},
		{"fragment up to 65535", RAW, IP6("000f", "2c") "0600 fff8 00000001 01020304050607",
		 IP | PACKET_FRAGMENT},
		{"fragment up to 65536", RAW,
		 IP6("0010", "2c") "0600 fff8 00000001 0102030405060708",
		 IP | PACKET_FRAGMENT | BAD},
		{"fragment over 65535", RAW, IP6("001c", "2c") "0600 fff8 00000001 " SYN,
		 IP | PACKET_FRAGMENT | BAD},
		{"ESP hides the rest", RAW, IP6("0014", "32") SYN, IP},
		{"ICMP over IPv6", RAW, IP6("0008", "01") "0800 0000 00000000", IP},
		{"UDP of length 0, no jumbogram", RAW, IP6("0008", "11") "c000 0035 0000 0000",
		 IP | BAD},
	};
	struct packet p;

	(void)state;
	CASES(cases);
	parse_wire(RAW, IP6("001c", "2c") "0600 0009 00000001 " SYN, &p);
	assert_int_equal(p.fragment_offset, 8);
	assert_int_equal(p.proto, 6);
	assert_int_equal(p.payload_bytes, 20);
}

/* RFC 2675: the length stands in a hop-by-hop option. */
static void jumbograms(void **state)
{
	static const struct wire_case cases[] = {
		{"jumbo cut", RAW, IP6("0000", "00") "0600 c204 00010000 " SYN,
		 IP | PACKET_TCP | CUT},
		{"jumbo behind padding", RAW,
		 IP6("0000", "00") "0601 00 01020000 00 c204 00010000 0000 " SYN,
		 IP | PACKET_TCP | CUT},
		{"not jumbo enough", RAW, IP6("0000", "00") "0600 c204 0000ffff " SYN, IP | BAD},
		{"jumbo that wraps", RAW, IP6("0000", "00") "0600 c204 ffffffff " SYN, IP | BAD},
		{"jumbo of 2 bytes", RAW, IP6("0000", "00") "0600 c202 0002 0100 " SYN, IP | BAD},
		{"jumbo over the header", RAW, IP6("0000", "00") "0600 0102 0000 c204 " SYN,
		 IP | BAD},
		{"no jumbo option", RAW, IP6("0000", "00") EXTENSION("06") SYN, IP | BAD},
		{"options cut", RAW, IP6("0000", "00") "0601 c204 00010000 ", IP | CUT},
		{"options cut before the jumbo", RAW, IP6("0000", "00") "0601 0104 00000000 ",
		 IP | CUT},
		{"longest jumbo", RAW, IP6("0000", "00") "0600 c204 ffffffd7 " SYN,
		 IP | PACKET_TCP | CUT},
		{"one longer", RAW, IP6("0000", "00") "0600 c204 ffffffd8 " SYN, IP | BAD},
		{"options missing", RAW, IP6("0000", "00"), IP | CUT},
	};
	const size_t jumbo = 65536, length = 40 + jumbo;
	uint8_t *whole = calloc(1, length);
	size_t head_bytes;
	uint8_t *head =
		wire_new(IP6("0000", "00") "1100 c204 00010000 c000 0035 0000 0000", &head_bytes);
	struct packet p;

	(void)state;
	CASES(cases);
	parse_wire(RAW, IP6("0000", "00") EXTENSION("06") SYN, &p);
	assert_int_equal(p.ip_bytes, 40);
	assert_int_equal(p.payload_offset, 0);
	assert_non_null(whole);
	memcpy(whole, head, head_bytes);
	packet_parse(RAW, whole, length, &p);
	assert_int_equal(p.has, IP | PACKET_UDP);
	assert_int_equal(p.ip_bytes, length);
	assert_int_equal(p.payload_offset, 56);
	assert_int_equal(p.payload_bytes, length - 56);
	packet_parse(RAW, whole, length - 1, &p);
	assert_int_equal(p.has, IP | PACKET_UDP | CUT);
	assert_int_equal(p.payload_bytes, length - 57);
	free(whole);
	free(head);
}

#define ICMP4(bytes, type) IP4(bytes, "01") type "03 0000 00000000 "
#define ICMP6(bytes, type) IP6(bytes, "3a") type "00 0000 00000000 "
#define PORTS		   "c000 0016 deadbeef "

static void icmp_quotes(void **state)
{
	const uint32_t error = IP | PACKET_ICMP, quoted = error | PACKET_QUOTE;
	const struct wire_case cases[] = {
		{"whole", RAW, ICMP4("0038", "03") IP4("0028", "06") PORTS, quoted},
		{"time exceeded", RAW, ICMP4("0038", "0b") IP4("0028", "06") PORTS, quoted},
		{"source quench", RAW, ICMP4("0038", "04") IP4("0028", "06") PORTS, quoted},
		{"redirect", RAW, ICMP4("0038", "05") IP4("0028", "06") PORTS, quoted},
		{"parameter problem", RAW, ICMP4("0038", "0c") IP4("0028", "06") PORTS, quoted},
		{"timestamp has none", RAW, ICMP4("0038", "0d") IP4("0028", "06") PORTS, error},
		{"echo has none", RAW, ICMP4("0038", "08") IP4("0028", "06") PORTS, error},
		{"empty", RAW, ICMP4("001c", "03"), error},
		{"one byte short", RAW, ICMP4("0037", "03") IP4("0028", "06") "c000 0016 deadbe",
		 error},
		{"cut by the frame", RAW, ICMP4("0038", "03") IP4("0028", "06") "c000 0016 dead",
		 error | CUT},
		{"IP header cut", RAW, ICMP4("0024", "03") "4500 0028 1234 0000", error},
		{"GRE needs no 8 bytes", RAW, ICMP4("0030", "03") IP4("0014", "2f"), quoted},
		{"IHL 4", RAW, ICMP4("0038", "03") "4400 0028 1234 0000 40 06 0000 " ADDRS4 PORTS,
		 error},
		{"IHL 15, cut", RAW,
		 ICMP4("0038", "03") "4f00 0028 1234 0000 40 06 0000 " ADDRS4 PORTS, error},
		{"with options", RAW,
		 ICMP4("003c", "03") "4600 002c 1234 0000 40 06 0000 " ADDRS4 "01010100 " PORTS,
		 quoted},
		{"later fragment", RAW,
		 ICMP4("0038", "03") "4500 0028 1234 0001 40 06 0000 " ADDRS4 PORTS, error},
		{"length of the quoted is not asked", RAW,
		 ICMP4("0038", "03") IP4("0000", "06") PORTS, quoted},
		{"IPv6 in ICMP", RAW, ICMP4("004c", "03") IP6("0014", "06") PORTS, error},
		{"v6 whole", RAW, ICMP6("0038", "01") IP6("0014", "06") PORTS, quoted},
		{"v6 echo has none", RAW, ICMP6("0038", "80") IP6("0014", "06") PORTS, error},
		{"v6 parameter problem", RAW, ICMP6("0038", "04") IP6("0014", "06") PORTS, quoted},
		{"v6 type 5 is unknown", RAW, ICMP6("0038", "05") IP6("0014", "06") PORTS, error},
		{"v6 type 0 is reserved", RAW, ICMP6("0038", "00") IP6("0014", "06") PORTS, error},
		{"v6 one byte short", RAW, ICMP6("0037", "01") IP6("0014", "06") "c000 0016 deadbe",
		 error},
		{"v6 header cut", RAW, ICMP6("000c", "01") "60000000", error},
		{"v6 extension", RAW, ICMP6("0040", "01") IP6("001c", "3c") EXTENSION("06") PORTS,
		 quoted},
		{"v6 extension cut", RAW,
		 ICMP6("0038", "01") IP6("001c", "3c") "0601 0104 00000000 ", error},
		{"v6 later fragment", RAW,
		 ICMP6("0040", "01") IP6("001c", "2c") "0600 0009 00000001 " PORTS, error},
		{"v6 mapped", RAW,
		 ICMP6("0038",
		       "01") "60000000 0014 06 40 00000000 00000000 0000ffff c0000201 " ADDR6_TWO
			 PORTS,
		 error},
		{"IPv4 in ICMPv6", RAW, ICMP6("0024", "01") IP4("0028", "06") PORTS, error},
	};
	struct packet p;

	(void)state;
	CASES(cases);
	parse_wire(RAW, ICMP6("0040", "01") IP6("001c", "3c") EXTENSION("06") PORTS, &p);
	assert_int_equal(p.quote.proto, 6);
	assert_int_equal(p.quote.sport, 0xc000);
	assert_int_equal(p.quote.dport, 22);
	assert_int_equal(p.quote.seq, 0xdeadbeef);
	assert_true(addr_equal(p.quote.src, one));
	assert_true(addr_equal(p.quote.dst, two));
	assert_int_equal(p.sport, 0);
}

#define FROM_NEIGHBOUR(bytes, hops) "60000000 " bytes " 3a " hops " " ADDR6_ONE ADDR6_TWO

static void hostile_neighbours(void **state)
{
	const uint32_t icmp = IP | PACKET_ICMP, neighbour = icmp | PACKET_NEIGHBOUR;
	const struct wire_case cases[] = {
		{"solicitation", RAW, FROM_NEIGHBOUR("0018", "ff") "8700 0000 00000000 " ADDR6_TWO,
		 neighbour},
		{"crossed a router", RAW,
		 FROM_NEIGHBOUR("0018", "fe") "8700 0000 00000000 " ADDR6_TWO, icmp},
		{"code 1", RAW, FROM_NEIGHBOUR("0018", "ff") "8701 0000 00000000 " ADDR6_TWO, icmp},
		{"redirect", RAW, FROM_NEIGHBOUR("0018", "ff") "8900 0000 00000000 " ADDR6_TWO,
		 icmp},
		{"target too short", RAW,
		 FROM_NEIGHBOUR("0017", "ff") "8700 0000 00000000 " ADDR6_TWO, icmp | BAD},
		{"target cut", RAW, FROM_NEIGHBOUR("0018", "ff") "8700 0000 00000000 20010db8",
		 icmp | CUT},
		{"mapped target", RAW,
		 FROM_NEIGHBOUR("0018",
				"ff") "8700 0000 00000000 00000000 00000000 0000ffff c0000201",
		 icmp | BAD},
		{"option of length 0", RAW,
		 FROM_NEIGHBOUR("0020", "ff") "8700 0000 00000000 " ADDR6_TWO "0100020000000001",
		 icmp | BAD},
		{"address, then option of length 0", RAW,
		 FROM_NEIGHBOUR("0028", "ff") "8700 0000 00000000 " ADDR6_TWO
					      "0101020000000001 0e00000000000000",
		 icmp | BAD},
		{"option over the end", RAW,
		 FROM_NEIGHBOUR("0020", "ff") "8700 0000 00000000 " ADDR6_TWO "01ff020000000001",
		 icmp | BAD},
		{"option over the end by 8", RAW,
		 FROM_NEIGHBOUR("0020", "ff") "8700 0000 00000000 " ADDR6_TWO "0102020000000001",
		 icmp | BAD},
		{"one byte of option", RAW,
		 FROM_NEIGHBOUR("0019", "ff") "8700 0000 00000000 " ADDR6_TWO "01", icmp | BAD},
		{"option cut", RAW,
		 FROM_NEIGHBOUR("0020", "ff") "8700 0000 00000000 " ADDR6_TWO "010102000000",
		 neighbour | CUT},
		{"option of the other message", RAW,
		 FROM_NEIGHBOUR("0020", "ff") "8800 0000 00000000 " ADDR6_TWO "0101020000000001",
		 neighbour},
		{"nonce, then address", RAW,
		 FROM_NEIGHBOUR("0028", "ff") "8700 0000 00000000 " ADDR6_TWO
					      "0e01000000000000 0101020000000001",
		 neighbour | PACKET_LINK_ADDRESS},
		{"address of 16 bytes", RAW,
		 FROM_NEIGHBOUR("0028", "ff") "8700 0000 00000000 " ADDR6_TWO
					      "0102000000000000 0000000000000000",
		 neighbour},
	};
	struct packet p;

	(void)state;
	CASES(cases);
	parse_wire(RAW,
		   FROM_NEIGHBOUR("0028", "ff") "8700 0000 00000000 " ADDR6_TWO
						"0101020000000001 0e00000000000000",
		   &p);
	assert_memory_equal(p.neighbour_mac, "\0\0\0\0\0\0", 6);
	assert_true(addr_equal(p.neighbour_target, (struct addr){0, 0}));
}

static uint32_t checked(const char *text)
{
	struct packet p;
	size_t length;
	uint8_t *wire = wire_new(text, &length);

	packet_parse_checked(RAW, wire, length, &p);
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
		cmocka_unit_test(hostile_links),
		cmocka_unit_test(hostile_ipv4),
		cmocka_unit_test(hostile_tcp),
		cmocka_unit_test(hostile_ipv6),
		cmocka_unit_test(jumbograms),
		cmocka_unit_test(icmp_quotes),
		cmocka_unit_test(hostile_neighbours),
		cmocka_unit_test(sums_that_can_be_checked),
	};

	return cmocka_run_group_tests_name("packet_wire", tests, NULL, NULL);
}
