/* link_table: the interfaces of this machine, kept up to date; works in the cage. */
#ifndef PORTLIGHT_NET_LINK_TABLE_H
#define PORTLIGHT_NET_LINK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "net/link.h"

/*
 * Capacity: fixed memory, 40 bytes an entry. An interface that vanished keeps its entry, and so its
 * name, until a new one needs it; the one that vanished first is evicted. Interfaces that find no
 * entry are not known here.
 */
#define LINK_TABLE_PLACES 1024

enum link_change {
	LINK_CAME_UP,
	LINK_WENT_DOWN,
	LINK_VANISHED, /* deleted while it was up */
};

struct link_table;

/*
 * Subscribes to the kernel's messages on interfaces (RTNLGRP_LINK), then reads all interfaces.
 * Opens no socket later. NULL with *f.
 */
struct link_table *link_table_open(struct failure *f);
void link_table_close(struct link_table *t);

/* Its descriptor, readable (poll) when link_table_refresh() has something to do. Owned by it. */
int link_table_fd(const struct link_table *t);

/*
 * Processes the kernel's messages; if some were lost, reads all interfaces again. Does not wait. 1
 * if anything has changed, 0 if not, or -errno.
 */
int link_table_refresh(struct link_table *t);

/*
 * Gives an interface that came up, went down or vanished since it was last returned here; NULL: no
 * more. Changes that were undone between two refreshes are not reported. Valid until the next
 * refresh.
 */
const struct link *link_table_changed(struct link_table *t, enum link_change *change);

/* Find an existing interface; NULL if there is none. Valid until the next refresh. */
const struct link *link_table_by_name(const struct link_table *t, const char *name);

/* The same for an interface that exists or has vanished. */
const struct link *link_table_by_index(const struct link_table *t, unsigned index);

/* The existing interfaces, numbered from 0; NULL after the last. */
const struct link *link_table_get(const struct link_table *t, size_t number);

/* Processes one RTM_NEWLINK or RTM_DELLINK message, as link_table_refresh() does with each. */
void link_table_message(struct link_table *t, const struct nlmsghdr *message);

#endif
