/* Frames written from a template against packet_build, the slow way, for random probes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "engine/frames/template.h"
#include "packet/packet.h"
#include "technique/payloads.h"

#define ROUNDS 20000

/* xorshift64*, so that a failure comes again. */
static uint64_t state = 88172645463325252u;

static uint64_t next(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 2685821657736338717u;
}

static struct addr some_addr(bool v4)
{
	struct addr a = {next(), next()};

	/* Now and then extreme sums: all ones, all zeros. */
	if (next() % 16 == 0)
		a = next() & 1 ? (struct addr){UINT64_MAX, UINT64_MAX} : (struct addr){1, 0};
	return v4 ? addr_from_v4((uint32_t)a.lo) : a;
}

static void some_mac(uint8_t mac[6])
{
	uint64_t r = next();

	memcpy(mac, &r, 6);
}

/* One random probe of a technique: what the template is given, and the packet it should be. */
struct sample {
	struct template_conf conf;
	struct template_fields fields;
	struct packet packet;
	uint8_t mac_dst[6];
};

static void some_sample(struct sample *s, unsigned technique, enum packet_link link, bool v4)
{
	const struct technique *row = &technique_table[technique];
	struct packet *p = &s->packet;

	memset(s, 0, sizeof(*s));
	s->conf.technique = row;
	s->conf.link = link;
	s->conf.source = some_addr(v4);
	s->conf.ttl = (uint8_t)(next() | 1);
	some_mac(s->conf.mac_dst);
	some_mac(s->conf.mac_src);
	s->fields.to = some_addr(v4);
	s->fields.seq = next() % 8 ? (uint32_t)next() : 0;
	s->fields.sport = (uint16_t)next();
	s->fields.dport = (uint16_t)next();
	s->fields.ip_id = (uint16_t)next();
	if (next() & 1) {
		some_mac(s->mac_dst);
		s->fields.mac_dst = s->mac_dst;
	}
	if (row->proto == IPPROTO_UDP && next() & 1) {
		static const uint16_t ports[] = {53, 69, 123, 137, 161, 443, 1434, 5351};

		payload_for_attempt(ports[next() % 8], (unsigned)next() % 3, &s->fields.payload,
				    &s->fields.payload_bytes);
	}

	p->has = PACKET_IP | (row->proto == IPPROTO_UDP ? PACKET_UDP : PACKET_TCP);
	if (link == PACKET_LINK_ETHERNET) {
		p->has |= PACKET_ETHERNET;
		p->ethertype = v4 ? 0x0800 : 0x86dd;
		memcpy(p->mac_dst, s->fields.mac_dst ? s->mac_dst : s->conf.mac_dst, 6);
		memcpy(p->mac_src, s->conf.mac_src, 6);
	}
	p->src = s->conf.source;
	p->dst = s->fields.to;
	p->proto = row->proto;
	p->ttl = s->conf.ttl;
	p->ip_id = v4 ? s->fields.ip_id : 0;
	p->sport = s->fields.sport;
	p->dport = s->fields.dport;
	if (row->proto == IPPROTO_UDP)
		return;
	p->flags = row->flags;
	p->seq = s->fields.seq;
	p->ack = row->flags & TCP_ACK ? s->fields.seq : 0;
	p->window = 1024;
	if (row->flags & TCP_SYN) {
		p->has |= PACKET_MSS;
		p->mss = v4 ? 1460 : 1440;
	}
}

static void is_what_build_makes(unsigned technique, enum packet_link link, bool v4)
{
	for (int round = 0; round < ROUNDS; round++) {
		uint8_t fast[TEMPLATE_BYTES + PAYLOAD_MOST], slow[TEMPLATE_BYTES + PAYLOAD_MOST];
		struct template template;
		struct sample s;
		size_t length, expected;

		some_sample(&s, technique, link, v4);
		template_init(&template, &s.conf);
		memset(fast, 0xee, sizeof(fast));
		length = template_write(&template, &s.fields, fast);
		expected = packet_build(link, &s.packet, s.fields.payload, s.fields.payload_bytes,
					slow, sizeof(slow));
		assert_int_equal(length, expected);
		assert_memory_equal(fast, slow, length);
	}
}

static void every_technique_is_what_build_makes(void **unused)
{
	(void)unused;
	for (unsigned t = 0; t < PORT_TECHNIQUES; t++) {
		is_what_build_makes(t, PACKET_LINK_ETHERNET, true);
		is_what_build_makes(t, PACKET_LINK_ETHERNET, false);
		is_what_build_makes(t, PACKET_LINK_RAW_IP, true);
		is_what_build_makes(t, PACKET_LINK_RAW_IP, false);
	}
}

static void bad_sums_are_bad_and_nothing_else(void **unused)
{
	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		unsigned technique = (unsigned)next() % PORT_TECHNIQUES;
		uint8_t good[TEMPLATE_BYTES + PAYLOAD_MOST], bad[TEMPLATE_BYTES + PAYLOAD_MOST];
		struct template template;
		struct packet parsed;
		struct sample s;
		size_t length, differ = 0;

		some_sample(&s, technique, PACKET_LINK_ETHERNET, next() & 1);
		template_init(&template, &s.conf);
		length = template_write(&template, &s.fields, good);
		s.conf.bad_sum = true;
		template_init(&template, &s.conf);
		assert_int_equal(template_write(&template, &s.fields, bad), length);
		for (size_t i = 0; i < length; i++)
			differ += good[i] != bad[i];
		/* The two bytes of the transport checksum, or one where the other is alike. */
		assert_in_range(differ, 1, 2);
		packet_parse_checked(PACKET_LINK_ETHERNET, bad, length, &parsed);
		assert_true(parsed.has & PACKET_SUM_BAD);
		packet_parse_checked(PACKET_LINK_ETHERNET, good, length, &parsed);
		assert_false(parsed.has & (PACKET_SUM_BAD | PACKET_MALFORMED | PACKET_TRUNCATED));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_technique_is_what_build_makes),
		cmocka_unit_test(bad_sums_are_bad_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
