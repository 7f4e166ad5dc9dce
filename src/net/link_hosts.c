/* link_hosts: finds the IPv6 hosts of a link by multicast, where a /64 cannot be walked. */
#include "net/link_hosts.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/netlink.h"
#include "net/own.h"
#include "packet/packet.h"

/* Enough for the headers of any packet. */
#define HEARD_BYTES 512

struct link_hosts {
	unsigned link;
	int asks;  /* ICMPv6 socket, raw or of datagrams */
	int hears; /* packet socket, or -1: answers come by `asks` */
	struct own_list own;
	struct ranges *out;
	size_t before; /* ranges that were there */
};

static bool is_new(const struct link_hosts *h, struct addr a)
{
	for (size_t i = h->before; i < h->out->count; i++)
		if (addr_equal(h->out->range[i].first, a))
			return false;
	return h->out->count - h->before < LINK_HOSTS_MOST;
}

static bool is_own(const struct link_hosts *h, struct addr a)
{
	unsigned link;

	for (unsigned n = 0; (link = own_link(&h->own, a, n)) != 0; n++)
		if (link == h->link)
			return true;
	return false;
}

static int heard(struct link_hosts *h, struct addr from, struct failure *f)
{
	if (!addr_is_link_local6(from) || is_own(h, from) || !is_new(h, from))
		return 0;
	if (ranges_add(h->out, from, from) < 0)
		return failure_set(f, EXIT_SOFTWARE, "out of memory for the hosts of the link");
	return 0;
}

/* A socket that asks: raw, or as a user's ping. Raw ones hear nothing, the packet socket does. */
static int open_asks(bool *raw, struct failure *f)
{
	struct icmp6_filter none;
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);

	*raw = fd >= 0;
	if (fd < 0)
		fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
	if (fd < 0)
		return failure_set(
			f,
			errno == EACCES || errno == EPERM ? EXIT_NO_PERMISSION : EXIT_UNAVAILABLE,
			"the hosts of a link are found by ICMPv6, which needs CAP_NET_RAW, or "
			"a group in net.ipv4.ping_group_range: %s",
			strerror(errno));
	ICMP6_FILTER_SETBLOCKALL(&none);
	if (*raw) /* what is not filtered is only read too early */
		(void)setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &none, sizeof(none));
	return fd;
}

/* -1 where it cannot be opened. */
static int open_hears(unsigned link)
{
	const struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6),
		.sll_ifindex = (int)link,
	};
	const struct packet_mreq all = {.mr_ifindex = (int)link, .mr_type = PACKET_MR_ALLMULTI};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		(void)close(fd); /* it was never used */
		return -1;
	}
	/* Reports of other groups are heard as well; without it, those of ours. */
	(void)setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all));
	return fd;
}

static int ask(const struct link_hosts *h, uint16_t number, struct failure *f)
{
	struct icmp6_hdr echo = {.icmp6_type = ICMP6_ECHO_REQUEST};
	struct sockaddr_in6 all = {.sin6_family = AF_INET6, .sin6_scope_id = h->link};

	all.sin6_addr.s6_addr[0] = 0xff;
	all.sin6_addr.s6_addr[1] = 0x02;
	all.sin6_addr.s6_addr[15] = 0x01;
	echo.icmp6_id = htons((uint16_t)getpid());
	echo.icmp6_seq = htons(number);
	if (sendto(h->asks, &echo, sizeof(echo), 0, (const struct sockaddr *)&all, sizeof(all)) < 0)
		return failure_set(f, EXIT_UNAVAILABLE,
				   "cannot send to all hosts of the link (ff02::1): %s",
				   strerror(errno));
	return 0;
}

/* A whole packet of the packet socket. */
static int hear_packets(struct link_hosts *h, struct failure *f)
{
	uint8_t bytes[HEARD_BYTES];
	struct packet p;
	ssize_t got;

	while ((got = recv(h->hears, bytes, sizeof(bytes), 0)) > 0) {
		packet_parse(PACKET_LINK_RAW_IP, bytes, (size_t)got, &p);
		if (p.has & PACKET_IP && !(p.has & PACKET_MALFORMED) && heard(h, p.src, f) < 0)
			return -1;
	}
	return 0;
}

/* Replies by the socket that asked: the kernel gives it those with its identifier. */
static int hear_replies(struct link_hosts *h, struct failure *f)
{
	uint8_t bytes[HEARD_BYTES];
	struct sockaddr_in6 from;
	socklen_t size = sizeof(from);

	while (recvfrom(h->asks, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &size) > 0) {
		if (size == sizeof(from) && from.sin6_scope_id == h->link &&
		    heard(h, addr_from_bytes16(from.sin6_addr.s6_addr), f) < 0)
			return -1;
		size = sizeof(from);
	}
	return 0;
}

static int hear_until(struct link_hosts *h, uint64_t until_ns, const volatile sig_atomic_t *stop,
		      struct failure *f)
{
	struct pollfd poll = {.fd = h->hears >= 0 ? h->hears : h->asks, .events = POLLIN};

	for (;;) {
		const uint64_t now_ns = clock_monotonic_ns();
		struct timespec left;

		if (now_ns >= until_ns || (stop && *stop))
			return 0;
		left.tv_sec = (time_t)((until_ns - now_ns) / 1000000000u);
		left.tv_nsec = (long)((until_ns - now_ns) % 1000000000u);
		/* A signal or an error ends the wait early; the clock decides. */
		if (ppoll(&poll, 1, &left, NULL) < 0 && errno != EINTR)
			return 0;
		if (h->hears >= 0 ? hear_packets(h, f) < 0 : hear_replies(h, f) < 0)
			return -1;
	}
}

static int find(struct link_hosts *h, const volatile sig_atomic_t *stop, struct failure *f)
{
	for (unsigned try = 1; try <= LINK_HOSTS_TRIES; try++) {
		const uint64_t ms =
			try < LINK_HOSTS_TRIES ? LINK_HOSTS_SPACING_MS : LINK_HOSTS_WAIT_MS;

		if (ask(h, (uint16_t)try, f) < 0 ||
		    hear_until(h, clock_monotonic_ns() + ms * 1000000, stop, f) < 0)
			return -1;
	}
	return 0;
}

int link_hosts_find(unsigned link, struct ranges *out, const volatile sig_atomic_t *stop,
		    struct failure *f)
{
	struct link_hosts h = {.link = link, .hears = -1, .out = out, .before = out->count};
	struct netlink *netlink;
	bool raw;
	int result = -1;

	h.asks = open_asks(&raw, f);
	if (h.asks < 0)
		return -1;
	if (raw)
		h.hears = open_hears(link);
	netlink = netlink_open(f);
	if (netlink && own_list_read(&h.own, netlink, f) == 0)
		result = find(&h, stop, f);
	netlink_close(netlink);
	own_list_fini(&h.own);
	if (h.hears >= 0)
		(void)close(h.hears); /* what is not read is not needed */
	(void)close(h.asks);
	return result;
}
