/* frames: the engine that builds its own frames; opened and closed here. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/quote.h"
#include "capture/ring.h"
#include "capture/transmit.h"
#include "engine/frames/frames_kernel.h"
#include "engine/frames/frames_neighbours.h"
#include "engine/frames/frames_path.h"
#include "engine/frames/frames_prepare.h"
#include "engine/frames/frames_receive.h"
#include "engine/frames/frames_refused.h"
#include "engine/frames/frames_send.h"
#include "engine/frames/frames_state.h"
#include "net/ephemeral.h"
#include "net/inherit.h"
#include "scan/cookie.h"
#include "system/crew.h"

static void frames_stats(struct engine *e, struct engine_stats *out)
{
	struct frames *fr = (struct frames *)e;

	fr->stats.ring_drops = 0;
	for (unsigned i = 0; i < fr->in_count; i++)
		fr->stats.ring_drops += ring_drops(fr->ins[i].ring);
	*out = fr->stats;
	fr->stats.refused_burst = 0;
}

static void frames_close(struct engine *e)
{
	struct frames *fr = (struct frames *)e;

	if (!fr)
		return;
	for (unsigned i = 0; i < fr->out_count; i++)
		transmit_close(fr->outs[i].transmit);
	for (unsigned i = 0; i < fr->out_count; i++)
		if (fr->outs[i].announced >= 0)
			(void)close(fr->outs[i].announced); /* no data could be lost */
	crew_free(fr->crew);
	for (unsigned i = 0; i < fr->in_count; i++)
		ring_close(fr->ins[i].ring);
	for (int i = 0; i < fr->egress_count; i++)
		free(fr->egresses[i]);
	for (unsigned i = 0; i < SHEETS; i++)
		free(fr->windows[i].egress);
	free(fr->outs);
	free(fr->ins);
	free(fr->egresses);
	frames_neighbours_forget(fr, UINT64_MAX);
	frames_kernel_close(fr);
	path_close(fr->path);
	route_close(fr->routes);
	own_list_fini(&fr->owns);
	neighbour_list_fini(&fr->neighbours);
	link_list_fini(&fr->links);
	netlink_close(fr->netlink);
	free(fr);
}

static const struct engine_ops frames_ops = {
	.name = "frames",
	.prepare = frames_prepare,
	.send = frames_send,
	.receive = frames_receive,
	.finish = frames_neighbours_finish,
	.stats = frames_stats,
	.path = frames_path,
	.news = frames_news,
	.close = frames_close,
};

/* Checks for CAP_NET_RAW before anything is prepared. A raw IP socket needs the same capability as
 * a packet socket, and its close() does not wait for an RCU grace period. */
static int frames_permitted(struct failure *f)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	if (fd < 0 && (errno == EPERM || errno == EACCES))
		return failure_set(f, EXIT_NO_PERMISSION,
				   "the frames engine needs the capability CAP_NET_RAW");
	if (fd < 0)
		return failure_set(f, EXIT_SOFTWARE, "cannot open a raw socket: %s",
				   strerror(errno));
	(void)close(fd); /* an error does not matter: it was never used */
	return 0;
}

/* Checks that the interface of -e, or that our sockets are bound to, exists and is usable. */
static int frames_interface(struct frames *fr, struct failure *f)
{
	const struct inherited inherited = inherit_read();
	const char *name = fr->conf.interface;
	char quoted[TEXT_QUOTED(64)];
	const struct link *link;

	fr->mark = inherited.mark;
	if (!name && !inherited.link_index)
		return 0;
	link = name ? link_by_name(&fr->links, name)
		    : link_by_index(&fr->links, inherited.link_index);
	if (!link && !name)
		return failure_set(f, EXIT_UNAVAILABLE,
				   "the interface that the control group of this process binds "
				   "sockets to has vanished");
	if (!link) {
		text_quote(name, strnlen(name, 64), quoted, sizeof(quoted));
		return failure_set(f, EXIT_UNAVAILABLE, "no interface is called %s", quoted);
	}
	fr->out_index = link->index;
	fr->out_vrf = link->has & LINK_VRF;
	return link_usable(link, f);
}

/* Checks that the address of -S is one of ours: of an interface, or by a route of the kind local.
 */
static int frames_source(const struct frames *fr, struct failure *f)
{
	const struct addr source = fr->conf.source;
	const struct route_conf conf = {.out_index = fr->out_vrf ? fr->out_index : 0,
					.zone = fr->conf.zone};
	char text[ADDR_TEXT];
	struct route route;

	if (!fr->conf.has_source || own_link(&fr->owns, source, 0) != 0)
		return 0;
	if (route_lookup(fr->netlink, &conf, source, &route) == 0 && route.kind == ROUTE_LOCAL)
		return 0;
	return failure_set(f, EXIT_UNAVAILABLE, "source %s is no address of this machine",
			   addr_format(source, text));
}

/* The ports that probes go to, and their protocol if it is one. */
static uint8_t frames_targets(const struct frames *fr, struct ports *ports)
{
	const struct plan *plan = fr->conf.plan;
	bool tcp = false, udp = false;

	memset(ports, 0, sizeof(*ports));
	for (uint32_t i = 0; i < plan->slots; i++) {
		const uint32_t slot = plan_slots(plan)[i];
		const bool is_udp = technique_is_udp(plan_slot_technique(slot));

		port_set_add(is_udp ? &ports->udp : &ports->tcp, plan_slot_port(slot));
		udp |= is_udp;
		tcp |= !is_udp;
	}
	return tcp && udp ? 0 : udp ? IPPROTO_UDP : IPPROTO_TCP;
}

int frames_routes(struct frames *fr, struct failure *f)
{
	const struct plan *plan = fr->conf.plan;
	struct ports ports;
	struct route_conf conf = {
		.first = plan_host(plan, 0),
		.last = plan_host(plan, plan->hosts - 1),
		.out_index = fr->out_index,
		.zone = fr->conf.zone,
		.has_source = fr->conf.has_source,
		.source = fr->conf.source,
		.mark = fr->mark,
		.protocol = frames_targets(fr, &ports),
		.ports = &ports,
		.from = {fr->port, fr->port | (uint16_t)~fr->port_mask},
	};
	const struct routing_rule *divided;

	fr->routes = route_open(fr->netlink, &conf, f);
	if (!fr->routes)
		return -1;
	divided = route_divided(fr->routes);
	if (divided)
		return failure_set(f, EXIT_UNAVAILABLE,
				   "routing rule %u routes some of the probes by protocol or port, "
				   "which hand-made packets cannot follow: scan these ports by "
				   "themselves, or with --engine sockets",
				   divided->priority);
	conf.ports = NULL;
	if (!fr->path)
		fr->path = path_open(&conf, f);
	return fr->path ? 0 : -1;
}

static void frames_ports(struct frames *fr)
{
	uint16_t first, last;

	ephemeral_range(&first, &last);
	fr->block = ephemeral_block(first, last, COOKIE_PORT_BLOCK);
	fr->port = fr->conf.has_source_port ? fr->conf.source_port : fr->block;
	fr->port_mask = fr->conf.has_source_port ? 0xffff : COOKIE_PORT_MASK;
}

struct engine *engine_frames_open(const struct engine_conf *conf, struct failure *f)
{
	struct frames *fr;

	if (frames_permitted(f) < 0)
		return NULL;
	fr = calloc(1, sizeof(*fr));
	if (!fr) {
		failure_set(f, EXIT_SOFTWARE, "out of memory");
		return NULL;
	}
	fr->engine.ops = &frames_ops;
	fr->conf = *conf;
	fr->crew = crew_new(0, 1); /* NULL: batches are sent by this thread alone */
	for (uint32_t i = 0; i < conf->plan->slots; i++)
		fr->techniques |= 1u << plan_slot_technique(plan_slots(conf->plan)[i]);
	frames_ports(fr);
	fr->netlink = netlink_open(f);
	if (!fr->netlink || link_list_read(&fr->links, fr->netlink, f) < 0 ||
	    frames_interface(fr, f) < 0 || own_list_read(&fr->owns, fr->netlink, f) < 0 ||
	    frames_source(fr, f) < 0 || frames_routes(fr, f) < 0 ||
	    neighbour_list_read(&fr->neighbours, fr->netlink, f) < 0 ||
	    frames_kernel_open(fr, f) < 0) {
		frames_close(&fr->engine);
		return NULL;
	}
	return &fr->engine;
}
