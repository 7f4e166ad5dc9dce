/* test_ipsec: which IPsec policies concern a scan, and the attributes of netlink messages. */
#include <netinet/in.h> /* before headers of <linux>, which then leave out what it defines */

#include <errno.h>
#include <linux/xfrm.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "net/attribute.h"
#include "net/ipsec.h"

/* The message that is being written. */
static _Alignas(struct nlmsghdr) uint8_t message[1024];

/* TCP ports 1-1000 of a network, by eth0. */
static struct range target = {{0, ADDR_V4_PREFIX | 0xc6120000}, {0, ADDR_V4_PREFIX | 0xc61200ff}};
static const struct ranges targets = {&target, 1, 1};
static struct ports ports;
static const struct link link = {.index = 7, .name = "eth0"};
static const struct local_probe probe = {
	.targets = &targets,
	.ports = &ports,
	.source = {0, ADDR_V4_PREFIX | 0xc6120001},
	.link = &link,
};

/* Adds a policy for 198.18.0.0/16, seen from anywhere; returns whether it is one that matters. */
static bool policy(struct ipsec_list *policies, uint8_t dir, uint8_t action, bool template,
		   uint16_t port)
{
	struct xfrm_userpolicy_info info = {
		.dir = dir,
		.action = action,
		.sel = {.family = AF_INET,
			.prefixlen_d = 16,
			.dport = htons(port),
			.dport_mask = port ? 0xffff : 0},
	};
	const struct nlattr attribute = {.nla_type = XFRMA_TMPL,
					 .nla_len =
						 sizeof(attribute) + sizeof(struct xfrm_user_tmpl)};
	struct nlmsghdr *header = (struct nlmsghdr *)(void *)message;
	const size_t before = policies->count;

	info.sel.daddr.a4 = htonl(0xc6120000);
	memset(message, 0, sizeof(message));
	memcpy(message + NLMSG_HDRLEN, &info, sizeof(info));
	memcpy(message + NLMSG_LENGTH(sizeof(info)), &attribute, sizeof(attribute));
	header->nlmsg_type = XFRM_MSG_NEWPOLICY;
	header->nlmsg_len =
		NLMSG_LENGTH(sizeof(info)) + (template ? NLMSG_ALIGN(attribute.nla_len) : 0);
	assert_int_equal(ipsec_list_add(policies, header), 0);
	return policies->count > before;
}

static void policies_of_ipsec(void **state)
{
	struct ipsec_list policies = {0};
	struct nlmsghdr *header = (struct nlmsghdr *)(void *)message;

	(void)state;
	for (unsigned port = 1; port <= 1000; port++)
		port_set_add(&ports.tcp, port);
	assert_int_equal(ipsec_treat(&policies, &probe), IPSEC_NONE);
	assert_false(policy(&policies, XFRM_POLICY_IN, XFRM_POLICY_ALLOW, true, 0));
	assert_false(policy(&policies, XFRM_POLICY_OUT, XFRM_POLICY_ALLOW, false, 0));
	assert_true(policy(&policies, XFRM_POLICY_OUT, XFRM_POLICY_ALLOW, true, 0));
	assert_int_equal(ipsec_treat(&policies, &probe), IPSEC_COVERS);
	target = (struct range){addr_from_v4(0xc6130000), addr_from_v4(0xc61300ff)};
	assert_int_equal(ipsec_treat(&policies, &probe), IPSEC_NONE);
	target = (struct range){addr_from_v4(0xc6120000), addr_from_v4(0xc61200ff)};
	assert_true(policy(&policies, XFRM_POLICY_OUT, XFRM_POLICY_BLOCK, false, 8080));
	assert_int_equal(ipsec_treat(&policies, &probe), IPSEC_COVERS);
	assert_true(policy(&policies, XFRM_POLICY_OUT, XFRM_POLICY_BLOCK, false, 443));
	assert_int_equal(ipsec_treat(&policies, &probe), IPSEC_BY_PORT);
	header->nlmsg_len = NLMSG_HDRLEN + 8;
	assert_int_equal(ipsec_list_add(&policies, header), -EBADMSG);
	ipsec_list_fini(&policies);
	policies.blocks_others = true;
	assert_int_equal(ipsec_treat(&policies, &probe), IPSEC_COVERS);
}

static void attributes_do_not_leave_their_bytes(void **state)
{
	uint8_t bytes[] = {9, 0, 1, 0, 'a', 'b', 'c', 'd', 'e', 0, 0, 0, 5, 0, 2, 0, 'x'};
	struct attributes all = {bytes, sizeof(bytes)};
	uint32_t value;
	char *copy;

	(void)state;
	assert_int_equal(attribute_find(all, 1).length, 5);
	assert_true(attribute_be32(all, 1, &value));
	assert_int_equal(value, 0x61626364);
	assert_false(attribute_be32(all, 2, &value));
	assert_true(attribute_is(all, 2, "x"));
	assert_false(attribute_is(all, 1, "abcd"));
	copy = attribute_text(all, 3);
	assert_string_equal(copy, "");
	free(copy);
	bytes[0] = 3; /* shorter than its header */
	assert_int_equal(attribute_find(all, 2).length, 0);
	bytes[0] = 200;
	assert_int_equal(attribute_find(all, 1).length, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_of_ipsec),
		cmocka_unit_test(attributes_do_not_leave_their_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
