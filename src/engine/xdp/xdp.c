/* xdp: the engine whose probes are made, sent and judged by BPF programs; opened and closed here.
 */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/clock.h"
#include "engine/frames/frames_kernel.h"
#include "engine/frames/frames_neighbours.h"
#include "engine/frames/frames_prepare.h"
#include "engine/frames/frames_receive.h"
#include "engine/frames/frames_send.h"
#include "engine/frames/frames_state.h"
#include "engine/xdp/xdp_fill.h"
#include "engine/xdp/xdp_hosts.h"
#include "engine/xdp/xdp_pass.h"
#include "engine/xdp/xdp_path.h"
#include "engine/xdp/xdp_programs.h"
#include "engine/xdp/xdp_quirks.h"
#include "engine/xdp/xdp_state.h"
#include "net/settle.h"

_Static_assert(XDP_REPLY_RST == (int)REPLY_RST && XDP_REPLY_RST_WINDOW == (int)REPLY_RST_WINDOW,
	       "the values of enum reply");
_Static_assert((int)XDP_WINDOWS == SHEETS, "one window for each sheet");

/* 0, or -1 with *f if the plan or an option needs what the BPF programs cannot do. */
static int xdp_possible(const struct engine_conf *conf, struct failure *f)
{
	const struct plan *plan = conf->plan;

	if (conf->trace)
		return failure_set(f, EXIT_USAGE, "--explain has to see each packet");
	if (plan->ranges > XDP_RANGES)
		return failure_set(f, EXIT_USAGE,
				   "the target list has %u address ranges; engine xdp supports %u",
				   plan->ranges, XDP_RANGES);
	if (plan->slots > XDP_SLOTS)
		return failure_set(f, EXIT_USAGE,
				   "the scan has %u probes for each host; engine xdp supports %u",
				   plan->slots, XDP_SLOTS);
	return 0;
}

/* Chooses the interface of the first target. Hosts behind other interfaces are left to frames. */
static int xdp_link(struct xdp *x, struct failure *f)
{
	struct frames *fr = x->frames;
	const int number = route_find(fr->routes, plan_host(x->conf.plan, 0));
	const struct route *route = number >= 0 ? route_at(fr->routes, number) : NULL;
	char quoted[LINK_QUOTED];

	if (!route || route->kind == ROUTE_LOCAL || !route->link_index)
		return failure_set(f, EXIT_UNAVAILABLE,
				   "the first target is reached through no interface");
	x->link = link_by_index(&fr->links, route->link_index);
	if (!x->link || x->link->kind != LINK_ETHERNET || x->link->has & LINK_NO_ARP)
		return failure_set(f, EXIT_UNAVAILABLE, "interface %s is no Ethernet",
				   x->link ? link_quote(x->link, quoted) : "of the first target");
	if (link_usable(x->link, f) < 0)
		return -1;
	switch (frames_kernel_way(fr, route, x->link, f)) {
	case KERNEL_FAILED:
		return -1;
	case KERNEL_NO:
		return 0;
	default:
		return failure_set(f, EXIT_UNAVAILABLE,
				   "rules of this machine may change or refuse the probes, and "
				   "its programs would send around them");
	}
}

static void xdp_close(struct engine *e)
{
	struct xdp *x = (struct xdp *)e;

	if (!x)
		return;
	if (x->sending.begun) {
		struct failure ignored = {0};

		/* Its error, if any, was reported before or does not matter any more. */
		xdp_pass_stop(e);
		while (xdp_pass_poll(e, clock_monotonic_ns(), 0, &ignored) > 0)
			(void)clock_nanosleep(CLOCK_MONOTONIC, 0,
					      &(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	if (x->programs.skeleton)
		xdp_programs_unload(&x->programs);
	if (x->frames)
		x->frames->engine.ops->close(&x->frames->engine);
	free(x);
}

/* Adds the answers that the programs have marked since the last call to sheets and stats. */
static void xdp_fold(struct xdp *x)
{
	for (unsigned i = 0; i < XDP_WINDOWS; i++) {
		const volatile struct xdp_window *window = &x->programs.memory.window[i];
		const volatile struct xdp_tally *tally = x->programs.memory.tally[i];
		struct sheet *sheet = x->conf.sheets[i];
		uint64_t marked = 0, duplicate = 0;

		if (!sheet || !sheet_is_bulk(sheet) || window->tag != sheet_tag(sheet, 0))
			continue;
		for (unsigned t = 0; t < XDP_TALLIES; t++) {
			marked += tally[t].marked;
			duplicate += tally[t].duplicate;
		}
		sheet_add_answered(sheet, (uint32_t)(marked - x->marked[i]));
		x->judged += marked - x->marked[i];
		x->duplicates += duplicate - x->duplicate[i];
		x->marked[i] = marked;
		x->duplicate[i] = duplicate;
	}
}

static int xdp_prepare(struct engine *e, struct sheet *sheet, struct failure *f)
{
	struct xdp *x = (struct xdp *)e;
	struct xdp_memory *m = &x->programs.memory;
	const struct timespec moment = {.tv_nsec = 1000000};
	struct sheet_loan loan = {0};
	unsigned place = 0;
	int error;

	while (place < SHEETS && x->conf.sheets[place] != sheet)
		place++;
	assert(place < SHEETS);
	loan.words = m->words + (size_t)place * m->setting->words;
	loan.block_us = m->blocks + (size_t)place * m->setting->blocks * 2;
	/* Closes the window that used this memory before. The receiving program may be using it at
	 * this moment, for some microseconds: see the pause below. */
	__atomic_store_n(&m->window[place].cells, 0, __ATOMIC_RELEASE);
	if (!x->broken)
		xdp_hosts_place(x, place, sheet);
	error = frames_prepare(&x->frames->engine, sheet, f);
	if (error < 0 || x->broken)
		return error;
	if (!xdp_hosts_fill(x, place, sheet))
		return 0;
	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL); /* if shortened, still enough */
	if (!sheet_lend(sheet, &loan))
		return 0;
	xdp_fill_window(m, place, sheet);
	x->marked[place] = x->duplicate[place] = 0;
	return 0;
}

static int xdp_send(struct engine *e, struct walk *walk, uint64_t now_ns, unsigned budget,
		    struct failure *f)
{
	struct xdp *x = (struct xdp *)e;

	for (unsigned i = 0; i < SHEETS; i++)
		if (x->conf.sheets[i] == walk->sheet && sheet_is_bulk(walk->sheet))
			x->programs.memory.window[i].attempts = walk->pass + 1;
	/* These probes are few enough to keep the evidence of every answer. */
	x->programs.memory.receiving->sample_mask = 0;
	x->programs.memory.receiving->reset_mask = 0;
	return frames_send(&x->frames->engine, walk, now_ns, budget, f);
}

/* Turns the receiving program's reports into answers, as engine frames would have. */
static unsigned xdp_opened(struct xdp *x, struct answer *answers, unsigned max)
{
	struct xdp_opened told[64];
	const unsigned count = xdp_programs_opened(&x->programs, told, max < 64 ? max : 64);
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct xdp_opened *o = &told[i];
		struct answer *a = &answers[kept];
		uint32_t cell;

		for (unsigned s = 0; s < SHEETS; s++) {
			const struct sheet *sheet = x->conf.sheets[s];

			if (!sheet || !sheet_untag(sheet, o->tag, &cell))
				continue;
			*a = (struct answer){
				.t_ns = o->t_ns,
				.from = sheet_probe(sheet, cell).to,
				.cell = o->tag,
				.reply = (uint8_t)technique_tcp_reply(o->flags, o->window),
				.has = ANSWER_TTL | ANSWER_WINDOW,
				.window = o->window,
				.ttl = o->ttl,
			};
			if (!x->conf.has_source_port) {
				a->has |= ANSWER_ATTEMPT;
				a->attempt = o->ours >> 8 & 15;
			}
			kept++;
			break;
		}
	}
	return kept;
}

static int xdp_receive(struct engine *e, struct answer *answers, unsigned max, uint64_t timeout_ns,
		       struct failure *f)
{
	struct xdp *x = (struct xdp *)e;
	unsigned opened = 0, more;
	int count;

	do {
		more = xdp_opened(x, answers + opened, max - opened);
		opened += more;
	} while (more > 0 && opened < max);
	count = frames_receive(&x->frames->engine, answers + opened, max - opened,
			       opened ? 0 : timeout_ns, f);
	xdp_fold(x);
	if (count < 0)
		return count;
	opened += (unsigned)count;
	/* Reads reports made meanwhile: the ring does not wake a waiting process. */
	opened += xdp_opened(x, answers + opened, max - opened);
	return (int)opened;
}

static void xdp_stats(struct engine *e, struct engine_stats *out)
{
	struct xdp *x = (struct xdp *)e;

	xdp_fold(x);
	x->frames->engine.ops->stats(&x->frames->engine, out);
	out->sent += x->sent;
	out->send_errors += x->refused;
	out->refused_burst += x->refused_burst;
	out->judged = x->judged;
	out->duplicate = x->duplicates;
	x->refused_burst = 0;
}

static const char *xdp_news(struct engine *e)
{
	struct xdp *x = (struct xdp *)e;

	if (!x->has_news)
		return frames_news(&x->frames->engine);
	x->has_news = false;
	return x->news;
}

static bool xdp_finish(struct engine *e, struct sheet *sheet, uint64_t now_ns)
{
	return frames_neighbours_finish(&((struct xdp *)e)->frames->engine, sheet, now_ns);
}

static const struct engine_ops xdp_ops = {
	.name = "xdp",
	.prepare = xdp_prepare,
	.send = xdp_send,
	.receive = xdp_receive,
	.finish = xdp_finish,
	.stats = xdp_stats,
	.path = xdp_path,
	.pass_begin = xdp_pass_begin,
	.pass_poll = xdp_pass_poll,
	.pass_stop = xdp_pass_stop,
	.news = xdp_news,
	.close = xdp_close,
};

/* Techniques whose RSTs need no comparison with other RSTs of the host: flags and a zero or
 * non-zero window decide. As bits. */
static uint32_t xdp_own_mask(unsigned techniques)
{
	uint32_t mask = 0;

	for (unsigned t = 0; t < TECHNIQUES; t++) {
		/* The others compare the RSTs of a host with one another. */
		if (techniques >> t & 1 && !technique_is_udp(t) && !technique_compares_rsts(t))
			mask |= 1u << t;
	}
	return mask;
}

/*
 * Number of sending threads: one for each processor we may run on, and at most one for each
 * transmit queue. Threads that share a queue wait for each other, and fill it.
 */
static unsigned xdp_senders(const struct link *link)
{
	unsigned senders = link_queues(link);
	cpu_set_t ours;

	if (senders > XDP_SENDERS)
		senders = XDP_SENDERS;
	/* Fails on machines with more processors than cpu_set_t has bits. */
	if (sched_getaffinity(0, sizeof(ours), &ours) == 0 && (unsigned)CPU_COUNT(&ours) < senders)
		senders = (unsigned)CPU_COUNT(&ours);
	return senders;
}

/* Waits until the interface has its carrier again, if attaching the program restarted it. */
static int xdp_settle(struct xdp *x, struct failure *f)
{
	const int waited_ms = settle_carrier(x->link, x->conf.stop, f);
	char quoted[LINK_QUOTED];

	if (waited_ms <= 0)
		return waited_ms;
	snprintf(x->news, sizeof(x->news),
		 "interface %s lost its carrier when the XDP program was attached; waited %d.%d s",
		 link_quote(x->link, quoted), waited_ms / 1000, waited_ms / 100 % 10);
	x->has_news = true;
	return 0;
}

/* -1 if attaching may take the link down: a default must not interrupt a session over this link. */
static int xdp_refuse_restart(const struct xdp *x, struct failure *f)
{
	char driver[LINK_DRIVER], quoted[LINK_QUOTED];

	if (x->conf.forced || x->conf.generic ||
	    xdp_quirks_keeps_link(link_driver(x->link, driver)))
		return 0;
	return failure_set(
		f, EXIT_UNAVAILABLE,
		"its program may take interface %s (driver %s) down for some seconds, for "
		"all programs; --engine xdp accepts that",
		link_quote(x->link, quoted), driver[0] ? driver : "unknown");
}

static int xdp_open(struct xdp *x, struct failure *f)
{
	const struct plan *plan = x->conf.plan;
	const uint32_t hosts = plan_window_hosts(plan, 0);
	struct xdp_room room = {.hosts = hosts, .cells = hosts * plan->slots};
	struct xdp_setting *setting;
	struct utsname kernel;

	if (xdp_possible(&x->conf, f) < 0)
		return -1;
	/* As the programs do, and a full queue then refuses each frame that it cannot take. */
	x->conf.bypass = true;
	x->frames = (struct frames *)engine_frames_open(&x->conf, f);
	if (!x->frames || xdp_link(x, f) < 0 || xdp_refuse_restart(x, f) < 0)
		return -1;
	room.alike = xdp_hosts_alike(x, 0, plan->hosts);
	room.udp = x->frames->techniques >> TECH_UDP & 1;
	if (xdp_programs_load(&x->programs, &room, f) < 0)
		return -1;
	x->senders = xdp_senders(x->link);
	setting = x->programs.memory.setting;
	xdp_fill_setting(&x->programs.memory, plan, &x->conf, x->link->mtu);
	setting->frame_bytes += xdp_quirks_spare_bytes(uname(&kernel) == 0 ? kernel.release : "");
	setting->port = x->frames->port;
	setting->port_mask = x->frames->port_mask;
	setting->port_fixed = x->conf.has_source_port;
	setting->link_index = x->link->index;
	x->programs.memory.receiving->own_mask = xdp_own_mask(x->frames->techniques);
	x->programs.memory.receiving->sample_mask = 0;
	if (xdp_programs_attach(&x->programs, x->link, x->conf.generic, f) < 0 ||
	    xdp_settle(x, f) < 0)
		return -1;
	return xdp_programs_trial(&x->programs, x->link, f);
}

struct engine *engine_xdp_open(const struct engine_conf *conf, struct failure *f)
{
	struct xdp *x = calloc(1, sizeof(*x));

	if (!x) {
		failure_set(f, EXIT_SOFTWARE, "out of memory");
		return NULL;
	}
	x->engine.ops = &xdp_ops;
	x->conf = *conf;
	x->programs.hook_fd = -1;
	if (xdp_open(x, f) < 0) {
		struct failure ignored = {0};
		struct link link = {0};

		if (x->programs.hook_fd >= 0)
			link = *x->link;
		xdp_close(&x->engine);
		/* The engine used instead needs the carrier, too. */
		if (link.index && !conf->forced)
			(void)settle_carrier(&link, conf->stop, &ignored);
		return NULL;
	}
	return &x->engine;
}
