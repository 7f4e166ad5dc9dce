/* link_table: which interfaces there are, followed as they come and go; also in the cage. */
#ifndef PORTLIGHT_NET_LINK_TABLE_H
#define PORTLIGHT_NET_LINK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "net/link.h"

/*
 * So many are known at once, in fixed memory (40 bytes each). Who is gone keeps a place, and so a
 * name, until somebody new needs it: the one that went first. Beyond that, interfaces have no name
 * here.
 */
#define LINK_TABLE_PLACES 1024

enum link_change {
	LINK_CAME_UP,
	LINK_WENT_DOWN,
	LINK_VANISHED, /* it was up until then */
};

struct link_table;

/*
 * Subscribes to the kernel's word on interfaces, and then reads those that there are. No socket is
 * opened later. NULL with *f.
 */
struct link_table *link_table_open(struct failure *f);
void link_table_close(struct link_table *t);

/* Readable (poll) when there is something to refresh. */
int link_table_fd(const struct link_table *t);

/*
 * Takes in what the kernel has said since; where some of it was lost, all is read anew. Waits for
 * nothing. 1 if anything is another than before, 0 if not, or -errno.
 */
int link_table_refresh(struct link_table *t);

/*
 * One that came up, went down or vanished since it was last told here; NULL: no more. What went to
 * and fro between two refreshes is not told. Valid until the next refresh.
 */
const struct link *link_table_changed(struct link_table *t, enum link_change *change);

/* One that is there; NULL: none. Valid until the next refresh. */
const struct link *link_table_by_name(const struct link_table *t, const char *name);

/* One that is there, or was. The same. */
const struct link *link_table_by_index(const struct link_table *t, unsigned index);

/* Those that are there, number 0 and up; NULL behind the last. */
const struct link *link_table_get(const struct link_table *t, size_t number);

/* Takes in one message, RTM_NEWLINK or RTM_DELLINK; what link_table_refresh does with each. */
void link_table_message(struct link_table *t, const struct nlmsghdr *message);

#endif
