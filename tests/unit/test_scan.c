/* Whole scans without a network: the real plan, walk, pacer and verdict over a simulated one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "scan/scan.h"
#include "scan/verdict.h"

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)

static uint64_t random_state;

static uint64_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(2685821657736338717);
}

static bool chance(double share)
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
	DEAD
};

struct network {
	enum nature (*nature)(uint64_t rank);
	double loss;	     /* of each packet */
	double capacity_pps; /* more than that is dropped; 0: no limit */
	uint64_t rtt_ns;
	uint64_t (*extra_rtt_ns)(uint64_t rank); /* NULL: none */
	/* state */
	double tokens, icmp_tokens, rst_tokens;
	uint64_t filled_ns, icmp_ns, rst_ns;
	struct pending {
		struct answer answer;
		struct pending *next;
	} * head, *tail; /* in order of arrival */
	uint64_t probes, most_resent;
};

static bool network_carries(struct network *net, uint64_t now_ns)
{
	if (chance(net->loss))
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
static bool network_icmp_allows(struct network *net, uint64_t now_ns)
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

/* 200 a second, as FreeBSD. */
static bool network_rst_allows(struct network *net, uint64_t now_ns)
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

static unsigned network_reply(struct network *net, const struct plan *plan,
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
	if (t->flags & 0x10)
		return REPLY_RST;
	if (open)
		return t->flags & 2 ? REPLY_SYN_ACK : REPLY_SILENCE;
	return REPLY_RST;
}

static void network_send(struct network *net, const struct plan *plan, const struct probe *probe,
			 uint64_t now_ns)
{
	struct answer a = {.t_ns = now_ns + net->rtt_ns,
			   .from = probe->to,
			   .cell = probe->cell,
			   .has = ANSWER_ATTEMPT | ANSWER_TTL,
			   .ttl = 64,
			   .attempt = probe->attempt};

	net->probes++;
	if (!network_carries(net, now_ns))
		return;
	a.reply = (uint8_t)network_reply(net, plan, probe, now_ns, &a);
	if (a.reply == REPLY_SILENCE || chance(net->loss))
		return;
	struct pending *p = malloc(sizeof(*p));

	if (net->extra_rtt_ns) {
		uint64_t rank;

		assert_true(plan_find_host(plan, probe->to, &rank));
		a.t_ns += net->extra_rtt_ns(rank);
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

struct result {
	uint64_t findings, wrong, hosts, partial;
	uint64_t elapsed_ns, sent;
	double top_pps;
	struct slow_news asked_on; /* most hosts, highest round */
};

typedef unsigned expected_state(uint64_t rank, const struct finding *f);

static void read_out(struct scan *scan, int place, expected_state *expect, struct result *r)
{
	const struct sheet *sheet = scan->sheet[place];
	struct finding *findings = calloc(scan->plan->slots, sizeof(*findings));
	uint64_t rank;

	for (uint32_t h = 0; h < sheet->hosts; h++) {
		struct host_report host;

		verdict_host(sheet, h, !scan->stopping, scan->conf.tries, 0, findings, &host);
		assert_true(plan_find_host(scan->plan, host.addr, &rank));
		assert_int_equal(rank, r->hosts);
		r->hosts++;
		r->partial += (host.notes & HOST_PARTIAL) != 0;
		for (size_t i = 0; i < host.count; i++) {
			r->findings++;
			r->wrong += findings[i].state != expect(rank, &findings[i]);
		}
	}
	free(findings);
	scan_close(scan, place);
}

/* Hosts that are asked on are not done, and others' blanks are. */
static void look_at_progress(const struct scan *scan, struct result *r)
{
	const struct slow_news news = scan_asked_on(scan);
	const uint64_t settled = scan_cells_settled(scan);

	assert_true(settled <= scan->cells_all);
	if (news.blanks)
		assert_true(settled < scan->cells_all);
	if (news.hosts > r->asked_on.hosts)
		r->asked_on.hosts = news.hosts;
	if (news.round > r->asked_on.round)
		r->asked_on.round = news.round;
}

/* The loop of the program, with a clock that jumps to whatever is next. */
static struct result run(const struct plan *plan, struct network *net, const struct scan_conf *conf,
			 expected_state *expect, uint64_t stop_after)
{
	struct scan scan;
	struct result r = {0};
	uint64_t now_ns = SECOND, start_ns = now_ns;

	random_state = 99;
	net->filled_ns = net->icmp_ns = net->rst_ns = now_ns;
	net->icmp_tokens = 6;
	scan_init(&scan, plan, conf, now_ns);
	for (;;) {
		unsigned budget, sent = 0;
		int place;

		if (stop_after && scan.sent >= stop_after)
			scan_stop(&scan, now_ns);
		while ((place = scan_open(&scan, now_ns)) >= 0)
			for (uint32_t h = 0; h < scan.sheet[place]->hosts; h++)
				if (net->nature(scan.sheet[place]->first_host + h) == DEAD)
					scan.sheet[place]->host[h].notes |= HOST_NO_NEIGHBOUR;
		if (scan_over(&scan))
			break;
		struct walk *walk = scan_turn(&scan, now_ns, &budget);
		struct probe probe;

		while (walk && sent < budget && walk_next(walk, now_ns, &probe)) {
			network_send(net, plan, &probe, now_ns);
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
		while ((place = scan_ready(&scan, now_ns)) >= 0)
			read_out(&scan, place, expect, &r);
		assert_true(now_ns - start_ns < 100000 * SECOND);
	}
	r.elapsed_ns = now_ns - start_ns;
	r.sent = scan.sent;
	scan_fini(&scan);
	for (; net->head; net->tail = NULL) {
		struct pending *p = net->head;

		net->head = p->next;
		free(p);
	}
	return r;
}

static struct scan_conf conf_default(const struct plan *plan)
{
	struct scan_conf conf = {
		.pace = {0, 5000, 400000},
		.rtt = {SECOND, 100 * MS, 10 * SECOND},
		.first = 0,
		.last = plan->total,
		.persistent = true,
	};

	for (int t = 0; t < TECHNIQUES; t++)
		conf.tries[t] = (uint8_t)(technique_table[t].retries + 1);
	return conf;
}

static struct plan *plan_of(uint64_t hosts, unsigned first_port, unsigned ports,
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

static enum nature all_normal(uint64_t rank)
{
	(void)rank;
	return OPEN_AT_MULTIPLES_OF_10;
}

static enum nature limited(uint64_t rank)
{
	(void)rank;
	return ICMP_LIMITED;
}

static enum nature limited_and_mute(uint64_t rank)
{
	(void)rank;
	return ICMP_LIMITED_MUTE;
}

static enum nature limited_and_dropping(uint64_t rank)
{
	(void)rank;
	return ICMP_LIMITED_DROPS;
}

static enum nature one_limits_resets(uint64_t rank)
{
	return rank == 1 ? RST_LIMITED : OPEN_AT_MULTIPLES_OF_10;
}

static enum nature silent(uint64_t rank)
{
	(void)rank;
	return ALL_SILENT;
}

static enum nature mixed(uint64_t rank)
{
	static const enum nature by[4] = {OPEN_AT_MULTIPLES_OF_10, ALL_SILENT, RST_ALWAYS, DEAD};

	return by[rank % 4];
}

static unsigned expect_mixed(uint64_t rank, const struct finding *f)
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

static unsigned expect_normal(uint64_t rank, const struct finding *f)
{
	return expect_mixed(rank - rank % 4, f);
}

static unsigned expect_mute(uint64_t rank, const struct finding *f)
{
	(void)rank;
	return f->port % 10 == 0 ? PORT_OPEN_FILTERED : PORT_CLOSED;
}

static unsigned expect_drops(uint64_t rank, const struct finding *f)
{
	(void)rank;
	return f->port % 10 == 0 ? PORT_CLOSED : PORT_OPEN_FILTERED;
}

static void every_technique_is_right_without_loss(void **state)
{
	(void)state;
	for (unsigned t = 0; t < TECHNIQUES; t++) {
		struct network net = {.nature = all_normal, .rtt_ns = MS};
		struct plan *plan = plan_of(3, 1, 200, 1u << t);
		struct scan_conf conf = conf_default(plan);
		struct result r = run(plan, &net, &conf, expect_normal, 0);

		assert_int_equal(r.findings, 600);
		assert_int_equal(r.wrong, 0);
		plan_free(plan);
	}
}

static void an_answering_host_is_done_with_its_last_answer(void **state)
{
	struct network net = {.nature = all_normal, .rtt_ns = 100000};
	struct plan *plan = plan_of(1, 1, 60000, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	(void)state;
	assert_int_equal(r.findings, 60000);
	assert_int_equal(r.wrong, 0);
	assert_int_equal(r.sent, 60000);
	/* Slow start from 5,000 to 400,000 a second, and no time-out at the end. */
	assert_true(r.elapsed_ns < 400 * MS);
	plan_free(plan);
}

static void losses_are_made_good(void **state)
{
	static const uint8_t techniques[] = {TECH_SYN, TECH_ACK};

	(void)state;
	for (size_t i = 0; i < sizeof(techniques); i++) {
		struct network net = {.nature = all_normal, .rtt_ns = MS, .loss = 0.02};
		struct plan *plan = plan_of(20, 1, 1000, 1u << techniques[i]);
		struct scan_conf conf = conf_default(plan);
		struct result r = run(plan, &net, &conf, expect_normal, 0);

		assert_int_equal(r.findings, 20000);
		/* 0.04^4 of 20,000 is 0.05 ports. */
		assert_true(r.wrong <= 1);
		assert_true(r.sent < 22000);
		plan_free(plan);
	}
}

static void mixed_hosts_over_several_windows_come_in_order(void **state)
{
	struct network net = {.nature = mixed, .rtt_ns = 5 * MS, .loss = 0.005};
	unsigned techniques = 1u << TECH_SYN | 1u << TECH_FIN;
	struct plan *plan = plan_of(2000, 1, 600, techniques);
	struct scan_conf conf = conf_default(plan);

	(void)state;
	assert_true(plan->windows >= 3);
	struct result r = run(plan, &net, &conf, expect_mixed, 0);

	assert_int_equal(r.hosts, 2000);
	assert_int_equal(r.findings, 1500 * 1200); /* none of the dead */
	assert_true(r.wrong <= 5);
	plan_free(plan);
}

static void rate_limited_icmp_is_waited_for(void **state)
{
	struct network net = {.nature = limited, .rtt_ns = MS};
	struct plan *plan = plan_of(1, 1, 60, 1u << TECH_UDP);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	(void)state;
	assert_int_equal(r.findings, 60);
	assert_int_equal(r.wrong, 0);
	/* 54 closed ports, 6 at once, one a second after; asked without a flood. */
	assert_true(r.elapsed_ns > 45 * SECOND && r.elapsed_ns < 60 * SECOND);
	assert_true(r.sent < 60 * 6);
	plan_free(plan);
}

/* Wherever a port that never answers stands in the order, the others get their turn. */
static void silent_ports_keep_no_other_from_being_asked(void **state)
{
	(void)state;
	for (unsigned first = 1; first <= 41; first += 10) {
		struct network net = {.nature = limited_and_mute, .rtt_ns = MS};
		struct plan *plan = plan_of(1, first, 20, 1u << TECH_UDP);
		struct scan_conf conf = conf_default(plan);
		struct result r = run(plan, &net, &conf, expect_mute, 0);

		assert_int_equal(r.findings, 20);
		assert_int_equal(r.wrong, 0);
		/* 18 closed ports, 6 at once, one a second after. */
		assert_true(r.elapsed_ns < 20 * SECOND);
		assert_true(r.sent < 20 * 6);
		plan_free(plan);
	}
}

/* Closed ports among many dropped ones: a token is used soon after it is there, or it is wasted. */
static void dropped_ports_cost_a_limited_host_little_time(void **state)
{
	struct network net = {.nature = limited_and_dropping, .rtt_ns = MS};
	struct plan *plan = plan_of(1, 1, 800, 1u << TECH_UDP);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_drops, 0);

	(void)state;
	assert_int_equal(r.findings, 800);
	assert_int_equal(r.wrong, 0);
	assert_int_equal(r.asked_on.hosts, 1);
	assert_int_equal(r.asked_on.round, 0);
	/* 80 closed ports, 6 at once, one a second after, and 720 to be sure of at 100 a second. */
	assert_true(r.elapsed_ns < 100 * SECOND);
	assert_true(r.sent < 800 * 5);
	plan_free(plan);
}

static void silence_gets_its_attempts_and_no_more(void **state)
{
	struct network net = {.nature = silent, .rtt_ns = MS};
	struct plan *plan = plan_of(4, 1, 100, 1u << TECH_FIN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_mixed, 0);

	(void)state;
	assert_int_equal(r.sent, 400 * 5);
	assert_int_equal(r.top_pps, 5000); /* silence proves nothing: no faster */
	plan_free(plan);
}

/* Silent ports wait for the round trip as measured, not for the initial guess of a second. */
static void silence_is_judged_by_the_measured_round_trip(void **state)
{
	struct network net = {.nature = all_normal, .rtt_ns = MS};
	struct plan *plan = plan_of(1, 1, 10, 1u << TECH_FIN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	(void)state;
	assert_int_equal(r.wrong, 0);
	assert_int_equal(r.sent, 9 + 5);
	assert_true(r.elapsed_ns < 600 * MS);
	plan_free(plan);
}

/* FreeBSD and macOS send some 200 RSTs a second: what is silent meanwhile is not filtered. */
static void rate_limited_resets_are_waited_for(void **state)
{
	struct network net = {.nature = one_limits_resets, .rtt_ns = MS};
	struct plan *plan = plan_of(2, 1, 1000, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	(void)state;
	assert_int_equal(r.findings, 2000);
	assert_int_equal(r.wrong, 0);
	assert_int_equal(r.asked_on.hosts, 1);
	assert_true(r.asked_on.round >= 1);
	/* 900 closed ports take 4.5 s, twice that by bursts; asked without a flood. */
	assert_true(r.elapsed_ns < 12 * SECOND);
	assert_true(r.sent < 12000);
	/* As many attempts as were asked for, if they were. */
	net = (struct network){.nature = one_limits_resets, .rtt_ns = MS};
	conf.persistent = false;
	r = run(plan, &net, &conf, expect_normal, 0);
	assert_true(r.wrong > 500);
	assert_int_equal(r.asked_on.hosts, 0);
	assert_true(r.sent <= 1000 + 4 * 1000);
	plan_free(plan);
}

static void heavy_losses_are_made_good(void **state)
{
	struct network net = {.nature = all_normal, .rtt_ns = MS, .loss = 0.4};
	struct plan *plan = plan_of(20, 1, 1000, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	(void)state;
	/* 0.64^4 of 20,000, which four attempts would leave, is 3,355. A host's last port may fall
	 * silent in two rounds by chance: less than one a host. */
	assert_true(r.wrong < 20);
	assert_true(r.sent < 20000 * 3);
	assert_true(r.elapsed_ns < 20 * SECOND);
	plan_free(plan);
}

static uint64_t one_far_away(uint64_t rank)
{
	return rank == 3 ? 600 * MS : 0;
}

static uint64_t one_out_of_reach(uint64_t rank)
{
	return rank == 3 ? 30 * SECOND : 0;
}

/* What a round trip to its neighbours takes says nothing about a host that is far away. */
static void a_slow_host_among_fast_ones_is_waited_for(void **state)
{
	struct network net = {
		.nature = all_normal, .rtt_ns = MS, .extra_rtt_ns = one_far_away, .loss = 0.05};
	struct plan *plan = plan_of(8, 1, 40, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	(void)state;
	assert_int_equal(r.findings, 320);
	assert_int_equal(r.wrong, 0);
	assert_true(r.elapsed_ns < 3 * SECOND);
	/* Nobody is waited for longer than the longest time-out. */
	net = (struct network){
		.nature = all_normal, .rtt_ns = MS, .extra_rtt_ns = one_out_of_reach};
	r = run(plan, &net, &conf, expect_normal, 0);
	assert_int_equal(r.wrong, 40);
	assert_true(r.elapsed_ns < 3 * SECOND);
	plan_free(plan);
}

static void the_rate_finds_the_bottleneck(void **state)
{
	struct network net = {.nature = all_normal, .rtt_ns = 2 * MS, .capacity_pps = 30000};
	struct plan *plan = plan_of(40, 1, 5000, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	(void)state;
	assert_int_equal(r.findings, 200000);
	assert_true(r.wrong <= 2);
	/* At 400,000 a second all the way, 13 of 14 would be lost, four times over. */
	assert_true(r.sent < 210000);
	assert_true(r.elapsed_ns < 20 * SECOND);
	plan_free(plan);
}

/* Every tenth port is dropped, and by chance the first two dozen answer: that is no loss. */
static void a_lucky_start_does_not_stall(void **state)
{
	struct pacer pacer;
	const struct pacer_conf conf = {0, 5000, 400000};
	uint64_t now_ns = SECOND, sent = 0, answered = 0;

	(void)state;
	pacer_init(&pacer, &conf, now_ns);
	while (now_ns < 3 * SECOND) {
		unsigned count = pacer_budget(&pacer, now_ns, 512);

		pacer_sent(&pacer, count, count, 0, now_ns);
		for (unsigned i = 0; i < count; i++, sent++)
			if (sent < 24 || sent % 10 != 0) {
				pacer_answered(&pacer, now_ns, 100000);
				answered++;
			}
		now_ns += 100000;
	}
	assert_true(pacer.rate_pps > 300000);
	assert_true(answered < sent);
}

/* A share that falls for a reason of its own, at any rate: the rate comes back. */
static void a_loss_that_is_not_the_rates_does_not_stall(void **state)
{
	struct pacer pacer;
	const struct pacer_conf conf = {0, 5000, 400000};
	uint64_t now_ns = SECOND, sent = 0;

	(void)state;
	pacer_init(&pacer, &conf, now_ns);
	while (now_ns < 5 * SECOND) {
		unsigned count = pacer_budget(&pacer, now_ns, 512);

		pacer_sent(&pacer, count, count, 0, now_ns);
		for (unsigned i = 0; i < count; i++, sent++)
			if (sent < 20000 || sent % 3 == 0)
				pacer_answered(&pacer, now_ns, 100000);
		now_ns += 100000;
	}
	assert_true(pacer.rate_pps > 300000);
}

static void max_rate_is_kept(void **state)
{
	struct network net = {.nature = all_normal, .rtt_ns = MS};
	struct plan *plan = plan_of(1, 1, 3000, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);

	(void)state;
	conf.pace = (struct pacer_conf){0, 1000, 1000};
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	assert_true(r.elapsed_ns > 2900 * MS && r.elapsed_ns < 3200 * MS);
	/* A probe in 100 s. */
	conf.pace = (struct pacer_conf){0, 0.01, 0.01};
	plan_free(plan);
	plan = plan_of(1, 1, 10, 1u << TECH_SYN);
	conf.last = plan->total;
	r = run(plan, &net, &conf, expect_normal, 0);
	assert_true(r.elapsed_ns > 899 * SECOND && r.elapsed_ns < 1001 * SECOND);
	assert_int_equal(r.wrong, 0);
	plan_free(plan);
}

static void shards_scan_only_their_part(void **state)
{
	uint64_t findings = 0;
	struct plan *plan = plan_of(30, 1, 100, 1u << TECH_SYN);

	(void)state;
	for (uint64_t shard = 1; shard <= 4; shard++) {
		struct network net = {.nature = all_normal, .rtt_ns = MS};
		struct scan_conf conf = conf_default(plan);

		plan_shard(plan, shard, 4, &conf.first, &conf.last);
		struct result r = run(plan, &net, &conf, expect_normal, 0);

		assert_int_equal(r.findings, 750);
		assert_int_equal(r.sent, 750);
		assert_int_equal(r.wrong, 0);
		findings += r.findings;
	}
	assert_int_equal(findings, plan->total);
	plan_free(plan);
}

static void a_stopped_scan_says_what_it_knows_and_no_more(void **state)
{
	struct network net = {.nature = mixed, .rtt_ns = MS};
	struct plan *plan = plan_of(40, 1, 500, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_mixed, 4000);

	(void)state;
	assert_true(r.sent >= 4000 && r.sent < 4600);
	assert_int_equal(r.hosts, 40);
	assert_true(r.findings > 1000 && r.findings < 4600);
	assert_int_equal(r.wrong, 0);
	assert_true(r.partial >= 30);
	plan_free(plan);
}

/* Answers nobody asked for. */
static void stray_answers_change_nothing(void **state)
{
	struct plan *plan = plan_of(2, 1, 10, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct scan scan;
	uint32_t cell;
	struct answer a = {.t_ns = SECOND, .reply = REPLY_SYN_ACK, .cell = 3};

	(void)state;
	scan_init(&scan, plan, &conf, SECOND);
	assert_null(scan_answer(&scan, &a, &cell)); /* no window is open */
	assert_int_equal(scan_open(&scan, SECOND), 0);
	assert_null(scan_answer(&scan, &a, &cell)); /* that probe was never sent */
	a.cell = 20;				    /* past the last */
	assert_null(scan_answer(&scan, &a, &cell));
	a.cell = 1 << 20; /* another window */
	assert_null(scan_answer(&scan, &a, &cell));
	scan.sheet[0]->tries[3] = 1;
	a.cell = 3;
	a.reply = REPLY_DATA; /* no answer to a SYN */
	assert_null(scan_answer(&scan, &a, &cell));
	assert_int_equal(scan.stray, 5);
	a.reply = REPLY_RST;
	assert_non_null(scan_answer(&scan, &a, &cell));
	a.reply = REPLY_UNREACH; /* weaker */
	assert_null(scan_answer(&scan, &a, &cell));
	a.reply = REPLY_SYN_ACK; /* stronger: wins */
	assert_non_null(scan_answer(&scan, &a, &cell));
	assert_int_equal(sheet_get(scan.sheet[0], 3), REPLY_SYN_ACK);
	assert_int_equal(scan.sheet[0]->answered, 1);
	scan_fini(&scan);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_technique_is_right_without_loss),
		cmocka_unit_test(an_answering_host_is_done_with_its_last_answer),
		cmocka_unit_test(losses_are_made_good),
		cmocka_unit_test(mixed_hosts_over_several_windows_come_in_order),
		cmocka_unit_test(rate_limited_icmp_is_waited_for),
		cmocka_unit_test(silent_ports_keep_no_other_from_being_asked),
		cmocka_unit_test(dropped_ports_cost_a_limited_host_little_time),
		cmocka_unit_test(silence_gets_its_attempts_and_no_more),
		cmocka_unit_test(silence_is_judged_by_the_measured_round_trip),
		cmocka_unit_test(rate_limited_resets_are_waited_for),
		cmocka_unit_test(heavy_losses_are_made_good),
		cmocka_unit_test(a_slow_host_among_fast_ones_is_waited_for),
		cmocka_unit_test(the_rate_finds_the_bottleneck),
		cmocka_unit_test(a_lucky_start_does_not_stall),
		cmocka_unit_test(a_loss_that_is_not_the_rates_does_not_stall),
		cmocka_unit_test(max_rate_is_kept),
		cmocka_unit_test(shards_scan_only_their_part),
		cmocka_unit_test(a_stopped_scan_says_what_it_knows_and_no_more),
		cmocka_unit_test(stray_answers_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
