/* sockets_neighbours: what the kernel's ARP and NDP found of hosts that answered no probe. */
#include "engine/sockets/sockets_neighbours.h"

#include <linux/neighbour.h>
#include <string.h>
#include <time.h>

#include "engine/sockets/sockets_state.h"
#include "engine/sockets/sockets_take.h"
#include "net/neighbour.h"
#include "net/route.h"

/* Longer than the kernel tries. */
#define RESOLVE_NS UINT64_C(3500000000)
/* With fewer entries the kernel's table lacks none: it evicts none below gc_thresh1, 128. The table
 * holds 1,024 by default (gc_thresh3), most often fewer than the hosts of a /22. */
#define TABLE_LEAST 128
/* Hosts without an entry that are probed together, and how often; 3 s each. */
#define ROUND_HOSTS 512u
#define ROUNDS	    16
/* Between two readings of the table. */
#define LOOK_NS 20000000L

/* The number of a host in the sheet; false if it is none of its, or answered a probe. */
static bool silent_host(const struct sheet *sheet, struct addr a, uint32_t *host)
{
	uint64_t rank;

	if (!plan_find_host(sheet_plan(sheet), a, &rank) || rank < sheet_first_host(sheet) ||
	    rank - sheet_first_host(sheet) >= sheet_hosts(sheet))
		return false;
	*host = (uint32_t)(rank - sheet_first_host(sheet));
	return !sheet_host_heard(sheet, *host);
}

/* Notes what the entries say. Returns how many are being resolved. */
static unsigned neighbours_note(struct sheet *sheet, const struct neighbour_list *list)
{
	unsigned pending = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct neighbour *n = &list->neighbour[i];
		struct sheet_host host = {.notes = HOST_NO_NEIGHBOUR};
		uint32_t number;

		if (!silent_host(sheet, n->addr, &number))
			continue;
		if (n->state & NUD_INCOMPLETE) {
			pending++;
			continue;
		}
		if (n->state & NUD_REACHABLE && !n->told) {
			host.notes = HOST_MAC;
			memcpy(host.mac, n->mac, sizeof(host.mac));
		} else if (!(n->state & NUD_FAILED)) {
			continue;
		}
		sheet_set_host(sheet, number, &host);
	}
	return pending;
}

/* The state of a gateway's entry; 0: there is none. */
static unsigned gateway_state(const struct neighbour_list *list, const struct route *route)
{
	const struct neighbour *entry =
		route->has_gateway ? neighbour_find(list, route->gateway, route->link_index) : NULL;

	return entry ? entry->state : 0;
}

/* Whether one of the gateways in use is in that state. */
static bool gateways_any(const struct sockets *s, const struct neighbour_list *list, unsigned state)
{
	const struct route *route;

	for (unsigned i = 0; (route = path_route(s->path, i)) != NULL; i++)
		if (gateway_state(list, route) & state)
			return true;
	return false;
}

static int neighbours_route(const struct sockets *s, struct addr to, struct route *out)
{
	const struct route_conf conf = {.first = to, .last = to, .zone = s->conf.zone};

	return route_lookup(s->netlink, &conf, to, out);
}

/* Notes the silent hosts behind gateways that do not answer. */
static void gateways_note(const struct sockets *s, struct sheet *sheet,
			  const struct neighbour_list *list)
{
	const struct sheet_host absent = {.notes = HOST_NO_NEIGHBOUR};
	struct route route;

	if (!gateways_any(s, list, NUD_FAILED))
		return;
	for (uint32_t host = 0; host < sheet_hosts(sheet); host++) {
		const uint64_t rank = sheet_first_host(sheet) + host;

		if (!sheet_host_heard(sheet, host) && !sheet_host(sheet, host).notes &&
		    neighbours_route(s, plan_host(sheet_plan(sheet), rank), &route) == 0 &&
		    gateway_state(list, &route) & NUD_FAILED)
			sheet_set_host(sheet, host, &absent);
	}
}

static bool any_silent(const struct sheet *sheet)
{
	for (uint32_t host = 0; host < sheet_hosts(sheet); host++)
		if (!sheet_host_heard(sheet, host))
			return true;
	return false;
}

/* Sends the host's first probe once more, so that the kernel resolves its address. False if no
 * socket is free. */
static bool neighbours_probe(struct sockets *s, struct sheet *sheet, uint32_t host)
{
	const uint32_t cell = host * sheet_plan(sheet)->slots;
	const struct plan_probe p = sheet_probe(sheet, cell);
	const struct probe probe = {
		.to = p.to,
		.timeout_ns = RESOLVE_NS,
		.cell = sheet_tag(sheet, cell),
		.port = p.port,
		.technique = p.technique,
		.attempt = sheet_tries(sheet, cell) & 15,
	};
	struct failure ignored = {0};
	struct attempt *a;
	int error = 0;

	if (sheet_get(sheet, cell) != REPLY_SILENCE)
		return true; /* of another shard, or a router has answered */
	a = sockets_take(s, attempt_kind_of(&probe), &error, &ignored);
	if (!a)
		return false;
	a->probe = probe;
	attempt_start(a, &s->common, false);
	if (a->state == ATTEMPT_PENDING) {
		pool_append(&s->pool, &s->pending, a);
		s->stats.sent++;
	} else if (a->state == ATTEMPT_ANSWERED) {
		pool_append(&s->pool, &s->ready, a);
		s->stats.sent++;
	} else {
		pool_release(&s->pool, a);
	}
	return true;
}

/* Whether a host is on the link, and the kernel has no entry for it any more. */
static bool neighbours_lack(const struct sockets *s, const struct neighbour_list *list,
			    struct addr to)
{
	struct route route;

	return neighbours_route(s, to, &route) == 0 && route.kind == ROUTE_UNICAST &&
	       !route.has_gateway && !neighbour_find(list, to, route.link_index);
}

/* For hosts whose entry did not fit, or was evicted: the next ones are probed once more. Returns
 * whether any were. */
static bool neighbours_round(struct sockets *s, struct sheet *sheet,
			     const struct neighbour_list *list)
{
	unsigned count = 0;

	if (list->count < TABLE_LEAST || s->finish_rounds == ROUNDS)
		return false;
	for (; s->finish_host < sheet_hosts(sheet) && count < ROUND_HOSTS; s->finish_host++) {
		const uint32_t host = s->finish_host;
		const struct addr to = plan_host(sheet_plan(sheet), sheet_first_host(sheet) + host);

		if (sheet_host_heard(sheet, host) || sheet_host(sheet, host).notes ||
		    !neighbours_lack(s, list, to))
			continue;
		if (!neighbours_probe(s, sheet, host))
			break;
		count++;
	}
	s->finish_rounds++;
	return count > 0;
}

bool sockets_finish(struct engine *e, struct sheet *sheet, uint64_t now_ns)
{
	struct sockets *s = (struct sockets *)e;
	const struct timespec pause = {.tv_nsec = LOOK_NS};
	struct neighbour_list list = {0};
	struct failure ignored = {0};
	unsigned pending;

	/* Without netlink the table cannot be read, and no wait is needed. */
	if (!s->netlink || !any_silent(sheet) ||
	    neighbour_list_read_all(&list, s->netlink, &ignored) < 0)
		return false;
	pending = neighbours_note(sheet, &list) + gateways_any(s, &list, NUD_INCOMPLETE);
	if (s->finishing != sheet) {
		s->finishing = sheet;
		s->finish_ns = now_ns;
		s->finish_host = s->finish_rounds = 0;
	}
	if (pending == 0 || now_ns - s->finish_ns >= RESOLVE_NS) {
		gateways_note(s, sheet, &list);
		const bool more = neighbours_round(s, sheet, &list);

		s->finish_ns = now_ns;
		s->finishing = more ? sheet : NULL;
	}
	neighbour_list_fini(&list);
	if (!s->finishing)
		return false;
	(void)nanosleep(&pause, NULL); /* an interruption ends it early */
	return true;
}
