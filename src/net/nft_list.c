/* nft_list: the chains and rules of nf_tables, as nfnetlink dumps them. */
#include "net/nft_list.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

/* Rules that chains may have together: more are not read, and the list is not trusted then. */
#define NFT_RULES_MOST 1000000

static void chain_fini(struct nft_chain *chain)
{
	free(chain->table);
	free(chain->name);
	free(chain->hook_bytes);
}

static void rule_fini(struct nft_rule *rule)
{
	free(rule->table);
	free(rule->chain);
	free(rule->expressions);
}

void nft_list_fini(struct nft_list *list)
{
	for (size_t i = 0; i < list->chains; i++)
		chain_fini(&list->chain[i]);
	for (size_t i = 0; i < list->rules; i++)
		rule_fini(&list->rule[i]);
	free(list->chain);
	free(list->rule);
	memset(list, 0, sizeof(*list));
}

/* Room for one more; false out of memory. */
static bool list_grow(void **array, size_t *capacity, size_t count, size_t size)
{
	const size_t more = *capacity ? *capacity * 2 : 16;
	void *grown;

	if (count < *capacity)
		return true;
	grown = reallocarray(*array, more, size);
	if (!grown)
		return false;
	*array = grown;
	*capacity = more;
	return true;
}

/* A copy from malloc, also of nothing; NULL out of memory. */
static uint8_t *bytes_copy(struct attributes from)
{
	uint8_t *copy = malloc(from.length ? from.length : 1);

	if (copy && from.length)
		memcpy(copy, from.bytes, from.length);
	return copy;
}

static int add_chain(struct nft_list *list, uint8_t family, struct attributes all)
{
	const struct attributes hook = attribute_find(all, NFTA_CHAIN_HOOK);
	struct nft_chain chain = {
		.table = attribute_text(all, NFTA_CHAIN_TABLE),
		.name = attribute_text(all, NFTA_CHAIN_NAME),
		.hook_bytes = bytes_copy(hook),
		.hook_length = hook.length,
		.policy = NF_ACCEPT,
		.family = family,
		.routes = attribute_is(all, NFTA_CHAIN_TYPE, "route"),
	};

	if (!chain.table || !chain.name || !chain.hook_bytes ||
	    !list_grow((void **)&list->chain, &list->chain_capacity, list->chains,
		       sizeof(*list->chain))) {
		chain_fini(&chain);
		return -ENOMEM;
	}
	chain.base = attribute_be32(hook, NFTA_HOOK_HOOKNUM, &chain.hook);
	(void)attribute_be32(all, NFTA_CHAIN_POLICY, &chain.policy); /* absent: accept */
	list->chain[list->chains++] = chain;
	return 0;
}

static int add_rule(struct nft_list *list, uint8_t family, struct attributes all)
{
	const struct attributes expressions = attribute_find(all, NFTA_RULE_EXPRESSIONS);
	struct nft_rule rule = {
		.table = attribute_text(all, NFTA_RULE_TABLE),
		.chain = attribute_text(all, NFTA_RULE_CHAIN),
		.expressions = bytes_copy(expressions),
		.length = expressions.length,
		.family = family,
	};

	if (!rule.table || !rule.chain || !rule.expressions || list->rules >= NFT_RULES_MOST ||
	    !list_grow((void **)&list->rule, &list->rule_capacity, list->rules,
		       sizeof(*list->rule))) {
		rule_fini(&rule);
		return -ENOMEM;
	}
	list->rule[list->rules++] = rule;
	return 0;
}

int nft_list_add(struct nft_list *list, const struct nlmsghdr *message)
{
	const size_t headers = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
	const uint8_t *bytes = (const uint8_t *)message;
	struct attributes all;
	struct nfgenmsg family;

	if (message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
		return 0;
	if (message->nlmsg_len < headers)
		return -EBADMSG;
	memcpy(&family, bytes + NLMSG_HDRLEN, sizeof(family));
	all = (struct attributes){bytes + headers, message->nlmsg_len - headers};
	switch (message->nlmsg_type & 0xff) {
	case NFT_MSG_NEWCHAIN:
		return add_chain(list, family.nfgen_family, all);
	case NFT_MSG_NEWRULE:
		return add_rule(list, family.nfgen_family, all);
	default:
		return 0;
	}
}

static bool rule_is_of(const struct nft_rule *rule, const struct nft_chain *chain)
{
	return rule->family == chain->family && strcmp(rule->chain, chain->name) == 0 &&
	       strcmp(rule->table, chain->table) == 0;
}

void nft_list_link(struct nft_list *list)
{
	size_t at = 0;

	for (size_t i = 0; i < list->rules; i++) {
		/* The chain of the rule before, or another one, from there on. */
		for (size_t n = 0; n < list->chains; n++, at = (at + 1) % list->chains)
			if (rule_is_of(&list->rule[i], &list->chain[at]))
				break;
		if (list->chains == 0 || !rule_is_of(&list->rule[i], &list->chain[at]))
			continue;
		if (list->chain[at].rules == 0)
			list->chain[at].first_rule = i;
		if (list->chain[at].first_rule + list->chain[at].rules == i)
			list->chain[at].rules++;
	}
}

struct reading {
	struct nft_list *list;
	bool rules; /* this dump is one of rules */
};

static int reading_each(void *context, const struct nlmsghdr *message)
{
	struct reading *reading = context;

	return nft_list_add(reading->list, message);
}

static void reading_restart(void *context)
{
	struct reading *reading = context;
	struct nft_list *list = reading->list;

	while (reading->rules && list->rules > 0)
		rule_fini(&list->rule[--list->rules]);
	while (!reading->rules && list->chains > 0)
		chain_fini(&list->chain[--list->chains]);
}

static int reading_dump(struct netlink *netlink, struct reading *reading, int type)
{
	const struct netlink_reader reader = {reading_each, reading_restart, reading};
	_Alignas(struct nlmsghdr) char buffer[NETLINK_REQUEST_BYTES] = {0};
	struct nlmsghdr *request = (struct nlmsghdr *)(void *)buffer;
	const struct nfgenmsg all = {.nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0};

	request->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	request->nlmsg_len = NLMSG_LENGTH(sizeof(all));
	memcpy(buffer + NLMSG_HDRLEN, &all, sizeof(all));
	return netlink_dump(netlink, request, &reader);
}

int nft_list_read(struct nft_list *list)
{
	struct failure ignored = {0};
	struct netlink *netlink = netlink_open_bus(NETLINK_NETFILTER, &ignored);
	struct reading reading = {.list = list};
	int error = netlink ? 0 : -EPROTONOSUPPORT;

	if (!error)
		error = reading_dump(netlink, &reading, NFT_MSG_GETCHAIN);
	reading.rules = true;
	if (!error && list->chains > 0)
		error = reading_dump(netlink, &reading, NFT_MSG_GETRULE);
	netlink_close(netlink);
	nft_list_link(list);
	if (error)
		nft_list_fini(list);
	/* Without the module there is no rule. */
	return error == -EPROTONOSUPPORT || error == -EINVAL || error == -EOPNOTSUPP ? 0 : error;
}

const struct nft_chain *nft_list_find(const struct nft_list *list, const struct nft_chain *of_table,
				      struct attributes name)
{
	for (size_t i = 0; i < list->chains; i++) {
		const struct nft_chain *chain = &list->chain[i];
		const size_t length = strlen(chain->name);

		if (chain->family == of_table->family && name.bytes && name.length >= length &&
		    memcmp(name.bytes, chain->name, length) == 0 &&
		    (name.length == length || name.bytes[length] == '\0') &&
		    strcmp(chain->table, of_table->table) == 0)
			return chain;
	}
	return NULL;
}
