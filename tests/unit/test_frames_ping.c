/* Probes that find hosts, as frames: what is sent, and which replies and errors are believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>

#include "address/ranges.h"
#include "capture/ring.h"
#include "engine/frames/frames_egress.h"
#include "engine/frames/frames_receive.h"
#include "engine/frames/frames_state.h"
#include "scan/cookie.h"
#include "scan/sheet_private.h"

#define BASE	0xf000
#define GRE	47
#define ATTEMPT 1
#define HOST	3

static const uint32_t slots[] = {
	(uint32_t)TECH_ICMP_ECHO << 16,
	(uint32_t)TECH_ICMP_TIMESTAMP << 16,
	(uint32_t)TECH_IP_PROTOCOL << 16 | GRE,
};

/* An engine that has nothing open: one window of a plan by slot, each probe sent twice. */
static struct frames fr;
static struct frames_egress egress;
static struct sheet *sheets[SHEETS];

static void open_engine(bool v4)
{
	static struct frames_egress *egresses[1] = {&egress};
	const uint64_t seed[2] = {11, 12};
	const struct addr first =
		v4 ? addr_from_v4(0x0a000000) : (struct addr){0x20010db8ull << 32, 0};
	struct ranges targets = {0};
	struct failure f = {0};
	struct plan *plan;

	memset(&fr, 0, sizeof(fr));
	assert_int_equal(ranges_add(&targets, first, addr_add(first, 9)), 0);
	plan = plan_new_by_slot(&targets, slots, 3, seed, &f);
	ranges_fini(&targets);
	assert_non_null(plan);
	egress.source = v4 ? addr_from_v4(0xc0000201) : (struct addr){0x20010db8ull << 32, 0x99};
	fr = (struct frames){
		.conf = {.plan = plan,
			 .key = {{0x0123456789abcdef, 0xfedcba9876543210}},
			 .sheets = sheets},
		.techniques =
			1u << TECH_ICMP_ECHO | 1u << TECH_ICMP_TIMESTAMP | 1u << TECH_IP_PROTOCOL,
		.port = BASE,
		.block = BASE,
		.port_mask = 0xf000,
		.egresses = egresses,
		.egress_count = 1,
		.windows = {{.used = true}},
	};
	sheets[0] = sheet_new(plan, 0, 0, plan->total, 0);
	assert_non_null(sheets[0]);
	for (uint32_t cell = 0; cell < sheet_cells(sheets[0]); cell++)
		sheets[0]->tries[cell] = 2;
}

static void close_engine(void)
{
	struct plan *plan = (struct plan *)(uintptr_t)fr.conf.plan;

	sheet_free(sheets[0]);
	sheets[0] = NULL;
	plan_free(plan);
}

/* The probe of a slot to host number HOST, as a frame without a link header. */
static size_t probe_frame(uint32_t slot, uint8_t *frame)
{
	const uint32_t cell = HOST * 3 + slot;
	const struct plan_probe probe = sheet_probe(sheets[0], cell);
	const struct cookie cookie = cookie_make(&fr.conf.key, probe.to.hi, probe.to.lo, probe.port,
						 probe.technique, sheet_tag(sheets[0], cell));
	const struct template_conf conf = {.technique = &technique_table[probe.technique],
					   .link = PACKET_LINK_RAW_IP,
					   .source = egress.source,
					   .ttl = 64};
	const struct template_fields fields = {
		.to = probe.to,
		.seq = cookie.seq,
		.sport = cookie_port(fr.port, ATTEMPT, cookie.sport),
		.dport = probe.port,
		.ip_id = cookie.ip_id,
	};
	struct template template;

	template_init(&template, &conf);
	return template_write(&template, &fields, frame);
}

/* Whether a received packet is believed, and to be which answer. */
static bool judged(const struct packet *p, const uint8_t *payload, size_t bytes, struct answer *out)
{
	const struct frames_clock clock = {.now_ns = 1000};
	uint8_t frame[400];
	const size_t length =
		packet_build(PACKET_LINK_RAW_IP, p, payload, bytes, frame, sizeof(frame));
	const struct ring_frame ring = {.bytes = frame, .length = (uint32_t)length};

	assert_true(length > 0);
	return frames_judge(&fr, PACKET_LINK_RAW_IP, &ring, &clock, out);
}

/* The reply that a host makes of a request: other type, the same data. */
static struct packet reply_to(const struct packet *sent, uint8_t type)
{
	return (struct packet){
		.has = PACKET_IP | PACKET_ICMP,
		.src = sent->dst,
		.dst = sent->src,
		.ttl = 55,
		.icmp_type = type,
		.icmp_rest = sent->icmp_rest,
	};
}

static void check_ping(uint32_t slot, bool v4)
{
	const struct technique_message message =
		technique_message(plan_slot_technique(slots[slot]), v4 ? 4 : 6);
	uint8_t frame[TEMPLATE_BYTES + 1];
	struct packet sent, reply;
	struct answer a;

	open_engine(v4);
	const size_t length = probe_frame(slot, frame);

	packet_parse_checked(PACKET_LINK_RAW_IP, frame, length, &sent);
	assert_true(sent.has & PACKET_ICMP);
	assert_false(sent.has & (PACKET_SUM_BAD | PACKET_MALFORMED | PACKET_TRUNCATED));
	assert_int_equal(sent.icmp_type, message.ask);
	assert_int_equal(sent.icmp_code, 0);

	uint8_t *data = frame + sent.payload_offset;

	reply = reply_to(&sent, message.answer);
	assert_true(judged(&reply, data, sent.payload_bytes, &a));
	assert_int_equal(a.reply, REPLY_ICMP);
	assert_int_equal(a.cell, sheet_tag(sheets[0], HOST * 3 + slot));
	assert_int_equal(a.attempt, ATTEMPT);
	assert_true(a.has & ANSWER_ATTEMPT && a.has & ANSWER_TTL && !(a.has & ANSWER_ICMP));
	assert_int_equal(a.ttl, 55);

	/* Of another host, with another number, to another address, without data: not believed. */
	struct packet wrong = reply;

	wrong.src = addr_add(wrong.src, 1);
	assert_false(judged(&wrong, data, sent.payload_bytes, &a));
	wrong = reply;
	wrong.icmp_rest ^= 1;
	assert_false(judged(&wrong, data, sent.payload_bytes, &a));
	wrong = reply;
	wrong.dst = addr_add(wrong.dst, 1);
	assert_false(judged(&wrong, data, sent.payload_bytes, &a));
	assert_false(judged(&reply, data, 0, &a));
	data[v4 && slot == 1 ? 3 : 1] ^= 1;
	assert_false(judged(&reply, data, sent.payload_bytes, &a));
	data[v4 && slot == 1 ? 3 : 1] ^= 1;
	/* The request itself, as loopback delivers it. */
	wrong = reply;
	wrong.icmp_type = message.ask;
	assert_false(judged(&wrong, data, sent.payload_bytes, &a));
	close_engine();
}

static void replies_to_pings_are_believed(void **state)
{
	(void)state;
	check_ping(0, true);
	check_ping(0, false);
	check_ping(1, true);
}

/* An error that quotes the probe, from the host itself or from a router. */
static void check_error(uint32_t slot, bool v4, size_t quoted)
{
	uint8_t frame[TEMPLATE_BYTES + 1];
	struct packet sent;
	struct answer a;

	open_engine(v4);
	const size_t length = probe_frame(slot, frame);

	packet_parse(PACKET_LINK_RAW_IP, frame, length, &sent);
	struct packet error = {
		.has = PACKET_IP | PACKET_ICMP,
		.src = sent.dst,
		.dst = sent.src,
		.ttl = 64,
		.icmp_type = v4 ? 3 : 1,
		.icmp_code = v4 ? 2 : 1,
	};
	const size_t bytes = length < quoted ? length : quoted;

	assert_true(judged(&error, frame, bytes, &a));
	assert_int_equal(a.reply, REPLY_PORT_UNREACH);
	assert_int_equal(a.cell, sheet_tag(sheets[0], HOST * 3 + slot));
	assert_false(a.has & ANSWER_FROM);
	assert_int_equal(a.icmp_code, v4 ? 2 : 1);
	/* Its attempt is in the data of ICMP, which a short quote does not reach. */
	assert_int_equal((a.has & ANSWER_ATTEMPT) != 0, slot == 2);
	error.src = addr_add(error.src, 77);
	assert_true(judged(&error, frame, bytes, &a));
	assert_int_equal(a.reply, REPLY_UNREACH);
	assert_true(a.has & ANSWER_FROM);
	/* A quote of what was never sent. */
	frame[(v4 ? 20 : 40) + (slot == 2 ? 0 : 4)] ^= 0x80;
	assert_false(judged(&error, frame, bytes, &a));
	close_engine();
}

static void errors_about_pings_are_believed(void **state)
{
	(void)state;
	for (uint32_t slot = 0; slot < 3; slot++) {
		check_error(slot, true, 28);
		check_error(slot, true, 400);
		if (slot != 1)
			check_error(slot, false, 400);
	}
}

/* RFC 791: the protocol and the checksum of the header. */
static void a_protocol_is_that_of_the_slot(void **state)
{
	uint8_t frame[TEMPLATE_BYTES + 1];
	struct packet sent;

	(void)state;
	for (int v4 = 0; v4 < 2; v4++) {
		open_engine(v4);
		const size_t length = probe_frame(2, frame);

		packet_parse_checked(PACKET_LINK_RAW_IP, frame, length, &sent);
		assert_int_equal(sent.proto, GRE);
		assert_int_equal(sent.ip_bytes, length);
		assert_int_equal(length, (v4 ? 20 : 40) + 8);
		assert_false(sent.has & (PACKET_SUM_BAD | PACKET_MALFORMED | PACKET_TRUNCATED));
		close_engine();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_to_pings_are_believed),
		cmocka_unit_test(errors_about_pings_are_believed),
		cmocka_unit_test(a_protocol_is_that_of_the_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
