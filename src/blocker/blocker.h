/* blocker: blocks source addresses for a time, with an nftables table of its own. */
#ifndef PORTLIGHT_BLOCKER_BLOCKER_H
#define PORTLIGHT_BLOCKER_BLOCKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "address/addr.h"
#include "address/ranges.h"
#include "base/failure.h"

#define BLOCKER_TABLE	  "portlight"
#define BLOCKER_TIMEOUT_S 3600
#define BLOCKER_MOST	  1024

struct blocker_conf {
	uint32_t timeout_s; /* how long a source is blocked; 1 s to 30 days */
	uint32_t most;	    /* sources blocked at once, both families; 1 to 65536 */
	/* Addresses that are never blocked: block_policy_never(). Copied. */
	const struct ranges *never;
	const char *user; /* of the helper, as cage_conf.user */
};

/* Sets the defaults: BLOCKER_TIMEOUT_S, BLOCKER_MOST; `never` and `user` NULL. */
void blocker_conf_init(struct blocker_conf *conf);

/*
 * Table `inet portlight`: sets blocked4 and blocked6, whose elements have a timeout, and a chain at
 * prerouting, before connection tracking, that drops packets from these sources, to this machine
 * and to those it forwards for. A helper process with CAP_NET_ADMIN, in a cage of its own, owns the
 * table by its netlink socket (NFT_TABLE_F_OWNER): the kernel removes the table when that process
 * ends, however it ends, and no other process can change or flush it before.
 */
struct blocker;

/*
 * Forks the helper, which creates the table. To be called before cage_enter() and before there are
 * threads or descriptors that the helper should not have. NULL with *f: EXIT_NO_PERMISSION without
 * CAP_NET_ADMIN, EXIT_UNAVAILABLE without nf_tables or if another portlight owns the table.
 */
struct blocker *blocker_open(const struct blocker_conf *conf, struct failure *f);

/*
 * Blocks a source for timeout_s from now on. Waits for the kernel's answer, usually 100 us, at most
 * a second. 1: it is blocked. 0: it was blocked already, and its time starts again. -EPERM: it is
 * in `never`. -ENOSPC: `most` sources are blocked. -EPIPE, -ETIMEDOUT: the helper has ended or does
 * not answer. Other -errno: the kernel's.
 */
int blocker_add(struct blocker *b, struct addr source);

/* Unblocks all sources; the table stays. 0 or -errno as blocker_add(). */
int blocker_clear(struct blocker *b);

/* Whether the helper, and with it the table, has ended: no source is blocked any more. Does not
 * wait. */
bool blocker_has_ended(const struct blocker *b);

/* Ends the helper, and with it the table; waits for both, at most a second. Works in the cage. */
void blocker_close(struct blocker *b);

/* The helper's process id. After its end it stays a zombie until this process ends, since the cage
 * does not allow to wait for it. */
pid_t blocker_pid(const struct blocker *b);

#endif
