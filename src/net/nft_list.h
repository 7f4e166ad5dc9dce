/* nft_list: the chains and rules of nf_tables, as nfnetlink dumps them. */
#ifndef PORTLIGHT_NET_NFT_LIST_H
#define PORTLIGHT_NET_NFT_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "net/attribute.h"
#include "net/netlink.h"

/* All numbers in host order. Texts and bytes are from malloc; the list owns them. */
struct nft_chain {
	char *table, *name;
	uint8_t *hook_bytes; /* the attributes of its hook: devices */
	size_t hook_length;
	uint32_t hook;		  /* enum nf_inet_hooks or enum nf_dev_hooks; if `base` */
	uint32_t policy;	  /* NF_ACCEPT, NF_DROP; if `base` */
	uint8_t family;		  /* NFPROTO_* */
	bool base;		  /* packets enter here, not by a jump */
	bool routes;		  /* type "route": a changed mark chooses the route again */
	size_t first_rule, rules; /* its rules in nft_list.rule, after nft_list_link() */
};

struct nft_rule {
	char *table, *chain;
	uint8_t *expressions; /* attributes NFTA_LIST_ELEM */
	size_t length;
	uint8_t family;
};

/* Caller's storage; zero-initialised is empty. */
struct nft_list {
	struct nft_chain *chain;
	struct nft_rule *rule;
	size_t chains, rules, chain_capacity, rule_capacity;
};

/* Adds the chain or the rule of one message of a dump; others are ignored. 0; -EBADMSG if it is
 * damaged, -ENOMEM; the list is then unchanged. */
int nft_list_add(struct nft_list *list, const struct nlmsghdr *message);

/* After the last one: finds the rules of each chain. The kernel gives those of a chain together, in
 * their order; rules of a chain that is not there, or in another order, are not found. */
void nft_list_link(struct nft_list *list);

/* Reads all chains and rules of this network namespace, which takes CAP_NET_ADMIN, and links them.
 * 0, or -errno with the list empty. A kernel without nf_tables has none. */
int nft_list_read(struct nft_list *list);
void nft_list_fini(struct nft_list *list);

/* The chain of that family, table and name, or NULL. `name` is not terminated. */
const struct nft_chain *nft_list_find(const struct nft_list *list, const struct nft_chain *of_table,
				      struct attributes name);

#endif
