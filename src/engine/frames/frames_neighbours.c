/* frames_neighbours: MAC addresses of on-link hosts and of gateways, asked for windows ahead. */
#include <stdlib.h>
#include <string.h>

#include "engine/frames/frames.h"
#include "result/finding.h"

static bool learn_open(const struct frames_way *way)
{
	return way && way->kind == WAY_GATEWAY && way->gateway_asked && !way->gateway_known;
}

/* A gateway's MAC address goes into its way and the templates. */
static void learn_gateway(struct frames *fr, struct frames_way *way, const uint8_t mac[6])
{
	memcpy(way->mac, mac, sizeof(way->mac));
	way->gateway_known = true;
	frames_way_templates(fr, way);
}

static void learn_known(struct frames *fr, uint64_t number, const uint8_t mac[6])
{
	struct sheet_host host = {.notes = HOST_MAC};

	memcpy(host.mac, mac, sizeof(host.mac));
	sheet_host_put(fr->asked, fr->asked_at + (uint32_t)number, &host);
}

/* First the hosts [ask_first, ask_first + ask_count), then the ways. */
static bool learn_ask(void *context, size_t number, struct solicit_ask *out)
{
	const struct frames *fr = context;
	const struct frames_way *way;

	if (number >= fr->ask_count) {
		way = fr->ways[number - fr->ask_count];
		if (!learn_open(way))
			return false;
		*out = (struct solicit_ask){way->gateway, way->gateway_source, way->link};
		return true;
	}
	out->who = plan_host(fr->conf.plan, fr->ask_first + number);
	way = fr->ways[route_find(fr->routes, out->who)]; /* found before, by learn_host */
	if (way->kind != WAY_NEIGHBOUR || frames_asked(fr, fr->ask_first + number).notes & HOST_MAC)
		return false;
	out->source = way->source;
	out->link = way->link;
	return true;
}

static bool learn_told_host(struct frames *fr, struct addr who, unsigned link_index,
			    const uint8_t mac[6])
{
	const struct frames_way *way;
	uint64_t rank;

	if (!plan_find_host(fr->conf.plan, who, &rank) || rank < fr->ask_first ||
	    rank - fr->ask_first >= fr->ask_count)
		return false;
	way = fr->ways[route_find(fr->routes, who)];
	if (way->kind != WAY_NEIGHBOUR || way->link->index != link_index ||
	    frames_asked(fr, rank).notes & HOST_MAC)
		return false;
	learn_known(fr, rank - fr->ask_first, mac);
	return true;
}

static size_t learn_told(void *context, struct addr who, unsigned link_index, const uint8_t mac[6])
{
	struct frames *fr = context;
	size_t found = learn_told_host(fr, who, link_index, mac);

	for (int i = 0; fr->gateways_open > 0 && i < fr->way_count; i++) {
		struct frames_way *way = fr->ways[i];

		if (!learn_open(way) || !addr_equal(way->gateway, who) ||
		    way->link->index != link_index)
			continue;
		learn_gateway(fr, way, mac);
		fr->gateways_open--;
		found++;
	}
	return found;
}

/* The way of a host, and its MAC address if the administrator has fixed it. */
static int learn_host(struct frames *fr, size_t number, struct failure *f)
{
	const struct addr to = plan_host(fr->conf.plan, fr->ask_first + number);
	const int way = frames_way_to(fr, to, f);
	const struct neighbour *fixed;

	if (way < 0)
		return -1;
	if (fr->ways[way]->kind != WAY_NEIGHBOUR)
		return 0;
	fixed = neighbour_find(&fr->neighbours, to, fr->ways[way]->link->index);
	if (fixed)
		learn_known(fr, number, fixed->mac);
	return 0;
}

/* A gateway of the other family (RFC 8950) is asked for from an address of that family. */
static int learn_source(struct frames *fr, struct frames_way *way, struct failure *f)
{
	const struct route_conf conf = {
		.first = way->gateway,
		.last = way->gateway,
		.out_index = way->link->index,
		.zone = way->link->index,
	};
	struct route_map *map;
	int number;

	way->gateway_source = way->source;
	if (addr_is_v4(way->gateway) == addr_is_v4(way->source))
		return 0;
	map = route_open(fr->netlink, &conf, f);
	if (!map)
		return -1;
	number = route_find(map, way->gateway);
	if (number >= 0 && route_at(map, number)->has_source)
		way->gateway_source = route_at(map, number)->source;
	route_close(map);
	return 0;
}

static int learn_ways(struct frames *fr, struct failure *f)
{
	fr->gateways_open = 0;
	for (int i = 0; i < fr->way_count; i++) {
		struct frames_way *way = fr->ways[i];
		const struct neighbour *fixed;

		if (!way || way->kind != WAY_GATEWAY || way->gateway_known)
			continue;
		if (learn_source(fr, way, f) < 0)
			return -1;
		/* Without an address of ours of that family it stays unknown. */
		way->gateway_asked = addr_is_v4(way->gateway) == addr_is_v4(way->gateway_source);
		if (!way->gateway_asked)
			continue;
		fixed = neighbour_find(&fr->neighbours, way->gateway, way->link->index);
		if (fixed)
			learn_gateway(fr, way, fixed->mac);
		else
			fr->gateways_open++;
	}
	return 0;
}

static int learn(struct frames *fr, struct failure *f)
{
	struct solicit_conf conf = {
		.ask = learn_ask, .told = learn_told, .context = fr, .stop = fr->conf.stop};

	for (size_t i = 0; i < fr->ask_count; i++)
		if (learn_host(fr, i, f) < 0)
			return -1;
	if (learn_ways(fr, f) < 0)
		return -1;
	conf.count = fr->ask_count + (size_t)fr->way_count;
	return solicit_run(&conf, f);
}

/* Hosts that are asked for together, beginning with `rank`. */
static uint64_t learn_count(const struct frames *fr, uint64_t rank, uint64_t end)
{
	uint64_t left = fr->conf.plan->hosts - rank, count = end - rank;

	if (count < FRAMES_ASK_AHEAD)
		count = FRAMES_ASK_AHEAD;
	if (count > FRAMES_ASK_MOST)
		count = FRAMES_ASK_MOST;
	return count < left ? count : left;
}

int frames_learn(struct frames *fr, const struct sheet *sheet, uint64_t rank, struct failure *f)
{
	const uint64_t end = sheet->first_host + sheet->hosts;

	if (rank >= fr->ask_first && rank - fr->ask_first < fr->ask_count)
		return 0;
	frames_forget(fr, UINT64_MAX);
	fr->ask_first = rank;
	fr->ask_count = (size_t)learn_count(fr, rank, end);
	/* Where all hosts have one entry they have no neighbours: nothing is written then. */
	fr->asked_ahead = fr->ask_count > end - rank || sheet->alike;
	fr->asked_at = fr->asked_ahead ? 0 : (uint32_t)(rank - sheet->first_host);
	fr->asked = fr->asked_ahead
			    ? calloc(sheet_host_groups((uint32_t)fr->ask_count), sizeof(*fr->asked))
			    : sheet->host;
	if (!fr->asked) {
		fr->ask_count = 0;
		return failure_set(f, EXIT_SOFTWARE, "out of memory");
	}
	if (learn(fr, f) < 0) {
		frames_forget(fr, UINT64_MAX);
		return -1;
	}
	return 0;
}

void frames_forget(struct frames *fr, uint64_t rank)
{
	if (rank <= fr->ask_first || rank - fr->ask_first < fr->ask_count)
		return;
	if (fr->asked_ahead)
		free(fr->asked);
	fr->asked_ahead = false;
	fr->asked = NULL;
	fr->ask_count = 0;
}
