/* Tests of src/packet build and parse against each other: round trips, truncation, refusals. */
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

#define FRAME_MAX 512

/* Exactly `length` bytes of heap, so that a sanitizer sees the first byte read too far. */
static uint8_t *copy_exact(const uint8_t *bytes, size_t length)
{
	uint8_t *copy = malloc(length ? length : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, length);
	return length ? copy : copy + 1;
}

static void free_exact(uint8_t *copy, size_t length)
{
	free(length ? copy : copy - 1);
}

static void parse_exact(const struct sample *s, const uint8_t *frame, size_t length,
			struct packet *out)
{
	uint8_t *copy = copy_exact(frame, length);

	packet_parse_checked(s->link, copy, length, out);
	free_exact(copy, length);
}

static size_t build_sample(const struct sample *s, uint8_t *frame, size_t capacity)
{
	return packet_build(s->link, &s->packet, s->payload, s->payload_bytes, frame, capacity);
}

/* Calls `check` for many samples of every kind, family and link. */
static void each_sample(uint64_t seed, int rounds,
			void (*check)(const struct sample *s, const uint8_t *frame, size_t length))
{
	for (int i = 0; i < rounds * SAMPLE_KINDS * 4; i++) {
		enum sample_kind kind = (enum sample_kind)(i / 4 % SAMPLE_KINDS);
		struct sample s;
		uint8_t frame[FRAME_MAX];
		size_t length;

		sample_make(&seed, kind, i & 1 ? PACKET_LINK_ETHERNET : PACKET_LINK_RAW_IP, i & 2,
			    &s);
		length = build_sample(&s, frame, sizeof(frame));
		assert_int_not_equal(length, 0);
		check(&s, frame, length);
	}
}

static void assert_same(const struct packet *got, const struct packet *expected)
{
	const char *field = packet_difference(got, expected);

	if (field)
		fail_msg("%s differs (has %x, expected %x)", field, got->has, expected->has);
}

static void check_round_trip(const struct sample *s, const uint8_t *frame, size_t length)
{
	struct packet got;

	memset(&got, 0xaa, sizeof(got));
	parse_exact(s, frame, length, &got);
	assert_same(&got, &s->packet);
	if (!(s->packet.has & (PACKET_ARP | PACKET_NEIGHBOUR))) {
		assert_int_equal(got.payload_offset + got.payload_bytes, length);
		assert_memory_equal(frame + got.payload_offset, s->payload, s->payload_bytes);
	}
}

static void parse_gives_back_what_was_built(void **state)
{
	(void)state;
	each_sample(11, 2000, check_round_trip);
}

static void check_capacity(const struct sample *s, const uint8_t *frame, size_t length)
{
	uint8_t *exact = malloc(length);

	assert_non_null(exact);
	assert_int_equal(build_sample(s, exact, length), length);
	assert_memory_equal(exact, frame, length);
	for (size_t capacity = 0; capacity < length; capacity++) {
		memset(exact, 0x5a, length);
		assert_int_equal(build_sample(s, exact, capacity), 0);
		assert_int_equal(exact[capacity], 0x5a);
	}
	free(exact);
}

static void build_keeps_within_capacity(void **state)
{
	(void)state;
	each_sample(12, 10, check_capacity);
}

/* Ethernet pads short frames: what is behind the IP packet is not looked at. */
static void check_padding(const struct sample *s, const uint8_t *frame, size_t length)
{
	uint8_t padded[FRAME_MAX + 8];
	struct packet got;

	memcpy(padded, frame, length);
	memset(padded + length, 0xee, 8);
	for (size_t more = 1; more <= 8; more++) {
		parse_exact(s, padded, length + more, &got);
		assert_same(&got, &s->packet);
	}
}

static void padding_changes_nothing(void **state)
{
	(void)state;
	each_sample(13, 50, check_padding);
}

static bool has_ports(const struct packet_quote *q)
{
	return q->proto == IPPROTO_TCP || q->proto == IPPROTO_UDP;
}

/* Where the quote's eight bytes of data end. */
static size_t quote_end(const struct sample *s)
{
	const size_t link = s->link == PACKET_LINK_RAW_IP   ? 0
			    : (s->packet.has & PACKET_VLAN) ? 18
							    : 14;

	return link + (addr_is_v4(s->packet.src) ? 20 + 8 + 20 : 40 + 8 + 40) + 8;
}

/* The parts that lie whole in the first `length` bytes. */
static uint32_t parts_within(const struct sample *s, size_t length)
{
	const struct packet *p = &s->packet;
	size_t link = s->link == PACKET_LINK_RAW_IP ? 0 : (p->has & PACKET_VLAN ? 18 : 14);
	size_t ip = link + (addr_is_v4(p->src) ? 20 : 40);
	size_t quote = ip + 8 + (addr_is_v4(p->src) ? 20 : 40);
	const struct {
		uint32_t part;
		size_t end;
	} ends[] = {
		{PACKET_ETHERNET, 14},
		{PACKET_VLAN, 18},
		{PACKET_ARP, link + 28},
		{PACKET_IP, ip},
		{PACKET_TCP, ip + 20},
		{PACKET_MSS, ip + 24},
		{PACKET_UDP, ip + 8},
		{PACKET_ICMP, ip + 8},
		{PACKET_NEIGHBOUR, ip + 24},
		{PACKET_LINK_ADDRESS, ip + 32},
		{PACKET_QUOTE, quote + (has_ports(&p->quote) ? 8 : 0)},
	};
	uint32_t parts = 0;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (length >= ends[i].end)
			parts |= ends[i].part & p->has;
	}
	return parts;
}

/* Fields of what is not there are 0, fields of what is there are right. */
static void expect_parts(uint32_t parts, struct packet *expected)
{
	if (!(parts & PACKET_IP)) {
		expected->src = expected->dst = (struct addr){0, 0};
		expected->proto = expected->ttl = expected->tos = 0;
		expected->ip_id = 0;
		expected->ip_bytes = expected->flow_label = 0;
	}
	if (!(parts & (PACKET_TCP | PACKET_UDP)))
		expected->sport = expected->dport = 0;
	if (!(parts & PACKET_TCP)) {
		expected->seq = expected->ack = 0;
		expected->flags = 0;
		expected->window = expected->urgent = 0;
	}
	if (!(parts & PACKET_MSS))
		expected->mss = 0;
	if (!(parts & PACKET_ICMP)) {
		expected->icmp_type = expected->icmp_code = 0;
		expected->icmp_rest = 0;
	}
	if (!(parts & PACKET_QUOTE))
		memset(&expected->quote, 0, sizeof(expected->quote));
	if (!(parts & PACKET_NEIGHBOUR))
		expected->neighbour_target = (struct addr){0, 0};
	if (!(parts & PACKET_LINK_ADDRESS))
		memset(expected->neighbour_mac, 0, 6);
	expected->has = parts | PACKET_TRUNCATED;
}

static void check_truncation(const struct sample *s, const uint8_t *frame, size_t length)
{
	for (size_t cut = 0; cut < length; cut++) {
		struct packet got, expected = s->packet;

		parse_exact(s, frame, cut, &got);
		expect_parts(parts_within(s, cut), &expected);
		if (!has_ports(&expected.quote) && cut < quote_end(s)) {
			expected.quote.seq = 0;
			expected.quote.data = 0;
			expected.quote.icmp_type = 0;
		}
		assert_int_equal(got.has, expected.has);
		assert_true(got.payload_offset + got.payload_bytes <= cut);
		if (!(got.has & PACKET_IP))
			continue;
		expected.payload_offset = got.payload_offset;
		expected.payload_bytes = got.payload_bytes;
		assert_same(&got, &expected);
	}
}

static void every_truncation_is_a_value(void **state)
{
	(void)state;
	each_sample(14, 12, check_truncation);
}

/* One flipped bit in payload or addresses is seen by some checksum. */
static void check_flips(const struct sample *s, const uint8_t *frame, size_t length)
{
	const struct packet *p = &s->packet;
	size_t ip = length - p->ip_bytes;
	size_t header = addr_is_v4(p->src) ? 20 : 40;
	uint8_t broken[FRAME_MAX];

	if (!(p->has & PACKET_IP))
		return;
	memcpy(broken, frame, length);
	for (size_t at = ip; at < length; at++) {
		bool address = at >= ip + header - (header == 20 ? 8 : 32) && at < ip + header;
		struct packet got;

		if (!address && at < p->payload_offset && !(header == 20 && at < ip + header))
			continue;
		if (at == ip) /* version and header length: no longer IPv4 of that size */
			continue;
		broken[at] ^= (uint8_t)(1u << at % 8);
		parse_exact(s, broken, length, &got);
		if (!(got.has & (PACKET_SUM_BAD | PACKET_MALFORMED)))
			fail_msg("flip at %zu of %zu unseen, has %x", at, length, got.has);
		broken[at] = frame[at];
	}
}

static void flipped_bits_are_seen(void **state)
{
	(void)state;
	each_sample(15, 20, check_flips);
}

static void assert_sane(const struct packet *p, size_t length)
{
	uint32_t transport = p->has & (PACKET_TCP | PACKET_UDP | PACKET_ICMP);

	assert_int_equal(transport & (transport - 1), 0);
	assert_true((uint64_t)p->payload_offset + p->payload_bytes <= length);
	if (transport)
		assert_true(p->has & PACKET_IP);
	if (p->has & PACKET_IP)
		assert_int_equal(addr_is_v4(p->src), addr_is_v4(p->dst));
	if (p->has & (PACKET_QUOTE | PACKET_NEIGHBOUR))
		assert_true(p->has & PACKET_ICMP);
	if (p->has & PACKET_LINK_ADDRESS)
		assert_true(p->has & PACKET_NEIGHBOUR);
	if (p->has & PACKET_MSS)
		assert_true(p->has & PACKET_TCP);
	if (p->has & PACKET_FRAGMENT)
		assert_true(!transport && p->fragment_offset > 0);
}

/* A few bytes overwritten, then cut: nothing is read outside, and the parts still make sense. */
static void check_mutations(const struct sample *s, const uint8_t *frame, size_t length)
{
	uint64_t seed = length;

	for (int i = 0; i < 30; i++) {
		uint8_t broken[FRAME_MAX];
		struct packet got;
		size_t cut = length;

		memcpy(broken, frame, length);
		for (uint64_t edits = 1 + sample_random(&seed) % 4; edits; edits--) {
			uint64_t edit = sample_random(&seed);

			broken[(edit >> 8) % length] =
				edit & 1 ? (uint8_t)(edit >> 48) : (uint8_t)(0 - (edit >> 1 & 1));
		}
		if (sample_random(&seed) % 4 == 0)
			cut = sample_random(&seed) % length;
		parse_exact(s, broken, cut, &got);
		assert_sane(&got, cut);
	}
}

static void mutations_stay_sane(void **state)
{
	(void)state;
	each_sample(16, 400, check_mutations);
}

static void build_refuses(void **state)
{
	static const uint8_t payload[8] = {0};
	const struct addr four = addr_from_v4(0xc0000201);
	const struct addr six = {UINT64_C(0x20010db800000000), 1};
	const struct {
		enum packet_link link;
		struct packet packet;
		size_t payload_bytes;
	} refused[] = {
		{PACKET_LINK_RAW_IP, {.has = PACKET_TCP, .src = four, .dst = six}, 0},
		{PACKET_LINK_RAW_IP, {.has = PACKET_TCP, .src = six, .dst = four}, 0},
		{PACKET_LINK_RAW_IP, {.has = PACKET_IP, .src = six, .dst = six}, 0},
		{PACKET_LINK_RAW_IP, {.has = PACKET_TCP | PACKET_UDP, .src = six, .dst = six}, 0},
		{PACKET_LINK_COOKED, {.has = PACKET_TCP, .src = six, .dst = six}, 0},
		{PACKET_LINK_RAW_IP,
		 {.has = PACKET_TCP | PACKET_MORE_FRAGMENTS, .src = six, .dst = six},
		 0},
		{PACKET_LINK_RAW_IP,
		 {.has = PACKET_FRAGMENT, .src = four, .dst = four, .fragment_offset = 8},
		 0},
		{PACKET_LINK_RAW_IP,
		 {.has = PACKET_ARP, .arp_sender = four, .arp_target = four},
		 0},
		{PACKET_LINK_ETHERNET,
		 {.has = PACKET_ARP, .arp_sender = six, .arp_target = four},
		 0},
		{PACKET_LINK_ETHERNET,
		 {.has = PACKET_ARP, .arp_sender = four, .arp_target = six},
		 0},
		{PACKET_LINK_ETHERNET,
		 {.has = PACKET_ARP, .arp_sender = four, .arp_target = four},
		 8},
		{PACKET_LINK_RAW_IP, /* neighbours have IPv6, */
		 {.has = PACKET_ICMP | PACKET_NEIGHBOUR,
		  .src = four,
		  .dst = four,
		  .ttl = 255,
		  .icmp_type = 135,
		  .neighbour_target = six},
		 0},
		{PACKET_LINK_RAW_IP, /* the right type, */
		 {.has = PACKET_ICMP | PACKET_NEIGHBOUR,
		  .src = six,
		  .dst = six,
		  .ttl = 255,
		  .icmp_type = 128,
		  .neighbour_target = six},
		 0},
		{PACKET_LINK_RAW_IP, /* hop limit 255, */
		 {.has = PACKET_ICMP | PACKET_NEIGHBOUR,
		  .src = six,
		  .dst = six,
		  .ttl = 64,
		  .icmp_type = 135,
		  .neighbour_target = six},
		 0},
		{PACKET_LINK_RAW_IP, /* an IPv6 target, */
		 {.has = PACKET_ICMP | PACKET_NEIGHBOUR,
		  .src = six,
		  .dst = six,
		  .ttl = 255,
		  .icmp_type = 135,
		  .neighbour_target = four},
		 0},
		{PACKET_LINK_RAW_IP, /* and nothing else to say */
		 {.has = PACKET_ICMP | PACKET_NEIGHBOUR,
		  .src = six,
		  .dst = six,
		  .ttl = 255,
		  .icmp_type = 135,
		  .neighbour_target = six},
		 1},
	};
	uint8_t frame[FRAME_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (packet_build(refused[i].link, &refused[i].packet, payload,
				 refused[i].payload_bytes, frame, sizeof(frame)))
			fail_msg("packet %zu was built", i);
	}
}

/* The longest datagrams that 16-bit lengths can say, and one byte more. */
static void longest_packets(void **state)
{
	static uint8_t payload[70000], frame[70100];
	struct packet p = {.has = PACKET_UDP, .src = addr_from_v4(1), .dst = addr_from_v4(2)};
	struct packet got;
	const enum packet_link link = PACKET_LINK_RAW_IP;

	(void)state;
	memset(payload, 0xff, sizeof(payload));
	assert_int_equal(packet_build(link, &p, payload, 65507, frame, sizeof(frame)), 65535);
	packet_parse_checked(link, frame, 65535, &got);
	assert_int_equal(got.has, PACKET_IP | PACKET_UDP);
	assert_int_equal(got.payload_bytes, 65507);
	assert_int_equal(packet_build(link, &p, payload, 65508, frame, sizeof(frame)), 0);
	assert_int_equal(packet_build(link, &p, payload, SIZE_MAX, frame, sizeof(frame)), 0);
	assert_int_equal(packet_build(link, &p, payload, SIZE_MAX - 27, frame, sizeof(frame)), 0);

	p.src.hi = p.dst.hi = UINT64_C(0x20010db800000000);
	assert_int_equal(packet_build(link, &p, payload, 65527, frame, sizeof(frame)), 65575);
	packet_parse_checked(link, frame, 65575, &got);
	assert_int_equal(got.has, PACKET_IP | PACKET_UDP);
	assert_int_equal(got.payload_bytes, 65527);
	assert_int_equal(packet_build(link, &p, payload, 65528, frame, sizeof(frame)), 0);
}

/* A datagram whose sum is 0 goes out with 0xffff (RFC 768), never as "no checksum". */
static void udp_sum_is_never_zero(void **state)
{
	struct packet p = {.has = PACKET_UDP, .src = addr_from_v4(1), .dst = addr_from_v4(2)};
	struct packet got;
	uint8_t frame[64];
	int all_ones = 0;

	(void)state;
	for (uint32_t port = 0; port <= 65535; port++) {
		p.sport = (uint16_t)port;
		assert_int_equal(packet_build(PACKET_LINK_RAW_IP, &p, NULL, 0, frame, 64), 28);
		assert_int_not_equal(frame[26] << 8 | frame[27], 0);
		all_ones += (frame[26] << 8 | frame[27]) == 0xffff;
		packet_parse_checked(PACKET_LINK_RAW_IP, frame, 28, &got);
		assert_int_equal(got.has, PACKET_IP | PACKET_UDP);
	}
	assert_in_range(all_ones, 1, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_gives_back_what_was_built),
		cmocka_unit_test(build_keeps_within_capacity),
		cmocka_unit_test(padding_changes_nothing),
		cmocka_unit_test(every_truncation_is_a_value),
		cmocka_unit_test(flipped_bits_are_seen),
		cmocka_unit_test(mutations_stay_sane),
		cmocka_unit_test(build_refuses),
		cmocka_unit_test(longest_packets),
		cmocka_unit_test(udp_sum_is_never_zero),
	};

	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
