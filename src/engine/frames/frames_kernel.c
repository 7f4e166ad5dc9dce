/* frames_kernel: raw IP sockets in place of frames, where rules of this machine (packet filter,
 * address translation, IPsec) would treat the kernel's own packets in another way. */
#include "engine/frames/frames_kernel.h"

/* Before headers of <linux>, which then leave out what these define. */
#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "capture/ring.h"
#include "capture/transmit.h"
#include "engine/frames/frames_egress.h"
#include "engine/frames/frames_state.h"
#include "net/local_rules.h"
#include "result/record.h"
#include "scan/cookie.h"
#include "technique/technique.h"

/* Bytes read of a packet: headers, an ICMP error with the quoted packet, the start of a datagram.
 */
#define KERNEL_SNAP_BYTES 176
#define KERNEL_IPV6_BYTES 40
/* Receive buffer of a socket: some ten thousand small packets. */
#define KERNEL_BUFFER_BYTES (8 << 20)
/* Answers for refused probes that wait to be fetched. */
#define KERNEL_DENIED 1024u
#define KERNEL_NEWS   384

struct frames_kernel {
	struct local_rules *rules;
	struct ranges targets;
	struct ports ports;
	int fd[FRAMES_KERNEL_SOCKETS]; /* -1: not open; the first half is of IPv4 */
	unsigned turn;		       /* of fd[]: read next */
	struct answer denied[KERNEL_DENIED];
	unsigned denied_count;
	bool told, has_news;
	char news[KERNEL_NEWS];
	uint8_t packet[KERNEL_IPV6_BYTES + KERNEL_SNAP_BYTES];
};

/* fd[] by protocol, per family. */
static const int kernel_protocols[FRAMES_KERNEL_SOCKETS] = {
	IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP,
	IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6,
};

/* The first TCP socket of a family takes what comes by loopback, the second one the rest: of a
 * packet of our own, IP_PKTINFO has the interface that it would have left by. */
static bool kernel_is_loopback(unsigned i)
{
	return i % (FRAMES_KERNEL_SOCKETS / 2) == 0;
}

static bool kernel_is_v6(unsigned i)
{
	return i >= FRAMES_KERNEL_SOCKETS / 2;
}

/* The plan as the rules see it. */
static int kernel_plan(struct frames *fr, struct failure *f)
{
	struct frames_kernel *k = fr->kernel;
	const struct plan *plan = fr->conf.plan;

	for (uint32_t i = 0; i < plan->slots; i++) {
		const uint32_t slot = plan_slots(plan)[i];

		port_set_add(technique_is_udp(plan_slot_technique(slot)) ? &k->ports.udp
									 : &k->ports.tcp,
			     plan_slot_port(slot));
	}
	for (uint32_t i = 0; i < plan->ranges; i++) {
		const struct plan_range *range = &plan_ranges(plan)[i];
		const struct addr first = {range->hi, range->lo};
		const uint64_t more = range->hosts - 1;
		const struct addr last = {first.hi + (first.lo + more < first.lo), first.lo + more};

		if (ranges_add(&k->targets, first, last) < 0)
			return failure_set(f, EXIT_SOFTWARE, "out of memory");
	}
	ranges_normalise(&k->targets);
	return 0;
}

int frames_kernel_open(struct frames *fr, struct failure *f)
{
	struct frames_kernel *k = calloc(1, sizeof(*k));

	if (!k)
		return failure_set(f, EXIT_SOFTWARE, "out of memory");
	fr->kernel = k;
	for (unsigned i = 0; i < FRAMES_KERNEL_SOCKETS; i++)
		k->fd[i] = -1;
	if (kernel_plan(fr, f) < 0)
		return -1;
	k->rules = local_rules_read(f);
	return k->rules ? 0 : -1;
}

void frames_kernel_close(struct frames *fr)
{
	struct frames_kernel *k = fr->kernel;

	if (!k)
		return;
	for (unsigned i = 0; i < FRAMES_KERNEL_SOCKETS; i++)
		if (k->fd[i] >= 0)
			(void)close(k->fd[i]); /* nothing was written that could be lost */
	local_rules_free(k->rules);
	ranges_fini(&k->targets);
	free(k);
	fr->kernel = NULL;
}

/* Says once that the rules are not known. */
static void kernel_unknown(struct frames_kernel *k)
{
	if (k->told)
		return;
	k->told = k->has_news = true;
	snprintf(k->news, sizeof(k->news),
		 "probes go around the firewall and the IPsec policies of this machine, if it has "
		 "any: to read them takes CAP_NET_ADMIN");
}

enum frames_kernel_way frames_kernel_way(struct frames *fr, const struct route *route,
					 const struct link *link, struct failure *f)
{
	const unsigned syn_udp = 1u << TECH_SYN | 1u << TECH_UDP;
	struct frames_kernel *k = fr->kernel;
	const struct local_probe probe = {
		.targets = &k->targets,
		.ports = &k->ports,
		.source = route->source,
		.link = link,
		.local = route->kind == ROUTE_LOCAL,
		.link_address = own_has(&fr->owns, route->source, link->index),
		.begins = (fr->techniques & ~syn_udp) == 0,
	};
	char where[LOCAL_RULES_WHERE];
	const enum local_treatment how = local_rules_treat(k->rules, &probe, where);

	if (how == LOCAL_ALIKE)
		return KERNEL_NO;
	if (how == LOCAL_CONNECT) {
		failure_set(f, EXIT_UNAVAILABLE,
			    "%s of this machine is for some ports of the targets, and holds only "
			    "for the kernel's own connections: use -sT (engine sockets)",
			    where);
		return KERNEL_FAILED;
	}
	if (how == LOCAL_UNKNOWN) {
		if (probe.local)
			return KERNEL_YES;
		kernel_unknown(k);
		return KERNEL_NO;
	}
	if (!k->told) {
		k->told = k->has_news = true;
		snprintf(k->news, sizeof(k->news),
			 how == LOCAL_QUEUE
				 ? "%s of this machine may refuse or change probes: they pass it, "
				   "at a lower rate"
				 : "%s of this machine may refuse or change probes: they are sent "
				   "as the kernel's own packets, at a lower rate",
			 where);
	}
	return how == LOCAL_QUEUE && !probe.local ? KERNEL_QUEUE : KERNEL_YES;
}

static int kernel_option(int fd, int level, int option)
{
	const int on = 1;

	return setsockopt(fd, level, option, &on, sizeof(on));
}

/* Only what is for our ports: RFC 9293, 3.1 and RFC 768 have the port at the same place. */
static int kernel_filter_ports(const struct frames *fr, int fd, unsigned i)
{
	const struct link *loopback = link_loopback(&fr->links);
	const bool by_loopback = kernel_is_loopback(i);
	struct sock_filter code[] = {
		{BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX)},
		{BPF_JMP | BPF_JEQ | BPF_K, by_loopback ? 0 : 8, by_loopback ? 8 : 0,
		 loopback ? loopback->index : 0},
		{BPF_LDX | BPF_B | BPF_MSH, 0, 0, 0}, /* IPv4: the length of its header */
		{BPF_LD | BPF_H | BPF_IND, 0, 0, 2},
		{BPF_ALU | BPF_AND | BPF_K, 0, 0, fr->port_mask},
		{BPF_JMP | BPF_JEQ | BPF_K, 3, 0, fr->port},
		{BPF_LD | BPF_H | BPF_IND, 0, 0, 2},
		{BPF_ALU | BPF_AND | BPF_K, 0, 0, COOKIE_PORT_MASK},
		{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, fr->block},
		{BPF_RET | BPF_K, 0, 0, KERNEL_SNAP_BYTES},
		{BPF_RET | BPF_K, 0, 0, 0},
	};
	const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	if (kernel_protocols[i] == IPPROTO_UDP) /* by any interface */
		code[1] = (struct sock_filter){BPF_JMP | BPF_JA, 0, 0, 0};
	if (kernel_is_v6(i)) /* the socket has no IPv6 header */
		code[2] = (struct sock_filter){BPF_LDX | BPF_W | BPF_IMM, 0, 0, 0};
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* Only ICMP errors (RFC 792; RFC 4443, 2.1). */
static int kernel_filter_icmp(int fd, bool v6)
{
	const struct icmp_filter pass = {
		~(1u << ICMP_DEST_UNREACH | 1u << ICMP_TIME_EXCEEDED | 1u << ICMP_PARAMETERPROB)};
	struct icmp6_filter pass6;

	if (!v6)
		return setsockopt(fd, SOL_RAW, ICMP_FILTER, &pass, sizeof(pass));
	ICMP6_FILTER_SETBLOCKALL(&pass6);
	for (int type = ICMP6_DST_UNREACH; type <= ICMP6_PARAM_PROB; type++)
		ICMP6_FILTER_SETPASS(type, &pass6);
	return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &pass6, sizeof(pass6));
}

static int kernel_listen(const struct frames *fr, unsigned i)
{
	const bool v6 = kernel_is_v6(i);
	const bool icmp =
		kernel_protocols[i] == IPPROTO_ICMP || kernel_protocols[i] == IPPROTO_ICMPV6;
	const int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
			      kernel_protocols[i]);
	const int bytes = KERNEL_BUFFER_BYTES;
	int error;

	if (fd < 0)
		return -errno;
	/* As much as the administrator allows; less is no reason to fail. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if ((icmp ? kernel_filter_icmp(fd, v6) : kernel_filter_ports(fr, fd, i)) == 0 &&
	    kernel_option(fd, SOL_SOCKET, SO_TIMESTAMPNS) == 0 &&
	    (!v6 || (kernel_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT) == 0 &&
		     kernel_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO) == 0)))
		return fd;
	error = -errno;
	(void)close(fd); /* it was never used */
	return error;
}

int frames_kernel_listen(struct frames *fr, int family, struct failure *f)
{
	const unsigned half = FRAMES_KERNEL_SOCKETS / 2, first = family == 4 ? 0 : half;
	struct frames_kernel *k = fr->kernel;

	for (unsigned i = first; i < first + half; i++) {
		if (k->fd[i] >= 0)
			continue;
		k->fd[i] = kernel_listen(fr, i);
		if (k->fd[i] < 0)
			return failure_set(f,
					   k->fd[i] == -EPERM || k->fd[i] == -EACCES
						   ? EXIT_NO_PERMISSION
						   : EXIT_SOFTWARE,
					   "cannot open a raw IP socket: %s", strerror(-k->fd[i]));
	}
	return 0;
}

unsigned frames_kernel_polls(const struct frames *fr, struct pollfd *polls)
{
	unsigned count = 0;

	for (unsigned i = 0; fr->kernel && i < FRAMES_KERNEL_SOCKETS; i++)
		if (fr->kernel->fd[i] >= 0)
			polls[count++] = (struct pollfd){.fd = fr->kernel->fd[i], .events = POLLIN};
	return count;
}

/* What the control messages of a packet say. */
struct kernel_control {
	uint64_t wall_ns;
	struct in6_addr to;
	uint8_t hop_limit;
};

static void kernel_control(struct msghdr *message, struct kernel_control *out)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		const size_t length = c->cmsg_len - CMSG_LEN(0);
		struct in6_pktinfo info;
		struct timespec at;
		int hops;

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS &&
		    length >= sizeof(at)) {
			memcpy(&at, CMSG_DATA(c), sizeof(at));
			out->wall_ns = (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO &&
			   length >= sizeof(info)) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			out->to = info.ipi6_addr;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT &&
			   length >= sizeof(hops)) {
			memcpy(&hops, CMSG_DATA(c), sizeof(hops));
			out->hop_limit = (uint8_t)hops;
		}
	}
}

/* The IPv6 header (RFC 8200, 3) that the socket leaves out. `payload`: bytes behind it. */
static void kernel_header6(uint8_t *header, int protocol, size_t payload,
			   const struct in6_addr *from, const struct kernel_control *control)
{
	memset(header, 0, KERNEL_IPV6_BYTES);
	header[0] = 0x60;
	header[4] = (uint8_t)(payload >> 8);
	header[5] = (uint8_t)payload;
	header[6] = (uint8_t)protocol;
	header[7] = control->hop_limit;
	memcpy(header + 8, from, sizeof(*from));
	memcpy(header + 24, &control->to, sizeof(control->to));
}

/* One packet of a socket; false if it has none. */
static bool kernel_read(const struct frames *fr, unsigned i, struct ring_frame *frame)
{
	const struct link *loopback = kernel_is_loopback(i) ? link_loopback(&fr->links) : NULL;
	struct frames_kernel *k = fr->kernel;
	_Alignas(struct cmsghdr) char control[256];
	const size_t before = kernel_is_v6(i) ? KERNEL_IPV6_BYTES : 0;
	struct kernel_control known = {0};
	struct sockaddr_in6 from = {0};
	struct iovec data = {k->packet + before, KERNEL_SNAP_BYTES};
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got;

	do
		got = recvmsg(k->fd[i], &message, MSG_DONTWAIT | MSG_TRUNC);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	kernel_control(&message, &known);
	if (before)
		kernel_header6(k->packet, kernel_protocols[i], (size_t)got, &from.sin6_addr,
			       &known);
	*frame = (struct ring_frame){
		.bytes = k->packet,
		.wall_ns = known.wall_ns,
		.length =
			(uint32_t)(before + ((size_t)got < KERNEL_SNAP_BYTES ? (size_t)got
									     : KERNEL_SNAP_BYTES)),
		.wire_bytes = (uint32_t)(before + (size_t)got),
		.interface = loopback ? loopback->index : 0,
		.flags = RING_SOCKET,
	};
	return true;
}

bool frames_kernel_receive(struct frames *fr, struct ring_frame *frame)
{
	struct frames_kernel *k = fr->kernel;

	for (unsigned looked = 0; k && looked < FRAMES_KERNEL_SOCKETS; looked++) {
		const unsigned i = k->turn % FRAMES_KERNEL_SOCKETS;

		if (k->fd[i] >= 0 && kernel_read(fr, i, frame))
			return true;
		k->turn++;
	}
	return false;
}

void frames_kernel_denied(struct frames *fr, const struct sheet *sheet, const struct probe *probe,
			  uint64_t now_ns)
{
	struct frames_kernel *k = fr->kernel;
	const bool v4 = addr_is_v4(probe->to);
	const uint32_t cell = probe->cell & (PLAN_WINDOW_CELLS - 1);
	const unsigned limit = sheet_slot_limit(sheet, cell % sheet_plan(sheet)->slots);

	/* A rule may refuse some packets only, as one with a limit does. */
	if ((probe->attempt == 0 && limit > 1) || k->denied_count == KERNEL_DENIED)
		return;
	k->denied[k->denied_count++] = (struct answer){
		.t_ns = now_ns,
		.from = probe->to,
		.cell = probe->cell,
		.reply = (uint8_t)technique_icmp_reply(v4 ? 4 : 6, v4 ? 3 : 1, v4 ? 13 : 1, false),
		.has = ANSWER_ICMP | ANSWER_LOCAL | ANSWER_ATTEMPT,
		.icmp_type = v4 ? ICMP_DEST_UNREACH : ICMP6_DST_UNREACH,
		.icmp_code = v4 ? ICMP_PKT_FILTERED : ICMP6_DST_UNREACH_ADMIN,
		.attempt = probe->attempt,
	};
}

bool frames_kernel_room(const struct frames *fr)
{
	return fr->kernel->denied_count + TRANSMIT_BATCH <= KERNEL_DENIED;
}

unsigned frames_kernel_answers(struct frames *fr, struct answer *answers, unsigned max)
{
	struct frames_kernel *k = fr->kernel;
	const unsigned queued = k ? k->denied_count : 0;
	const unsigned count = queued < max ? queued : max;

	if (count == 0)
		return 0;
	memcpy(answers, k->denied, count * sizeof(*answers));
	k->denied_count -= count;
	memmove(k->denied, k->denied + count, k->denied_count * sizeof(*k->denied));
	return count;
}

static int absent_each(void *context, const struct nlmsghdr *message)
{
	uint16_t *state = context;
	struct ndmsg entry;

	if (message->nlmsg_type == RTM_NEWNEIGH &&
	    message->nlmsg_len >= NLMSG_LENGTH(sizeof(entry))) {
		memcpy(&entry, (const uint8_t *)message + NLMSG_HDRLEN, sizeof(entry));
		*state = entry.ndm_state;
	}
	return 0;
}

/* The state of an entry of the kernel's table (NUD_*); NUD_NONE if it has none. */
static uint16_t absent_state(struct netlink *netlink, struct addr addr, unsigned link_index)
{
	const bool v4 = addr_is_v4(addr);
	const struct ndmsg header = {.ndm_family = v4 ? AF_INET : AF_INET6,
				     .ndm_ifindex = (int)link_index};
	const struct nlattr attribute = {.nla_len = (uint16_t)(sizeof(attribute) + (v4 ? 4 : 16)),
					 .nla_type = NDA_DST};
	_Alignas(struct nlmsghdr) uint8_t buffer[NETLINK_REQUEST_BYTES] = {0};
	struct nlmsghdr *request = (struct nlmsghdr *)(void *)buffer;
	uint8_t *at = buffer + NLMSG_HDRLEN;
	uint16_t state = NUD_NONE;
	const struct netlink_reader reader = {absent_each, NULL, &state};

	request->nlmsg_type = RTM_GETNEIGH;
	request->nlmsg_len = NLMSG_LENGTH(sizeof(header)) + attribute.nla_len;
	memcpy(at, &header, sizeof(header));
	memcpy(at + sizeof(header), &attribute, sizeof(attribute));
	if (v4)
		addr_to_bytes4(addr, at + sizeof(header) + sizeof(attribute));
	else
		addr_to_bytes16(addr, at + sizeof(header) + sizeof(attribute));
	return netlink_ask(netlink, request, &reader) < 0 ? NUD_NONE : state;
}

bool frames_kernel_absent(struct frames *fr, struct sheet *sheet, uint32_t host)
{
	const struct frames_egress *egress = frames_egress_of(fr, sheet, host);
	const struct addr to = plan_host(fr->conf.plan, sheet_first_host(sheet) + host);
	struct sheet_host entry = sheet_host(sheet, host);

	if (!egress || !egress->kernel || sheet_host_heard(sheet, host) || sheet_alike(sheet))
		return false;
	if (!(absent_state(fr->netlink, egress->has_gateway ? egress->gateway : to,
			   egress->link->index) &
	      (NUD_FAILED | NUD_INCOMPLETE)))
		return false;
	entry.notes |= HOST_NO_NEIGHBOUR;
	sheet_set_host(sheet, host, &entry);
	return true;
}

const char *frames_kernel_news(struct frames *fr)
{
	struct frames_kernel *k = fr->kernel;

	if (!k || !k->has_news)
		return NULL;
	k->has_news = false;
	return k->news;
}
