/* blocker_table: the nftables table of the blocker, by netlink messages. */
#ifndef PORTLIGHT_BLOCKER_BLOCKER_TABLE_H
#define PORTLIGHT_BLOCKER_BLOCKER_TABLE_H

#include <stdint.h>

#include "address/addr.h"
#include "base/failure.h"

/* Zero-initialised is closed. */
struct blocker_table {
	struct mnl_socket *socket; /* owns the table, which the kernel removes when it is closed */
	uint32_t sequence;
};

/* Opens the socket: 0 or -errno. */
int blocker_table_open(struct blocker_table *t);
void blocker_table_close(struct blocker_table *t);

/*
 * Creates the table, its sets of at most `most` elements with that timeout, and the chain that
 * drops, in one transaction. Replaces a table of that name without owner. 0 or -errno: -EPERM
 * without CAP_NET_ADMIN, or if another process owns the table.
 */
int blocker_table_make(struct blocker_table *t, uint32_t most, uint32_t timeout_s);

/* Adds the address to its set; `again`: removes it first, so that its time starts again. 0 or
 * -errno; -ENOENT if `again` and it is not in the set. */
int blocker_table_add(struct blocker_table *t, struct addr a, int again);
/* Empties the sets. 0 or -errno. */
int blocker_table_clear(struct blocker_table *t);
/* Removes the table. 0 or -errno. */
int blocker_table_remove(struct blocker_table *t);

#endif
