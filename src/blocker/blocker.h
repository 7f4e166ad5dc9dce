/* blocker: sources shut out for a while, by an nftables table of our own. */
#ifndef PORTLIGHT_BLOCKER_BLOCKER_H
#define PORTLIGHT_BLOCKER_BLOCKER_H

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
	uint32_t timeout_s; /* how long a source is shut out; 1 s to 30 days */
	uint32_t most;	    /* sources at a time, both families; 1 to 65536 */
	/* Never shut out, whatever is asked: block_policy_never(). Copied. */
	const struct ranges *never;
	const char *user; /* as cage_conf.user */
};

/* timeout_s and most as above; `never` and `user` NULL. */
void blocker_conf_init(struct blocker_conf *conf);

/*
 * Table `inet portlight`: sets blocked4 and blocked6, whose elements carry their time, and a chain
 * on prerouting, before connection tracking, that drops what comes from them; for this machine and
 * for what it forwards. It is held by a helper process that keeps CAP_NET_ADMIN, in a cage of its
 * own, and is made to last exactly as long as that process: the kernel takes the table away with
 * the netlink socket that owns it (NFT_TABLE_F_OWNER), so that nothing is left however we end; and
 * nobody else can change or flush it meanwhile.
 */
struct blocker;

/*
 * Forks the helper and makes the table. To be called before cage_enter and before there are
 * threads or other descriptors worth hiding. NULL with *f: EXIT_NO_PERMISSION without
 * CAP_NET_ADMIN, EXIT_UNAVAILABLE without nf_tables or while another portlight holds the table.
 */
struct blocker *blocker_open(const struct blocker_conf *conf, struct failure *f);

/*
 * Shuts a source out from now on for the time set. Waits for the kernel's word, some 100 us, at
 * most a second. 1: it is out. 0: it was out, and its time begins anew. -EPERM: in `never`.
 * -ENOSPC: as many as allowed are out. -EPIPE, -ETIMEDOUT: the helper is gone. Other -errno: the
 * kernel's.
 */
int blocker_add(struct blocker *b, struct addr source);

/* Lets everybody in again; the table stays. 0 or -errno as blocker_add. */
int blocker_clear(struct blocker *b);

/* Takes the table away, and the helper; waits for both, at most a second. Works in the cage. */
void blocker_close(struct blocker *b);

/* The helper's process id; it becomes a zombie until we end, since the cage cannot wait for it. */
pid_t blocker_pid(const struct blocker *b);

#endif
