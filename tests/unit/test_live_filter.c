/* The program of the ring of all interfaces, run here by an interpreter of what it uses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>

#include "capture/live_filter.h"

#define CODE 512

struct frame {
	uint8_t bytes[64];
	uint32_t interface, hardware, protocol, type;
	uint32_t network; /* where its network header is */
};

static uint32_t load(const struct frame *f, uint32_t k, unsigned size)
{
	uint32_t at = k, value = 0;

	switch (k - (uint32_t)SKF_AD_OFF) {
	case SKF_AD_IFINDEX:
		return f->interface;
	case SKF_AD_HATYPE:
		return f->hardware;
	case SKF_AD_PROTOCOL:
		return f->protocol;
	case SKF_AD_PKTTYPE:
		return f->type;
	}
	if (k >= (uint32_t)SKF_NET_OFF)
		at = f->network + (k - (uint32_t)SKF_NET_OFF);
	assert_true(at + size <= sizeof(f->bytes));
	for (unsigned n = 0; n < size; n++)
		value = value << 8 | f->bytes[at + n];
	return value;
}

static uint32_t run(const struct sock_filter *code, size_t length, const struct frame *f)
{
	uint32_t a = 0, x = 0;

	for (size_t pc = 0; pc < length; pc++) {
		const struct sock_filter *i = &code[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = load(f, i->k, 4);
			break;
		case BPF_LD | BPF_B | BPF_ABS:
			a = load(f, i->k, 1);
			break;
		case BPF_LD | BPF_H | BPF_IND:
			a = load(f, i->k + x, 2);
			break;
		case BPF_LDX | BPF_B | BPF_MSH:
			x = (load(f, i->k, 1) & 15) * 4;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			fail_msg("instruction %zu has code %#x", pc, i->code);
		}
	}
	fail_msg("ran off the end");
	return 0;
}

static uint32_t judge(const struct live_filter_conf *conf, const struct frame *f)
{
	struct sock_filter code[CODE];
	struct live_filter_conf whole = *conf;
	size_t length;

	if (!whole.most_bytes)
		whole.most_bytes = UINT32_MAX;
	length = live_filter_build(&whole, code, CODE);
	assert_true(length > 0);
	return run(code, length, f);
}

/* An IPv4 TCP packet to port 80 on an Ethernet, and the same on a tun. */
static struct frame frame_of(unsigned hardware, uint32_t network)
{
	struct frame f = {
		.interface = 7,
		.hardware = hardware,
		.protocol = ETH_P_IP,
		.network = network,
	};

	f.bytes[network] = 0x45;
	f.bytes[network + 9] = 6;
	f.bytes[network + 23] = 80;
	return f;
}

static void everything_passes_once(void **state)
{
	struct live_filter_conf conf = {0};
	struct frame f = frame_of(ARPHRD_ETHER, 14);

	(void)state;
	assert_true(judge(&conf, &f));
	f.type = PACKET_OUTGOING;
	assert_true(judge(&conf, &f));
	f.type = PACKET_OTHERHOST;
	assert_false(judge(&conf, &f));
	conf.other_hosts = true;
	assert_true(judge(&conf, &f));
	f.protocol = ETH_P_ARP;
	assert_true(judge(&conf, &f));

	f = frame_of(ARPHRD_LOOPBACK, 14);
	assert_true(judge(&conf, &f));
	f.type = PACKET_OUTGOING;
	assert_false(judge(&conf, &f));
}

/* Of what starts with a header that is not understood, what the kernel calls IP. */
static void other_hardware_is_ip_or_nothing(void **state)
{
	static const unsigned hardware[] = {ARPHRD_NONE, ARPHRD_PPP, ARPHRD_INFINIBAND, 803};
	struct live_filter_conf conf = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(hardware) / sizeof(hardware[0]); i++) {
		struct frame f = frame_of(hardware[i], 0);

		assert_true(judge(&conf, &f));
		f.protocol = ETH_P_IPV6;
		assert_true(judge(&conf, &f));
		f.protocol = ETH_P_802_2;
		assert_false(judge(&conf, &f));
	}
}

static void interfaces_are_chosen_by_index(void **state)
{
	static const unsigned wanted[] = {3, 7, 1u << 31}, unwanted[] = {1, 8, 255};
	struct live_filter_conf conf = {
		.wanted = wanted,
		.unwanted = unwanted,
		.wanted_count = 3,
		.unwanted_count = 3,
	};
	struct frame f = frame_of(ARPHRD_ETHER, 14);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		f.interface = wanted[i];
		assert_true(judge(&conf, &f));
		f.interface = unwanted[i];
		assert_false(judge(&conf, &f));
	}
	f.interface = 9; /* not known yet */
	assert_true(judge(&conf, &f));
}

static void each_kind_of_link_has_its_program(void **state)
{
	/* What libpcap makes of "tcp dst port 80", in short: offsets from an Ethernet header, and
	 * from none. */
	struct sock_filter with[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 0, 3),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 14 + 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 80, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 1000),
	};
	struct sock_filter bare[7];
	struct sock_fprog ethernet = {7, with}, headerless = {7, bare}, none = {0, NULL};
	struct live_filter_conf conf = {.ethernet = &ethernet, .bare = &headerless};
	const struct frame samples[] = {frame_of(ARPHRD_ETHER, 14), frame_of(ARPHRD_LOOPBACK, 14),
					frame_of(ARPHRD_NONE, 0), frame_of(ARPHRD_INFINIBAND, 4)};

	(void)state;
	memcpy(bare, with, sizeof(bare));
	bare[0].k = 9;
	bare[2].k = 0;
	bare[3].k = 2;
	for (size_t i = 0; i < 4; i++) {
		struct frame f = samples[i];

		conf.bare = &headerless;
		assert_int_equal(judge(&conf, &f), 1000);
		f.bytes[f.network + 23] = 81;
		assert_int_equal(judge(&conf, &f), 0);
		f.bytes[f.network + 23] = 80;
		f.bytes[f.network + 9] = 17;
		assert_int_equal(judge(&conf, &f), 0);
		/* It has no meaning there. */
		conf.bare = &none;
		assert_int_equal(judge(&conf, &samples[i]), i < 2 ? 1000 : 0);
	}
}

/* Any reason to accept the packet; an expression may accept fewer bytes of it. */
static void no_more_is_kept_than_was_asked(void **state)
{
	struct sock_filter most[] = {BPF_STMT(BPF_RET | BPF_K, 1000)};
	struct sock_fprog expression = {1, most};
	struct live_filter_conf conf = {.most_bytes = 190};
	const struct frame samples[] = {frame_of(ARPHRD_ETHER, 14), frame_of(ARPHRD_LOOPBACK, 14),
					frame_of(ARPHRD_NONE, 0)};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		conf.ethernet = conf.bare = NULL;
		assert_int_equal(judge(&conf, &samples[i]), 190);
		conf.ethernet = conf.bare = &expression;
		most[0].k = 1000;
		assert_int_equal(judge(&conf, &samples[i]), 190);
		most[0].k = 60;
		assert_int_equal(judge(&conf, &samples[i]), 60);
		most[0].k = 0;
		assert_int_equal(judge(&conf, &samples[i]), 0);
	}
}

static void too_long_is_told(void **state)
{
	struct sock_filter code[CODE], many[BPF_MAXINSNS];
	struct sock_fprog long_one = {BPF_MAXINSNS, many};
	struct live_filter_conf conf = {0};
	size_t length = live_filter_build(&conf, code, CODE);

	(void)state;
	assert_true(length > 0 && length < 32);
	for (size_t room = 0; room < length; room++)
		assert_int_equal(live_filter_build(&conf, code, room), 0);
	assert_int_equal(live_filter_build(&conf, code, length), length);
	for (size_t i = 0; i < BPF_MAXINSNS; i++)
		many[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	conf.ethernet = &long_one;
	assert_int_equal(live_filter_build(&conf, code, CODE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_passes_once),
		cmocka_unit_test(other_hardware_is_ip_or_nothing),
		cmocka_unit_test(interfaces_are_chosen_by_index),
		cmocka_unit_test(each_kind_of_link_has_its_program),
		cmocka_unit_test(no_more_is_kept_than_was_asked),
		cmocka_unit_test(too_long_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
