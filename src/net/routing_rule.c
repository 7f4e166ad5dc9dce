/* routing_rule: the policy routing rules of this machine (ip-rule(8)), as far as packets are chosen
 * by more than their destination. */
#include "net/routing_rule.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

static void rule_range(const struct nlattr *attribute, struct rule_ports *out)
{
	struct fib_rule_port_range range;

	if (mnl_attr_get_payload_len(attribute) < sizeof(range))
		return;
	memcpy(&range, mnl_attr_get_payload(attribute), sizeof(range));
	*out = (struct rule_ports){range.start, range.end};
}

static bool rule_is_loopback(const struct nlattr *attribute)
{
	static const char name[] = "lo";

	return mnl_attr_get_payload_len(attribute) >= sizeof(name) &&
	       memcmp(mnl_attr_get_payload(attribute), name, sizeof(name)) == 0;
}

static int rule_attribute(const struct nlattr *attribute, void *context)
{
	struct routing_rule *rule = context;
	const size_t length = mnl_attr_get_payload_len(attribute);

	switch (mnl_attr_get_type(attribute)) {
	case FRA_SRC:
		rule->by_source = true;
		break;
	case FRA_IIFNAME:
		/* What this machine sends comes from the loopback interface, for the rules. */
		rule->by_input = !rule_is_loopback(attribute);
		break;
	case FRA_PRIORITY:
		if (length >= sizeof(uint32_t))
			rule->priority = mnl_attr_get_u32(attribute);
		break;
	case FRA_IP_PROTO:
		if (length >= sizeof(uint8_t))
			rule->protocol = mnl_attr_get_u8(attribute);
		break;
	case FRA_SPORT_RANGE:
		rule_range(attribute, &rule->from);
		break;
	case FRA_DPORT_RANGE:
		rule_range(attribute, &rule->to);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

int routing_rule_parse(const struct nlmsghdr *message, struct routing_rule *out)
{
	const size_t header = sizeof(struct fib_rule_hdr);

	if (message->nlmsg_type != RTM_NEWRULE || mnl_nlmsg_get_payload_len(message) < header)
		return 0;
	*out = (struct routing_rule){.from = {0, UINT16_MAX}, .to = {0, UINT16_MAX}};
	return mnl_attr_parse(message, (unsigned)header, rule_attribute, out) < 0 ? -errno : 1;
}

/* How many ports of the set are in the range. */
static unsigned ports_inside(const struct port_set *set, const struct rule_ports *range)
{
	unsigned count = 0;

	for (unsigned port = range->first; port <= range->last; port++)
		count += port_set_has(set, port);
	return count;
}

bool routing_rule_divides(const struct routing_rule *rule, const struct rule_ports *from,
			  const struct ports *ports)
{
	const struct rule_ports any = {0, UINT16_MAX};
	const bool every_port = memcmp(&rule->from, &any, sizeof(any)) == 0 &&
				memcmp(&rule->to, &any, sizeof(any)) == 0;
	unsigned inside = 0;

	if (rule->by_input || (rule->protocol == 0 && every_port) ||
	    from->first > rule->from.last || from->last < rule->from.first)
		return false;
	if (rule->protocol == 0 || rule->protocol == IPPROTO_TCP)
		inside += ports_inside(&ports->tcp, &rule->to);
	if (rule->protocol == 0 || rule->protocol == IPPROTO_UDP)
		inside += ports_inside(&ports->udp, &rule->to);
	/* A rule for one protocol alone divides a scan of both. */
	return inside > 0 &&
	       (!every_port || inside < port_set_size(&ports->tcp) + port_set_size(&ports->udp));
}
