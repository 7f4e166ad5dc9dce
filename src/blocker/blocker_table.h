/* blocker_table: the nftables table of the blocker, spoken to in netlink. */
#ifndef PORTLIGHT_BLOCKER_BLOCKER_TABLE_H
#define PORTLIGHT_BLOCKER_BLOCKER_TABLE_H

#include <stdint.h>

#include "address/addr.h"
#include "base/failure.h"

/* Zero-initialised is closed. */
struct blocker_table {
	struct mnl_socket *socket; /* owns the table: with it the table goes */
	uint32_t sequence;
};

/* Opens the socket: 0 or -errno. */
int blocker_table_open(struct blocker_table *t);
void blocker_table_close(struct blocker_table *t);

/*
 * Makes the table, its sets of at most `most` elements with that timeout, and the chain that drops;
 * in one transaction. One of the name that nobody owns is replaced. 0 or -errno: -EPERM without
 * CAP_NET_ADMIN, or where another process owns the table.
 */
int blocker_table_make(struct blocker_table *t, uint32_t most, uint32_t timeout_s);

/* Puts the address in; `again`: takes it out first, so that its time begins anew. 0 or -errno;
 * -ENOENT if `again` and it is not in. */
int blocker_table_add(struct blocker_table *t, struct addr a, int again);
/* Empties the sets. 0 or -errno. */
int blocker_table_clear(struct blocker_table *t);
/* 0 or -errno. */
int blocker_table_remove(struct blocker_table *t);

#endif
