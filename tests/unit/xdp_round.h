/* xdp_round: a plan, its one window, and the BPF programs set up for both. The kernel runs them
 * one frame at a time (BPF_PROG_TEST_RUN); nothing is sent. */
#ifndef PORTLIGHT_TESTS_XDP_ROUND_H
#define PORTLIGHT_TESTS_XDP_ROUND_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "address/ranges.h"
#include "engine/frames/frames_egress.h"
#include "engine/frames/frames_state.h"
#include "engine/xdp/xdp_fill.h"
#include "engine/xdp/xdp_programs.h"
#include "packet/packet.h"
#include "scan/sheet_bulk.h"
#include "technique/payloads.h"

/* Cells of the plan of a round, about. */
#define CELLS 600

/* xorshift64*, so that a failure comes again. */
static uint64_t state = 88172645463325252u;

static inline uint64_t next(void)
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
	unsigned more; /* number of such groups of ports */
	bool alike;    /* more hosts, all sent to alike: what windows mostly are */
};

/* A plan, its one window, and the BPF programs set up for both. */
struct round {
	struct plan *plan;
	struct sheet *sheet;
	struct engine_conf conf;
	struct xdp_programs programs;
	struct frames_egress egress[2]; /* IPv4, IPv6 */
	uint8_t mac[CELLS * 2][6];
	bool sends[CELLS * 2]; /* to that host */
	struct link link;
	uint16_t port;
	bool fresh; /* the sheet, which it is not, counts as blank */
};

/* Each with payloads: of one dialect, of several, the longest. */
static const uint16_t saying[] = {53, 161, 443, 500, 5060, 64738};

static inline struct addr some_addr(bool v4)
{
	return v4 ? addr_from_v4((uint32_t)next())
		  : (struct addr){next() | UINT64_C(1) << 61, next()};
}

static inline void round_plan(struct round *r, const struct shape *shape)
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
		if (addr_is_v4(first) && (uint32_t)first.lo > UINT32_MAX - 64)
			first = addr_from_v4(1);
		assert_int_equal(ranges_add(&targets, first,
					    addr_add(first, next() % (shape->alike ? 64 : 4))),
				 0);
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

static inline void round_egress(struct round *r, unsigned number, uint32_t techniques)
{
	struct frames_egress *egress = &r->egress[number];
	struct template_conf conf = {
		.link = PACKET_LINK_ETHERNET,
		.source = some_addr(number == 0),
		.ttl = (uint8_t)(next() | 1),
		.bad_sum = r->conf.bad_sum,
	};
	struct xdp_egress *out = &r->programs.memory.egress[number];

	egress->source = conf.source;
	egress->link = &r->link;
	memcpy(conf.mac_src, &state, 6);
	out->source_hi = egress->source.hi;
	out->source_lo = egress->source.lo;
	for (unsigned t = 0; t < TECHNIQUES; t++) {
		if (!(techniques >> t & 1))
			continue;
		conf.technique = &technique_table[t];
		template_init(&egress->template[t], &conf);
		xdp_fill_template(&out->template[t], &egress -> template[t]);
	}
}

static inline void round_hosts(struct round *r, bool alike)
{
	struct hop_group *hops = xdp_programs_hops(&r->programs);

	assert_non_null(hops);
	for (uint32_t host = 0; host < sheet_hosts(r->sheet); host++) {
		const bool v4 = addr_is_v4(plan_host(r->plan, host));
		/* Some are not to be sent to; of the others, half have an address of their own. */
		const bool send = alike || host % 7 != 3 || sheet_hosts(r->sheet) <= 4;
		struct sheet_host hop = {.notes = send ? next() % 2 * HOST_MAC : HOST_NO_NEIGHBOUR};

		assert_true(host < CELLS * 2);
		for (int i = 0; i < 6; i++)
			r->mac[host][i] = (uint8_t)next();
		if (alike)
			memcpy(r->mac[host], r->mac[0], 6);
		memcpy(hop.mac, r->mac[host], 6);
		hop.engine = (uint8_t)((v4 ? 0 : 1) | (send ? HOP_SEND : 0));
		r->sends[host] = send;
		sheet_host_put(hops, host, &hop);
		if (alike && host == 0) {
			r->programs.memory.window[0].host_word = hop_word(hops, 0);
			/* What the map says does not count. */
			memset(hops, 0, sizeof(*hops));
		}
	}
}

/* False where the kernel lets us not. */
static inline bool round_init(struct round *r, const struct shape *shape)
{
	struct failure f = {0};
	const uint8_t tries[TECHNIQUES] = {0};
	struct xdp_room room = {0};
	struct walk walk;

	memset(r, 0, sizeof(*r));
	r->conf.key = (struct siphash_key){{next(), next()}};
	r->conf.bad_sum = next() % 4 == 0;
	r->conf.has_source_port = next() % 4 == 0;
	r->fresh = next() % 4 == 0;
	r->port = r->conf.has_source_port ? (uint16_t)(next() | 1) : 0xf000;
	round_plan(r, shape);
	r->conf.plan = r->plan;
	r->sheet = sheet_new(r->plan, 0, 0, r->plan->total, 1);
	assert_non_null(r->sheet);
	room.cells = sheet_cells(r->sheet);
	room.hosts = sheet_hosts(r->sheet);
	room.udp = true;
	if (xdp_programs_load(&r->programs, &room, &f) < 0) {
		assert_int_equal(f.exit_code, EXIT_NO_PERMISSION);
		print_message("# %s\n", f.text);
		return false;
	}
	walk_init(&walk, r->sheet, tries, 1);
	/* Of a tunnel's, now and then, on which the longest payload does not fit. */
	r->link.mtu = next() % 4 == 0 ? 1240 : 1500;
	xdp_fill_setting(&r->programs.memory, r->plan, &r->conf, r->link.mtu);
	r->programs.memory.setting->port = r->port;
	r->programs.memory.setting->port_mask = r->conf.has_source_port ? 0xffff : 0xf000;
	r->programs.memory.setting->port_fixed = r->conf.has_source_port;
	round_egress(r, 0, shape->techniques);
	round_egress(r, 1, shape->techniques);
	/* Of one family, so that all can go one way. */
	round_hosts(r, shape->alike ||
			       (shape->v4 && !shape->v6 && shape->ranges > 1 && next() % 2 == 0));
	/* Answered already, and another shard's. */
	for (uint32_t cell = 0; cell < sheet_cells(r->sheet); cell++)
		if (next() % 4 == 0)
			(void)sheet_raise(r->sheet, cell, 1 + (unsigned)(next() % 15));
	sheet_bulk_words(r->sheet, r->programs.memory.words);
	xdp_fill_window(&r->programs.memory, 0, r->sheet);
	for (uint32_t host = 4; host < sheet_hosts(r->sheet); host += 5)
		r->programs.memory.rate_limited[host / 64] |= UINT64_C(1) << host % 64;
	return true;
}

static inline void round_fini(struct round *r)
{
	if (r->programs.skeleton)
		xdp_programs_unload(&r->programs);
	sheet_free(r->sheet);
	plan_free(r->plan);
}

/* The frame of a cell as user space builds it. */
static inline size_t expected(const struct round *r, uint32_t cell, uint8_t attempt, uint8_t *out)
{
	const struct plan_probe p = sheet_probe(r->sheet, cell);
	const struct cookie cookie = cookie_make(&r->conf.key, p.to.hi, p.to.lo, p.port,
						 p.technique, sheet_tag(r->sheet, cell));
	const struct frames_egress *egress = &r->egress[!addr_is_v4(p.to)];
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
		payload_for_attempt(p.port, attempt, &fields.payload, &fields.payload_bytes);
	if (fields.payload_bytes + 48 > egress->link->mtu)
		fields.payload_bytes = 0;
	return template_write(&egress->template[p.technique], &fields, out);
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
	{1u << TECH_SYN, true, false, 1, 0, true},
	{1u << TECH_FIN | 1u << TECH_ACK | 1u << TECH_SYN, true, false, 1, 0, true},
	{1u << TECH_SYN, false, true, 1, 0, true},
	{1u << TECH_UDP, true, false, 1, 0, true},
};

#endif
