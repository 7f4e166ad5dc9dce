/* What the kernel's programs send and judge, against user space: every byte of every frame, and
 * each cell's RST. The kernel runs them one frame at a time (BPF_PROG_TEST_RUN); nothing is sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "engine/frames.h"
#include "engine/payloads.h"
#include "engine/xdp.h"
#include "packet/packet.h"
#include "scan/ranges.h"

/* Cells of the plan of a round, about. */
#define CELLS 600

/* xorshift64*, so that a failure comes again. */
static uint64_t state = 88172645463325252u;

static uint64_t next(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 2685821657736338717u;
}

/* A plan, its one window, and the programs told of both. */
struct round {
	struct plan *plan;
	struct sheet *sheet;
	struct engine_conf conf;
	struct xdp_kernel kernel;
	struct frames_way way[2]; /* IPv4, IPv6 */
	uint8_t mac[CELLS * 2][6];
	struct link link;
	uint16_t port;
};

/* Each with payloads: of one dialect, of several, the longest. */
static const uint16_t saying[] = {53, 161, 443, 500, 5060, 64738};

static struct addr some_addr(bool v4)
{
	return v4 ? addr_from_v4((uint32_t)next())
		  : (struct addr){next() | UINT64_C(1) << 61, next()};
}

static void round_plan(struct round *r, unsigned techniques, bool v4, bool v6, unsigned ranges)
{
	const uint64_t seed[2] = {next(), next()};
	struct ranges targets = {0};
	struct ports ports = {0};
	struct failure f = {0};

	for (unsigned i = 0; i < ranges; i++) {
		struct addr first = some_addr(v4 && (!v6 || i % 2 == 0));

		/* A /64 boundary in the middle, now and then. */
		if (!addr_is_v4(first) && i % 4 == 1)
			first.lo = UINT64_MAX - 1;
		if (addr_is_v4(first) && (uint32_t)first.lo > UINT32_MAX - 8)
			first = addr_from_v4(1);
		assert_int_equal(ranges_add(&targets, first, addr_add(first, next() % 4)), 0);
	}
	ranges_normalise(&targets);
	for (unsigned i = 0; i < CELLS / (ranges * 4) + 1; i++)
		port_set_add(&ports.tcp, (unsigned)(next() & 0xffff));
	for (unsigned i = 0; i < CELLS / (ranges * 4) / 2 + 1; i++)
		port_set_add(&ports.udp, (unsigned)(next() & 0xffff));
	for (size_t i = 0; i < sizeof(saying) / sizeof(saying[0]); i++)
		port_set_add(&ports.udp, saying[i]);
	r->plan = plan_new(&targets, &ports, techniques, seed, &f);
	assert_non_null(r->plan);
	ranges_fini(&targets);
}

static void round_way(struct round *r, unsigned number, uint32_t techniques)
{
	struct frames_way *way = &r->way[number];
	struct template_conf conf = {
		.link = PACKET_LINK_ETHERNET,
		.source = some_addr(number == 0),
		.ttl = (uint8_t)(next() | 1),
		.bad_sum = r->conf.bad_sum,
	};
	struct xdp_way *out = &r->kernel.memory.way[number];

	way->source = conf.source;
	way->link = &r->link;
	memcpy(conf.mac_src, &state, 6);
	out->source_hi = way->source.hi;
	out->source_lo = way->source.lo;
	for (unsigned t = 0; t < TECHNIQUES; t++) {
		if (!(techniques >> t & 1))
			continue;
		conf.technique = &technique_table[t];
		template_init(&way->template[t], &conf);
		xdp_template_fill(&out->template[t], &way -> template[t]);
	}
}

static void round_hosts(struct round *r, bool alike)
{
	for (uint32_t host = 0; host < r->sheet->hosts; host++) {
		const bool v4 = addr_is_v4(plan_host(r->plan, host));
		uint64_t *word = &r->kernel.memory.hosts[host];

		assert_true(host < CELLS * 2);
		for (int i = 0; i < 6; i++)
			r->mac[host][i] = (uint8_t)next();
		memcpy(word, r->mac[host], 6);
		*word |= (uint64_t)!v4 << 48;
		/* Some are not to be sent to. */
		*word |= host % 7 == 3 && r->sheet->hosts > 4 ? 0 : XDP_HOST_SEND;
		*word |= host % 5 == 4 ? XDP_HOST_QUENCHED : 0;
		if (alike) {
			memcpy(r->mac[host], r->mac[0], 6);
			r->kernel.memory.window[0].host_word = r->kernel.memory.hosts[0];
			/* What the map says does not count. */
			*word = host ? 0 : *word;
		}
	}
}

/* False where the kernel lets us not. */
static bool round_init(struct round *r, unsigned techniques, bool v4, bool v6, unsigned ranges)
{
	struct failure f = {0};
	const uint8_t tries[TECHNIQUES] = {0};
	struct walk walk;

	memset(r, 0, sizeof(*r));
	r->conf.key = (struct cookie_key){{next(), next()}};
	r->conf.bad_sum = next() % 4 == 0;
	r->conf.has_source_port = next() % 4 == 0;
	r->port = r->conf.has_source_port ? (uint16_t)(next() | 1) : 0xf000;
	round_plan(r, techniques, v4, v6, ranges);
	r->conf.plan = r->plan;
	r->sheet = sheet_new(r->plan, 0, 0, r->plan->total, 1);
	assert_non_null(r->sheet);
	if (xdp_kernel_load(&r->kernel, (r->sheet->cells + 15) / 16, r->sheet->hosts,
			    (r->sheet->cells + 127) / 128, &f) < 0) {
		assert_int_equal(f.exit_code, EXIT_NO_PERMISSION);
		print_message("# %s\n", f.text);
		return false;
	}
	walk_init(&walk, r->sheet, tries, 1);
	/* Of a tunnel's, now and then, on which the longest payload does not fit. */
	r->link.mtu = next() % 4 == 0 ? 1240 : 1500;
	xdp_setting_fill(&r->kernel.memory, r->plan, &r->conf, r->link.mtu);
	r->kernel.memory.setting->port = r->port;
	r->kernel.memory.setting->port_mask = r->conf.has_source_port ? 0xffff : 0xf000;
	r->kernel.memory.setting->port_fixed = r->conf.has_source_port;
	round_way(r, 0, techniques);
	round_way(r, 1, techniques);
	assert_non_null(xdp_kernel_hosts(&r->kernel));
	/* Of one family, so that all can go one way. */
	round_hosts(r, v4 && !v6 && ranges > 1 && next() % 2 == 0);
	/* Answered already, and another shard's. */
	for (uint32_t cell = 0; cell < r->sheet->cells; cell++)
		if (next() % 4 == 0)
			sheet_put(r->sheet, cell, 1 + (unsigned)(next() % 15));
	xdp_window_fill(&r->kernel.memory, 0, r->sheet);
	return true;
}

static void round_fini(struct round *r)
{
	if (r->kernel.programs)
		xdp_kernel_unload(&r->kernel);
	sheet_free(r->sheet);
	plan_free(r->plan);
}

/* The frame of a cell as user space builds it. */
static size_t expected(const struct round *r, uint32_t cell, uint8_t attempt, uint8_t *out)
{
	const struct plan_probe p = sheet_probe(r->sheet, cell);
	const struct cookie cookie = cookie_make(&r->conf.key, p.to.hi, p.to.lo, p.port,
						 p.technique, sheet_tag(r->sheet, cell));
	const struct frames_way *way = &r->way[!addr_is_v4(p.to)];
	struct template_fields fields = {
		.to = p.to,
		.mac_dst = r->mac[cell / r->plan->slots],
		.seq = cookie.seq,
		.ip_id = cookie.ip_id,
		.dport = p.port,
		.sport = r->conf.has_source_port ? r->port
						 : cookie_port(r->port, attempt, cookie.sport),
	};

	if (p.technique == TECH_UDP)
		frames_payload(way, p.port, attempt, &fields.payload, &fields.payload_bytes);
	return template_write(&way->template[p.technique], &fields, out);
}

static bool sendable(const struct round *r, uint32_t cell)
{
	const uint64_t alike = r->kernel.memory.window[0].host_word;
	const uint64_t host = alike ? alike : r->kernel.memory.hosts[cell / r->plan->slots];

	return sheet_get(r->sheet, cell) == 0 && host & XDP_HOST_SEND &&
	       !(host & XDP_HOST_QUENCHED && sheet_probe(r->sheet, cell).technique == TECH_UDP);
}

static void compare_all(struct round *r)
{
	const uint8_t attempt = (uint8_t)(next() % 16);
	volatile struct xdp_pass *pass = r->kernel.memory.pass;
	uint8_t want[TEMPLATE_BYTES + PAYLOAD_MOST], got[2048];
	uint64_t sent = 0;

	memset((void *)pass, 0, sizeof(*pass));
	pass->attempt = attempt;
	pass->end = r->sheet->cells;
	pass->technique_mask = UINT32_MAX;
	pass->batch = 1;
	for (uint32_t position = 0; position < r->sheet->cells; position++) {
		const uint32_t cell = (uint32_t)permute_forward(&r->sheet->order, position);
		size_t length;
		int count;

		if (!sendable(r, cell))
			continue;
		/* It stops looking after 16 cells without a blank, and goes on from there. */
		do
			count = xdp_kernel_test(&r->kernel, r->kernel.memory.setting->frame_bytes,
						got, sizeof(got));
		while (count == -ENODATA && !pass->finished);
		length = expected(r, cell, attempt, want);
		assert_int_equal(count, length);
		assert_memory_equal(got, want, length);
		assert_int_equal(pass->sent, ++sent);
	}
	while (!pass->finished)
		assert_int_equal(xdp_kernel_test(&r->kernel, r->kernel.memory.setting->frame_bytes,
						 got, sizeof(got)),
				 -ENODATA);
	assert_int_equal(pass->sent, sent);
}

static const struct shape {
	unsigned techniques;
	bool v4, v6;
	unsigned ranges;
} shapes[] = {
	{1u << TECH_SYN, true, false, 1},
	{1u << TECH_SYN, true, false, 40},
	{1u << TECH_SYN, false, true, 9},
	{1u << TECH_SYN | 1u << TECH_FIN, true, true, 10},
	{1u << TECH_NULL | 1u << TECH_XMAS | 1u << TECH_ACK, true, true, 7},
	{1u << TECH_WINDOW | 1u << TECH_TTL | 1u << TECH_MAIMON, true, false, 3},
	{1u << TECH_SYN, true, false, 150},
	{1u << TECH_UDP, true, false, 2},
	{1u << TECH_UDP, false, true, 2},
	{1u << TECH_UDP | 1u << TECH_SYN, true, true, 4},
};

/* Three times, so that what comes now and then does. */
static void test_frames(void **unused)
{
	const size_t count = sizeof(shapes) / sizeof(shapes[0]);

	(void)unused;
	for (size_t i = 0; i < 3 * count; i++) {
		const struct shape *s = &shapes[i % count];
		struct round r;

		if (!round_init(&r, s->techniques, s->v4, s->v6, s->ranges)) {
			round_fini(&r);
			skip();
		}
		compare_all(&r);
		round_fini(&r);
	}
}

/* What is wrong with a RST whose cookie is right for it. */
struct forgery {
	uint32_t tag;	 /* its tag is another by these bits */
	uint64_t beside; /* its address is so far from the target's: outside the plan */
};

/* The RST to a cell's probe as a host sends it (RFC 9293, 3.10.7.1). */
static size_t reset(const struct round *r, uint32_t cell, uint16_t window,
		    const struct forgery *forgery, uint8_t *out)
{
	const uint8_t technique = sheet_probe(r->sheet, cell).technique;
	uint8_t probe[TEMPLATE_BYTES];
	struct packet p, answer;
	struct cookie cookie;

	packet_parse(PACKET_LINK_ETHERNET, probe, expected(r, cell, 1, probe), &p);
	p.dst = addr_add(p.dst, forgery->beside);
	cookie = cookie_make(&r->conf.key, p.dst.hi, p.dst.lo, p.dport, technique,
			     sheet_tag(r->sheet, cell) ^ forgery->tag);
	p.seq = p.ack = cookie.seq;
	p.sport = r->conf.has_source_port ? r->port : cookie_port(r->port, 1, cookie.sport);
	answer = (struct packet){
		.has = PACKET_ETHERNET | PACKET_IP | PACKET_TCP,
		.ethertype = p.ethertype,
		.src = p.dst,
		.dst = p.src,
		.proto = p.proto,
		.ttl = 64,
		.sport = p.dport,
		.dport = p.sport,
		.window = window,
	};
	if (p.flags & TCP_ACK) {
		answer.flags = TCP_RST;
		answer.seq = p.ack;
	} else {
		answer.flags = TCP_RST | TCP_ACK;
		answer.ack = p.seq + ((p.flags & TCP_SYN) != 0) + ((p.flags & TCP_FIN) != 0);
	}
	return packet_build(PACKET_LINK_ETHERNET, &answer, NULL, 0, out, 128);
}

static unsigned kernel_get(const struct round *r, uint32_t cell)
{
	return (unsigned)(r->kernel.memory.words[cell >> 4] >> ((cell & 15) * 4) & 15);
}

static void judge_all(struct round *r)
{
	uint64_t marked = 0;

	r->kernel.memory.receiving->own_mask = UINT32_MAX & ~(1u << TECH_UDP);
	r->kernel.memory.receiving->sample_mask = 0x80000000;
	for (uint32_t cell = 0; cell < r->sheet->cells; cell++) {
		if (sheet_probe(r->sheet, cell).technique == TECH_UDP)
			continue;
		const unsigned before = kernel_get(r, cell);
		const uint16_t window = (uint16_t)(next() & 1 ? next() | 1 : 0);
		const unsigned reply = window ? REPLY_RST_WINDOW : REPLY_RST;
		uint8_t frame[128], forged[128];
		const struct forgery honest = {0}, other_window = {.tag = 5u << 20},
				     other_cell = {.tag = 2}, other_host = {.beside = 1000};
		size_t length = reset(r, cell, window, &honest, frame);
		struct packet seen;

		const size_t offset = length - 20; /* of TCP */

		packet_parse(PACKET_LINK_ETHERNET, frame, length, &seen);
		r->kernel.memory.window[0].attempts = 1;
		if (!r->conf.has_source_port)
			assert_int_equal(xdp_kernel_judge(&r->kernel, frame, length), XDP_PASS);
		r->kernel.memory.window[0].attempts = 2;
		/* Cookies that nobody else can make, for what is not in the plan so. */
		(void)reset(r, cell, window, &other_window, forged);
		assert_int_equal(xdp_kernel_judge(&r->kernel, forged, length), XDP_PASS);
		(void)reset(r, cell, window, &other_cell, forged);
		assert_int_equal(xdp_kernel_judge(&r->kernel, forged, length), XDP_PASS);
		(void)reset(r, cell, window, &other_host, forged);
		assert_int_equal(xdp_kernel_judge(&r->kernel, forged, length), XDP_PASS);
		assert_int_equal(kernel_get(r, cell), before);
		/* One bit of addresses, ports or numbers, and it is not ours. */
		memcpy(forged, frame, length);
		forged[offset - 1 - next() % 8] ^= (uint8_t)(1 << next() % 8);
		assert_int_equal(xdp_kernel_judge(&r->kernel, forged, length), XDP_PASS);
		memcpy(forged, frame, length);
		forged[offset + next() % 2] ^= (uint8_t)(1 << next() % 8);
		assert_int_equal(xdp_kernel_judge(&r->kernel, forged, length), XDP_PASS);
		assert_int_equal(kernel_get(r, cell), before);
		/* Sampled ones go up to the packet ring, unmarked. */
		if (((seen.seq + seen.ack) & 0x80000000) == 0) {
			assert_int_equal(xdp_kernel_judge(&r->kernel, frame, length), XDP_PASS);
			assert_int_equal(kernel_get(r, cell), before);
			continue;
		}
		assert_int_equal(xdp_kernel_judge(&r->kernel, frame, length), XDP_DROP);
		assert_int_equal(kernel_get(r, cell), before > reply ? before : reply);
		marked += before == 0;
		assert_int_equal(r->kernel.memory.window[0].marked, marked);
		/* Once more changes nothing. */
		assert_int_equal(xdp_kernel_judge(&r->kernel, frame, length), XDP_DROP);
		assert_int_equal(r->kernel.memory.window[0].marked, marked);
	}
	assert_true(marked > 0);
}

static void test_resets(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct shape *s = &shapes[i];
		struct round r;

		if (s->techniques == 1u << TECH_UDP)
			continue;
		if (!round_init(&r, s->techniques, s->v4, s->v6, s->ranges)) {
			round_fini(&r);
			skip();
		}
		judge_all(&r);
		round_fini(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_resets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
