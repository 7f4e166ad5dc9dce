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
#include <pthread.h>
#include <sched.h>
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

struct shape {
	unsigned techniques;
	bool v4, v6;
	unsigned ranges;
	unsigned more; /* times so many ports */
};

/* A plan, its one window, and the programs told of both. */
struct round {
	struct plan *plan;
	struct sheet *sheet;
	struct engine_conf conf;
	struct xdp_kernel kernel;
	struct frames_way way[2]; /* IPv4, IPv6 */
	uint8_t mac[CELLS * 2][6];
	uint64_t hop[CELLS * 2];
	struct link link;
	uint16_t port;
	bool fresh; /* the sheet, which it is not, counts as blank */
};

/* Each with payloads: of one dialect, of several, the longest. */
static const uint16_t saying[] = {53, 161, 443, 500, 5060, 64738};

static struct addr some_addr(bool v4)
{
	return v4 ? addr_from_v4((uint32_t)next())
		  : (struct addr){next() | UINT64_C(1) << 61, next()};
}

static void round_plan(struct round *r, const struct shape *shape)
{
	const uint64_t seed[2] = {next(), next()};
	const unsigned ports = (CELLS / (shape->ranges * 4) + 1) * (1 + shape->more);
	struct ranges targets = {0};
	struct ports set = {0};
	struct failure f = {0};

	for (unsigned i = 0; i < shape->ranges; i++) {
		struct addr first = some_addr(shape->v4 && (!shape->v6 || i % 2 == 0));

		/* A /64 boundary in the middle, now and then. */
		if (!addr_is_v4(first) && i % 4 == 1)
			first.lo = UINT64_MAX - 1;
		if (addr_is_v4(first) && (uint32_t)first.lo > UINT32_MAX - 8)
			first = addr_from_v4(1);
		assert_int_equal(ranges_add(&targets, first, addr_add(first, next() % 4)), 0);
	}
	ranges_normalise(&targets);
	for (unsigned i = 0; i < ports; i++)
		port_set_add(&set.tcp, (unsigned)(next() & 0xffff));
	for (unsigned i = 0; i < ports / 2 + 1; i++)
		port_set_add(&set.udp, (unsigned)(next() & 0xffff));
	for (size_t i = 0; i < sizeof(saying) / sizeof(saying[0]); i++)
		port_set_add(&set.udp, saying[i]);
	r->plan = plan_new(&targets, &set, shape->techniques, seed, &f);
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
		/* Numbers in any order, and each of them once. */
		const uint32_t number = r->sheet->hosts - 1 - host;
		uint64_t *word = &r->hop[number];

		assert_true(host < CELLS * 2);
		for (int i = 0; i < 6; i++)
			r->mac[host][i] = (uint8_t)next();
		memcpy(word, r->mac[host], 6);
		*word |= (uint64_t)!v4 << 56;
		/* Some are not to be sent to. */
		*word |= host % 7 == 3 && r->sheet->hosts > 4 ? 0 : XDP_HOST_SEND;
		r->kernel.memory.hosts[host] = (uint16_t)number;
		if (alike) {
			memcpy(r->mac[host], r->mac[0], 6);
			if (host == 0)
				r->kernel.memory.window[0].host_word = *word;
			/* What the maps say does not count. */
			*word = 0;
		}
	}
	assert_int_equal(
		xdp_kernel_hops(&r->kernel, 0, (const struct sheet_host *)r->hop, r->sheet->hosts),
		0);
}

/* False where the kernel lets us not. */
static bool round_init(struct round *r, const struct shape *shape)
{
	struct failure f = {0};
	const uint8_t tries[TECHNIQUES] = {0};
	struct walk walk;

	memset(r, 0, sizeof(*r));
	r->conf.key = (struct cookie_key){{next(), next()}};
	r->conf.bad_sum = next() % 4 == 0;
	r->conf.has_source_port = next() % 4 == 0;
	r->fresh = next() % 4 == 0;
	r->port = r->conf.has_source_port ? (uint16_t)(next() | 1) : 0xf000;
	round_plan(r, shape);
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
	round_way(r, 0, shape->techniques);
	round_way(r, 1, shape->techniques);
	assert_non_null(xdp_kernel_hosts(&r->kernel));
	/* Of one family, so that all can go one way. */
	round_hosts(r, shape->v4 && !shape->v6 && shape->ranges > 1 && next() % 2 == 0);
	/* Answered already, and another shard's. */
	for (uint32_t cell = 0; cell < r->sheet->cells; cell++)
		if (next() % 4 == 0)
			sheet_put(r->sheet, cell, 1 + (unsigned)(next() % 15));
	xdp_window_fill(&r->kernel.memory, 0, r->sheet);
	for (uint32_t host = 4; host < r->sheet->hosts; host += 5)
		r->kernel.memory.quenched[host / 64] |= UINT64_C(1) << host % 64;
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
	const uint64_t hop = alike ? alike : r->hop[r->kernel.memory.hosts[cell / r->plan->slots]];
	const bool quenched = cell / r->plan->slots % 5 == 4;

	return (r->fresh || sheet_get(r->sheet, cell) == 0) && hop & XDP_HOST_SEND &&
	       !(quenched && sheet_probe(r->sheet, cell).technique == TECH_UDP);
}

/* A pass over [begin, end) whose frames come back. */
static void pass_init(struct round *r, uint8_t attempt, uint32_t begin, uint32_t end)
{
	volatile struct xdp_pass *pass = r->kernel.memory.pass;

	memset((void *)pass, 0, sizeof(*pass));
	memset((void *)r->kernel.memory.sender, 0, XDP_SENDERS * sizeof(struct xdp_sender));
	pass->attempt = attempt;
	pass->fresh = r->fresh;
	pass->begin = begin;
	pass->next = begin / XDP_BLOCK * XDP_BLOCK;
	pass->end = end;
	pass->technique_mask = UINT32_MAX;
	pass->batch = 1;
	pass->test = 1;
}

/* The next frame of a sender, or -ENODATA. */
static int sender_next(const struct round *r, unsigned sender, uint8_t *out, size_t room)
{
	return xdp_kernel_test(&r->kernel, sender, 1, out, room);
}

/* Nothing in hand and nothing to take. */
static bool sender_over(const struct round *r, unsigned sender)
{
	const volatile struct xdp_pass *pass = r->kernel.memory.pass;
	const volatile struct xdp_sender *s = &r->kernel.memory.sender[sender];

	return xdp_sender_idle(s) && (pass->next >= pass->end || pass->stop);
}

static void compare_all(struct round *r)
{
	const uint8_t attempt = (uint8_t)(next() % 16);
	const unsigned who = (unsigned)(next() % XDP_SENDERS);
	const volatile struct xdp_sender *sender = &r->kernel.memory.sender[who];
	uint8_t want[TEMPLATE_BYTES + PAYLOAD_MOST], got[2048];
	uint64_t sent = 0;

	pass_init(r, attempt, 0, r->sheet->cells);
	for (uint32_t position = 0; position < r->sheet->cells; position++) {
		const uint32_t cell = (uint32_t)permute_forward(&r->sheet->order, position);
		size_t length;
		int count;

		if (!sendable(r, cell))
			continue;
		/* It stops looking after some cells without a blank, and goes on from there. */
		do
			count = sender_next(r, who, got, sizeof(got));
		while (count == -ENODATA && !sender_over(r, who));
		length = expected(r, cell, attempt, want);
		assert_int_equal(count, length);
		assert_memory_equal(got, want, length);
		assert_int_equal(sender->sent, ++sent);
	}
	while (!sender_over(r, who))
		assert_int_equal(sender_next(r, who, got, sizeof(got)), -ENODATA);
	assert_int_equal(sender_next(r, who, got, sizeof(got)), -ENODATA);
	assert_int_equal(sender->sent, sent);
}

/* Several threads that send a pass at once, as fast as they can or to a schedule. */
struct crew {
	struct round *r;
	uint8_t *seen;	/* how often each cell was sent */
	uint32_t times; /* runs of a call; more than one: seen[] is not kept */
	uint32_t stop;	/* once so many were sent */
	uint32_t sent;
	struct crew_member {
		struct crew *crew;
		pthread_t thread;
		unsigned number;
	} member[4];
};

static void *crew_send(void *argument)
{
	const struct crew_member *m = argument;
	struct crew *crew = m->crew;
	const struct round *r = crew->r;
	uint8_t frame[2048];
	struct packet p;

	while (!sender_over(r, m->number)) {
		const int length =
			xdp_kernel_test(&r->kernel, m->number, crew->times, frame, sizeof(frame));
		uint32_t cell;

		if (length < 0 || crew->times > 1)
			continue;
		packet_parse(PACKET_LINK_ETHERNET, frame, (size_t)length, &p);
		cell = p.seq ^
		       (uint32_t)cookie_hash(&r->conf.key, p.dst.hi, p.dst.lo, p.dport, TECH_SYN);
		if (cell < r->sheet->cells)
			__atomic_fetch_add(&crew->seen[cell], 1, __ATOMIC_RELAXED);
		if (__atomic_add_fetch(&crew->sent, 1, __ATOMIC_RELAXED) >= crew->stop)
			r->kernel.memory.pass->stop = 1;
	}
	return NULL;
}

/* From `begin` on until `stop` were sent (0: until about half way): where they stopped. The
 * schedule has moved on for just what was sent. */
static uint32_t crew_pass(struct crew *crew, uint32_t begin, uint32_t stop)
{
	const uint32_t end = crew->r->sheet->cells;
	volatile struct xdp_pass *pass = crew->r->kernel.memory.pass;
	const uint64_t due_ns = frames_now_ns();
	uint64_t allowed = 0;

	pass_init(crew->r, 0, begin, end);
	pass->batch = 1u << next() % 7;
	pass->gap_ns = 1 + next() % 2 * 500 * pass->batch;
	pass->slack_ns = UINT64_MAX / 2;
	pass->due_ns = due_ns;
	crew->stop = stop;
	crew->sent = 0;
	for (unsigned i = 0; i < 4; i++) {
		crew->member[i].crew = crew;
		crew->member[i].number = i * 2;
		assert_int_equal(
			pthread_create(&crew->member[i].thread, NULL, crew_send, &crew->member[i]),
			0);
	}
	while (stop == 0 && pass->next < end / 2)
		(void)sched_yield();
	if (stop == 0)
		pass->stop = 1;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_join(crew->member[i].thread, NULL), 0);
	for (unsigned i = 0; i < XDP_SENDERS; i++)
		allowed += crew->r->kernel.memory.sender[i].sent +
			   crew->r->kernel.memory.sender[i].credit;
	assert_int_equal((pass->due_ns - due_ns) / pass->gap_ns * pass->batch, allowed);
	return pass->next < end ? pass->next : end;
}

/* Whatever was sent by several threads was sent once, and is all before where they stopped. */
static void crew_check(const struct crew *crew, uint32_t begin, uint32_t end)
{
	const struct round *r = crew->r;

	for (uint32_t position = 0; position < r->sheet->cells; position++) {
		const uint32_t cell = (uint32_t)permute_forward(&r->sheet->order, position);
		const bool in = position >= begin && position < end;

		assert_int_equal(crew->seen[cell], in && sendable(r, cell));
		if (in)
			assert_int_not_equal(r->kernel.memory.blocks[position / XDP_BLOCK], 0);
	}
}

static const struct shape crew_few = {1u << TECH_SYN, true, false, 40, 0};
static const struct shape crew_many = {1u << TECH_SYN, true, false, 40, 200};

static void test_senders(void **unused)
{
	struct round r;
	struct crew crew = {.r = &r, .times = 1};

	(void)unused;
	if (!round_init(&r, &crew_few)) {
		round_fini(&r);
		skip();
	}
	for (int i = 0; i < 30; i++) {
		const uint32_t begin = (uint32_t)(next() % 200);
		uint32_t middle;

		crew.seen = calloc(r.sheet->cells, 1);
		assert_non_null(crew.seen);
		memset(r.kernel.memory.blocks, 0, r.kernel.memory.setting->blocks * 8);
		middle = crew_pass(&crew, begin, (uint32_t)(next() % (r.sheet->cells / 4)));
		crew_check(&crew, begin, middle);
		/* Some threads may have stopped in the last block. */
		assert_int_equal(crew_pass(&crew, middle, UINT32_MAX), r.sheet->cells);
		crew_check(&crew, begin, r.sheet->cells);
		free(crew.seen);
	}
	round_fini(&r);
}

/* Long calls, in which they are in each other's way: as many were sent as were to be. */
static void test_senders_fast(void **unused)
{
	struct round r;
	struct crew crew = {.r = &r, .times = 1000};

	(void)unused;
	if (!round_init(&r, &crew_many)) {
		round_fini(&r);
		skip();
	}
	for (int i = 0; i < 30; i++) {
		const uint32_t middle = crew_pass(&crew, 0, i % 3 ? UINT32_MAX : 0);
		uint64_t sent = 0, wanted = 0;

		for (uint32_t position = 0; position < middle; position++)
			wanted +=
				sendable(&r, (uint32_t)permute_forward(&r.sheet->order, position));
		for (unsigned s = 0; s < XDP_SENDERS; s++)
			sent += r.kernel.memory.sender[s].sent;
		assert_int_equal(sent, wanted);
		assert_true(i % 3 == 0 || middle == r.sheet->cells);
	}
	round_fini(&r);
}

static const struct shape shapes[] = {
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

		if (!round_init(&r, s)) {
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

static uint64_t kernel_marked(const struct round *r)
{
	uint64_t marked = 0;

	for (unsigned i = 0; i < XDP_TALLIES; i++)
		marked += r->kernel.memory.tally[0][i].marked;
	return marked;
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
		assert_int_equal(kernel_marked(r), marked);
		/* Once more changes nothing. */
		assert_int_equal(xdp_kernel_judge(&r->kernel, frame, length), XDP_DROP);
		assert_int_equal(kernel_marked(r), marked);
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
		if (!round_init(&r, s)) {
			round_fini(&r);
			skip();
		}
		judge_all(&r);
		round_fini(&r);
	}
}

/* The SYN+ACK to a cell's SYN, with a few bytes behind it as of options. */
static size_t opening(const struct round *r, uint32_t cell, uint32_t seq, uint8_t *out)
{
	static const uint8_t more[22] = {2, 4, 5, 180};
	uint8_t probe[TEMPLATE_BYTES];
	struct packet p, answer;

	packet_parse(PACKET_LINK_ETHERNET, probe, expected(r, cell, 1, probe), &p);
	answer = (struct packet){
		.has = PACKET_ETHERNET | PACKET_IP | PACKET_TCP,
		.ethertype = p.ethertype,
		.src = p.dst,
		.dst = p.src,
		.proto = p.proto,
		.ttl = 57,
		.sport = p.dport,
		.dport = p.sport,
		.window = 64240,
		.flags = TCP_SYN | TCP_ACK,
		.seq = seq,
		.ack = p.seq + 1,
	};
	memcpy(answer.mac_src, p.mac_dst, 6);
	memcpy(answer.mac_dst, p.mac_src, 6);
	return packet_build(PACKET_LINK_ETHERNET, &answer, more, cell % 2 ? sizeof(more) : 0, out,
			    256);
}

/* What goes back is what a kernel without such a socket says (RFC 9293, 3.10.7.1). */
static void reset_check(const uint8_t *got, size_t length, const struct packet *to, size_t before)
{
	const size_t least = addr_is_v4(to->src) ? 60 : 74;
	struct packet p;

	packet_parse_checked(PACKET_LINK_ETHERNET, got, length, &p);
	assert_false(p.has & (PACKET_SUM_BAD | PACKET_MALFORMED | PACKET_TRUNCATED));
	assert_true(p.has & PACKET_TCP);
	assert_int_equal(length, before < least ? before : least);
	assert_int_equal(p.flags, TCP_RST);
	assert_true(addr_equal(p.src, to->dst) && addr_equal(p.dst, to->src));
	assert_int_equal(p.sport, to->dport);
	assert_int_equal(p.dport, to->sport);
	assert_int_equal(p.seq, to->ack);
	assert_int_equal(p.ack, 0);
	assert_int_equal(p.window, 0);
	assert_int_equal(p.payload_bytes, 0);
	assert_int_equal(p.ttl, 64);
	assert_memory_equal(p.mac_src, to->mac_dst, 6);
	assert_memory_equal(p.mac_dst, to->mac_src, 6);
}

static void open_all(struct round *r)
{
	struct xdp_receive *receiving = r->kernel.memory.receiving;

	r->kernel.memory.window[0].attempts = 2;
	for (uint32_t cell = 0; cell < r->sheet->cells; cell++) {
		if (sheet_probe(r->sheet, cell).technique != TECH_SYN)
			continue;
		uint8_t frame[256], forged[256];
		struct xdp_opened told;
		struct packet seen;
		size_t length = opening(r, cell, (uint32_t)next(), frame);
		const size_t before = length, offset = cell % 2 ? length - 42 : length - 20;

		packet_parse(PACKET_LINK_ETHERNET, frame, length, &seen);
		receiving->reset_mask = 0;
		assert_int_equal(xdp_kernel_judge(&r->kernel, frame, length), XDP_PASS);
		receiving->reset_mask = 1u << TECH_SYN;
		/* Another's: by its acknowledgement, a port, or more flags. */
		memcpy(forged, frame, length);
		forged[offset + 8 + next() % 3] ^= (uint8_t)(1 << next() % 8);
		assert_int_equal(xdp_kernel_judge(&r->kernel, forged, length), XDP_PASS);
		memcpy(forged, frame, length);
		forged[offset + next() % 2] ^= (uint8_t)(1 << next() % 8);
		assert_int_equal(xdp_kernel_judge(&r->kernel, forged, length), XDP_PASS);
		memcpy(forged, frame, length);
		forged[offset + 13] |= TCP_FIN;
		assert_int_equal(xdp_kernel_judge(&r->kernel, forged, length), XDP_PASS);
		assert_int_equal(xdp_kernel_opened(&r->kernel, &told, 1), 0);
		assert_int_equal(xdp_kernel_answer(&r->kernel, frame, &length), XDP_TX);
		reset_check(frame, length, &seen, before);
		assert_int_equal(xdp_kernel_opened(&r->kernel, &told, 1), 1);
		assert_int_equal(xdp_kernel_opened(&r->kernel, &told, 1), 0);
		assert_int_equal(told.tag, sheet_tag(r->sheet, cell));
		assert_int_equal(told.window, 64240);
		assert_int_equal(told.ttl, 57);
		assert_int_equal(told.flags, TCP_SYN | TCP_ACK);
		assert_int_equal(told.ours, seen.dport);
		assert_in_range(frames_now_ns() - told.t_ns, 0, UINT64_C(60000000000));
	}
}

/* Once user space cannot be told of more, they are for the kernel. */
static void open_too_many(struct round *r)
{
	struct xdp_opened told[64];
	uint8_t frame[256];
	uint32_t cell = 0;
	unsigned answered = 0, count;
	size_t length;

	while (sheet_probe(r->sheet, cell).technique != TECH_SYN)
		cell++;
	length = opening(r, cell, 1, frame);
	while (xdp_kernel_judge(&r->kernel, frame, length) == XDP_TX)
		assert_true(++answered <= XDP_OPENED_BYTES / 32);
	assert_int_equal(xdp_kernel_judge(&r->kernel, frame, length), XDP_PASS);
	while ((count = xdp_kernel_opened(&r->kernel, told, 64)) > 0)
		answered -= count;
	assert_int_equal(answered, 0);
	assert_int_equal(xdp_kernel_judge(&r->kernel, frame, length), XDP_TX);
}

static void test_openings(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct shape *s = &shapes[i];
		struct round r;

		if (!(s->techniques & 1u << TECH_SYN))
			continue;
		if (!round_init(&r, s)) {
			round_fini(&r);
			skip();
		}
		open_all(&r);
		open_too_many(&r);
		round_fini(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),	     cmocka_unit_test(test_senders),
		cmocka_unit_test(test_senders_fast), cmocka_unit_test(test_resets),
		cmocka_unit_test(test_openings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
