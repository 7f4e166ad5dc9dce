/* local_rules: whether rules of this machine treat the kernel's own packets in another way than
 * frames: nf_tables, iptables, IPsec policies, filters of an interface's queue. */
#ifndef PORTLIGHT_NET_LOCAL_RULES_H
#define PORTLIGHT_NET_LOCAL_RULES_H

#include "base/failure.h"
#include "net/local_probe.h"

/* Room for the name of a rule's place, safe for a terminal. */
#define LOCAL_RULES_WHERE 200

struct local_rules;

enum local_treatment {
	LOCAL_ALIKE,   /* no rule that would refuse, redirect or change the probes */
	LOCAL_UNKNOWN, /* the rules cannot be read: CAP_NET_ADMIN is missing */
	LOCAL_QUEUE,   /* only rules of the interface's queue may */
	LOCAL_DIFFERS, /* rules may that hold for the kernel's own packets only */
	LOCAL_CONNECT, /* an IPsec policy may that holds for the kernel's own connections only */
};

/* Reads the rules as they are now; a few system calls where there are none. NULL with *f out of
 * memory. Rules that cannot be read are no failure: see LOCAL_UNKNOWN. */
struct local_rules *local_rules_read(struct failure *f);
void local_rules_free(struct local_rules *rules);

/* What the rules may do to the probes. where: the rule's place, as a noun without article, after
 * LOCAL_QUEUE, LOCAL_DIFFERS and LOCAL_CONNECT. In doubt it is LOCAL_DIFFERS: the kernel then
 * decides on each packet. */
enum local_treatment local_rules_treat(const struct local_rules *rules,
				       const struct local_probe *probe,
				       char where[static LOCAL_RULES_WHERE]);

#endif
