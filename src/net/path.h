/* path: follows the routes and interfaces by which some addresses are reached. */
#ifndef PORTLIGHT_NET_PATH_H
#define PORTLIGHT_NET_PATH_H

#include <stdbool.h>

#include "address/addr.h"
#include "base/failure.h"
#include "net/route.h"

/* Addresses followed at once; one for each route that is in use is enough. */
#define PATH_MOST 16
/* Room for the reason that path_check() gives. */
#define PATH_WHY 160

enum path_state {
	PATH_SAME,    /* as when it was last checked */
	PATH_CHANGED, /* another interface, gateway or source address */
	PATH_LOST,    /* an address has no route or source any more, or its interface is down or
			 without carrier */
};

struct path;

/*
 * Subscribes to the kernel's messages on interfaces, addresses, routes and rules (rtnetlink); needs
 * no privilege, and opens no socket later. Of *conf all but first and last counts. NULL with *f.
 */
struct path *path_open(const struct route_conf *conf, struct failure *f);
void path_close(struct path *p);

/*
 * Follows the route to `to`, as it is now. True if it is followed, also if one that is equal was
 * already; false if it has no route, or PATH_MOST others are followed.
 */
bool path_follow(struct path *p, struct addr to);

/*
 * Reads the kernel's messages and, if there were any (or `anyway`), compares all routes and
 * interfaces. Does not wait. After PATH_LOST it compares again each time, until all are there:
 * PATH_CHANGED then if one is another, else PATH_SAME. *why is set after PATH_CHANGED and
 * PATH_LOST: one line, safe for a terminal, valid until the next call.
 */
enum path_state path_check(struct path *p, bool anyway, const char **why);

/* Route number `index` of those followed, as last compared; NULL past the last. Valid until the
 * next call. */
const struct route *path_route(const struct path *p, unsigned index);

/* Whether the path is lost at this moment, within a millisecond; path_check() still reports it. */
bool path_is_lost(struct path *p);

#endif
