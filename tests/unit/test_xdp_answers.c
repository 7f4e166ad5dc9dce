/* What the kernel's program makes of answers: RSTs and SYN+ACKs, honest and forged, of each cell.
 */
#include <linux/bpf.h>

#include "base/clock.h"
#include "xdp_round.h"

/* What is wrong with a RST whose cookie is right for it. */
struct forgery {
	uint32_t tag;	 /* its tag is another by these bits */
	uint64_t beside; /* its address is so far from the target's: outside the plan */
};

/* What goes back to a probe, but for flags and numbers. */
static struct packet answer_to(const struct packet *p, uint8_t ttl, uint16_t window)
{
	return (struct packet){
		.has = PACKET_ETHERNET | PACKET_IP | PACKET_TCP,
		.ethertype = p->ethertype,
		.src = p->dst,
		.dst = p->src,
		.proto = p->proto,
		.ttl = ttl,
		.sport = p->dport,
		.dport = p->sport,
		.window = window,
	};
}

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
	answer = answer_to(&p, 64, window);
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
	const uint32_t position = (uint32_t)permute_backward(sheet_order(r->sheet), cell);

	return (unsigned)(r->programs.memory.words[position >> 4] >> (position & 15) * 4 & 15);
}

static uint64_t kernel_marked(const struct round *r)
{
	uint64_t marked = 0;

	for (unsigned i = 0; i < XDP_TALLIES; i++)
		marked += r->programs.memory.tally[0][i].marked;
	return marked;
}

static void judge_all(struct round *r)
{
	uint64_t marked = 0;

	r->programs.memory.receiving->own_mask = UINT32_MAX & ~(1u << TECH_UDP);
	r->programs.memory.receiving->sample_mask = 0x80000000;
	for (uint32_t cell = 0; cell < sheet_cells(r->sheet); cell++) {
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
		r->programs.memory.window[0].attempts = 1;
		if (!r->conf.has_source_port)
			assert_int_equal(xdp_programs_judge(&r->programs, frame, length), XDP_PASS);
		r->programs.memory.window[0].attempts = 2;
		/* Cookies that nobody else can make, for what is not in the plan so. */
		(void)reset(r, cell, window, &other_window, forged);
		assert_int_equal(xdp_programs_judge(&r->programs, forged, length), XDP_PASS);
		(void)reset(r, cell, window, &other_cell, forged);
		assert_int_equal(xdp_programs_judge(&r->programs, forged, length), XDP_PASS);
		(void)reset(r, cell, window, &other_host, forged);
		assert_int_equal(xdp_programs_judge(&r->programs, forged, length), XDP_PASS);
		assert_int_equal(kernel_get(r, cell), before);
		/* One bit of addresses, ports or numbers, and it is not ours. */
		memcpy(forged, frame, length);
		forged[offset - 1 - next() % 8] ^= (uint8_t)(1 << next() % 8);
		assert_int_equal(xdp_programs_judge(&r->programs, forged, length), XDP_PASS);
		memcpy(forged, frame, length);
		forged[offset + next() % 2] ^= (uint8_t)(1 << next() % 8);
		assert_int_equal(xdp_programs_judge(&r->programs, forged, length), XDP_PASS);
		assert_int_equal(kernel_get(r, cell), before);
		/* Sampled ones go up to the packet ring, unmarked. */
		if (((seen.seq + seen.ack) & 0x80000000) == 0) {
			assert_int_equal(xdp_programs_judge(&r->programs, frame, length), XDP_PASS);
			assert_int_equal(kernel_get(r, cell), before);
			continue;
		}
		assert_int_equal(xdp_programs_judge(&r->programs, frame, length), XDP_DROP);
		assert_int_equal(kernel_get(r, cell), before > reply ? before : reply);
		marked += before == 0;
		assert_int_equal(kernel_marked(r), marked);
		/* Once more changes nothing. */
		assert_int_equal(xdp_programs_judge(&r->programs, frame, length), XDP_DROP);
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
	answer = answer_to(&p, 57, 64240);
	answer.flags = TCP_SYN | TCP_ACK;
	answer.seq = seq;
	answer.ack = p.seq + 1;
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
	struct xdp_receive *receiving = r->programs.memory.receiving;

	r->programs.memory.window[0].attempts = 2;
	for (uint32_t cell = 0; cell < sheet_cells(r->sheet); cell++) {
		if (sheet_probe(r->sheet, cell).technique != TECH_SYN)
			continue;
		uint8_t frame[256], forged[256];
		struct xdp_opened told;
		struct packet seen;
		size_t length = opening(r, cell, (uint32_t)next(), frame);
		const size_t before = length, offset = cell % 2 ? length - 42 : length - 20;

		packet_parse(PACKET_LINK_ETHERNET, frame, length, &seen);
		receiving->reset_mask = 0;
		assert_int_equal(xdp_programs_judge(&r->programs, frame, length), XDP_PASS);
		receiving->reset_mask = 1u << TECH_SYN;
		/* Another's: by its acknowledgement, a port, or more flags. */
		memcpy(forged, frame, length);
		forged[offset + 8 + next() % 3] ^= (uint8_t)(1 << next() % 8);
		assert_int_equal(xdp_programs_judge(&r->programs, forged, length), XDP_PASS);
		memcpy(forged, frame, length);
		forged[offset + next() % 2] ^= (uint8_t)(1 << next() % 8);
		assert_int_equal(xdp_programs_judge(&r->programs, forged, length), XDP_PASS);
		memcpy(forged, frame, length);
		forged[offset + 13] |= TCP_FIN;
		assert_int_equal(xdp_programs_judge(&r->programs, forged, length), XDP_PASS);
		assert_int_equal(xdp_programs_opened(&r->programs, &told, 1), 0);
		assert_int_equal(xdp_programs_answer(&r->programs, frame, &length), XDP_TX);
		reset_check(frame, length, &seen, before);
		assert_int_equal(xdp_programs_opened(&r->programs, &told, 1), 1);
		assert_int_equal(xdp_programs_opened(&r->programs, &told, 1), 0);
		assert_int_equal(told.tag, sheet_tag(r->sheet, cell));
		assert_int_equal(told.window, 64240);
		assert_int_equal(told.ttl, 57);
		assert_int_equal(told.flags, TCP_SYN | TCP_ACK);
		assert_int_equal(told.ours, seen.dport);
		assert_in_range(clock_monotonic_ns() - told.t_ns, 0, UINT64_C(60000000000));
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
	while (xdp_programs_judge(&r->programs, frame, length) == XDP_TX)
		assert_true(++answered <= XDP_OPENED_BYTES / 32);
	assert_int_equal(xdp_programs_judge(&r->programs, frame, length), XDP_PASS);
	while ((count = xdp_programs_opened(&r->programs, told, 64)) > 0)
		answered -= count;
	assert_int_equal(answered, 0);
	assert_int_equal(xdp_programs_judge(&r->programs, frame, length), XDP_TX);
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
		cmocka_unit_test(test_resets),
		cmocka_unit_test(test_openings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
