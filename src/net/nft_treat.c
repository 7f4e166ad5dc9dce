/* nft_treat: whether nf_tables may do anything but accept some probes. */
#include "net/nft_treat.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "net/nft_match.h"

/* The kernel's own limit of nested chains (NFT_JUMP_STACK_SIZE). */
#define TREAT_DEPTH 16
/* Rules looked at for one chain: many jumps to long chains are not followed to their end. */
#define TREAT_RULES 200000

/* What becomes of the probes in a chain. */
enum fate {
	FATE_GOES_ON,  /* it may reach the end of the chain */
	FATE_ACCEPTED, /* all of them are */
	FATE_ALTERED,  /* or may be */
};

struct treat {
	const struct nft_list *list;
	const struct local_probe *probe;
	unsigned rules;
};

static enum fate treat_chain(struct treat *t, const struct nft_chain *chain, unsigned depth);

/* The chain that a rule names: one that is not there leads nowhere. */
static enum fate treat_jump(struct treat *t, const struct nft_chain *from, struct attributes name,
			    unsigned depth)
{
	const struct nft_chain *chain = nft_list_find(t->list, from, name);

	if (depth >= TREAT_DEPTH)
		return FATE_ALTERED;
	return chain ? treat_chain(t, chain, depth + 1) : FATE_GOES_ON;
}

static enum fate treat_chain(struct treat *t, const struct nft_chain *chain, unsigned depth)
{
	for (size_t i = 0; i < chain->rules; i++) {
		const struct nft_outcome outcome =
			nft_match_rule(chain, &t->list->rule[chain->first_rule + i], t->probe);
		const bool always = outcome.truth == NFT_ALWAYS;
		enum fate fate;

		if (++t->rules > TREAT_RULES)
			return FATE_ALTERED;
		if (outcome.truth == NFT_NEVER || outcome.effect == NFT_NOTHING)
			continue;
		switch (outcome.effect) {
		case NFT_ALTERS:
			return FATE_ALTERED;
		case NFT_ACCEPTS:
			if (always)
				return FATE_ACCEPTED;
			break;
		case NFT_RETURNS:
			if (always)
				return FATE_GOES_ON;
			break;
		default:
			fate = treat_jump(t, chain, outcome.target, depth);
			if (fate == FATE_ALTERED || (always && fate == FATE_ACCEPTED))
				return fate;
			if (always && outcome.effect == NFT_GOES)
				return FATE_GOES_ON;
		}
	}
	return FATE_GOES_ON;
}

static bool treat_alters(const struct nft_list *list, const struct local_probe *probe,
			 const struct nft_chain *chain)
{
	struct treat t = {.list = list, .probe = probe};
	const enum fate fate = treat_chain(&t, chain, 0);

	return fate == FATE_ALTERED || (fate == FATE_GOES_ON && chain->policy != NF_ACCEPT);
}

/* Whether packets of the probe's family pass the chain where packets leave. */
static bool chain_is_output(const struct nft_chain *chain, const struct local_probe *probe)
{
	const uint8_t own = addr_is_v4(probe->source) ? NFPROTO_IPV4 : NFPROTO_IPV6;

	return chain->base && (chain->family == NFPROTO_INET || chain->family == own) &&
	       (chain->hook == NF_INET_LOCAL_OUT || chain->hook == NF_INET_POST_ROUTING);
}

const struct nft_chain *nft_treat_output(const struct nft_list *list,
					 const struct local_probe *probe)
{
	for (size_t i = 0; i < list->chains; i++)
		if (chain_is_output(&list->chain[i], probe) &&
		    treat_alters(list, probe, &list->chain[i]))
			return &list->chain[i];
	return NULL;
}

static bool name_is(struct attributes name, const struct link *link)
{
	const size_t length = strnlen(link->name, sizeof(link->name));

	if (name.length > 0 && name.bytes[name.length - 1] == '\0')
		return name.length - 1 == length && memcmp(name.bytes, link->name, length) == 0;
	/* Without a NUL: names that begin so (Linux 6.16). */
	return name.length <= length && memcmp(name.bytes, link->name, name.length) == 0;
}

static bool chain_is_egress(const struct nft_chain *chain, const struct link *link)
{
	struct attributes hook = {chain->hook_bytes, chain->hook_length}, devices, name;
	unsigned type;

	if (!chain->base || chain->family != NFPROTO_NETDEV || chain->hook != NF_NETDEV_EGRESS)
		return false;
	name = attribute_find(hook, NFTA_HOOK_DEV);
	if (name.length && name_is(name, link))
		return true;
	devices = attribute_find(hook, NFTA_HOOK_DEVS);
	while (attribute_next(&devices, &type, &name))
		if (name.length && name_is(name, link))
			return true;
	return false;
}

const struct nft_chain *nft_treat_egress(const struct nft_list *list,
					 const struct local_probe *probe)
{
	for (size_t i = 0; i < list->chains; i++)
		if (chain_is_egress(&list->chain[i], probe->link) &&
		    treat_alters(list, probe, &list->chain[i]))
			return &list->chain[i];
	return NULL;
}
