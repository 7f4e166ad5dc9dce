/* Tests of src/packet against frames that are cut, malformed, or lie about their lengths. */
#include "wire.h"

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
		{"UDP continues in the next fragment", RAW,
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
		 IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 08000000",
		 IP | PACKET_TCP | PACKET_TCP_OPTIONS_BAD},
		{"option of length 1", RAW,
		 IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 08010000",
		 IP | PACKET_TCP | PACKET_TCP_OPTIONS_BAD},
		{"option of length 255", RAW,
		 IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 08ff0000",
		 IP | PACKET_TCP | PACKET_TCP_OPTIONS_BAD},
		{"option over the end by 1", RAW,
		 IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 08050000",
		 IP | PACKET_TCP | PACKET_TCP_OPTIONS_BAD},
		{"option without a length", RAW,
		 IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 01010108",
		 IP | PACKET_TCP | PACKET_TCP_OPTIONS_BAD},
		{"MSS of length 3", RAW, IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 02030501",
		 IP | PACKET_TCP | PACKET_TCP_OPTIONS_BAD},
		{"MSS of length 2", RAW, IP4("002c", "06") TCP_HEAD "6002 0400 0000 0000 02020000",
		 IP | PACKET_TCP | PACKET_TCP_OPTIONS_BAD},
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
		 IP | PACKET_TCP},
		{"hop-by-hop in second place", RAW,
		 IP6("0024", "3c") EXTENSION("00") EXTENSION("06") SYN, IP | BAD},
		{"extension over the IP length", RAW, IP6("0008", "3c") "06ff 010400000000 " SYN,
		 IP | BAD},
		{"extension of 4 bytes", RAW, IP6("0004", "3c") "0600 0104", IP | BAD},
		{"the frame ends after 80 bytes of extensions", RAW,
		 IP6("0400", "3c") EXTENSION("3c") EXTENSION("3c") EXTENSION("3c") EXTENSION("3c")
			 EXTENSION("3c") EXTENSION("3c") EXTENSION("3c") EXTENSION("3c")
				 EXTENSION("3c") EXTENSION("3c") "067f",
		 IP | CUT | PACKET_BURIED},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_links),      cmocka_unit_test(hostile_ipv4),
		cmocka_unit_test(hostile_tcp),	      cmocka_unit_test(hostile_ipv6),
		cmocka_unit_test(jumbograms),	      cmocka_unit_test(icmp_quotes),
		cmocka_unit_test(hostile_neighbours),
	};

	return cmocka_run_group_tests_name("packet_hostile", tests, NULL, NULL);
}
