/* blocker_table: the nftables table of the blocker, by netlink messages. */
#include "blocker/blocker_table.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "blocker/blocker.h"

#define BLOCKER_CHAIN "drop"
/* NF_IP_PRI_RAW: before connection tracking (-200), so that dropped packets make no entry there. */
#define BLOCKER_PRIORITY (-300)
/* The largest transaction here is that of blocker_table_make, about 1,500 bytes. */
#define BATCH_BYTES 4096

/* Differences between the address families. */
struct blocker_family {
	const char *set;
	uint32_t type;		/* nft(8)'s number, for its listings only: ipv4_addr, ipv6_addr */
	uint32_t bytes, offset; /* of the source address in the header */
	uint8_t family;
};

static const struct blocker_family families[] = {
	{"blocked4", 7, 4, 12, NFPROTO_IPV4},
	{"blocked6", 8, 16, 8, NFPROTO_IPV6},
};

/* A transaction: all of its messages take effect, or none. */
struct batch {
	struct blocker_table *table;
	struct mnl_nlmsg_batch *messages;
	struct nlmsghdr *last;
	char buffer[BATCH_BYTES * 2] __attribute__((aligned(8)));
};

static struct nlmsghdr *batch_put(struct batch *b, uint16_t type, uint16_t flags, uint16_t resource)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(mnl_nlmsg_batch_current(b->messages));
	struct nfgenmsg *header;

	message->nlmsg_type = type;
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	message->nlmsg_seq = ++b->table->sequence;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->nfgen_family = NFPROTO_INET;
	header->version = NFNETLINK_V0;
	header->res_id = htons(resource);
	return message;
}

/* Begins a message of nf_tables: the caller adds attributes, then calls batch_end_message(). */
static struct nlmsghdr *batch_message(struct batch *b, uint16_t type, uint16_t flags)
{
	b->last = batch_put(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, 0);
	return b->last;
}

static void batch_end_message(struct batch *b)
{
	(void)mnl_nlmsg_batch_next(b->messages); /* BATCH_BYTES are enough for any used here */
}

static int batch_begin(struct batch *b, struct blocker_table *t)
{
	b->table = t;
	b->last = NULL;
	b->messages = mnl_nlmsg_batch_start(b->buffer, BATCH_BYTES);
	if (!b->messages)
		return -ENOMEM;
	(void)batch_put(b, NFNL_MSG_BATCH_BEGIN, 0, NFNL_SUBSYS_NFTABLES);
	batch_end_message(b);
	return 0;
}

/*
 * Sends the transaction and reads the result. The kernel has handled it when sendto(2) returns, and
 * its answers are queued: an error for each message that failed, or for the whole transaction, and
 * the acknowledgement that the last message requested.
 */
static int batch_result(struct blocker_table *t)
{
	char buffer[8192] __attribute__((aligned(8)));
	int result = -EPROTO; /* no answer at all */
	ssize_t got;

	while ((got = recv(mnl_socket_get_fd(t->socket), buffer, sizeof(buffer), MSG_DONTWAIT)) >
	       0) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
		int left = (int)got;

		for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
			const struct nlmsgerr *word = mnl_nlmsg_get_payload(message);

			if (message->nlmsg_type != NLMSG_ERROR ||
			    mnl_nlmsg_get_payload_len(message) < sizeof(*word))
				continue;
			if (word->error && (result == 0 || result == -EPROTO))
				result = word->error;
			else if (result == -EPROTO)
				result = 0;
		}
	}
	return result;
}

static int batch_send(struct batch *b)
{
	int result;
	ssize_t sent;

	b->last->nlmsg_flags |= NLM_F_ACK;
	(void)batch_put(b, NFNL_MSG_BATCH_END, 0, NFNL_SUBSYS_NFTABLES);
	batch_end_message(b);
	do
		sent = mnl_socket_sendto(b->table->socket, mnl_nlmsg_batch_head(b->messages),
					 mnl_nlmsg_batch_size(b->messages));
	while (sent < 0 && errno == EINTR);
	result = sent < 0 ? -errno : batch_result(b->table);
	mnl_nlmsg_batch_stop(b->messages);
	return result;
}

static void put_u32(struct nlmsghdr *message, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(message, type, htonl(value));
}

static void put_table(struct batch *b, uint16_t type, uint16_t flags, uint32_t table_flags)
{
	struct nlmsghdr *message = batch_message(b, type, flags);

	mnl_attr_put_strz(message, NFTA_TABLE_NAME, BLOCKER_TABLE);
	if (table_flags)
		put_u32(message, NFTA_TABLE_FLAGS, table_flags);
	batch_end_message(b);
}

static void put_set(struct batch *b, const struct blocker_family *family, uint32_t most,
		    uint32_t timeout_s)
{
	struct nlmsghdr *message = batch_message(b, NFT_MSG_NEWSET, NLM_F_CREATE);
	struct nlattr *nest;

	mnl_attr_put_strz(message, NFTA_SET_TABLE, BLOCKER_TABLE);
	mnl_attr_put_strz(message, NFTA_SET_NAME, family->set);
	put_u32(message, NFTA_SET_ID, family->family);
	put_u32(message, NFTA_SET_FLAGS, NFT_SET_TIMEOUT);
	put_u32(message, NFTA_SET_KEY_TYPE, family->type);
	put_u32(message, NFTA_SET_KEY_LEN, family->bytes);
	mnl_attr_put_u64(message, NFTA_SET_TIMEOUT, htobe64((uint64_t)timeout_s * 1000)); /* ms */
	nest = mnl_attr_nest_start(message, NFTA_SET_DESC);
	put_u32(message, NFTA_SET_DESC_SIZE, most);
	mnl_attr_nest_end(message, nest);
	batch_end_message(b);
}

static void put_chain(struct batch *b)
{
	struct nlmsghdr *message = batch_message(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	struct nlattr *nest;

	mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, BLOCKER_TABLE);
	mnl_attr_put_strz(message, NFTA_CHAIN_NAME, BLOCKER_CHAIN);
	nest = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);
	put_u32(message, NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING);
	put_u32(message, NFTA_HOOK_PRIORITY, (uint32_t)BLOCKER_PRIORITY);
	mnl_attr_nest_end(message, nest);
	put_u32(message, NFTA_CHAIN_POLICY, NF_ACCEPT);
	mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, "filter");
	batch_end_message(b);
}

/* Begin and end an expression of a rule; its attributes are added in between. */
struct nft_expression {
	struct nlattr *element, *data;
};

static struct nft_expression expression_begin(struct nlmsghdr *message, const char *name)
{
	struct nft_expression e;

	e.element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
	mnl_attr_put_strz(message, NFTA_EXPR_NAME, name);
	e.data = mnl_attr_nest_start(message, NFTA_EXPR_DATA);
	return e;
}

static void expression_end(struct nlmsghdr *message, struct nft_expression e)
{
	mnl_attr_nest_end(message, e.data);
	mnl_attr_nest_end(message, e.element);
}

/* meta nfproto FAMILY */
static void put_match_family(struct nlmsghdr *message, const struct blocker_family *family)
{
	struct nft_expression e = expression_begin(message, "meta");
	struct nlattr *nest;

	put_u32(message, NFTA_META_KEY, NFT_META_NFPROTO);
	put_u32(message, NFTA_META_DREG, NFT_REG_1);
	expression_end(message, e);
	e = expression_begin(message, "cmp");
	put_u32(message, NFTA_CMP_SREG, NFT_REG_1);
	put_u32(message, NFTA_CMP_OP, NFT_CMP_EQ);
	nest = mnl_attr_nest_start(message, NFTA_CMP_DATA);
	mnl_attr_put_u8(message, NFTA_DATA_VALUE, family->family);
	mnl_attr_nest_end(message, nest);
	expression_end(message, e);
}

/* ip saddr @SET */
static void put_match_source(struct nlmsghdr *message, const struct blocker_family *family)
{
	struct nft_expression e = expression_begin(message, "payload");

	put_u32(message, NFTA_PAYLOAD_DREG, NFT_REG_1);
	put_u32(message, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	put_u32(message, NFTA_PAYLOAD_OFFSET, family->offset);
	put_u32(message, NFTA_PAYLOAD_LEN, family->bytes);
	expression_end(message, e);
	e = expression_begin(message, "lookup");
	mnl_attr_put_strz(message, NFTA_LOOKUP_SET, family->set);
	put_u32(message, NFTA_LOOKUP_SREG, NFT_REG_1);
	expression_end(message, e);
}

/* counter drop */
static void put_drop(struct nlmsghdr *message)
{
	struct nft_expression e = expression_begin(message, "counter");
	struct nlattr *nest, *verdict;

	expression_end(message, e);
	e = expression_begin(message, "immediate");
	put_u32(message, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	nest = mnl_attr_nest_start(message, NFTA_IMMEDIATE_DATA);
	verdict = mnl_attr_nest_start(message, NFTA_DATA_VERDICT);
	put_u32(message, NFTA_VERDICT_CODE, NF_DROP);
	mnl_attr_nest_end(message, verdict);
	mnl_attr_nest_end(message, nest);
	expression_end(message, e);
}

static void put_rule(struct batch *b, const struct blocker_family *family)
{
	struct nlmsghdr *message = batch_message(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	struct nlattr *nest;

	mnl_attr_put_strz(message, NFTA_RULE_TABLE, BLOCKER_TABLE);
	mnl_attr_put_strz(message, NFTA_RULE_CHAIN, BLOCKER_CHAIN);
	nest = mnl_attr_nest_start(message, NFTA_RULE_EXPRESSIONS);
	put_match_family(message, family);
	put_match_source(message, family);
	put_drop(message);
	mnl_attr_nest_end(message, nest);
	batch_end_message(b);
}

/* A message on one element of a set, or (address NULL) on all. */
static void put_element(struct batch *b, uint16_t type, const struct blocker_family *family,
			const struct addr *a)
{
	struct nlmsghdr *message =
		batch_message(b, type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0);
	struct nlattr *elements, *element, *key;
	uint8_t bytes[16];

	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, BLOCKER_TABLE);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, family->set);
	if (a) {
		if (addr_is_v4(*a))
			addr_to_bytes4(*a, bytes);
		else
			addr_to_bytes16(*a, bytes);
		elements = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
		element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
		key = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);
		mnl_attr_put(message, NFTA_DATA_VALUE, family->bytes, bytes);
		mnl_attr_nest_end(message, key);
		mnl_attr_nest_end(message, element);
		mnl_attr_nest_end(message, elements);
	}
	batch_end_message(b);
}

int blocker_table_open(struct blocker_table *t)
{
	*t = (struct blocker_table){0};
	t->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!t->socket)
		return -errno;
	if (mnl_socket_bind(t->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int error = -errno;

		blocker_table_close(t);
		return error;
	}
	t->sequence = (uint32_t)(clock_monotonic_ns() % 1000000000);
	return 0;
}

void blocker_table_close(struct blocker_table *t)
{
	if (t->socket)
		(void)mnl_socket_close(t->socket); /* nothing is lost if it fails */
	t->socket = NULL;
}

int blocker_table_make(struct blocker_table *t, uint32_t most, uint32_t timeout_s)
{
	struct batch b;
	int error = batch_begin(&b, t);

	if (error < 0)
		return error;
	/* The first two messages remove a table that an earlier process left; without one they are
	 * no error. */
	put_table(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE, 0);
	put_table(&b, NFT_MSG_DELTABLE, 0, 0);
	put_table(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE, NFT_TABLE_F_OWNER);
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		put_set(&b, &families[i], most, timeout_s);
	put_chain(&b);
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		put_rule(&b, &families[i]);
	return batch_send(&b);
}

int blocker_table_add(struct blocker_table *t, struct addr a, int again)
{
	const struct blocker_family *family = &families[addr_is_v4(a) ? 0 : 1];
	struct batch b;
	int error = batch_begin(&b, t);

	if (error < 0)
		return error;
	if (again)
		put_element(&b, NFT_MSG_DELSETELEM, family, &a);
	put_element(&b, NFT_MSG_NEWSETELEM, family, &a);
	return batch_send(&b);
}

int blocker_table_clear(struct blocker_table *t)
{
	struct batch b;
	int error = batch_begin(&b, t);

	if (error < 0)
		return error;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		put_element(&b, NFT_MSG_DELSETELEM, &families[i], NULL);
	return batch_send(&b);
}

int blocker_table_remove(struct blocker_table *t)
{
	struct batch b;
	int error = batch_begin(&b, t);

	if (error < 0)
		return error;
	put_table(&b, NFT_MSG_DELTABLE, 0, 0);
	return batch_send(&b);
}
