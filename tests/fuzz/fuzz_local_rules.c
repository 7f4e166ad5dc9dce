/* Fuzzes the readers of nf_tables and IPsec dumps, and the judgement of what they read. */
#include <netinet/in.h> /* before headers of <linux>, which then leave out what it defines */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "net/ipsec.h"
#include "net/nft_treat.h"

/*
 * The first byte chooses the probe. Then come messages: a byte for the kind, two for the length,
 * and what is behind the netlink header.
 */
#define MESSAGES 64

static const uint16_t kinds[] = {
	NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN,
	NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE,
	XFRM_MSG_NEWPOLICY,
};

static struct link link = {.index = 2, .name = "eth0"};

/* On the heap, so that a byte behind the end is seen to be read. */
static struct nlmsghdr *take_message(struct input *in)
{
	const unsigned kind = input_take(in, 1);
	size_t length = input_take(in, 2);
	struct nlmsghdr *message;

	if (length > in->left)
		length = in->left;
	message = malloc(NLMSG_HDRLEN + length);
	input_check(message != NULL);
	*message = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + length),
		.nlmsg_type = kinds[kind % (sizeof(kinds) / sizeof(kinds[0]))],
	};
	if (length)
		memcpy((uint8_t *)message + NLMSG_HDRLEN, in->at, length);
	in->at += length;
	in->left -= length;
	return message;
}

static void judge(const struct nft_list *list, const struct ipsec_list *policies, unsigned choice)
{
	static struct ports ports;
	const struct addr v6 = {0x20010db800000000, 1};
	struct ranges targets = {0};
	const struct local_probe probe = {
		.targets = &targets,
		.ports = &ports,
		.source = choice & 1 ? v6 : addr_from_v4(0xc6120001),
		.link = &link,
		.local = choice & 2,
		.link_address = choice & 4,
		.begins = choice & 8,
	};
	const struct nft_chain *chain;

	port_set_add(&ports.tcp, 80);
	port_set_add(&ports.udp, 53);
	input_check(ranges_add(&targets, addr_from_v4(0xc6120000), addr_from_v4(0xc61200ff)) == 0);
	input_check(ranges_add(&targets, v6, addr_add(v6, 300)) == 0);
	ranges_normalise(&targets);
	chain = nft_treat_output(list, &probe);
	input_check(!chain || (chain->base && chain->family != NFPROTO_NETDEV));
	chain = nft_treat_egress(list, &probe);
	input_check(!chain || (chain->base && chain->family == NFPROTO_NETDEV));
	input_check(list->chains > 0 || !chain);
	input_check(policies->count > 0 || ipsec_treat(policies, &probe) == IPSEC_NONE);
	(void)ipsec_treat(policies, &probe);
	ranges_fini(&targets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	const unsigned choice = input_take(&in, 1);
	struct ipsec_list policies = {0};
	struct nft_list list = {0};

	for (unsigned i = 0; i < MESSAGES && in.left > 0; i++) {
		struct nlmsghdr *message = take_message(&in);

		(void)nft_list_add(&list, message);
		(void)ipsec_list_add(&policies, message);
		free(message);
	}
	nft_list_link(&list);
	judge(&list, &policies, choice);
	nft_list_fini(&list);
	ipsec_list_fini(&policies);
	return 0;
}
