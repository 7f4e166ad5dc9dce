/* path: follows the routes and interfaces by which some addresses are reached. */
#include "net/path.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/link.h"

/* Most messages read at once: a router may report routes without end. */
#define PATH_READS 256
/* Without messages, path_is_lost() compares again after this time: it is asked for each probe that
 * could not leave, and takes some 50 us. The kernel's messages follow the change within it. */
#define LOOK_NS UINT64_C(1000000)

/* As RTMGRP_IPV4_RULE; the kernel's header has no such name for IPv6. */
#define PATH_IPV6_RULE (1u << (RTNLGRP_IPV6_RULE - 1))

struct path_followed {
	struct addr to;
	struct route route;
	bool carrier; /* its interface had one: some drivers report none */
};

struct path {
	struct netlink *netlink;
	struct mnl_socket *events;
	struct route_conf conf;
	struct path_followed followed[PATH_MOST];
	unsigned count;
	bool lost;
	bool dirty; /* messages came that path_check() has not looked at */
	bool gone;  /* as path_is_lost() has found at looked_ns */
	uint64_t looked_ns;
	char why[PATH_WHY];
	char buffer[8192];
};

struct path *path_open(const struct route_conf *conf, struct failure *f)
{
	const unsigned groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
				RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE |
				PATH_IPV6_RULE;
	struct path *p = calloc(1, sizeof(*p));

	if (!p) {
		failure_set(f, EXIT_SOFTWARE, "out of memory");
		return NULL;
	}
	p->conf = *conf;
	p->netlink = netlink_open(f);
	if (!p->netlink)
		goto err0;
	p->events = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!p->events || mnl_socket_bind(p->events, groups, MNL_SOCKET_AUTOPID) < 0) {
		failure_set(f, EXIT_SOFTWARE, "cannot follow the routes: %s", strerror(errno));
		goto err0;
	}
	return p;
err0:
	path_close(p);
	return NULL;
}

void path_close(struct path *p)
{
	if (!p)
		return;
	if (p->events)
		(void)mnl_socket_close(p->events); /* nothing is lost if it fails */
	netlink_close(p->netlink);
	free(p);
}

static bool path_leads(const struct route *route)
{
	return (route->kind == ROUTE_UNICAST || route->kind == ROUTE_LOCAL) && route->has_source;
}

/* The interface of a route. NULL: there is none, or the kernel could not be asked. */
static const struct link *path_link(const struct path *p, struct link_list *links,
				    const struct route *route)
{
	struct failure ignored = {0};

	if (!links->count && link_list_read(links, p->netlink, &ignored) < 0)
		return NULL;
	return link_by_index(links, route->link_index);
}

bool path_follow(struct path *p, struct addr to)
{
	struct path_followed new = {.to = to};
	struct link_list links = {0};
	const struct link *link;

	for (unsigned i = 0; i < p->count; i++)
		if (addr_equal(p->followed[i].to, to))
			return true;
	if (route_lookup(p->netlink, &p->conf, to, &new.route) < 0 || !path_leads(&new.route))
		return false;
	for (unsigned i = 0; i < p->count; i++)
		if (route_same(&p->followed[i].route, &new.route))
			return true;
	if (p->count == PATH_MOST)
		return false;
	link = path_link(p, &links, &new.route);
	new.carrier = link && link->has &LINK_CARRIER;
	link_list_fini(&links);
	p->followed[p->count++] = new;
	return true;
}

/* Whether the kernel has reported a change. */
static bool path_events(struct path *p)
{
	bool any = false;

	for (unsigned i = 0; i < PATH_READS; i++) {
		ssize_t got = recv(mnl_socket_get_fd(p->events), p->buffer, sizeof(p->buffer),
				   MSG_DONTWAIT);

		if (got < 0 && errno != EINTR && errno != ENOBUFS)
			break;
		/* ENOBUFS: some were lost, so there were some. */
		any |= got >= 0 || errno == ENOBUFS;
	}
	return any;
}

/* Whether only a link-local source is left where there was another one: its packets pass no router
 * (RFC 4291, 2.5.6). The kernel keeps the IPv6 routes of an address that is removed. */
static bool path_unscoped(const struct path_followed *at, const struct route *now)
{
	return addr_is_link_local6(now->source) && !addr_is_link_local6(at->route.source) &&
	       !addr_is_link_local6(at->to);
}

/* Why no packet can leave for it; false if they can. */
static bool path_gone(struct path *p, const struct path_followed *at, const struct route *now,
		      struct link_list *links)
{
	const struct link *link = path_link(p, links, path_leads(now) ? now : &at->route);
	char text[ADDR_TEXT], quoted[LINK_QUOTED];

	if (!link)
		snprintf(p->why, sizeof(p->why), "the interface to %s has vanished",
			 addr_format(at->to, text));
	else if (!(link->has & LINK_UP))
		snprintf(p->why, sizeof(p->why), "interface %s is down", link_quote(link, quoted));
	else if (at->carrier && !(link->has & LINK_CARRIER))
		snprintf(p->why, sizeof(p->why), "interface %s has no carrier",
			 link_quote(link, quoted));
	else if (!path_leads(now))
		snprintf(p->why, sizeof(p->why), "there is no route to %s any more",
			 addr_format(at->to, text));
	else if (path_unscoped(at, now))
		snprintf(p->why, sizeof(p->why), "there is no source address for %s any more",
			 addr_format(at->to, text));
	else
		return false;
	return true;
}

/* Compares all; `adopt`: what has changed is what is followed from then on. */
static enum path_state path_compare(struct path *p, bool adopt)
{
	struct route now[PATH_MOST];
	struct link_list links = {0};
	enum path_state state = PATH_SAME;
	char text[ADDR_TEXT];

	for (unsigned i = 0; state != PATH_LOST && i < p->count; i++) {
		if (route_lookup(p->netlink, &p->conf, p->followed[i].to, &now[i]) < 0)
			now[i] = p->followed[i].route; /* unknown: it is looked at again later */
		if (path_gone(p, &p->followed[i], &now[i], &links)) {
			state = PATH_LOST;
		} else if (state == PATH_SAME && !route_same(&p->followed[i].route, &now[i])) {
			state = PATH_CHANGED;
			snprintf(p->why, sizeof(p->why), "the route to %s is another one",
				 addr_format(p->followed[i].to, text));
		}
	}
	for (unsigned i = 0; adopt && state == PATH_CHANGED && i < p->count; i++)
		p->followed[i].route = now[i];
	link_list_fini(&links);
	return state;
}

enum path_state path_check(struct path *p, bool anyway, const char **why)
{
	enum path_state state;

	*why = p->why;
	if (!path_events(p) && !anyway && !p->lost && !p->dirty)
		return PATH_SAME;
	p->dirty = false;
	state = path_compare(p, true);
	p->lost = state == PATH_LOST;
	return state;
}

const struct route *path_route(const struct path *p, unsigned index)
{
	return index < p->count ? &p->followed[index].route : NULL;
}

bool path_is_lost(struct path *p)
{
	const uint64_t now_ns = clock_monotonic_ns();

	p->dirty |= path_events(p);
	if (p->dirty || now_ns >= p->looked_ns + LOOK_NS) {
		p->looked_ns = now_ns;
		p->gone = path_compare(p, false) == PATH_LOST;
		p->dirty |= p->gone;
	}
	return p->gone;
}
