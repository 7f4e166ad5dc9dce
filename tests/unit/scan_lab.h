/* scan_lab: the real plan, walk, pacer and verdict over a simulated network of hosts. */
#ifndef PORTLIGHT_TESTS_SCAN_LAB_H
#define PORTLIGHT_TESTS_SCAN_LAB_H

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/logarithm.h"
#include "scan/scan.h"
#include "scan/verdict.h"

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)

static uint64_t random_state;

static inline uint64_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(2685821657736338717);
}

static inline bool chance(double share)
{
	return (double)(random_next() >> 11) / 9007199254740992.0 < share;
}

/* What is really there; a host's nature by its rank. */
enum nature {
	OPEN_AT_MULTIPLES_OF_10,
	ALL_SILENT,
	ICMP_LIMITED,
	ICMP_LIMITED_MUTE,  /* and its open ports say nothing */
	ICMP_LIMITED_DROPS, /* and nine in ten of its ports are dropped, the others closed */
	RST_ALWAYS,
	RST_LIMITED,
	MOSTLY_FILTERED,       /* one port in 500 answers, and is open */
	RST_LIMITED_BY_SECOND, /* all closed; the first 200 of each second */
	CHALLENGES,	       /* has connections of its open ports with the port of -g */
	CHALLENGES_ALWAYS,     /* and with any other port, too */
	DEAD
};

/* Paths of the network that fail independently. */
#define LAB_PATHS 8

/* Losses in bursts (Gilbert): a path is good or bad for times that are distributed exponentially,
 * and loses more while it is bad. */
struct bursts {
	double loss;		     /* of each packet, while the path is bad; 0: no bursts */
	uint64_t bad_ns, good_ns;    /* mean length of the times */
	unsigned paths;		     /* hosts have them in turn; LAB_PATHS at most */
	uint64_t turn_ns[LAB_PATHS]; /* state: when it changes */
	bool bad[LAB_PATHS];
};

struct network {
	enum nature (*nature)(uint64_t rank);
	double loss; /* of each packet */
	struct bursts bursts;
	uint64_t seed;	     /* of the whole world; 0: always the same */
	double capacity_pps; /* more than that is dropped; 0: no limit */
	uint64_t rtt_ns;
	uint64_t (*extra_rtt_ns)(uint64_t rank); /* NULL: none */
	uint64_t dark_from_ns, dark_until_ns;	 /* nothing gets through in between */
	uint64_t dark_every_ns;			 /* and so again and again; 0: once */
	uint64_t dead_from_ns;			 /* nothing from then on; 0: never */
	/* state */
	double tokens, icmp_tokens, rst_tokens;
	uint64_t filled_ns, icmp_ns, rst_ns;
	struct pending {
		struct answer answer;
		struct pending *next;
	} * head, *tail; /* in order of arrival */
	uint64_t probes, most_resent;
};

static inline uint64_t exponential_ns(uint64_t mean_ns)
{
	const double share = ((double)(random_next() >> 11) + 1) / 9007199254740993.0;

	return (uint64_t)(-logarithm(share) * (double)mean_ns) + 1;
}

static inline bool network_loses(struct network *net, uint64_t rank, uint64_t now_ns)
{
	struct bursts *b = &net->bursts;

	if (b->loss > 0) {
		const unsigned path = (unsigned)(rank % b->paths);

		if (b->turn_ns[path] == 0)
			b->turn_ns[path] = now_ns + exponential_ns(b->good_ns);
		while (b->turn_ns[path] <= now_ns) {
			b->bad[path] = !b->bad[path];
			b->turn_ns[path] += exponential_ns(b->bad[path] ? b->bad_ns : b->good_ns);
		}
		if (b->bad[path] && chance(b->loss))
			return true;
	}
	return chance(net->loss);
}

static inline bool network_carries(struct network *net, uint64_t rank, uint64_t now_ns)
{
	if (network_loses(net, rank, now_ns))
		return false;
	if (net->capacity_pps <= 0)
		return true;
	net->tokens += (double)(now_ns - net->filled_ns) * net->capacity_pps / 1e9;
	net->filled_ns = now_ns;
	if (net->tokens > net->capacity_pps * 0.002)
		net->tokens = net->capacity_pps * 0.002;
	if (net->tokens < 1)
		return false;
	net->tokens -= 1;
	return true;
}

/* One ICMP error a second after a burst of six, as Linux. */
static inline bool network_icmp_allows(struct network *net, uint64_t now_ns)
{
	net->icmp_tokens += (double)(now_ns - net->icmp_ns) / 1e9;
	net->icmp_ns = now_ns;
	if (net->icmp_tokens > 6)
		net->icmp_tokens = 6;
	if (net->icmp_tokens < 1)
		return false;
	net->icmp_tokens -= 1;
	return true;
}

static inline bool network_rst_allows_second(struct network *net, uint64_t now_ns)
{
	if (now_ns / SECOND != net->rst_ns / SECOND)
		net->rst_tokens = 200;
	net->rst_ns = now_ns;
	if (net->rst_tokens < 1)
		return false;
	net->rst_tokens -= 1;
	return true;
}

/* 200 a second, as FreeBSD. */
static inline bool network_rst_allows(struct network *net, uint64_t now_ns)
{
	net->rst_tokens += (double)(now_ns - net->rst_ns) * 200 / 1e9;
	net->rst_ns = now_ns;
	if (net->rst_tokens > 10)
		net->rst_tokens = 10;
	if (net->rst_tokens < 1)
		return false;
	net->rst_tokens -= 1;
	return true;
}

static inline unsigned network_reply(struct network *net, const struct plan *plan,
				     const struct probe *probe, uint64_t now_ns, struct answer *a)
{
	uint64_t rank;
	bool open = probe->port % 10 == 0;
	const struct technique *t = &technique_table[probe->technique];

	assert_true(plan_find_host(plan, probe->to, &rank));
	switch (net->nature(rank)) {
	case ALL_SILENT:
	case DEAD:
		return REPLY_SILENCE;
	case RST_ALWAYS:
		return t->flags == 2 && open ? REPLY_SYN_ACK : REPLY_RST;
	case RST_LIMITED:
		if (!open && !network_rst_allows(net, now_ns))
			return REPLY_SILENCE;
		break;
	case MOSTLY_FILTERED:
		return probe->port % 500 == 0 ? REPLY_SYN_ACK : REPLY_SILENCE;
	case RST_LIMITED_BY_SECOND:
		return network_rst_allows_second(net, now_ns) ? REPLY_RST : REPLY_SILENCE;
	case CHALLENGES:
	case CHALLENGES_ALWAYS:
		if (open && (!probe->other_port || net->nature(rank) == CHALLENGES_ALWAYS))
			return REPLY_ACK;
		break;
	case ICMP_LIMITED_DROPS:
		if (!open)
			return REPLY_SILENCE;
		open = false;
		break;
	case ICMP_LIMITED:
	case ICMP_LIMITED_MUTE:
	case OPEN_AT_MULTIPLES_OF_10:
		break;
	}
	if (t->proto == IPPROTO_UDP) {
		if (open)
			return net->nature(rank) == ICMP_LIMITED_MUTE ? REPLY_SILENCE : REPLY_DATA;
		if (net->nature(rank) != OPEN_AT_MULTIPLES_OF_10 &&
		    !network_icmp_allows(net, now_ns))
			return REPLY_SILENCE;
		a->has |= ANSWER_ICMP;
		a->icmp_type = 3;
		a->icmp_code = 3;
		return REPLY_PORT_UNREACH;
	}
	if (!technique_is_port(probe->technique))
		return REPLY_ICMP;
	if (t->flags & 0x10)
		return REPLY_RST;
	if (open)
		return t->flags & 2 ? REPLY_SYN_ACK : REPLY_SILENCE;
	return REPLY_RST;
}

static inline bool network_dark(const struct network *net, uint64_t at_ns)
{
	uint64_t ns = at_ns;

	if (net->dead_from_ns && at_ns >= net->dead_from_ns)
		return true;
	if (net->dark_every_ns && at_ns >= net->dark_from_ns)
		ns = net->dark_from_ns + (at_ns - net->dark_from_ns) % net->dark_every_ns;
	return ns >= net->dark_from_ns && ns < net->dark_until_ns;
}

static inline void network_send(struct network *net, const struct plan *plan,
				const struct probe *probe, uint64_t now_ns)
{
	struct answer a = {.t_ns = now_ns + net->rtt_ns,
			   .from = probe->to,
			   .cell = probe->cell,
			   .has = ANSWER_ATTEMPT | ANSWER_TTL,
			   .ttl = 64,
			   .attempt = probe->attempt};

	uint64_t rank;

	net->probes++;
	assert_true(plan_find_host(plan, probe->to, &rank));
	if (!network_carries(net, rank, now_ns) || network_dark(net, now_ns))
		return;
	a.reply = (uint8_t)network_reply(net, plan, probe, now_ns, &a);
	if (a.reply == REPLY_SILENCE || network_loses(net, rank, now_ns))
		return;
	struct pending *p = malloc(sizeof(*p));

	if (net->extra_rtt_ns)
		a.t_ns += net->extra_rtt_ns(rank);
	if (network_dark(net, a.t_ns)) {
		free(p);
		return;
	}
	struct pending **at = &net->head;

	if (net->tail && net->tail->answer.t_ns <= a.t_ns)
		at = &net->tail->next;
	while (*at && (*at)->answer.t_ns <= a.t_ns)
		at = &(*at)->next;
	*p = (struct pending){a, *at};
	*at = p;
	if (!p->next)
		net->tail = p;
}

/* Called at the beginning of each turn of run(), if set. */
static void (*lab_each_turn)(struct scan *scan, uint64_t now_ns);

/* Called before windows are looked for that can be read out, if set. */
static void (*lab_before_reading)(struct scan *scan, uint64_t now_ns);

struct result {
	uint64_t digest; /* of all that was sent and reported, and when */
	uint64_t findings, wrong, hosts, partial;
	uint64_t elapsed_ns, sent;
	uint64_t checks; /* of those sent: of the path, at ports that have answered */
	double top_pps;
	struct run_confidence confidence;
	struct paced_status asked_on; /* most hosts, highest round */
};

static inline void digest_add(uint64_t *digest, uint64_t number)
{
	*digest = (*digest ^ number) * UINT64_C(0x9e3779b97f4a7c15);
	*digest ^= *digest >> 29;
}

static inline void digest_finding(uint64_t *digest, const struct finding *f)
{
	digest_add(digest, (uint64_t)f->port << 32 | (uint32_t)f->technique << 16 |
				   (uint32_t)f->state << 8 | f->reason);
	digest_add(digest, f->t_ns);
	digest_add(digest, (uint64_t)f->rtt_us << 32 | f->cell);
	digest_add(digest, (uint64_t)f->has << 32 | (uint32_t)f->ttl << 16 | f->window);
	digest_add(digest, (uint64_t)f->attempt << 32 | (uint32_t)f->icmp_type << 8 | f->icmp_code);
	digest_add(digest, f->from.lo);
}

typedef unsigned expected_state(uint64_t rank, const struct finding *f);

static inline void read_out(struct scan *scan, int place, expected_state *expect, struct result *r)
{
	struct sheet *sheet = scan->sheet[place];
	struct finding *findings = calloc(scan->plan->slots, sizeof(*findings));
	uint64_t rank;

	for (uint32_t h = 0; h < sheet_hosts(sheet); h++) {
		struct host_report host;

		scan_read(scan, place, h, !scan->stopping, findings, &host);
		scan_reported(scan, &host);
		assert_true(plan_find_host(scan->plan, host.addr, &rank));
		assert_int_equal(rank, r->hosts);
		r->hosts++;
		r->partial += (host.notes & HOST_PARTIAL) != 0;
		digest_add(&r->digest, host.notes);
		digest_add(&r->digest, host.end_ns);
		for (size_t i = 0; i < host.count; i++) {
			r->findings++;
			r->wrong += findings[i].state != expect(rank, &findings[i]);
			digest_finding(&r->digest, &findings[i]);
		}
	}
	free(findings);
	scan_close(scan, place);
}

/* Hosts with paced retransmissions are not finished; unanswered probes of other hosts are. */
static void look_at_progress(const struct scan *scan, struct result *r)
{
	const struct paced_status news = scan_asked_on(scan);
	const uint64_t settled = scan_cells_settled(scan);

	assert_true(settled <= scan->cells_all);
	if (news.blanks)
		assert_true(settled < scan->cells_all);
	if (news.hosts > r->asked_on.hosts)
		r->asked_on.hosts = news.hosts;
	if (news.round > r->asked_on.round)
		r->asked_on.round = news.round;
}

/* The main loop of the program, with a clock that jumps to the next due time. */
static inline struct result run(const struct plan *plan, struct network *net,
				const struct scan_conf *conf, expected_state *expect,
				uint64_t stop_after)
{
	const struct sheet_host absent = {.notes = HOST_NO_NEIGHBOUR};
	struct scan scan;
	struct result r = {0};
	uint64_t now_ns = SECOND, start_ns = now_ns;

	random_state = net->seed ? net->seed : 99;
	net->filled_ns = net->icmp_ns = net->rst_ns = now_ns;
	net->icmp_tokens = 6;
	scan_init(&scan, plan, conf, now_ns);
	for (;;) {
		unsigned budget, sent = 0;
		int place;

		if (lab_each_turn)
			lab_each_turn(&scan, now_ns);
		if (stop_after && scan.sent >= stop_after)
			scan_stop(&scan, now_ns);
		while ((place = scan_open(&scan, now_ns)) >= 0)
			for (uint32_t h = 0; h < sheet_hosts(scan.sheet[place]); h++)
				if (net->nature(sheet_first_host(scan.sheet[place]) + h) == DEAD)
					sheet_set_host(scan.sheet[place], h, &absent);
		if (scan_over(&scan))
			break;
		struct walk *walk = scan_turn(&scan, now_ns, &budget);
		struct probe probe;

		while (walk && sent < budget && walk_next(walk, now_ns, &probe)) {
			network_send(net, plan, &probe, now_ns);
			r.checks += probe.check;
			digest_add(&r.digest, now_ns);
			digest_add(&r.digest, (uint64_t)probe.attempt << 32 | probe.cell);
			walk_sent(walk, &probe, now_ns);
			sent++;
		}
		if (walk)
			scan_sent(&scan, walk, sent, 0, now_ns);
		if (scan.pacer.rate_pps > r.top_pps)
			r.top_pps = scan.pacer.rate_pps;
		look_at_progress(&scan, &r);
		uint64_t next_ns = now_ns + scan_wait_ns(&scan, now_ns) + 1000;

		if (net->head && net->head->answer.t_ns < next_ns)
			next_ns = net->head->answer.t_ns;
		if (next_ns > now_ns)
			now_ns = next_ns;
		while (net->head && net->head->answer.t_ns <= now_ns) {
			struct pending *p = net->head;
			uint32_t cell;

			(void)scan_answer(&scan, &p->answer, &cell);
			net->head = p->next;
			if (!net->head)
				net->tail = NULL;
			free(p);
		}
		if (scan_hold(&scan).gone)
			scan_abandon(&scan);
		if (lab_before_reading)
			lab_before_reading(&scan, now_ns);
		while ((place = scan_ready(&scan, now_ns)) >= 0)
			read_out(&scan, place, expect, &r);
		assert_true(now_ns - start_ns < 100000 * SECOND);
	}
	r.elapsed_ns = now_ns - start_ns;
	r.sent = scan.sent;
	r.confidence = scan_confidence(&scan);
	scan_fini(&scan);
	for (; net->head; net->tail = NULL) {
		struct pending *p = net->head;

		net->head = p->next;
		free(p);
	}
	return r;
}

static inline struct scan_conf conf_default(const struct plan *plan)
{
	struct scan_conf conf = {
		.pace = {0, 5000, 400000},
		.rtt = {SECOND, 100 * MS, 10 * SECOND},
		.first = 0,
		.last = plan->total,
		.rst_retries = true,
		.probe_again = true,
	};

	for (int t = 0; t < TECHNIQUES; t++)
		conf.tries[t] = (uint8_t)(technique_table[t].retries + 1);
	return conf;
}

static inline struct plan *plan_of(uint64_t hosts, unsigned first_port, unsigned ports,
				   unsigned techniques)
{
	struct ranges targets = {0};
	struct ports set = {0};
	const uint64_t seed[2] = {3, 4};
	struct failure f = {0};

	assert_int_equal(ranges_add(&targets, addr_from_v4(0xc6120000),
				    addr_from_v4(0xc6120000 + (uint32_t)hosts - 1)),
			 0);
	for (unsigned p = 0; p < ports; p++) {
		port_set_add(&set.tcp, first_port + p);
		port_set_add(&set.udp, first_port + p);
	}
	struct plan *plan = plan_new(&targets, &set, techniques, seed, &f);

	assert_non_null(plan);
	ranges_fini(&targets);
	return plan;
}

static inline enum nature all_normal(uint64_t rank)
{
	(void)rank;
	return OPEN_AT_MULTIPLES_OF_10;
}

static inline enum nature mixed(uint64_t rank)
{
	static const enum nature by[4] = {OPEN_AT_MULTIPLES_OF_10, ALL_SILENT, RST_ALWAYS, DEAD};

	return by[rank % 4];
}

static inline unsigned expect_mixed(uint64_t rank, const struct finding *f)
{
	const struct technique *t = &technique_table[f->technique];
	bool open = f->port % 10 == 0;

	switch (mixed(rank)) {
	case ALL_SILENT:
		return t->rules[REPLY_SILENCE].state;
	case RST_ALWAYS:
		return t->rules[t->flags == 2 && open ? REPLY_SYN_ACK : REPLY_RST].state;
	default:
		break;
	}
	if (t->proto == IPPROTO_UDP)
		return open ? PORT_OPEN : PORT_CLOSED;
	if (t->flags & 0x10)
		return t->rules[REPLY_RST].state;
	if (t->flags & 2)
		return open ? PORT_OPEN : PORT_CLOSED;
	return open ? PORT_OPEN_FILTERED : PORT_CLOSED;
}

static inline unsigned expect_normal(uint64_t rank, const struct finding *f)
{
	return expect_mixed(rank - rank % 4, f);
}

#endif
