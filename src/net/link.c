/* link: the network interfaces of this machine, read from the kernel (rtnetlink). */
#include "net/link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/quote.h"

/* IFF_LOWER_UP of linux/if.h, which cannot be included together with net/if.h. */
#define LINK_IFF_LOWER_UP (1u << 16)

static uint8_t link_kind_of(unsigned hardware)
{
	switch (hardware) {
	case ARPHRD_ETHER:
		return LINK_ETHERNET;
	case ARPHRD_LOOPBACK:
		return LINK_LOOPBACK;
	case ARPHRD_NONE:
	case ARPHRD_RAWIP:
	case ARPHRD_PPP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
		return LINK_RAW_IP;
	default:
		return LINK_OTHER;
	}
}

/* An attribute of IFLA_LINKINFO. */
static int link_info(const struct nlattr *attribute, void *context)
{
	static const char vrf[] = "vrf";
	struct link *link = context;

	if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND &&
	    mnl_attr_get_payload_len(attribute) >= sizeof(vrf) &&
	    memcmp(mnl_attr_get_payload(attribute), vrf, sizeof(vrf)) == 0)
		link->has |= LINK_VRF;
	return MNL_CB_OK;
}

static int link_attribute(const struct nlattr *attribute, void *context)
{
	struct link *link = context;
	size_t length = mnl_attr_get_payload_len(attribute);

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_IFNAME:
		if (length >= sizeof(link->name))
			length = sizeof(link->name) - 1;
		memcpy(link->name, mnl_attr_get_payload(attribute), length);
		break;
	case IFLA_MTU:
		if (length >= sizeof(uint32_t))
			link->mtu = mnl_attr_get_u32(attribute);
		break;
	case IFLA_MASTER:
		if (length >= sizeof(uint32_t))
			link->master = mnl_attr_get_u32(attribute);
		break;
	case IFLA_LINKINFO:
		return mnl_attr_parse_nested(attribute, link_info, link);
	case IFLA_ADDRESS:
		if (length == sizeof(link->mac)) {
			memcpy(link->mac, mnl_attr_get_payload(attribute), length);
			link->has |= LINK_MAC;
		}
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

int link_from_message(struct link *link, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);

	*link = (struct link){
		.index = (unsigned)info->ifi_index,
		.hardware = info->ifi_type,
		.kind = link_kind_of(info->ifi_type),
		.has = (uint8_t)((info->ifi_flags & IFF_UP ? LINK_UP : 0) |
				 (info->ifi_flags & IFF_RUNNING ? LINK_RUNNING : 0) |
				 (info->ifi_flags & LINK_IFF_LOWER_UP ? LINK_CARRIER : 0) |
				 (info->ifi_flags & IFF_NOARP ? LINK_NO_ARP : 0)),
	};
	return mnl_attr_parse(message, sizeof(*info), link_attribute, link) < 0 ? -errno : 0;
}

static int link_list_each(void *context, const struct nlmsghdr *message)
{
	struct link_list *list = context;
	struct link link;
	int error;

	if (message->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(struct ifinfomsg))
		return 0;
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 16;
		struct link *grown = reallocarray(list->link, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->link = grown;
		list->capacity = capacity;
	}
	error = link_from_message(&link, message);
	if (error < 0)
		return error;
	list->link[list->count++] = link;
	return 0;
}

static void link_list_restart(void *context)
{
	struct link_list *list = context;

	list->count = 0;
}

int link_list_read(struct link_list *list, struct netlink *netlink, struct failure *f)
{
	const struct netlink_reader reader = {link_list_each, link_list_restart, list};
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info;
	int error;

	*list = (struct link_list){0};
	request->nlmsg_type = RTM_GETLINK;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifi_family = AF_UNSPEC;
	error = netlink_dump(netlink, request, &reader);
	if (error < 0) {
		link_list_fini(list);
		return failure_set(f, EXIT_SOFTWARE, "cannot list the interfaces: %s",
				   strerror(-error));
	}
	return 0;
}

void link_list_fini(struct link_list *list)
{
	free(list->link);
	*list = (struct link_list){0};
}

const struct link *link_by_index(const struct link_list *list, unsigned index)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->link[i].index == index)
			return &list->link[i];
	return NULL;
}

const struct link *link_by_name(const struct link_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->link[i].name, name) == 0)
			return &list->link[i];
	return NULL;
}

const struct link *link_loopback(const struct link_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->link[i].kind == LINK_LOOPBACK)
			return &list->link[i];
	return NULL;
}

bool link_has_ip(const struct link_list *list, const struct link *link)
{
	const struct link *master = link->master ? link_by_index(list, link->master) : NULL;

	return !link->master || (master && master->has & LINK_VRF);
}

const char *link_quote(const struct link *link, char out[static LINK_QUOTED])
{
	return text_quote(link->name, strlen(link->name), out, LINK_QUOTED);
}

static int link_running(const struct link *link, struct failure *f)
{
	char quoted[LINK_QUOTED];

	link_quote(link, quoted);
	if (!(link->has & LINK_UP))
		return failure_set(f, EXIT_UNAVAILABLE, "interface %s is down", quoted);
	if (!(link->has & LINK_RUNNING))
		return failure_set(f, EXIT_UNAVAILABLE, "interface %s has no carrier", quoted);
	return 0;
}

int link_usable(const struct link *link, struct failure *f)
{
	char quoted[LINK_QUOTED];

	if (link_running(link, f) < 0)
		return -1;
	if (link->kind == LINK_OTHER)
		return failure_set(f, EXIT_UNAVAILABLE,
				   "interface %s: frames of hardware type %u are not supported",
				   link_quote(link, quoted), link->hardware);
	return 0;
}

/* Asks for what *command names, into it. False if the driver does not say. */
static bool link_ethtool(const struct link *link, void *command)
{
	struct ifreq request = {.ifr_data = command};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool known;

	if (fd < 0)
		return false;
	memcpy(request.ifr_name, link->name, sizeof(request.ifr_name));
	known = ioctl(fd, SIOCETHTOOL, &request) == 0;
	(void)close(fd);
	return known;
}

unsigned link_queues(const struct link *link)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	unsigned queues = 1;

	if (link_ethtool(link, &channels))
		queues = channels.tx_count + channels.combined_count;
	return queues > 0 ? queues : 1;
}

const char *link_driver(const struct link *link, char out[static LINK_DRIVER])
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};

	out[0] = '\0';
	if (link_ethtool(link, &info))
		(void)text_quote(info.driver, strnlen(info.driver, sizeof(info.driver)), out,
				 LINK_DRIVER);
	return out;
}

int link_check(const char *name, struct failure *f)
{
	struct netlink *netlink = netlink_open(f);
	struct link_list list = {0};
	char quoted[TEXT_QUOTED(64)];
	const struct link *link;
	int result = -1;

	if (!netlink || link_list_read(&list, netlink, f) < 0)
		goto out;
	link = link_by_name(&list, name);
	if (link)
		result = link_running(link, f);
	else
		failure_set(f, EXIT_UNAVAILABLE, "no interface is called %s",
			    text_quote(name, strnlen(name, 64), quoted, sizeof(quoted)));
out:
	link_list_fini(&list);
	netlink_close(netlink);
	return result;
}
