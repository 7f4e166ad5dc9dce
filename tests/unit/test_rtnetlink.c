/* Messages of rtnetlink, made here: routes, rules, neighbours, interfaces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>

#include "net/link.h"
#include "net/neighbour.h"
#include "net/route.h"
#include "net/route_ends.h"

static char buffer[1024] __attribute__((aligned(8)));

static struct nlmsghdr *message(uint16_t type, const void *header, size_t bytes)
{
	struct nlmsghdr *m;

	memset(buffer, 0, sizeof(buffer));
	m = mnl_nlmsg_put_header(buffer);
	m->nlmsg_type = type;
	memcpy(mnl_nlmsg_put_extra_header(m, bytes), header, bytes);
	return m;
}

static struct nlmsghdr *route_message(void)
{
	const struct rtmsg header = {
		.rtm_family = AF_INET, .rtm_dst_len = 32, .rtm_type = RTN_UNICAST};
	struct nlmsghdr *m = message(RTM_NEWROUTE, &header, sizeof(header));

	mnl_attr_put_u32(m, RTA_OIF, 7);
	return m;
}

static void routes(void **unused)
{
	const uint8_t via[2 + 16] = {AF_INET6, 0, 0xfd, 0, [17] = 1};
	struct nlmsghdr *m = route_message();
	struct route route;

	(void)unused;
	mnl_attr_put_u32(m, RTA_GATEWAY, htonl(0x0a000001));
	mnl_attr_put_u32(m, RTA_PREFSRC, htonl(0x0a000002));
	assert_int_equal(route_parse(m, &route), 0);
	assert_int_equal(route.kind, ROUTE_UNICAST);
	assert_int_equal(route.link_index, 7);
	assert_true(route.has_gateway && addr_equal(route.gateway, addr_from_v4(0x0a000001)));
	assert_true(route.has_source && addr_equal(route.source, addr_from_v4(0x0a000002)));
	assert_int_equal(route.encap, 0);
	m = route_message();
	mnl_attr_put(m, RTA_VIA, sizeof(via), via);
	assert_int_equal(route_parse(m, &route), 0);
	assert_true(route.has_gateway && !addr_is_v4(route.gateway) && !route.has_source);
	m = route_message();
	mnl_attr_put_u16(m, RTA_ENCAP_TYPE, 5);
	mnl_attr_nest_end(m, mnl_attr_nest_start(m, RTA_ENCAP));
	assert_int_equal(route_parse(m, &route), 0);
	assert_int_equal(route.encap, 5);
	assert_string_equal(route_encap_name(route.encap), "seg6");
	assert_string_equal(route_encap_name(1), "mpls");
	assert_string_equal(route_encap_name(999), "unknown");
	/* Too short for what they are. */
	m = route_message();
	mnl_attr_put(m, RTA_GATEWAY, 3, via);
	mnl_attr_put(m, RTA_ENCAP_TYPE, 1, via);
	mnl_attr_put(m, RTA_OIF, 2, via);
	assert_int_equal(route_parse(m, &route), 0);
	assert_true(!route.has_gateway && route.encap == 0 && route.link_index == 7);
	m->nlmsg_type = RTM_DELROUTE;
	assert_int_equal(route_parse(m, &route), -EPROTO);
}

static struct nlmsghdr *rule_message(void)
{
	const struct fib_rule_hdr header = {.family = AF_INET, .action = FR_ACT_TO_TBL};
	struct nlmsghdr *m = message(RTM_NEWRULE, &header, sizeof(header));

	mnl_attr_put_u32(m, FRA_PRIORITY, 100);
	return m;
}

static void rules(void **unused)
{
	const struct fib_rule_port_range dns = {50, 60};
	struct nlmsghdr *m = rule_message();
	struct routing_rule rule;

	(void)unused;
	assert_int_equal(routing_rule_parse(m, &rule), 1);
	assert_int_equal(rule.priority, 100);
	assert_true(!rule.by_source && !rule.by_input && rule.protocol == 0);
	assert_true(rule.to.first == 0 && rule.to.last == UINT16_MAX);
	mnl_attr_put_u32(m, FRA_SRC, htonl(0x0a000001));
	mnl_attr_put_u8(m, FRA_IP_PROTO, IPPROTO_UDP);
	mnl_attr_put(m, FRA_DPORT_RANGE, sizeof(dns), &dns);
	mnl_attr_put_strz(m, FRA_IIFNAME, "lo");
	assert_int_equal(routing_rule_parse(m, &rule), 1);
	assert_true(rule.by_source && !rule.by_input && rule.protocol == IPPROTO_UDP);
	assert_true(rule.to.first == 50 && rule.to.last == 60);
	assert_true(rule.from.first == 0 && rule.from.last == UINT16_MAX);
	mnl_attr_put_strz(m, FRA_IIFNAME, "eth0");
	assert_int_equal(routing_rule_parse(m, &rule), 1);
	assert_true(rule.by_input);
	m->nlmsg_type = RTM_DELRULE;
	assert_int_equal(routing_rule_parse(m, &rule), 0);
}

static void rules_that_divide(void **unused)
{
	const struct rule_ports any = {0, UINT16_MAX}, ours = {61440, 65535};
	const struct rule_ports dns = {50, 60}, low = {0, 1023}, reversed = {60, 50};
	static struct ports tcp, udp, both;
	const struct {
		struct routing_rule rule;
		const struct ports *ports;
		bool divides;
	} cases[] = {
		{{.from = any, .to = any}, &both, false},
		{{.from = any, .to = any, .protocol = IPPROTO_TCP}, &both, true},
		{{.from = any, .to = any, .protocol = IPPROTO_TCP}, &tcp, false},
		{{.from = any, .to = any, .protocol = IPPROTO_TCP}, &udp, false},
		{{.from = any, .to = any, .protocol = IPPROTO_SCTP}, &both, false},
		{{.from = any, .to = dns}, &tcp, true},
		{{.from = any, .to = dns, .protocol = IPPROTO_UDP}, &tcp, false},
		{{.from = any, .to = dns, .protocol = IPPROTO_UDP}, &udp, true},
		{{.from = any, .to = dns, .by_input = true}, &both, false},
		{{.from = any, .to = {54, 79}}, &tcp, false},
		{{.from = any, .to = reversed}, &tcp, false},
		/* Probes come from none of the rule's ports, or perhaps from some. */
		{{.from = low, .to = any}, &both, false},
		{{.from = {65535, 65535}, .to = any}, &both, true},
	};

	(void)unused;
	port_set_add(&tcp.tcp, 53);
	port_set_add(&tcp.tcp, 80);
	port_set_add(&udp.udp, 53);
	port_set_add(&both.tcp, 53);
	port_set_add(&both.udp, 53);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (routing_rule_divides(&cases[i].rule, &ours, cases[i].ports) != cases[i].divides)
			fail_msg("case %zu", i);
}

static void neighbours(void **unused)
{
	const struct ndmsg header = {
		.ndm_family = AF_INET, .ndm_ifindex = 3, .ndm_state = NUD_PERMANENT};
	const uint8_t mac[8] = {2, 0, 0, 0, 0, 9};
	struct nlmsghdr *m = message(RTM_NEWNEIGH, &header, sizeof(header));
	struct neighbour n;

	(void)unused;
	assert_int_equal(neighbour_parse(m, &n), 0);
	mnl_attr_put_u32(m, NDA_DST, htonl(0x0a000001));
	assert_int_equal(neighbour_parse(m, &n), 1);
	assert_true(n.link_index == 3 && !(n.state & NUD_PERMANENT));
	mnl_attr_put(m, NDA_LLADDR, sizeof(mac), mac); /* of another kind of link */
	assert_int_equal(neighbour_parse(m, &n), 1);
	assert_true(!(n.state & NUD_PERMANENT) && !n.told);
	mnl_attr_put(m, NDA_LLADDR, 6, mac);
	assert_int_equal(neighbour_parse(m, &n), 1);
	assert_true(n.state & NUD_PERMANENT);
	assert_memory_equal(n.mac, mac, 6);
	((struct ndmsg *)mnl_nlmsg_get_payload(m))->ndm_flags = NTF_EXT_LEARNED;
	assert_int_equal(neighbour_parse(m, &n), 1);
	assert_true(n.told);
}

static void link_of(struct link *link, unsigned index, unsigned master, const char *kind,
		    size_t kind_bytes)
{
	const struct ifinfomsg header = {.ifi_index = (int)index, .ifi_type = ARPHRD_ETHER};
	struct nlmsghdr *m = message(RTM_NEWLINK, &header, sizeof(header));
	struct nlattr *nest;

	if (master)
		mnl_attr_put_u32(m, IFLA_MASTER, master);
	nest = mnl_attr_nest_start(m, IFLA_LINKINFO);
	mnl_attr_put(m, IFLA_INFO_KIND, kind_bytes, kind);
	mnl_attr_nest_end(m, nest);
	assert_int_equal(link_from_message(link, m), 0);
}

static void masters(void **unused)
{
	struct link links[5];
	const struct link_list list = {links, 5, 5};

	(void)unused;
	link_of(&links[0], 1, 0, "vrf", sizeof("vrf"));
	link_of(&links[1], 2, 0, "bridge", sizeof("bridge"));
	link_of(&links[2], 3, 1, "veth", sizeof("veth"));
	link_of(&links[3], 4, 2, "vrf", sizeof("vrf") - 1); /* without its NUL: not the kernel's */
	link_of(&links[4], 5, 99, "veth", sizeof("veth"));
	assert_true(links[0].has & LINK_VRF);
	assert_false(links[1].has & LINK_VRF);
	assert_false(links[3].has & LINK_VRF);
	assert_int_equal(links[2].master, 1);
	assert_true(link_has_ip(&list, &links[0]) && link_has_ip(&list, &links[1]));
	assert_true(link_has_ip(&list, &links[2]));
	assert_false(link_has_ip(&list, &links[3]));
	assert_false(link_has_ip(&list, &links[4])); /* its master is in another namespace */
}

/* An IPv6 address of ours cuts where the length of the common prefix changes. */
static void ends_of_sources(void **unused)
{
	const struct ifaddrmsg header = {.ifa_family = AF_INET6, .ifa_prefixlen = 200};
	const struct addr own = {UINT64_C(0x20010db800010000), 1};
	struct route_ends ends = {.first = {0, 0}, .last = {UINT64_MAX, UINT64_MAX}};
	struct nlmsghdr *m = message(RTM_NEWADDR, &header, sizeof(header));
	uint8_t bytes[16];

	(void)unused;
	addr_to_bytes16(own, bytes);
	mnl_attr_put(m, IFA_ADDRESS, sizeof(bytes), bytes);
	assert_int_equal(route_ends_message(&ends, m), 0);
	assert_in_range(ends.count, 128, 2 * 128);
	route_ends_fini(&ends);
	((struct ifaddrmsg *)mnl_nlmsg_get_payload(m))->ifa_prefixlen = 64;
	ends.first = (struct addr){own.hi, 0};
	assert_int_equal(route_ends_message(&ends, m), 0);
	/* Prefixes of 1 to 64 bits begin no later than here; their ends differ where bits do. */
	for (size_t i = 0; i < ends.count; i++)
		assert_true(addr_compare(ends.start[i], ends.first) > 0);
	assert_in_range(ends.count, 60, 64);
	route_ends_fini(&ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes),
		cmocka_unit_test(rules),
		cmocka_unit_test(rules_that_divide),
		cmocka_unit_test(neighbours),
		cmocka_unit_test(masters),
		cmocka_unit_test(ends_of_sources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
