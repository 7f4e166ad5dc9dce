/* The BPF programs, run here by an interpreter of the instructions they use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "capture/filter.h"
#include "packet/packet.h"

/* Where the kernel found the network header, and the interface: for loads relative to those. */
static struct {
	uint32_t network_offset, interface;
} kernel = {14, 1};

/* As the kernel runs it: a load outside the frame rejects it. Bytes kept, 0 if rejected. */
static uint32_t run(const struct filter *filter, const uint8_t *frame, size_t length,
		    uint16_t ethertype)
{
	uint32_t a = 0, x = 0;

	for (unsigned pc = 0; pc < filter->length; pc++) {
		const struct sock_filter *i = &filter->code[pc];
		const bool relative = i->k >= (uint32_t)SKF_NET_OFF && i->k < (uint32_t)SKF_AD_OFF;
		uint32_t k = relative ? i->k - (uint32_t)SKF_NET_OFF + kernel.network_offset : i->k;
		uint32_t at = k;
		unsigned size = BPF_SIZE(i->code) == BPF_B ? 1 : BPF_SIZE(i->code) == BPF_H ? 2 : 4;
		int yes;

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			if (k == (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL)) {
				a = ethertype;
				break;
			}
			if (k == (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX)) {
				a = kernel.interface;
				break;
			}
			at += BPF_MODE(i->code) == BPF_IND ? x : 0;
			if (at + size > length)
				return 0;
			a = 0;
			for (unsigned n = 0; n < size; n++)
				a = a << 8 | frame[at + n];
			break;
		case BPF_LDX:
			assert_int_equal(BPF_MODE(i->code), BPF_MSH);
			if (k >= length)
				return 0;
			x = (frame[k] & 15u) * 4;
			break;
		case BPF_ALU:
			assert_int_equal(BPF_OP(i->code), BPF_AND);
			a &= k;
			break;
		case BPF_JMP:
			yes = BPF_OP(i->code) == BPF_JEQ   ? a == k
			      : BPF_OP(i->code) == BPF_JGT ? a > k
							   : (a & k) != 0;
			pc += yes ? i->jt : i->jf;
			break;
		case BPF_RET:
			return k;
		default:
			fail_msg("instruction %u has code %#x", pc, i->code);
		}
	}
	fail_msg("ran off the end");
	return 0;
}

#define SNAP 176
static const struct filter_conf ethernet = {14, SNAP, 0xf000, 0xf000, false};

struct sample {
	uint32_t has;
	uint16_t sport, dport;
	uint8_t icmp_type;
	bool passes;
};

/* Source 80 or 53, destination ours or not; errors and other ICMP. */
static const struct sample samples_v4[] = {
	{PACKET_TCP, 80, 0xf000, 0, true},  {PACKET_TCP, 80, 0xffff, 0, true},
	{PACKET_TCP, 80, 0xefff, 0, false}, {PACKET_TCP, 0xf123, 80, 0, false},
	{PACKET_UDP, 53, 0xf800, 0, true},  {PACKET_UDP, 53, 53, 0, false},
	{PACKET_ICMP, 0, 0, 3, true},	    {PACKET_ICMP, 0, 0, 11, true},
	{PACKET_ICMP, 0, 0, 12, true},	    {PACKET_ICMP, 0, 0, 0, false},
	{PACKET_ICMP, 0, 0, 8, false},	    {PACKET_ICMP, 0, 0, 5, false},
};
static const struct sample samples_v6[] = {
	{PACKET_TCP, 80, 0xf000, 0, true},  {PACKET_TCP, 80, 0xffff, 0, true},
	{PACKET_TCP, 80, 0x7000, 0, false}, {PACKET_TCP, 0xf123, 80, 0, false},
	{PACKET_UDP, 53, 0xf800, 0, true},  {PACKET_UDP, 53, 53, 0, false},
	{PACKET_ICMP, 0, 0, 1, true},	    {PACKET_ICMP, 0, 0, 3, true},
	{PACKET_ICMP, 0, 0, 4, true},	    {PACKET_ICMP, 0, 0, 128, false},
	{PACKET_ICMP, 0, 0, 129, false},    {PACKET_ICMP, 0, 0, 134, false},
};

static size_t sample_build(const struct sample *s, bool v4, enum packet_link link,
			   uint8_t frame[static 256])
{
	struct packet p = {
		.has = s->has | PACKET_IP | (link == PACKET_LINK_ETHERNET ? PACKET_ETHERNET : 0),
		.ethertype = v4 ? ETH_P_IP : ETH_P_IPV6,
		.src = v4 ? addr_from_v4(0x0a000001) : (struct addr){0xfd00, 1},
		.dst = v4 ? addr_from_v4(0x0a000002) : (struct addr){0xfd00, 2},
		.ttl = 64,
		.sport = s->sport,
		.dport = s->dport,
		.flags = TCP_ACK,
		.icmp_type = s->icmp_type,
	};
	size_t length = packet_build(link, &p, NULL, 0, frame, 256);

	assert_true(length > 0);
	return length;
}

static void check_samples(const struct sample *samples, size_t count, bool v4,
			  enum packet_link link, const struct filter_conf *conf)
{
	const uint16_t type = v4 ? ETH_P_IP : ETH_P_IPV6;
	struct filter filter;

	filter_answers(&filter, conf);
	for (size_t i = 0; i < count; i++) {
		uint8_t frame[256];
		size_t length = sample_build(&samples[i], v4, link, frame);

		assert_int_equal(run(&filter, frame, length, type), samples[i].passes ? SNAP : 0);
		/* Cut anywhere it must not pass by accident of what lies behind. */
		assert_int_equal(run(&filter, frame, conf->network_offset + 8, type), 0);
		assert_int_equal(run(&filter, frame, length, ETH_P_ARP), 0);
	}
}

static void answers_pass_and_nothing_else(void **unused)
{
	struct filter_conf raw = ethernet;
	const size_t v4 = sizeof(samples_v4) / sizeof(samples_v4[0]);
	const size_t v6 = sizeof(samples_v6) / sizeof(samples_v6[0]);

	(void)unused;
	raw.network_offset = 0;
	check_samples(samples_v4, v4, true, PACKET_LINK_ETHERNET, &ethernet);
	check_samples(samples_v6, v6, false, PACKET_LINK_ETHERNET, &ethernet);
	check_samples(samples_v4, v4, true, PACKET_LINK_RAW_IP, &raw);
	check_samples(samples_v6, v6, false, PACKET_LINK_RAW_IP, &raw);
}

static void a_fixed_port_is_the_only_one(void **unused)
{
	struct filter_conf conf = ethernet;
	struct filter filter;

	(void)unused;
	conf.port = 53;
	conf.port_mask = 0xffff;
	filter_answers(&filter, &conf);
	for (unsigned port = 0; port <= 65535; port++) {
		const struct sample sample = {PACKET_UDP, 53, (uint16_t)port, 0, false};
		uint8_t frame[256];
		size_t length = sample_build(&sample, true, PACKET_LINK_ETHERNET, frame);

		assert_int_equal(run(&filter, frame, length, ETH_P_IP), port == 53 ? SNAP : 0);
	}
}

static void a_trace_sees_both_ways(void **unused)
{
	const struct sample out = {PACKET_TCP, 0xf123, 80, 0, true};
	struct filter_conf conf = ethernet;
	struct filter filter;
	uint8_t frame[256];

	(void)unused;
	conf.both_ways = true;
	filter_answers(&filter, &conf);
	assert_true(run(&filter, frame, sample_build(&out, true, PACKET_LINK_ETHERNET, frame),
			ETH_P_IP));
	assert_true(run(&filter, frame, sample_build(&out, false, PACKET_LINK_ETHERNET, frame),
			ETH_P_IPV6));
}

static void later_fragments_and_options(void **unused)
{
	const struct sample sample = {PACKET_TCP, 80, 0xf000, 0, true};
	struct filter filter;
	uint8_t frame[256], shifted[256] = {0};
	size_t length = sample_build(&sample, true, PACKET_LINK_ETHERNET, frame);

	(void)unused;
	filter_answers(&filter, &ethernet);
	/* Eight bytes of IPv4 options: the ports stand further behind. */
	memcpy(shifted, frame, 34);
	memcpy(shifted + 42, frame + 34, length - 34);
	shifted[14] = 0x47;
	assert_int_equal(run(&filter, shifted, length + 8, ETH_P_IP), SNAP);
	frame[14 + 6] = 0x20; /* more fragments follow: the first has the ports */
	assert_int_equal(run(&filter, frame, length, ETH_P_IP), SNAP);
	frame[14 + 6] = 0;
	frame[14 + 7] = 1; /* a later one */
	assert_int_equal(run(&filter, frame, length, ETH_P_IP), 0);
}

static void extension_headers_pass(void **unused)
{
	static const uint8_t headers[] = {IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT,
					  IPPROTO_DSTOPTS};
	const struct sample sample = {PACKET_TCP, 80, 80, 0, false};
	struct filter filter;
	uint8_t frame[256];
	size_t length = sample_build(&sample, false, PACKET_LINK_ETHERNET, frame);

	(void)unused;
	filter_answers(&filter, &ethernet);
	for (unsigned next = 0; next < 256; next++) {
		bool extension = memchr(headers, (int)next, sizeof(headers)) != NULL;

		if (next == IPPROTO_TCP || next == IPPROTO_UDP || next == IPPROTO_ICMPV6)
			continue;
		frame[14 + 6] = (uint8_t)next;
		assert_int_equal(run(&filter, frame, length, ETH_P_IPV6), extension ? SNAP : 0);
	}
}

/* In a ring of all interfaces: wherever the IP header begins, and not of the interfaces left out.
 */
static void any_link(void **unused)
{
	unsigned without[FILTER_WITHOUT];
	const struct filter_conf conf = {.network_offset = FILTER_ANY_LINK,
					 .snap_bytes = SNAP,
					 .port = 0xf000,
					 .port_mask = 0xf000,
					 .without = without,
					 .without_count = FILTER_WITHOUT};
	struct filter filter;

	(void)unused;
	for (unsigned i = 0; i < FILTER_WITHOUT; i++)
		without[i] = 100 + i;
	filter_answers(&filter, &conf);
	for (unsigned raw = 0; raw < 2; raw++) {
		const enum packet_link link = raw ? PACKET_LINK_RAW_IP : PACKET_LINK_ETHERNET;

		kernel.network_offset = raw ? 0 : 14;
		for (size_t i = 0; i < sizeof(samples_v4) / sizeof(samples_v4[0]); i++) {
			uint8_t frame[256];
			size_t length = sample_build(&samples_v4[i], true, link, frame);
			const uint32_t want = samples_v4[i].passes ? SNAP : 0;

			kernel.interface = 99;
			assert_int_equal(run(&filter, frame, length, ETH_P_IP), want);
			kernel.interface = 100 + FILTER_WITHOUT;
			assert_int_equal(run(&filter, frame, length, ETH_P_IP), want);
			kernel.interface = 100 + (unsigned)i % FILTER_WITHOUT;
			assert_int_equal(run(&filter, frame, length, ETH_P_IP), 0);
			length = sample_build(&samples_v6[i], false, link, frame);
			assert_int_equal(run(&filter, frame, length, ETH_P_IPV6), 0);
			kernel.interface = 1;
			assert_int_equal(run(&filter, frame, length, ETH_P_IPV6),
					 samples_v6[i].passes ? SNAP : 0);
		}
	}
	kernel.network_offset = 14;
}

/* Of two sets of ports, as -g has them. */
static void more_ports(void **unused)
{
	static const uint16_t ports[] = {53, 54, 0xf000, 0xf123, 0xffff, 0xefff};
	static const bool ours[] = {true, false, true, true, true, false};
	const struct filter_conf conf = {.network_offset = 14,
					 .snap_bytes = SNAP,
					 .port = 53,
					 .port_mask = 0xffff,
					 .more = 0xf000,
					 .more_mask = 0xf000};
	struct filter_conf traced = conf;

	(void)unused;
	traced.both_ways = true;
	for (unsigned i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		for (unsigned v4 = 0; v4 < 2; v4++) {
			const struct sample in = {PACKET_TCP, 80, ports[i], 0, v4};
			const struct sample out = {PACKET_UDP, ports[i], 80, 0, v4};
			struct filter filter;
			uint8_t frame[256];
			size_t length = sample_build(&in, v4, PACKET_LINK_ETHERNET, frame);
			const uint16_t kind = v4 ? ETH_P_IP : ETH_P_IPV6;

			filter_answers(&filter, &conf);
			assert_int_equal(run(&filter, frame, length, kind), ours[i] ? SNAP : 0);
			length = sample_build(&out, v4, PACKET_LINK_ETHERNET, frame);
			assert_int_equal(run(&filter, frame, length, kind), 0);
			filter_answers(&filter, &traced);
			assert_int_equal(run(&filter, frame, length, kind), ours[i] ? SNAP : 0);
		}
	}
}

static void neighbours(void **unused)
{
	struct packet arp = {.has = PACKET_ETHERNET | PACKET_ARP,
			     .ethertype = ETH_P_ARP,
			     .arp_operation = 2,
			     .arp_sender = addr_from_v4(1),
			     .arp_target = addr_from_v4(2)};
	struct packet ndp = {.has = PACKET_ETHERNET | PACKET_IP | PACKET_ICMP | PACKET_NEIGHBOUR,
			     .ethertype = ETH_P_IPV6,
			     .src = {0xfd00, 1},
			     .dst = {0xfd00, 2},
			     .ttl = 255,
			     .icmp_type = 136,
			     .neighbour_target = {0xfd00, 1}};
	struct filter filter;
	uint8_t frame[256];
	size_t length;

	(void)unused;
	filter_neighbours(&filter);
	length = packet_build(PACKET_LINK_ETHERNET, &arp, NULL, 0, frame, sizeof(frame));
	assert_true(run(&filter, frame, length, ETH_P_ARP) >= length);
	arp.arp_operation = 1;
	length = packet_build(PACKET_LINK_ETHERNET, &arp, NULL, 0, frame, sizeof(frame));
	assert_int_equal(run(&filter, frame, length, ETH_P_ARP), 0);
	filter_announcements(&filter);
	assert_true(run(&filter, frame, length, ETH_P_ARP) >= length);
	arp.arp_operation = 3; /* RARP, RFC 903 */
	length = packet_build(PACKET_LINK_ETHERNET, &arp, NULL, 0, frame, sizeof(frame));
	assert_int_equal(run(&filter, frame, length, ETH_P_ARP), 0);
	length = packet_build(PACKET_LINK_ETHERNET, &ndp, NULL, 0, frame, sizeof(frame));
	assert_true(run(&filter, frame, length, ETH_P_IPV6) >= length);
	ndp.icmp_type = 135;
	length = packet_build(PACKET_LINK_ETHERNET, &ndp, NULL, 0, frame, sizeof(frame));
	assert_int_equal(run(&filter, frame, length, ETH_P_IPV6), 0);
	assert_int_equal(run(&filter, frame, length, ETH_P_IP), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_pass_and_nothing_else),
		cmocka_unit_test(a_fixed_port_is_the_only_one),
		cmocka_unit_test(a_trace_sees_both_ways),
		cmocka_unit_test(later_fragments_and_options),
		cmocka_unit_test(extension_headers_pass),
		cmocka_unit_test(any_link),
		cmocka_unit_test(more_ports),
		cmocka_unit_test(neighbours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
