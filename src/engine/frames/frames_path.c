/* frames_path: follows interfaces, routes and MAC addresses during a scan. */
#include "engine/frames/frames_path.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/frames/frames_egress.h"
#include "engine/frames/frames_neighbours.h"
#include "engine/frames/frames_prepare.h"
#include "engine/frames/frames_state.h"
#include "engine/frames/solicit.h"
#include "result/record.h"

/* Most announcements looked at in one call: a flood of them must not hold the scan. */
#define PATH_ANNOUNCED 128
/* Between two solicitations of a gateway for announcements, which anyone on the link can forge. */
#define PATH_ASK_NS UINT64_C(1000000000)

/* Prepares the open windows for the present routes. 0, or -1 with *f. */
static int path_routes(struct frames *fr, struct failure *f)
{
	frames_neighbours_forget(fr, UINT64_MAX);
	for (int i = 0; i < fr->egress_count; i++)
		free(fr->egresses[i]);
	fr->egress_count = 0;
	route_close(fr->routes);
	fr->routes = NULL;
	own_list_fini(&fr->owns);
	if (own_list_read(&fr->owns, fr->netlink, f) < 0 || frames_routes(fr, f) < 0)
		return -1;
	for (unsigned i = 0; i < SHEETS; i++) {
		struct sheet *sheet = fr->conf.sheets[i];

		if (sheet && frames_prepare(&fr->engine, sheet, f) < 0)
			return -1;
	}
	return 0;
}

/* An on-link target has another MAC address. */
static void path_target(struct frames *fr, const struct link *link, uint64_t rank,
			const uint8_t mac[6])
{
	for (unsigned i = 0; i < SHEETS; i++) {
		struct sheet *sheet = fr->conf.sheets[i];
		const struct frames_egress *egress;
		struct sheet_host host;
		uint32_t number;

		if (!sheet || sheet_alike(sheet) || rank < sheet_first_host(sheet) ||
		    rank - sheet_first_host(sheet) >= sheet_hosts(sheet))
			continue;
		number = (uint32_t)(rank - sheet_first_host(sheet));
		egress = frames_egress_of(fr, sheet, number);
		host = sheet_host(sheet, number);
		if (!egress || egress->kind != EGRESS_NEIGHBOUR || egress->link != link ||
		    !(host.notes & HOST_MAC) || memcmp(host.mac, mac, sizeof(host.mac)) == 0 ||
		    neighbour_find(&fr->neighbours, plan_host(fr->conf.plan, rank), link->index))
			continue;
		memcpy(host.mac, mac, sizeof(host.mac));
		sheet_set_host(sheet, number, &host);
	}
}

/* Whether a gateway on that interface is known by another MAC address. */
static bool path_gateway(const struct frames *fr, const struct link *link, struct addr addr,
			 const uint8_t mac[6])
{
	for (int i = 0; i < fr->egress_count; i++) {
		const struct frames_egress *egress = fr->egresses[i];

		if (egress && egress->kind == EGRESS_GATEWAY && egress->link == link &&
		    egress->gateway_known && addr_equal(egress->gateway, addr) &&
		    memcmp(egress->mac, mac, sizeof(egress->mac)) != 0)
			return true;
	}
	return false;
}

/* A forged announcement would redirect all probes: the gateway itself is asked. */
static void path_ask(struct frames *fr, struct addr gateway)
{
	const uint64_t now_ns = clock_monotonic_ns();
	struct failure ignored = {0};

	if (fr->gateway_moved || now_ns < fr->ask_again_ns)
		return;
	fr->gateway_moved = frames_neighbours_again(fr, &gateway, &ignored) > 0;
	fr->ask_again_ns = clock_monotonic_ns() + PATH_ASK_NS;
}

bool frames_path_moved(struct frames *fr)
{
	unsigned looked = 0;
	struct addr addr;
	uint8_t mac[6];
	uint64_t rank;

	for (unsigned i = 0; i < fr->out_count; i++) {
		const struct frames_out *out = &fr->outs[i];

		while (out->announced >= 0 && looked < PATH_ANNOUNCED &&
		       solicit_announced(out->announced, out->link, &addr, mac)) {
			looked++;
			if (plan_find_host(fr->conf.plan, addr, &rank))
				path_target(fr, out->link, rank, mac);
			if (path_gateway(fr, out->link, addr, mac))
				path_ask(fr, addr);
		}
	}
	return fr->gateway_moved;
}

enum path_state frames_path(struct engine *e, bool doubt, const char **why)
{
	struct frames *fr = (struct frames *)e;
	enum path_state state = path_check(fr->path, doubt || fr->path_failed, why);

	(void)frames_path_moved(fr); /* reported below, or once the path is back */
	if (state == PATH_LOST)
		return state;
	if (state == PATH_CHANGED || fr->path_failed) {
		struct failure failed = {0};

		fr->gateway_moved = false;
		fr->path_failed = path_routes(fr, &failed) < 0;
		*why = fr->path_failed ? "the route has changed, and cannot be used" : *why;
		return fr->path_failed ? PATH_LOST : PATH_CHANGED;
	}
	if (doubt && !fr->gateway_moved) {
		struct failure ignored = {0};

		fr->gateway_moved = frames_neighbours_again(fr, NULL, &ignored) > 0;
	}
	if (!fr->gateway_moved)
		return PATH_SAME;
	fr->gateway_moved = false;
	*why = "the gateway has another MAC address";
	return PATH_CHANGED;
}
