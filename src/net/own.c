/* own: the addresses of this machine, and the interfaces that have them. */
#include "net/own.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct own_attributes {
	struct addr local, address; /* IFA_LOCAL, IFA_ADDRESS */
	bool has_local, has_address;
};

static int own_attribute(const struct nlattr *attribute, void *context)
{
	struct own_attributes *found = context;
	const void *bytes = mnl_attr_get_payload(attribute);
	size_t length = mnl_attr_get_payload_len(attribute);

	if (mnl_attr_get_type(attribute) == IFA_LOCAL)
		found->has_local = addr_from_bytes(bytes, length, &found->local);
	else if (mnl_attr_get_type(attribute) == IFA_ADDRESS)
		found->has_address = addr_from_bytes(bytes, length, &found->address);
	return MNL_CB_OK;
}

struct nlmsghdr *own_request(char buffer[static NETLINK_REQUEST_BYTES])
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *header;

	request->nlmsg_type = RTM_GETADDR;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->ifa_family = AF_UNSPEC;
	return request;
}

int own_parse(const struct nlmsghdr *message, struct own *own)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	const unsigned states = IFA_F_TENTATIVE | IFA_F_OPTIMISTIC | IFA_F_DADFAILED;
	struct own_attributes found = {0};

	if (message->nlmsg_type != RTM_NEWADDR ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return 0;
	if (mnl_attr_parse(message, sizeof(*header), own_attribute, &found) < 0)
		return -errno;
	if (!found.has_local && !found.has_address)
		return 0;
	/* On a point-to-point link IFA_ADDRESS is the peer's, and IFA_LOCAL ours. */
	*own = (struct own){
		.addr = found.has_local ? found.local : found.address,
		.network = found.address,
		.link_index = header->ifa_index,
		.prefix_bits = header->ifa_prefixlen,
		.has_network = found.has_address,
		.tentative = (header->ifa_flags & states) == IFA_F_TENTATIVE,
	};
	return 1;
}

static int own_each(void *context, const struct nlmsghdr *message)
{
	struct own_list *list = context;
	struct own own;
	int result = own_parse(message, &own);

	if (result <= 0)
		return result;
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 16;
		struct own *grown = reallocarray(list->own, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->own = grown;
		list->capacity = capacity;
	}
	list->own[list->count++] = own;
	return 0;
}

static void own_restart(void *context)
{
	struct own_list *list = context;

	list->count = 0;
}

int own_list_load(struct own_list *list, struct netlink *netlink)
{
	const struct netlink_reader reader = {own_each, own_restart, list};
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(8))) = {0};
	int error;

	*list = (struct own_list){0};
	error = netlink_dump(netlink, own_request(buffer), &reader);
	if (error < 0)
		own_list_fini(list);
	return error;
}

int own_list_read(struct own_list *list, struct netlink *netlink, struct failure *f)
{
	int error = own_list_load(list, netlink);

	if (error < 0)
		return failure_set(f, EXIT_SOFTWARE, "cannot list this machine's addresses: %s",
				   strerror(-error));
	return 0;
}

void own_list_fini(struct own_list *list)
{
	free(list->own);
	*list = (struct own_list){0};
}

unsigned own_link(const struct own_list *list, struct addr a, unsigned n)
{
	for (size_t i = 0; i < list->count; i++)
		if (addr_equal(list->own[i].addr, a) && n-- == 0)
			return list->own[i].link_index;
	return 0;
}

bool own_has(const struct own_list *list, struct addr a, unsigned link_index)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->own[i].link_index == link_index && addr_equal(list->own[i].addr, a))
			return true;
	return false;
}
