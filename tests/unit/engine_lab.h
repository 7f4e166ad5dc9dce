/* engine_lab: a small engine over the simulated network, written from the contract of engine.h. */
#ifndef PORTLIGHT_TESTS_ENGINE_LAB_H
#define PORTLIGHT_TESTS_ENGINE_LAB_H

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "engine/registry.h"
#include "scan_lab.h"

/* A registry row's open has no argument for it, so there is one lab at a time. */
struct engine_lab {
	struct engine engine;
	struct network net;
	const struct engine_conf *conf; /* as opened */
	struct engine_conf copy;
	uint64_t now_ns; /* the clock of the whole run */
	struct engine_stats stats;
	/* What the test wants */
	unsigned refuse_every; /* the kernel refuses one in this many probes; 0: none */
	uint64_t fail_after;   /* sending fails after this number of probes; 0: never */
	uint64_t stop_after;   /* the user interrupts after this number of probes; 0: never */
	int interruptions;     /* so often */
	uint64_t lost_from_ns, lost_until_ns; /* no path, by the engine's word */
	volatile sig_atomic_t interrupts;
	/* What happened */
	unsigned opened, closed, prepared;
	uint64_t offered, sent_after_stop, turns;
	uint64_t checks; /* probes to ports that have answered, among those sent */
	const char *news;
	bool failed;
};

static struct engine_lab lab;

static uint64_t lab_now_ns(void)
{
	return lab.now_ns;
}

static int lab_prepare(struct engine *e, struct sheet *sheet, struct failure *f)
{
	const struct sheet_host absent = {.notes = HOST_NO_NEIGHBOUR};

	(void)f;
	assert_ptr_equal(e, &lab.engine);
	assert_false(lab.failed);
	for (uint32_t h = 0; h < sheet_hosts(sheet); h++)
		if (lab.net.nature(sheet_first_host(sheet) + h) == DEAD)
			sheet_set_host(sheet, h, &absent);
	lab.prepared++;
	return 0;
}

static bool lab_is_lost(void)
{
	return lab.now_ns >= lab.lost_from_ns && lab.now_ns < lab.lost_until_ns;
}

static enum path_state lab_path(struct engine *e, bool doubt, const char **why)
{
	(void)e;
	(void)doubt;
	*why = "the simulated link is away";
	return lab_is_lost() ? PATH_LOST : PATH_SAME;
}

static int lab_send(struct engine *e, struct walk *walk, uint64_t now_ns, unsigned budget,
		    struct failure *f)
{
	struct probe probe;
	unsigned sent = 0;

	(void)e;
	assert_false(lab.failed);
	assert_false(lab_is_lost());
	assert_true(budget > 0);
	while (sent < budget && walk_next(walk, now_ns, &probe)) {
		if (lab.fail_after && lab.stats.sent >= lab.fail_after) {
			walk_unsent(walk, probe.cell);
			lab.failed = true;
			failure_set(f, EXIT_UNAVAILABLE, "the simulated link is down");
			return -ENETDOWN;
		}
		if (lab.refuse_every && ++lab.offered % lab.refuse_every == 0) {
			walk_unsent(walk, probe.cell);
			lab.stats.send_errors++;
			lab.stats.refused_burst++;
			break;
		}
		network_send(&lab.net, lab.conf->plan, &probe, now_ns);
		walk_sent(walk, &probe, now_ns);
		lab.stats.sent++;
		lab.checks += probe.check;
		lab.sent_after_stop += lab.interrupts > 0;
		sent++;
	}
	if (lab.stop_after && lab.stats.sent >= lab.stop_after)
		lab.interrupts = lab.interruptions;
	return (int)sent;
}

static int lab_receive(struct engine *e, struct answer *answers, unsigned max, uint64_t timeout_ns,
		       struct failure *f)
{
	uint64_t until_ns = lab.now_ns + timeout_ns;
	unsigned count = 0;

	(void)e;
	(void)f;
	lab.turns++;
	if (lab.net.head && lab.net.head->answer.t_ns < until_ns)
		until_ns = lab.net.head->answer.t_ns;
	/* Time passes in every turn. */
	lab.now_ns = until_ns > lab.now_ns ? until_ns : lab.now_ns + 1000;
	while (count < max && lab.net.head && lab.net.head->answer.t_ns <= lab.now_ns) {
		struct pending *p = lab.net.head;

		answers[count++] = p->answer;
		lab.net.head = p->next;
		if (!lab.net.head)
			lab.net.tail = NULL;
		free(p);
	}
	lab.stats.received += count;
	return (int)count;
}

static void lab_stats(struct engine *e, struct engine_stats *out)
{
	(void)e;
	*out = lab.stats;
	lab.stats.refused_burst = 0;
}

static const char *lab_news(struct engine *e)
{
	const char *news = lab.news;

	(void)e;
	lab.news = NULL;
	return news;
}

static void lab_close(struct engine *e)
{
	(void)e;
	lab.closed++;
	while (lab.net.head) {
		struct pending *p = lab.net.head;

		lab.net.head = p->next;
		free(p);
	}
	lab.net.tail = NULL;
}

static struct engine *lab_open(const struct engine_conf *conf, struct failure *f)
{
	static const struct engine_ops ops = {
		.name = "lab",
		.prepare = lab_prepare,
		.send = lab_send,
		.receive = lab_receive,
		.stats = lab_stats,
		.path = lab_path,
		.news = lab_news,
		.close = lab_close,
	};

	(void)f;
	lab.engine.ops = &ops;
	lab.copy = *conf;
	lab.conf = &lab.copy;
	lab.opened++;
	return &lab.engine;
}

static const struct engine_row lab_row = {
	.name = "lab",
	.help = "a simulated network",
	.technique = TECH_SYN,
	.open = lab_open,
};

#endif
