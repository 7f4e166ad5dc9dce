/* ipsec: the outgoing IPsec policies of the kernel (xfrm). */
#ifndef PORTLIGHT_NET_IPSEC_H
#define PORTLIGHT_NET_IPSEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "net/local_probe.h"
#include "net/netlink.h"

/* A policy for packets that leave which does more than let them pass. Numbers in host order. */
struct ipsec_policy {
	struct range source, destination; /* of one family */
	unsigned link_index;		  /* 0: any interface */
	uint16_t port, port_mask;	  /* of the destination */
	bool by_port;			  /* ports are among what it selects by */
	uint8_t protocol;		  /* 0: any */
	bool blocks;			  /* it refuses packets, and encrypts none */
};

/* Caller's storage; zero-initialised is empty. */
struct ipsec_list {
	struct ipsec_policy *policy;
	size_t count, capacity;
	bool blocks_others; /* the default policy refuses what no policy is for */
};

/* Adds the policy of one message of a dump, if it is one that matters; others are ignored. 0;
 * -EBADMSG if it is damaged, -ENOMEM; the list is then unchanged. */
int ipsec_list_add(struct ipsec_list *list, const struct nlmsghdr *message);

/* Reads all policies of this network namespace, which takes CAP_NET_ADMIN. 0, or -errno with the
 * list empty. A kernel without IPsec has none. */
int ipsec_list_read(struct ipsec_list *list);
void ipsec_list_fini(struct ipsec_list *list);

enum ipsec_treatment {
	IPSEC_NONE,
	IPSEC_COVERS, /* a policy may be for the probes */
	/* The same, and it selects by ports, which the kernel does not know of a raw IP packet:
	 * only connections of its own obey it. */
	IPSEC_BY_PORT,
};

enum ipsec_treatment ipsec_treat(const struct ipsec_list *list, const struct local_probe *probe);

#endif
