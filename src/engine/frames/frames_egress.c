/* frames_egress: the interface, next hop and frame templates for each route of the plan. */
#include "engine/frames/frames_egress.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "capture/filter.h"
#include "capture/ring.h"
#include "capture/transmit.h"
#include "engine/frames/frames_kernel.h"
#include "engine/frames/frames_state.h"
#include "engine/frames/solicit.h"
#include "scan/cookie.h"
#include "scan/echo.h"

/* Size of a ring's slots, and bytes kept of each frame: headers, an ICMP error with the quoted
 * packet, and the start of a datagram. */
#define EGRESS_SLOT_BYTES 256
#define EGRESS_SNAP_BYTES 176
#define EGRESS_TTL	  64
/* Slots of the ring of all interfaces that probes do not leave by: few answers enter there. */
#define EGRESS_OTHERS_SLOTS 4096

static int egress_memory(struct failure *f)
{
	return failure_set(f, EXIT_SOFTWARE, "out of memory");
}

static bool egress_any_remote(const struct frames *fr)
{
	for (int i = 0; i < fr->egress_count; i++)
		if (fr->egresses[i] && fr->egresses[i]->kind < EGRESS_NO_NEIGHBOUR &&
		    !fr->egresses[i]->local)
			return true;
	return false;
}

static struct filter_conf egress_filter(const struct frames *fr, uint32_t network_offset)
{
	return (struct filter_conf){
		.network_offset = network_offset,
		.snap_bytes = EGRESS_SNAP_BYTES,
		.port = fr->port,
		.port_mask = fr->port_mask,
		.more = fr->block,
		.more_mask = fr->conf.has_source_port ? COOKIE_PORT_MASK : 0,
		.both_ways = fr->conf.trace != NULL,
	};
}

/* Returns the receive ring of the interface, and opens it at first use; NULL with *f on failure. */
static struct ring *egress_in(struct frames *fr, const struct link *link, struct failure *f)
{
	struct filter filter;
	const struct filter_conf answers =
		egress_filter(fr, link->kind == LINK_RAW_IP ? 0 : ETH_HLEN);
	const struct ring_conf conf = {
		.link = link,
		.filter = &filter,
		.outgoing = fr->conf.trace != NULL,
		.slot_bytes = EGRESS_SLOT_BYTES,
		.slots = FRAMES_SLOTS,
	};
	struct frames_in *grown;
	struct ring *ring;

	for (unsigned i = 0; i < fr->in_count; i++)
		if (fr->ins[i].link == link)
			return fr->ins[i].ring;
	grown = reallocarray(fr->ins, fr->in_count + 1, sizeof(*grown));
	if (!grown) {
		(void)egress_memory(f);
		return NULL;
	}
	fr->ins = grown;
	filter_answers(&filter, &answers);
	ring = ring_open(&conf, f);
	if (ring)
		grown[fr->in_count++] = (struct frames_in){link, ring};
	return ring;
}

/* Finds or opens the transmitter of *like, and the receive ring of its interface. Returns its index
 * in fr->outs, or -1 with *f. */
static int egress_out(struct frames *fr, const struct frames_out *like, struct failure *f)
{
	const struct link *link = like->link;
	struct transmit_conf conf = {
		.link = link,
		.bypass = fr->conf.bypass && fr->conf.trace == NULL && !like->queue,
		.queue = like->queue,
		.ip_family = like->ip_family,
		.zone = fr->conf.zone,
		.protocol = like->protocol,
		.bound = like->protocol != 0,
		.by_link = fr->out_index != 0,
		.source = like->source,
		/* A ring does not capture frames sent by its own socket, and a trace needs them. */
		.shared = like->ip_family == 0 && fr->conf.trace == NULL && !like->queue,
		.crew = fr->crew,
	};
	struct frames_out *grown;
	struct ring *ring;

	for (unsigned i = 0; i < fr->out_count; i++)
		if (fr->outs[i].link == link && fr->outs[i].ip_family == like->ip_family &&
		    fr->outs[i].protocol == like->protocol && fr->outs[i].queue == like->queue &&
		    (like->protocol == 0 || addr_equal(fr->outs[i].source, like->source)))
			return (int)i;
	if (link_usable(link, f) < 0)
		return -1;
	ring = egress_in(fr, link, f);
	if (!ring)
		return -1;
	grown = reallocarray(fr->outs, fr->out_count + 1, sizeof(*grown));
	if (!grown)
		return egress_memory(f);
	fr->outs = grown;
	conf.shared_fd = ring_fd(ring);
	grown[fr->out_count] = *like;
	grown[fr->out_count].transmit = transmit_open(&conf, f);
	grown[fr->out_count].announced = -1;
	if (!grown[fr->out_count].transmit)
		return -1;
	/* Without it, another MAC address is only found when nothing answers any more. */
	if (link->kind == LINK_ETHERNET && !(link->has & LINK_NO_ARP) && like->ip_family == 0)
		grown[fr->out_count].announced = solicit_listen(link);
	return (int)fr->out_count++;
}

/* Opens a receive ring on each interface that has the source address: with -S, or a route's own
 * source, answers may arrive there and not at the interface that probes are sent by. */
static int egress_source(struct frames *fr, struct addr source, struct failure *f)
{
	unsigned index;

	for (unsigned n = 0; (index = own_link(&fr->owns, source, n)) != 0; n++) {
		const struct link *link = link_by_index(&fr->links, index);
		struct failure unusable = {0};

		if (link && link->kind != LINK_LOOPBACK && link_usable(link, &unusable) == 0 &&
		    !egress_in(fr, link, f))
			return -1;
	}
	return 0;
}

/* Whether answers may enter by an interface that has no ring of its own. */
static bool egress_is_other(const struct frames *fr, const struct link *link)
{
	struct failure unusable = {0};

	for (unsigned i = 0; i < fr->in_count; i++)
		if (fr->ins[i].link == link)
			return false;
	return link->kind != LINK_LOOPBACK && link_has_ip(&fr->links, link) &&
	       link_usable(link, &unusable) == 0;
}

/* Lists the interfaces that are no others, as many as a filter takes: answers that are received
 * twice are counted as repeated. Returns whether there are others. */
static bool egress_without(const struct frames *fr, unsigned without[FILTER_WITHOUT],
			   unsigned *count)
{
	bool others = false;

	*count = 0;
	for (size_t i = 0; i < fr->links.count; i++) {
		const struct link *link = &fr->links.link[i];

		if (egress_is_other(fr, link))
			others = true;
		else if (*count < FILTER_WITHOUT && link->has & LINK_UP)
			without[(*count)++] = link->index;
	}
	return others;
}

/* Adds a ring of all interfaces. */
static int egress_others_open(struct frames *fr, const struct filter *filter, struct failure *f)
{
	const struct ring_conf conf = {
		.filter = filter,
		.slot_bytes = EGRESS_SLOT_BYTES,
		.slots = EGRESS_OTHERS_SLOTS,
	};
	struct frames_in *grown = reallocarray(fr->ins, fr->in_count + 1, sizeof(*grown));
	struct ring *ring;

	if (!grown)
		return egress_memory(f);
	fr->ins = grown;
	ring = ring_open(&conf, f);
	if (!ring)
		return -1;
	grown[fr->in_count++] = (struct frames_in){NULL, ring};
	return 0;
}

int frames_egress_others(struct frames *fr, struct failure *f)
{
	struct filter_conf answers = egress_filter(fr, FILTER_ANY_LINK);
	unsigned without[FILTER_WITHOUT], place = 0;
	struct filter filter;
	bool others;

	/* For packets to this machine alone there is no other way in. */
	if (fr->in_others == fr->in_count || !egress_any_remote(fr))
		return 0;
	others = egress_without(fr, without, &answers.without_count);
	while (place < fr->in_count && fr->ins[place].link)
		place++;
	if (place == fr->in_count && !others)
		return 0;
	answers.without = without;
	answers.both_ways = false;
	filter_answers(&filter, &answers);
	if (place < fr->in_count)
		(void)ring_refilter(fr->ins[place].ring, &filter); /* else: some come twice */
	else if (egress_others_open(fr, &filter, f) < 0)
		return -1;
	fr->in_others = fr->in_count;
	return 0;
}

static uint8_t egress_kind(const struct route *route, const struct link *link)
{
	switch (route->kind) {
	case ROUTE_LOCAL:
		return EGRESS_DIRECT;
	case ROUTE_UNICAST:
		break;
	case ROUTE_BROADCAST:
		return EGRESS_NO_NEIGHBOUR;
	default:
		return EGRESS_NO_ROUTE;
	}
	if (link->kind != LINK_ETHERNET || link->has & LINK_NO_ARP)
		return EGRESS_DIRECT;
	return route->has_gateway ? EGRESS_GATEWAY : EGRESS_NEIGHBOUR;
}

void frames_egress_templates(const struct frames *fr, struct frames_egress *egress)
{
	struct template_conf conf = {
		.link = transmit_link(fr->outs[egress->out].transmit),
		.source = egress->source,
		.ttl = fr->conf.ttl ? fr->conf.ttl : EGRESS_TTL,
		.bad_sum = fr->conf.bad_sum,
	};

	memcpy(conf.mac_src, egress->link->mac, sizeof(conf.mac_src));
	memcpy(conf.mac_dst, egress->mac, sizeof(conf.mac_dst));
	for (unsigned t = 0; t < TECHNIQUES; t++) {
		if (!(fr->techniques >> t & 1))
			continue;
		conf.technique = &technique_table[t];
		template_init(&egress->template[t], &conf);
	}
}

/* Opens what an egress sends by: for TCP and for UDP. 0, or -1 with *f. */
static int egress_outs(struct frames *fr, struct frames_egress *egress, struct failure *f)
{
	const int family = addr_is_v4(egress->source) ? 4 : 6;
	struct frames_out like = {.link = egress->link, .queue = egress->queue};
	int out, udp;

	if (egress->kernel && frames_kernel_listen(fr, family, f) < 0)
		return -1;
	if (egress->local || egress->kernel)
		like.ip_family = family;
	if (egress->kernel && !egress->local) {
		like.protocol = IPPROTO_TCP;
		like.source = egress->source;
	}
	out = egress_out(fr, &like, f);
	like.protocol = like.protocol ? IPPROTO_UDP : 0;
	udp = out < 0 ? -1 : egress_out(fr, &like, f);
	if (udp < 0)
		return -1;
	egress->out = (unsigned)out;
	egress->out_udp = (unsigned)udp;
	return 0;
}

static int egress_init(struct frames *fr, struct frames_egress *egress, const struct route *route,
		       struct failure *f)
{
	const struct link *link = route->kind == ROUTE_LOCAL
					  ? link_loopback(&fr->links)
					  : link_by_index(&fr->links, route->link_index);
	enum frames_kernel_way way;

	egress->kind = EGRESS_NO_ROUTE;
	/* Without a source address of that family no answer could arrive. */
	if (!link || !route->has_source)
		return 0;
	egress->kind = egress_kind(route, link);
	if (egress->kind == EGRESS_NO_ROUTE || egress->kind == EGRESS_NO_NEIGHBOUR)
		return 0;
	egress->link = link;
	egress->source = route->source;
	egress->gateway = route->gateway;
	egress->has_gateway = route->has_gateway;
	egress->local = route->kind == ROUTE_LOCAL;
	/* Without ARP or NDP, frames are sent to our own MAC address, as the kernel does. */
	memcpy(egress->mac, link->mac, sizeof(egress->mac));
	way = frames_kernel_way(fr, route, link, f);
	if (way == KERNEL_FAILED)
		return -1;
	/* A route that puts packets into others does so to the kernel's own. */
	egress->kernel = way == KERNEL_YES || route->encap;
	fr->encap = route->encap ? route->encap : fr->encap;
	egress->queue = way == KERNEL_QUEUE;
	if (egress->kernel) /* it finds the neighbour, too */
		egress->kind = EGRESS_DIRECT;
	if (egress_outs(fr, egress, f) < 0 ||
	    (!egress->local && egress_source(fr, egress->source, f) < 0))
		return -1;
	frames_egress_templates(fr, egress);
	return 0;
}

/* 0 if packets made here can take the route as the kernel's own do, or -1 with *f. */
static int egress_possible(const struct frames *fr, struct addr to, const struct route *route,
			   struct failure *f)
{
	const struct link *link = link_by_index(&fr->links, route->link_index);
	char text[ADDR_TEXT], quoted[LINK_QUOTED];

	if (route->kind == ROUTE_LOCAL && link && link->has & LINK_VRF)
		return failure_set(f, EXIT_UNAVAILABLE,
				   "%s is an address of this machine in VRF %s, which packets made "
				   "by hand do not reach: use --engine sockets (-sT, -sU)",
				   addr_format(to, text), link_quote(link, quoted));
	return 0;
}

int frames_egress_to(struct frames *fr, struct addr to, struct failure *f)
{
	int number = route_find(fr->routes, to);
	struct frames_egress **grown;

	if (number < 0)
		return failure_set(f, EXIT_SOFTWARE, "cannot ask the kernel for a route: %s",
				   strerror(-number));
	if (number > UINT16_MAX)
		return failure_set(f, EXIT_SOFTWARE, "more than 65536 distinct routes");
	if (number >= fr->egress_count) {
		grown = reallocarray(fr->egresses, (size_t)number + 1, sizeof(*grown));
		if (!grown)
			return egress_memory(f);
		fr->egresses = grown;
		while (fr->egress_count <= number)
			fr->egresses[fr->egress_count++] = NULL;
	}
	if (!fr->egresses[number]) {
		fr->egresses[number] = calloc(1, sizeof(*fr->egresses[number]));
		if (!fr->egresses[number])
			return egress_memory(f);
		if (egress_possible(fr, to, route_at(fr->routes, number), f) < 0 ||
		    egress_init(fr, fr->egresses[number], route_at(fr->routes, number), f) < 0)
			return -1;
		if (fr->egresses[number]->kind < EGRESS_NO_NEIGHBOUR)
			(void)path_follow(fr->path, to); /* false: enough others are */
	}
	return number;
}

const struct frames_egress *frames_egress_of(const struct frames *fr, const struct sheet *sheet,
					     uint32_t host)
{
	for (unsigned i = 0; i < SHEETS; i++) {
		const struct frames_window *w = &fr->windows[i];

		if (w->used && w->window == sheet_window(sheet)) {
			const int number = w->egress ? w->egress[host] : w->first;

			/* None while routes have changed and cannot be used. */
			return number < fr->egress_count ? fr->egresses[number] : NULL;
		}
	}
	return NULL;
}

size_t frames_egress_payload(const struct frames *fr, const struct frames_egress *egress,
			     const struct probe *probe, uint64_t rank, uint8_t *out)
{
	uint8_t cookie[PAYLOAD_ECHO];
	size_t length;

	/* Most ports have none, and need no hashes. */
	if (payload_dialects(probe->port) == 0)
		return 0;
	echo_make(&fr->conf.key, probe->to, probe->port, rank, cookie);
	length = payload_write(probe->port, probe->attempt, cookie, out);
	return length + 48 > egress->link->mtu ? 0 : length;
}
