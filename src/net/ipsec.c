/* ipsec: the outgoing IPsec policies of the kernel (xfrm). */
#include "net/ipsec.h"

#include <errno.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "net/attribute.h"

void ipsec_list_fini(struct ipsec_list *list)
{
	free(list->policy);
	memset(list, 0, sizeof(*list));
}

/* The addresses that a selector means; false for a family or a length that is none. */
static bool selector_range(uint16_t family, const xfrm_address_t *address, unsigned prefix,
			   struct range *out)
{
	const unsigned most = family == AF_INET ? 32 : 128;
	uint8_t first[16], last[16];

	if ((family != AF_INET && family != AF_INET6) || prefix > most)
		return false;
	memcpy(first, address, sizeof(first));
	for (unsigned i = 0; i < sizeof(first); i++) {
		const unsigned left = prefix > i * 8 ? prefix - i * 8 : 0;
		const uint8_t mask = (uint8_t)(left >= 8 ? 0xff : 0xff00u >> left);

		first[i] &= mask;
		last[i] = (uint8_t)(first[i] | (uint8_t)~mask);
	}
	out->first = family == AF_INET ? addr_from_bytes4(first) : addr_from_bytes16(first);
	out->last = family == AF_INET ? addr_from_bytes4(last) : addr_from_bytes16(last);
	return true;
}

/* Whether it is for packets without a mark that leave by no interface of type xfrm. */
static bool policy_is_common(struct attributes all)
{
	const struct attributes mark = attribute_find(all, XFRMA_MARK);
	struct xfrm_mark value = {0};
	uint32_t interface = 0;

	if (mark.length >= sizeof(value))
		memcpy(&value, mark.bytes, sizeof(value));
	(void)attribute_be32(all, XFRMA_IF_ID, &interface); /* only whether it is 0 matters */
	return (value.v & value.m) == 0 && interface == 0;
}

static bool policy_read(const struct xfrm_userpolicy_info *info, struct attributes all,
			struct ipsec_policy *out)
{
	const struct xfrm_selector *selector = &info->sel;

	*out = (struct ipsec_policy){
		.link_index = (unsigned)selector->ifindex,
		.port = ntohs(selector->dport),
		.port_mask = ntohs(selector->dport_mask),
		.by_port = selector->dport_mask || selector->sport_mask,
		.protocol = selector->proto,
		.blocks = info->action == XFRM_POLICY_BLOCK,
	};
	if (info->dir != XFRM_POLICY_OUT || !policy_is_common(all) ||
	    (!out->blocks && attribute_find(all, XFRMA_TMPL).length == 0))
		return false;
	return selector_range(selector->family, &selector->saddr, selector->prefixlen_s,
			      &out->source) &&
	       selector_range(selector->family, &selector->daddr, selector->prefixlen_d,
			      &out->destination);
}

int ipsec_list_add(struct ipsec_list *list, const struct nlmsghdr *message)
{
	const size_t headers = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct xfrm_userpolicy_info));
	const uint8_t *bytes = (const uint8_t *)message;
	struct xfrm_userpolicy_info info;
	struct ipsec_policy policy, *grown;
	const size_t more = list->capacity ? list->capacity * 2 : 8;

	if (message->nlmsg_type != XFRM_MSG_NEWPOLICY)
		return 0;
	if (message->nlmsg_len < headers)
		return -EBADMSG;
	memcpy(&info, bytes + NLMSG_HDRLEN, sizeof(info));
	if (!policy_read(&info, (struct attributes){bytes + headers, message->nlmsg_len - headers},
			 &policy))
		return 0;
	if (list->count == list->capacity) {
		grown = reallocarray(list->policy, more, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		list->policy = grown;
		list->capacity = more;
	}
	list->policy[list->count++] = policy;
	return 0;
}

static int reading_each(void *context, const struct nlmsghdr *message)
{
	return ipsec_list_add(context, message);
}

static void reading_restart(void *context)
{
	struct ipsec_list *list = context;

	list->count = 0;
}

/* The answer to XFRM_MSG_GETDEFAULT. */
static int reading_default(void *context, const struct nlmsghdr *message)
{
	struct ipsec_list *list = context;
	struct xfrm_userpolicy_default policy;

	if (message->nlmsg_type != XFRM_MSG_GETDEFAULT ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(policy)))
		return 0;
	memcpy(&policy, (const uint8_t *)message + NLMSG_HDRLEN, sizeof(policy));
	list->blocks_others = policy.out == XFRM_USERPOLICY_BLOCK;
	return 0;
}

int ipsec_list_read(struct ipsec_list *list)
{
	const struct netlink_reader reader = {reading_each, reading_restart, list};
	const struct netlink_reader of_default = {reading_default, NULL, list};
	_Alignas(struct nlmsghdr) char buffer[NETLINK_REQUEST_BYTES] = {0};
	struct nlmsghdr *request = (struct nlmsghdr *)(void *)buffer;
	struct failure ignored = {0};
	struct netlink *netlink = netlink_open_bus(NETLINK_XFRM, &ignored);
	int error;

	if (!netlink)
		return 0; /* no IPsec in this kernel */
	request->nlmsg_type = XFRM_MSG_GETPOLICY;
	request->nlmsg_len = NLMSG_LENGTH(sizeof(struct xfrm_userpolicy_id));
	error = netlink_dump(netlink, request, &reader);
	request->nlmsg_type = XFRM_MSG_GETDEFAULT;
	request->nlmsg_len = NLMSG_LENGTH(sizeof(struct xfrm_userpolicy_default));
	if (!error)
		(void)netlink_ask(netlink, request, &of_default); /* Linux 5.14 has no default */
	netlink_close(netlink);
	if (error)
		ipsec_list_fini(list);
	return error == -EINVAL || error == -EOPNOTSUPP ? 0 : error;
}

static bool range_meets(const struct range *range, const struct ranges *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (addr_compare(set->range[i].first, range->last) <= 0 &&
		    addr_compare(set->range[i].last, range->first) >= 0)
			return true;
	return false;
}

static bool policy_has_port(const struct ipsec_policy *policy, const struct local_probe *probe)
{
	for (unsigned port = 0; port <= UINT16_MAX; port++) {
		if ((port & policy->port_mask) != (policy->port & policy->port_mask))
			continue;
		if ((policy->protocol != IPPROTO_UDP && port_set_has(&probe->ports->tcp, port)) ||
		    (policy->protocol != IPPROTO_TCP && port_set_has(&probe->ports->udp, port)))
			return true;
	}
	return false;
}

static bool policy_covers(const struct ipsec_policy *policy, const struct local_probe *probe)
{
	if (policy->protocol && policy->protocol != IPPROTO_TCP && policy->protocol != IPPROTO_UDP)
		return false;
	return addr_compare(probe->source, policy->source.first) >= 0 &&
	       addr_compare(probe->source, policy->source.last) <= 0 &&
	       (policy->link_index == 0 || policy->link_index == probe->link->index) &&
	       range_meets(&policy->destination, probe->targets) && policy_has_port(policy, probe);
}

enum ipsec_treatment ipsec_treat(const struct ipsec_list *list, const struct local_probe *probe)
{
	enum ipsec_treatment how = list->blocks_others && !probe->local ? IPSEC_COVERS : IPSEC_NONE;

	for (size_t i = 0; i < list->count; i++) {
		if (!policy_covers(&list->policy[i], probe))
			continue;
		if (list->policy[i].by_port)
			return IPSEC_BY_PORT;
		how = IPSEC_COVERS;
	}
	return how;
}
