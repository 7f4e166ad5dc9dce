/* test_local_rules: which rules of nf_tables concern a scan. */
#include <netinet/in.h> /* before headers of <linux>, which then leave out what it defines */

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "net/nft_treat.h"

/* The message that is being written, and the innermost open attributes. */
static struct {
	_Alignas(struct nlmsghdr) uint8_t bytes[4096];
	size_t length, open[8];
	unsigned depth;
} message;

static struct nft_list list;
static struct ranges targets;
static struct ports ports;
static struct link link = {.index = 7, .name = "eth0"};
static struct local_probe probe;

static void put(const void *bytes, size_t length)
{
	memcpy(message.bytes + message.length, bytes, length);
	message.length += (length + 3) & ~(size_t)3;
}

static void begin(unsigned type)
{
	const struct nlattr header = {.nla_type = (uint16_t)type};

	message.open[message.depth++] = message.length;
	put(&header, sizeof(header));
}

static void end(void)
{
	struct nlattr header;
	const size_t at = message.open[--message.depth];

	memcpy(&header, message.bytes + at, sizeof(header));
	header.nla_len = (uint16_t)(message.length - at);
	memcpy(message.bytes + at, &header, sizeof(header));
}

static void attribute(unsigned type, const void *bytes, size_t length)
{
	const struct nlattr header = {.nla_type = (uint16_t)type,
				      .nla_len = (uint16_t)(sizeof(header) + length)};

	put(&header, sizeof(header));
	put(bytes, length);
}

static void number(unsigned type, uint32_t value)
{
	const uint32_t be = htonl(value);

	attribute(type, &be, sizeof(be));
}

static void text(unsigned type, const char *value)
{
	attribute(type, value, strlen(value) + 1);
}

static void message_begin(int type, uint8_t family)
{
	const struct nfgenmsg header = {.nfgen_family = family};

	memset(&message, 0, sizeof(message));
	message.length = NLMSG_HDRLEN;
	put(&header, sizeof(header));
	((struct nlmsghdr *)(void *)message.bytes)->nlmsg_type =
		(uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
}

static void message_end(void)
{
	struct nlmsghdr *header = (struct nlmsghdr *)(void *)message.bytes;

	header->nlmsg_len = (uint32_t)message.length;
	assert_int_equal(nft_list_add(&list, header), 0);
}

static void chain(uint8_t family, const char *name, int hook, uint32_t policy)
{
	message_begin(NFT_MSG_NEWCHAIN, family);
	text(NFTA_CHAIN_TABLE, "t");
	text(NFTA_CHAIN_NAME, name);
	if (hook >= 0) {
		begin(NFTA_CHAIN_HOOK);
		number(NFTA_HOOK_HOOKNUM, (uint32_t)hook);
		number(NFTA_HOOK_PRIORITY, 0);
		if (family == NFPROTO_NETDEV)
			text(NFTA_HOOK_DEV, "eth0");
		end();
		number(NFTA_CHAIN_POLICY, policy);
		text(NFTA_CHAIN_TYPE, strcmp(name, "route") == 0 ? "route" : "filter");
	}
	message_end();
}

static void rule(uint8_t family, const char *in)
{
	message_begin(NFT_MSG_NEWRULE, family);
	text(NFTA_RULE_TABLE, "t");
	text(NFTA_RULE_CHAIN, in);
	begin(NFTA_RULE_EXPRESSIONS);
}

static void rule_end(void)
{
	end();
	message_end();
}

static void expression(const char *name)
{
	begin(NFTA_LIST_ELEM);
	text(NFTA_EXPR_NAME, name);
	begin(NFTA_EXPR_DATA);
}

static void expression_end(void)
{
	end();
	end();
}

static void verdict(int code, const char *target)
{
	expression("immediate");
	number(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	begin(NFTA_IMMEDIATE_DATA);
	begin(NFTA_DATA_VERDICT);
	number(NFTA_VERDICT_CODE, (uint32_t)code);
	if (target)
		text(NFTA_VERDICT_CHAIN, target);
	end();
	end();
	expression_end();
}

static void bare(const char *name)
{
	expression(name);
	expression_end();
}

static void load_payload(uint32_t base, uint32_t offset, uint32_t bytes)
{
	expression("payload");
	number(NFTA_PAYLOAD_DREG, NFT_REG_1);
	number(NFTA_PAYLOAD_BASE, base);
	number(NFTA_PAYLOAD_OFFSET, offset);
	number(NFTA_PAYLOAD_LEN, bytes);
	expression_end();
}

static void load_meta(uint32_t key)
{
	expression("meta");
	number(NFTA_META_DREG, NFT_REG_1);
	number(NFTA_META_KEY, key);
	expression_end();
}

static void compare(uint32_t op, const void *value, size_t length)
{
	expression("cmp");
	number(NFTA_CMP_SREG, NFT_REG_1);
	number(NFTA_CMP_OP, op);
	begin(NFTA_CMP_DATA);
	attribute(NFTA_DATA_VALUE, value, length);
	end();
	expression_end();
}

static void mask(const void *value, size_t length)
{
	static const uint8_t nothing[16];

	expression("bitwise");
	number(NFTA_BITWISE_SREG, NFT_REG_1);
	number(NFTA_BITWISE_DREG, NFT_REG_1);
	number(NFTA_BITWISE_LEN, (uint32_t)length);
	begin(NFTA_BITWISE_MASK);
	attribute(NFTA_DATA_VALUE, value, length);
	end();
	begin(NFTA_BITWISE_XOR);
	attribute(NFTA_DATA_VALUE, nothing, length);
	end();
	expression_end();
}

static void is_port(uint16_t port)
{
	const uint16_t be = htons(port);

	load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
	compare(NFT_CMP_EQ, &be, sizeof(be));
}

static void is_destination(uint32_t op, uint32_t v4, uint32_t bytes)
{
	const uint32_t be = htonl(v4);

	load_payload(NFT_PAYLOAD_NETWORK_HEADER, 16, bytes);
	compare(op, &be, bytes);
}

static void is_local_destination(void)
{
	const uint32_t local = RTN_LOCAL;

	expression("fib");
	number(NFTA_FIB_DREG, NFT_REG_1);
	number(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	number(NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
	expression_end();
	compare(NFT_CMP_EQ, &local, sizeof(local));
}

static void leaves_by(const char *name, size_t bytes)
{
	char padded[IFNAMSIZ] = "";

	memcpy(padded, name, strlen(name));
	load_meta(NFT_META_OIFNAME);
	compare(NFT_CMP_EQ, padded, bytes);
}

static void has_state(uint32_t bits)
{
	const uint32_t zero = 0;

	expression("ct");
	number(NFTA_CT_DREG, NFT_REG_1);
	number(NFTA_CT_KEY, NFT_CT_STATE);
	expression_end();
	mask(&bits, sizeof(bits));
	compare(NFT_CMP_NEQ, &zero, sizeof(zero));
}

/* Whether the rules concern the scan; they are forgotten afterwards. */
static bool concerns(void)
{
	bool result;

	nft_list_link(&list);
	result = nft_treat_output(&list, &probe) != NULL;
	nft_list_fini(&list);
	return result;
}

/* 198.18.0.0/24, TCP ports 1-1000, by eth0. */
static int set_up(void **state)
{
	(void)state;
	memset(&ports, 0, sizeof(ports));
	for (unsigned port = 1; port <= 1000; port++)
		port_set_add(&ports.tcp, port);
	ranges_fini(&targets);
	assert_int_equal(ranges_add(&targets, addr_from_v4(0xc6120000), addr_from_v4(0xc61200ff)),
			 0);
	ranges_normalise(&targets);
	probe = (struct local_probe){
		.targets = &targets,
		.ports = &ports,
		.source = addr_from_v4(0xc6120001),
		.link = &link,
		.link_address = true,
		.begins = true,
	};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ranges_fini(&targets);
	nft_list_fini(&list);
	return 0;
}

static void only_chains_of_output_matter(void **state)
{
	(void)state;
	assert_false(concerns());
	chain(NFPROTO_INET, "in", NF_INET_LOCAL_IN, NF_DROP);
	chain(NFPROTO_INET, "forward", NF_INET_FORWARD, NF_DROP);
	chain(NFPROTO_IPV6, "other family", NF_INET_LOCAL_OUT, NF_DROP);
	chain(NFPROTO_INET, "out", NF_INET_LOCAL_OUT, NF_ACCEPT);
	chain(NFPROTO_INET, "unused", -1, 0);
	rule(NFPROTO_INET, "in");
	bare("reject");
	rule_end();
	rule(NFPROTO_INET, "unused");
	verdict(NF_DROP, NULL);
	rule_end();
	rule(NFPROTO_INET, "out");
	bare("counter");
	verdict(NF_ACCEPT, NULL);
	rule_end();
	assert_false(concerns());
	chain(NFPROTO_INET, "out", NF_INET_LOCAL_OUT, NF_DROP);
	assert_true(concerns());
	chain(NFPROTO_IPV4, "post", NF_INET_POST_ROUTING, NF_DROP);
	assert_true(concerns());
}

static void what_passes_before_the_policy(void **state)
{
	(void)state;
	/* A kill switch that lets out what goes through the tunnel. */
	for (unsigned i = 0; i < 2; i++) {
		chain(NFPROTO_INET, "out", NF_INET_LOCAL_OUT, NF_DROP);
		rule(NFPROTO_INET, "out");
		leaves_by(i ? "eth0" : "wg0", IFNAMSIZ);
		verdict(NF_ACCEPT, NULL);
		rule_end();
		assert_int_equal(concerns(), i == 0);
	}
	/* "eth*" */
	chain(NFPROTO_INET, "out", NF_INET_LOCAL_OUT, NF_DROP);
	rule(NFPROTO_INET, "out");
	leaves_by("eth0", 3);
	verdict(NF_ACCEPT, NULL);
	rule_end();
	assert_false(concerns());
	/* An acceptance that is not certain is none. */
	chain(NFPROTO_INET, "out", NF_INET_LOCAL_OUT, NF_DROP);
	rule(NFPROTO_INET, "out");
	bare("limit");
	verdict(NF_ACCEPT, NULL);
	rule_end();
	assert_true(concerns());
}

static void addresses_and_ports_decide(void **state)
{
	static const struct {
		uint32_t op, to, bytes;
		bool concerned;
	} cases[] = {
		{NFT_CMP_EQ, 0xc6120005, 4, true},  {NFT_CMP_EQ, 0xc6120105, 4, false},
		{NFT_CMP_EQ, 0xc6120000, 3, true},  {NFT_CMP_EQ, 0xc6120100, 3, false},
		{NFT_CMP_EQ, 0xc6000000, 1, true},  {NFT_CMP_NEQ, 0xc6120000, 3, false},
		{NFT_CMP_NEQ, 0xc6120005, 4, true},
	};
	const uint32_t network = htonl(0xfffffe00), other = htonl(0xc6120200);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		chain(NFPROTO_IPV4, "out", NF_INET_LOCAL_OUT, NF_ACCEPT);
		rule(NFPROTO_IPV4, "out");
		is_destination(cases[i].op, cases[i].to, cases[i].bytes);
		verdict(NF_DROP, NULL);
		rule_end();
		assert_int_equal(concerns(), cases[i].concerned);
	}
	for (unsigned i = 0; i < 2; i++) { /* 198.18.2.0/23 is not scanned, 198.18.0.0/23 is */
		const uint32_t want = i ? htonl(0xc6120000) : other;

		chain(NFPROTO_IPV4, "out", NF_INET_LOCAL_OUT, NF_ACCEPT);
		rule(NFPROTO_IPV4, "out");
		load_payload(NFT_PAYLOAD_NETWORK_HEADER, 16, 4);
		mask(&network, sizeof(network));
		compare(NFT_CMP_EQ, &want, sizeof(want));
		bare("reject");
		rule_end();
		assert_int_equal(concerns(), i == 1);
	}
	for (unsigned i = 0; i < 2; i++) {
		chain(NFPROTO_IPV4, "out", NF_INET_LOCAL_OUT, NF_ACCEPT);
		rule(NFPROTO_IPV4, "out");
		is_port(i ? 25 : 8080);
		verdict(NF_DROP, NULL);
		rule_end();
		assert_int_equal(concerns(), i == 1);
	}
	for (unsigned i = 0; i < 2; i++) { /* UDP is not scanned */
		const uint8_t protocol = i ? IPPROTO_TCP : IPPROTO_UDP;

		chain(NFPROTO_IPV4, "out", NF_INET_LOCAL_OUT, NF_ACCEPT);
		rule(NFPROTO_IPV4, "out");
		load_meta(NFT_META_L4PROTO);
		compare(NFT_CMP_EQ, &protocol, 1);
		verdict(NF_DROP, NULL);
		rule_end();
		assert_int_equal(concerns(), i == 1);
	}
}

/* As Docker writes them. */
static void published_ports(void)
{
	chain(NFPROTO_IPV4, "DOCKER", -1, 0);
	chain(NFPROTO_IPV4, "OUTPUT", NF_INET_LOCAL_OUT, NF_ACCEPT);
	chain(NFPROTO_IPV4, "POSTROUTING", NF_INET_POST_ROUTING, NF_ACCEPT);
	rule(NFPROTO_IPV4, "DOCKER");
	is_port(80);
	bare("nat");
	rule_end();
	rule(NFPROTO_IPV4, "OUTPUT");
	is_destination(NFT_CMP_NEQ, 0x7f000000, 1);
	is_local_destination();
	verdict(NFT_JUMP, "DOCKER");
	rule_end();
	rule(NFPROTO_IPV4, "POSTROUTING");
	load_payload(NFT_PAYLOAD_NETWORK_HEADER, 12, 2);
	compare(NFT_CMP_EQ, "\xac\x11", 2);
	bare("masq");
	rule_end();
}

static void published_ports_concern_our_own_addresses(void **state)
{
	(void)state;
	published_ports();
	assert_false(concerns());
	probe.local = true;
	published_ports();
	assert_true(concerns());
	port_set_remove(&ports.tcp, 80);
	published_ports();
	assert_false(concerns());
}

/* The same by iptables-nft. */
static void matches_of_iptables(void **state)
{
	const struct xt_addrtype_info_v1 local = {.dest = XT_ADDRTYPE_LOCAL};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		probe.local = i == 1;
		chain(NFPROTO_IPV4, "OUTPUT", NF_INET_LOCAL_OUT, NF_ACCEPT);
		rule(NFPROTO_IPV4, "OUTPUT");
		expression("match");
		text(NFTA_MATCH_NAME, "addrtype");
		number(NFTA_MATCH_REV, 1);
		attribute(NFTA_MATCH_INFO, &local, sizeof(local));
		expression_end();
		expression("target");
		text(NFTA_TARGET_NAME, "DNAT");
		expression_end();
		rule_end();
		assert_int_equal(concerns(), i == 1);
	}
	probe.local = false;
	chain(NFPROTO_IPV4, "OUTPUT", NF_INET_LOCAL_OUT, NF_ACCEPT);
	rule(NFPROTO_IPV4, "OUTPUT");
	expression("target");
	text(NFTA_TARGET_NAME, "LOG");
	expression_end();
	rule_end();
	assert_false(concerns());
}

/* A masquerade puts the interface's address in place of the source, which it is already. */
static void a_masquerade_changes_other_sources(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		probe.link_address = i == 0;
		chain(NFPROTO_IPV4, "POSTROUTING", NF_INET_POST_ROUTING, NF_ACCEPT);
		rule(NFPROTO_IPV4, "POSTROUTING");
		bare("masq");
		rule_end();
		assert_int_equal(concerns(), i == 1);
	}
}

static void states_of_connections(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		probe.begins = i < 2;
		chain(NFPROTO_IPV4, "out", NF_INET_LOCAL_OUT, NF_ACCEPT);
		rule(NFPROTO_IPV4, "out");
		has_state(i == 1 ? 1u << 3 : 1u << 0); /* new, invalid */
		verdict(NF_DROP, NULL);
		rule_end();
		/* A SYN is never invalid; an ACK may be. */
		assert_int_equal(concerns(), i != 0);
	}
}

static void marks_choose_routes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const char *name = i ? "route" : "mangle";

		chain(NFPROTO_IPV4, name, NF_INET_LOCAL_OUT, NF_ACCEPT);
		rule(NFPROTO_IPV4, name);
		expression("meta");
		number(NFTA_META_SREG, NFT_REG_1);
		number(NFTA_META_KEY, NFT_META_MARK);
		expression_end();
		rule_end();
		assert_int_equal(concerns(), i == 1);
	}
}

/* Chains that call each other without end, and names of chains that are not there. */
static void jumps_end(void **state)
{
	(void)state;
	chain(NFPROTO_IPV4, "out", NF_INET_LOCAL_OUT, NF_ACCEPT);
	rule(NFPROTO_IPV4, "out");
	verdict(NFT_JUMP, "nowhere");
	rule_end();
	assert_false(concerns());
	chain(NFPROTO_IPV4, "out", NF_INET_LOCAL_OUT, NF_ACCEPT);
	chain(NFPROTO_IPV4, "a", -1, 0);
	rule(NFPROTO_IPV4, "out");
	verdict(NFT_GOTO, "a");
	rule_end();
	rule(NFPROTO_IPV4, "a");
	verdict(NFT_JUMP, "a");
	rule_end();
	assert_true(concerns());
	/* A return leads back, to what accepts all. */
	chain(NFPROTO_IPV4, "out", NF_INET_LOCAL_OUT, NF_DROP);
	chain(NFPROTO_IPV4, "a", -1, 0);
	rule(NFPROTO_IPV4, "out");
	verdict(NFT_JUMP, "a");
	rule_end();
	rule(NFPROTO_IPV4, "out");
	verdict(NF_ACCEPT, NULL);
	rule_end();
	rule(NFPROTO_IPV4, "a");
	verdict(NFT_RETURN, NULL);
	rule_end();
	rule(NFPROTO_IPV4, "a");
	verdict(NF_DROP, NULL);
	rule_end();
	assert_false(concerns());
}

static void the_queue_has_chains_of_its_own(void **state)
{
	(void)state;
	chain(NFPROTO_NETDEV, "e", NF_NETDEV_EGRESS, NF_DROP);
	nft_list_link(&list);
	assert_null(nft_treat_output(&list, &probe));
	assert_non_null(nft_treat_egress(&list, &probe));
	memcpy(link.name, "eth1", 5);
	assert_null(nft_treat_egress(&list, &probe));
	memcpy(link.name, "eth0", 5);
}

static void damaged_messages_are_refused(void **state)
{
	struct nlmsghdr *header = (struct nlmsghdr *)(void *)message.bytes;

	(void)state;
	message_begin(NFT_MSG_NEWCHAIN, NFPROTO_INET);
	header->nlmsg_len = NLMSG_HDRLEN + 2;
	assert_int_equal(nft_list_add(&list, header), -EBADMSG);
	assert_int_equal(list.chains, 0);
	header->nlmsg_type = RTM_NEWROUTE;
	assert_int_equal(nft_list_add(&list, header), 0);
	assert_int_equal(list.chains, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_chains_of_output_matter, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_passes_before_the_policy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(addresses_and_ports_decide, set_up, tear_down),
		cmocka_unit_test_setup_teardown(published_ports_concern_our_own_addresses, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(matches_of_iptables, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_masquerade_changes_other_sources, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(states_of_connections, set_up, tear_down),
		cmocka_unit_test_setup_teardown(marks_choose_routes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(jumps_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_queue_has_chains_of_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged_messages_are_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
