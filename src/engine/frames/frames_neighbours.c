/* frames_neighbours: link addresses of on-link hosts and of gateways, solicited in advance. */
#include "engine/frames/frames_neighbours.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/frames/frames_egress.h"
#include "engine/frames/solicit.h"
#include "result/record.h"

/* Hosts solicited at once, at least and at most: it takes a second for one host or for thousands,
 * so hosts of later windows are included. Their answers take 6.5 bytes a host until then. */
#define FRAMES_ASK_AHEAD 16384u
#define FRAMES_ASK_MOST	 65536u
/* Gateways are not solicited again if the rate would delay that for longer. */
#define AGAIN_WAIT_NS UINT64_C(200000000)

/* Whether a gateway has been solicited and has not answered. */
static bool learn_open(const struct frames_egress *egress)
{
	return egress && egress->kind == EGRESS_GATEWAY && egress->gateway_asked &&
	       !egress->gateway_known;
}

/* Puts a gateway's MAC address into its egress and the templates. */
static void learn_gateway(struct frames *fr, struct frames_egress *egress, const uint8_t mac[6])
{
	memcpy(egress->mac, mac, sizeof(egress->mac));
	egress->gateway_known = true;
	frames_egress_templates(fr, egress);
}

/* Notes the MAC address of host number `number` of those asked for. */
static void learn_known(struct frames *fr, uint64_t number, const uint8_t mac[6])
{
	struct sheet_host host = {.notes = HOST_MAC};

	memcpy(host.mac, mac, sizeof(host.mac));
	sheet_host_put(fr->asked, fr->asked_at + (uint32_t)number, &host);
}

/* Notes what the administrator has fixed for it, or forgets what an earlier route has left. */
static void learn_fixed(struct frames *fr, uint64_t number, const struct neighbour *fixed)
{
	struct sheet_host host = frames_neighbours_at(fr, fr->ask_first + number);

	if (!fixed && (host.notes & HOST_MAC || !(host.engine & HOP_SEND)))
		return;
	host = (struct sheet_host){.engine = fixed ? HOP_SEND : 0};
	if (fixed)
		memcpy(host.mac, fixed->mac, sizeof(host.mac));
	sheet_host_put(fr->asked, fr->asked_at + (uint32_t)number, &host);
}

/* solicit_conf.ask: numbers below ask_count are hosts, those from there on egresses. */
static bool learn_ask(void *context, size_t number, struct solicit_ask *out)
{
	const struct frames *fr = context;
	const struct frames_egress *egress;

	if (number >= fr->ask_count) {
		egress = fr->egresses[number - fr->ask_count];
		if (!learn_open(egress))
			return false;
		*out = (struct solicit_ask){egress->gateway, egress->gateway_source, egress->link};
		return true;
	}
	out->addr = plan_host(fr->conf.plan, fr->ask_first + number);
	egress = fr->egresses[route_find(fr->routes, out->addr)]; /* made by learn_host() */
	if (egress->kind != EGRESS_NEIGHBOUR || frames_neighbours_known(fr, fr->ask_first + number))
		return false;
	out->source = egress->source;
	out->link = egress->link;
	return true;
}

/* An on-link host announced its MAC address: true if it was unknown. */
static bool learn_resolved_host(struct frames *fr, struct addr addr, unsigned link_index,
				const uint8_t mac[6])
{
	const struct frames_egress *egress;
	uint64_t rank;

	if (!plan_find_host(fr->conf.plan, addr, &rank) || rank < fr->ask_first ||
	    rank - fr->ask_first >= fr->ask_count)
		return false;
	egress = fr->egresses[route_find(fr->routes, addr)];
	if (egress->kind != EGRESS_NEIGHBOUR || egress->link->index != link_index ||
	    frames_neighbours_known(fr, rank))
		return false;
	learn_known(fr, rank - fr->ask_first, mac);
	return true;
}

/* solicit_conf.resolved. */
static size_t learn_resolved(void *context, struct addr addr, unsigned link_index,
			     const uint8_t mac[6])
{
	struct frames *fr = context;
	size_t found = learn_resolved_host(fr, addr, link_index, mac);

	for (int i = 0; fr->gateways_open > 0 && i < fr->egress_count; i++) {
		struct frames_egress *egress = fr->egresses[i];

		if (!learn_open(egress) || !addr_equal(egress->gateway, addr) ||
		    egress->link->index != link_index)
			continue;
		learn_gateway(fr, egress, mac);
		fr->gateways_open--;
		found++;
	}
	return found;
}

/* Makes the egress of a host, and notes the MAC address that the administrator has fixed for it. */
static int learn_host(struct frames *fr, size_t number, struct failure *f)
{
	const struct addr to = plan_host(fr->conf.plan, fr->ask_first + number);
	const int egress = frames_egress_to(fr, to, f);
	const struct neighbour *fixed;

	if (egress < 0)
		return -1;
	if (fr->egresses[egress]->kind != EGRESS_NEIGHBOUR)
		return 0;
	fixed = neighbour_find(&fr->neighbours, to, fr->egresses[egress]->link->index);
	learn_fixed(fr, number, fixed);
	return 0;
}

/* Chooses the source address of solicitations to a gateway, which may be of the other address
 * family than the probes (RFC 8950). */
static int learn_source(struct frames *fr, struct frames_egress *egress, struct failure *f)
{
	const struct route_conf conf = {
		.first = egress->gateway,
		.last = egress->gateway,
		.out_index = egress->link->index,
		.zone = egress->link->index,
	};
	struct route_map *map;
	int number;

	egress->gateway_source = egress->source;
	if (addr_is_v4(egress->gateway) == addr_is_v4(egress->source))
		return 0;
	map = route_open(fr->netlink, &conf, f);
	if (!map)
		return -1;
	number = route_find(map, egress->gateway);
	if (number >= 0 && route_at(map, number)->has_source)
		egress->gateway_source = route_at(map, number)->source;
	route_close(map);
	return 0;
}

/* Prepares all gateways whose MAC address is not known for solicitation. */
static int learn_egresses(struct frames *fr, struct failure *f)
{
	fr->gateways_open = 0;
	for (int i = 0; i < fr->egress_count; i++) {
		struct frames_egress *egress = fr->egresses[i];
		const struct neighbour *fixed;

		if (!egress || egress->kind != EGRESS_GATEWAY || egress->gateway_known)
			continue;
		if (learn_source(fr, egress, f) < 0)
			return -1;
		/* Without a source address of that family it cannot be solicited. */
		egress->gateway_asked =
			addr_is_v4(egress->gateway) == addr_is_v4(egress->gateway_source);
		if (!egress->gateway_asked)
			continue;
		fixed = neighbour_find(&fr->neighbours, egress->gateway, egress->link->index);
		if (fixed)
			learn_gateway(fr, egress, fixed->mac);
		else
			fr->gateways_open++;
	}
	return 0;
}

/* solicit_conf.socket. */
static int learn_socket(void *context, const struct link *link)
{
	const struct frames *fr = context;

	for (unsigned i = 0; i < fr->out_count; i++)
		if (fr->outs[i].link == link && fr->outs[i].announced >= 0)
			return fr->outs[i].announced;
	return -1;
}

static struct solicit_conf learn_conf(struct frames *fr)
{
	return (struct solicit_conf){
		.ask = learn_ask,
		.resolved = learn_resolved,
		.socket = learn_socket,
		.per_second = fr->conf.most_pps,
		.next_ns = &fr->solicit_ns,
		.context = fr,
		.stop = fr->conf.stop,
	};
}

static int learn(struct frames *fr, struct failure *f)
{
	struct solicit_conf conf = learn_conf(fr);

	for (size_t i = 0; i < fr->ask_count; i++)
		if (learn_host(fr, i, f) < 0)
			return -1;
	if (learn_egresses(fr, f) < 0)
		return -1;
	conf.count = fr->ask_count + (size_t)fr->egress_count;
	return solicit_run(&conf, f);
}

/* Number of hosts to solicit together, beginning with `rank`. */
static uint64_t learn_count(const struct frames *fr, uint64_t rank, uint64_t end)
{
	uint64_t left = fr->conf.plan->hosts - rank, count = end - rank;

	/* Where the rate makes it take long, those of later windows can wait. */
	const bool slow = fr->conf.most_pps > 0 && fr->conf.most_pps < FRAMES_ASK_AHEAD;

	if (count < FRAMES_ASK_AHEAD && !slow)
		count = FRAMES_ASK_AHEAD;
	if (count > FRAMES_ASK_MOST)
		count = FRAMES_ASK_MOST;
	return count < left ? count : left;
}

int frames_neighbours_learn(struct frames *fr, struct sheet *sheet, uint64_t rank,
			    struct failure *f)
{
	const uint64_t end = sheet_first_host(sheet) + sheet_hosts(sheet);

	if (rank >= fr->ask_first && rank - fr->ask_first < fr->ask_count)
		return 0;
	frames_neighbours_forget(fr, UINT64_MAX);
	fr->ask_first = rank;
	fr->ask_count = (size_t)learn_count(fr, rank, end);
	/* A sheet whose hosts share one entry has no on-link hosts: nothing is written to it. */
	fr->asked_ahead = fr->ask_count > end - rank || sheet_alike(sheet);
	fr->asked_at = fr->asked_ahead ? 0 : (uint32_t)(rank - sheet_first_host(sheet));
	fr->asked = fr->asked_ahead
			    ? calloc(sheet_host_groups((uint32_t)fr->ask_count), sizeof(*fr->asked))
			    : sheet_hops(sheet);
	if (!fr->asked) {
		fr->ask_count = 0;
		return failure_set(f, EXIT_SOFTWARE, "out of memory");
	}
	if (learn(fr, f) < 0) {
		frames_neighbours_forget(fr, UINT64_MAX);
		return -1;
	}
	return 0;
}

void frames_neighbours_forget(struct frames *fr, uint64_t rank)
{
	if (rank <= fr->ask_first || rank - fr->ask_first < fr->ask_count)
		return;
	if (fr->asked_ahead)
		free(fr->asked);
	fr->asked_ahead = false;
	fr->asked = NULL;
	fr->ask_count = 0;
}

int frames_neighbours_again(struct frames *fr, const struct addr *gateway, struct failure *f)
{
	struct solicit_conf conf = learn_conf(fr);
	const size_t hosts = fr->ask_count;
	uint8_t(*before)[6];
	int result, changed = 0;

	if (fr->solicit_ns > clock_monotonic_ns() + AGAIN_WAIT_NS)
		return 0; /* the rate forbids it */
	before = calloc((size_t)fr->egress_count + 1, sizeof(*before));
	if (!before)
		return failure_set(f, EXIT_SOFTWARE, "out of memory");
	fr->gateways_open = 0;
	for (int i = 0; i < fr->egress_count; i++) {
		struct frames_egress *egress = fr->egresses[i];

		if (!egress || egress->kind != EGRESS_GATEWAY || !egress->gateway_asked ||
		    (gateway && !addr_equal(*gateway, egress->gateway)) ||
		    neighbour_find(&fr->neighbours, egress->gateway, egress->link->index))
			continue;
		memcpy(before[i], egress->mac, sizeof(before[i]));
		egress->gateway_open = egress->gateway_known;
		egress->gateway_known = false;
		fr->gateways_open++;
	}
	/* No hosts are numbered in front of the gateways. */
	fr->ask_count = 0;
	conf.count = (size_t)fr->egress_count;
	result = fr->gateways_open > 0 ? solicit_run(&conf, f) : 0;
	fr->ask_count = hosts;
	for (int i = 0; i < fr->egress_count; i++) {
		struct frames_egress *egress = fr->egresses[i];

		if (!egress || !egress->gateway_open)
			continue;
		egress->gateway_open = false;
		changed += memcmp(before[i], egress->mac, sizeof(before[i])) != 0;
		egress->gateway_known = true;
	}
	free(before);
	return result < 0 ? result : changed;
}

bool frames_neighbours_finish(struct engine *e, struct sheet *sheet, uint64_t now_ns)
{
	const struct frames *fr = (const struct frames *)e;

	(void)now_ns;
	for (size_t i = 0; !sheet_alike(sheet) && i < fr->neighbours.count; i++) {
		const struct neighbour *fixed = &fr->neighbours.neighbour[i];
		struct sheet_host host = {.notes = HOST_MAC, .engine = HOP_FIXED};
		const struct frames_egress *egress;
		uint64_t rank;
		uint32_t number;

		if (!plan_find_host(fr->conf.plan, fixed->addr, &rank) ||
		    rank < sheet_first_host(sheet) ||
		    rank - sheet_first_host(sheet) >= sheet_hosts(sheet))
			continue;
		number = (uint32_t)(rank - sheet_first_host(sheet));
		egress = frames_egress_of(fr, sheet, number);
		if (!egress || egress->kind != EGRESS_NEIGHBOUR ||
		    egress->link->index != fixed->link_index)
			continue;
		memcpy(host.mac, fixed->mac, sizeof(host.mac));
		sheet_set_host(sheet, number, &host);
	}
	return false;
}
