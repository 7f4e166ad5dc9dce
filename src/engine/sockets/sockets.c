/* sockets: the engine that needs no privilege: TCP connect(2), and UDP with its error queue. */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "address/addr.h"
#include "engine/sockets/sockets_elsewhere.h"
#include "engine/sockets/sockets_neighbours.h"
#include "engine/sockets/sockets_path.h"
#include "engine/sockets/sockets_receive.h"
#include "engine/sockets/sockets_send.h"
#include "engine/sockets/sockets_state.h"
#include "engine/sockets/sockets_take.h"
#include "net/inherit.h"
#include "net/link.h"
#include "technique/technique.h"

/* Descriptors left to the rest of the process. */
#define FILES_SPARE 32u
/* Most sockets at once: more would use kernel memory (some 5 KB each) without any gain. */
#define SOCKETS_MOST 16384u
/* Probes that a thread takes at a time. */
#define CREW_CHUNK 8

static int sockets_prepare(struct engine *e, struct sheet *sheet, struct failure *f)
{
	(void)e;
	(void)sheet;
	(void)f;
	return 0; /* the kernel resolves routes and neighbours */
}

static void sockets_stats(struct engine *e, struct engine_stats *out)
{
	struct sockets *s = (struct sockets *)e;

	*out = s->stats;
	s->stats.refused_burst = 0;
}

static void sockets_close(struct engine *e)
{
	struct sockets *s = (struct sockets *)e;

	if (!s)
		return;
	crew_free(s->crew);
	sockets_elsewhere_close(s);
	for (struct attempt *a; (a = pool_first(&s->pool, &s->pending)) != NULL;) {
		pool_remove(&s->pool, &s->pending, a);
		attempt_abandon(a);
		pool_release(&s->pool, a);
	}
	for (struct attempt *a; (a = pool_first(&s->pool, &s->late)) != NULL;) {
		pool_remove(&s->pool, &s->late, a);
		attempt_abandon(a);
		pool_release(&s->pool, a);
	}
	for (struct attempt *a; (a = pool_first(&s->pool, &s->ready)) != NULL;) {
		pool_remove(&s->pool, &s->ready, a);
		pool_release(&s->pool, a);
	}
	pool_fini(&s->pool);
	netlink_close(s->netlink);
	own_list_fini(&s->owns);
	path_close(s->path);
	if (s->common.epoll >= 0)
		(void)close(s->common.epoll); /* no data in it */
	free(s);
}

static const struct engine_ops sockets_ops = {
	.name = "sockets",
	.prepare = sockets_prepare,
	.send = sockets_send,
	.receive = sockets_receive,
	.finish = sockets_finish,
	.stats = sockets_stats,
	.path = sockets_path,
	.close = sockets_close,
};

/* Most sockets at once, by the limit of open files and the options. */
static uint32_t sockets_limit(const struct engine_conf *conf)
{
	struct rlimit files;
	uint64_t most = SOCKETS_MOST;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < SOCKETS_MOST + FILES_SPARE)
		most = files.rlim_cur > FILES_SPARE + 4 ? files.rlim_cur - FILES_SPARE
							: files.rlim_cur / 8 + 1;
	if (conf->max_open && conf->max_open < most)
		most = conf->max_open;
	return (uint32_t)most;
}

/* -1 with *f if the plan or an option needs what this engine cannot send. */
static int sockets_refuse(const struct engine_conf *conf, struct failure *f)
{
	const struct plan *plan = conf->plan;

	for (uint32_t i = 0; i < plan->slots; i++) {
		const struct technique *t =
			&technique_table[plan_slot_technique(plan_slots(plan)[i])];

		if (t->needs != NEEDS_NOTHING)
			return failure_set(f, EXIT_USAGE,
					   "engine sockets cannot send technique %s: it needs raw "
					   "packets (engine frames)",
					   t->name);
	}
	if (conf->bad_sum)
		return failure_set(f, EXIT_USAGE, "engine sockets cannot send wrong checksums");
	for (uint32_t i = 0; conf->has_source && i < plan->ranges; i++) {
		const struct plan_range *r = &plan_ranges(plan)[i];
		char text[ADDR_TEXT];

		if (addr_is_v4((struct addr){r->hi, r->lo}) != addr_is_v4(conf->source))
			return failure_set(
				f, EXIT_USAGE,
				"source address %s is of another family than the targets",
				addr_format(conf->source, text));
	}
	return 0;
}

/* Opens one socket of each kind that the plan needs, to report before the scan what cannot work. */
static int sockets_try(struct sockets *s, struct failure *f)
{
	const struct plan *plan = s->conf.plan;
	bool v6 = !addr_is_v4((struct addr){plan_ranges(plan)[0].hi, plan_ranges(plan)[0].lo});
	int error;

	for (uint32_t i = 0; i < plan->slots; i++) {
		uint8_t technique = plan_slot_technique(plan_slots(plan)[i]);
		bool udp = technique_is_udp(technique);
		struct attempt *a;

		if (i > 0 && technique == plan_slot_technique(plan_slots(plan)[i - 1]))
			continue;
		a = sockets_take(s, (udp ? ATTEMPT_UDP4 : ATTEMPT_TCP4) + v6, &error, f);
		if (a)
			pool_release(&s->pool, a);
		else if (f->exit_code)
			return -1;
	}
	return 0;
}

static int sockets_path_open(struct sockets *s, struct failure *f)
{
	const struct inherited inherited = inherit_read();
	struct route_conf conf = {
		.out_index = s->conf.interface ? if_nametoindex(s->conf.interface)
					       : inherited.link_index,
		.mark = inherited.mark,
		.zone = s->conf.zone,
		.has_source = s->conf.has_source,
		.source = s->conf.source,
	};

	s->path = path_open(&conf, f);
	return s->path ? 0 : -1;
}

struct engine *engine_sockets_open(const struct engine_conf *conf, struct failure *f)
{
	struct sockets *s;
	uint32_t limit = sockets_limit(conf);
	struct failure no_table = {0};

	/* A socket can be bound to an interface that is down: all ports would seem filtered. */
	if (sockets_refuse(conf, f) != 0 || (conf->interface && link_check(conf->interface, f) < 0))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		goto err0;
	s->base.ops = &sockets_ops;
	s->conf = *conf;
	s->common = (struct attempt_conf){
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.zone = conf->zone,
		.interface = conf->interface,
		.has_source = conf->has_source,
		.has_source_port = conf->has_source_port,
		.source = conf->source,
		.source_port = conf->source_port,
		.ttl = conf->ttl,
	};
	if (s->common.epoll < 0)
		failure_set(f, EXIT_UNAVAILABLE, "cannot open an epoll instance: %s",
			    strerror(errno));
	for (unsigned i = 0; i < SOCKETS_ELSEWHERES; i++)
		s->elsewhere[i].fd = -1;
	pool_list_init(&s->pending);
	pool_list_init(&s->late);
	pool_list_init(&s->ready);
	s->ask = true;
	s->early = SOCKETS_EARLY_ALL;
	s->crew = crew_new(0, CREW_CHUNK);
	if (pool_init(&s->pool, limit) != 0 || !s->crew)
		goto err1;
	if (f->exit_code || sockets_try(s, f) != 0 || sockets_elsewhere_open(s, f) != 0 ||
	    sockets_path_open(s, f) != 0)
		goto err1;
	s->netlink = netlink_open(&no_table);
	s->knows_owns = s->netlink && own_list_load(&s->owns, s->netlink) == 0;
	return &s->base;
err1:
	sockets_close(&s->base);
err0:
	failure_set(f, EXIT_UNAVAILABLE, "out of memory for %u sockets", limit);
	return NULL;
}
