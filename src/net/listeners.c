/* listeners: the ports of this machine that have a listening socket, read from the kernel. */
#include "net/listeners.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "net/netlink.h"
#include "net/own.h"

/* Socket states of the kernel (include/net/tcp_states.h); an unconnected UDP socket is "closed". */
#define STATE_CLOSE		7
#define STATE_LISTEN		10

#define LISTENERS_REQUEST_BYTES 128 /* headers and a struct inet_diag_req_v2 */
#define LISTENERS_BUFFER_BYTES	32768
/* Most sockets bound to single addresses, and most local addresses. If there are more, a socket
 * that is not found is unknown rather than absent. */
#define LISTENERS_SOCKETS 4096
#define LISTENERS_LOCAL	  1024
/* Most times a table that changes while it is read is read again. */
#define LISTENERS_TRIES 4

enum listeners_proto {
	LISTENERS_TCP,
	LISTENERS_UDP,
	LISTENERS_PROTOS,
};

enum listeners_family {
	LISTENERS_V4,
	LISTENERS_V6,
	LISTENERS_FAMILIES,
};

/* A socket bound to one address, or to one interface. */
struct listener {
	struct addr addr;
	uint16_t port;
	uint8_t proto; /* enum listeners_proto */
	bool on_link;  /* bound to an interface; addr may be the unspecified address */
};

struct picture {
	uint8_t any[LISTENERS_PROTOS][LISTENERS_FAMILIES][65536 / 8]; /* bit set: wildcards */
	struct listener socket[LISTENERS_SOCKETS];
	struct addr local[LISTENERS_LOCAL];
	size_t sockets, locals;
	bool sockets_cut, locals_cut;
};

struct listeners {
	struct mnl_socket *diag, *route;
	struct picture *shown, *next; /* the two below, alternating */
	uint64_t taken_ns;
	uint32_t sequence;
	bool known;	  /* *shown is valid */
	bool tried;	  /* taken_ns is valid */
	unsigned reading; /* enum listeners_proto of the dump being read */
	struct picture picture[2];
	char buffer[LISTENERS_BUFFER_BYTES];
};

static void bit_set(uint8_t *bits, uint16_t port)
{
	bits[port / 8] |= (uint8_t)(1U << (port % 8));
}

static bool bit_get(const uint8_t *bits, uint16_t port)
{
	return bits[port / 8] >> (port % 8) & 1;
}

static int v6_only(const struct nlattr *attribute, void *context)
{
	bool *only = context;

	if (mnl_attr_get_type(attribute) == INET_DIAG_SKV6ONLY &&
	    mnl_attr_get_payload_len(attribute) >= 1)
		*only = mnl_attr_get_u8(attribute) != 0;
	return MNL_CB_OK;
}

static void picture_add(struct picture *p, const struct listener *listener)
{
	if (p->sockets == LISTENERS_SOCKETS) {
		p->sockets_cut = true;
		return;
	}
	p->socket[p->sockets++] = *listener;
}

static int socket_each(const struct nlmsghdr *message, void *context)
{
	struct listeners *l = context;
	const struct inet_diag_msg *info = mnl_nlmsg_get_payload(message);
	struct listener listener = {.proto = (uint8_t)l->reading};
	struct picture *p = l->next;
	bool only = false;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*info))
		return MNL_CB_OK;
	if (mnl_attr_parse(message, sizeof(*info), v6_only, &only) < 0)
		return MNL_CB_ERROR;
	listener.port = ntohs(info->id.idiag_sport);
	listener.on_link = info->id.idiag_if != 0;
	if (info->idiag_family == AF_INET)
		listener.addr = addr_from_bytes4((const uint8_t *)info->id.idiag_src);
	else
		listener.addr = addr_from_bytes16((const uint8_t *)info->id.idiag_src);
	if (listener.on_link) {
		picture_add(p, &listener);
	} else if (info->idiag_family == AF_INET && addr_v4(listener.addr) == 0) {
		bit_set(p->any[l->reading][LISTENERS_V4], listener.port);
	} else if (info->idiag_family == AF_INET6 && !listener.addr.hi && !listener.addr.lo) {
		bit_set(p->any[l->reading][LISTENERS_V6], listener.port);
		if (!only)
			bit_set(p->any[l->reading][LISTENERS_V4], listener.port);
	} else {
		picture_add(p, &listener);
	}
	return MNL_CB_OK;
}

static int local_each(const struct nlmsghdr *message, void *context)
{
	struct listeners *l = context;
	struct picture *p = l->next;
	struct own own;
	int result = own_parse(message, &own);

	if (result <= 0)
		return result < 0 ? MNL_CB_ERROR : MNL_CB_OK;
	if (!own.addr.hi && !own.addr.lo)
		return MNL_CB_OK;
	if (p->locals == LISTENERS_LOCAL)
		p->locals_cut = true;
	else
		p->local[p->locals++] = own.addr;
	return MNL_CB_OK;
}

/*
 * Reads a dump over a socket that stays open even after errors, since in the cage no other can be
 * opened. Messages of an earlier, broken dump have another sequence number and are skipped. Does
 * not wait: the kernel answers during the request. 0 or -errno; -EAGAIN: incomplete.
 */
static int listeners_dump(struct listeners *l, struct mnl_socket *socket, struct nlmsghdr *request,
			  mnl_cb_t each)
{
	int fd = mnl_socket_get_fd(socket), more;
	bool cut = false;

	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = ++l->sequence;
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	for (unsigned messages = 0; messages < 1U << 16; messages++) {
		ssize_t got = recv(fd, l->buffer, sizeof(l->buffer), MSG_DONTWAIT);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == ENOBUFS ? -EAGAIN : -errno;
		more = mnl_cb_run(l->buffer, (size_t)got, l->sequence,
				  mnl_socket_get_portid(socket), each, l);
		if (more == MNL_CB_STOP)
			return cut ? -EAGAIN : 0;
		/* libmnl returns EINTR for NLM_F_DUMP_INTR; the rest of the dump is still read. */
		if (more < 0 && errno == EINTR)
			cut = true;
		else if (more < 0 && errno != ESRCH)
			return -errno;
	}
	return -EAGAIN;
}

static int listeners_sockets(struct listeners *l, uint8_t family, unsigned proto)
{
	char buffer[LISTENERS_REQUEST_BYTES] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *question;

	request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	question = mnl_nlmsg_put_extra_header(request, sizeof(*question));
	question->sdiag_family = family;
	question->sdiag_protocol = proto == LISTENERS_TCP ? IPPROTO_TCP : IPPROTO_UDP;
	question->idiag_states = 1U << (proto == LISTENERS_TCP ? STATE_LISTEN : STATE_CLOSE);
	l->reading = proto;
	return listeners_dump(l, l->diag, request, socket_each);
}

static int listeners_locals(struct listeners *l)
{
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(8))) = {0};

	return listeners_dump(l, l->route, own_request(buffer), local_each);
}

static int listener_compare(const void *left, const void *right)
{
	const struct listener *a = left, *b = right;

	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	if (a->proto != b->proto)
		return a->proto < b->proto ? -1 : 1;
	return 0;
}

static int local_compare(const void *left, const void *right)
{
	const struct addr *a = left, *b = right;

	return addr_compare(*a, *b);
}

static void picture_clear(struct picture *p)
{
	memset(p->any, 0, sizeof(p->any));
	p->sockets = p->locals = 0;
	p->sockets_cut = p->locals_cut = false;
}

static int listeners_take(struct listeners *l)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct picture *p = l->next;
	int error;

	picture_clear(p);
	error = listeners_locals(l);
	for (unsigned proto = 0; proto < LISTENERS_PROTOS; proto++)
		for (size_t i = 0; i < sizeof(families) && !error; i++) {
			error = listeners_sockets(l, families[i], proto);
			if (error == -EAFNOSUPPORT && families[i] == AF_INET6)
				error = 0; /* a kernel without IPv6 */
		}
	if (error)
		return error;
	qsort(p->socket, p->sockets, sizeof(p->socket[0]), listener_compare);
	qsort(p->local, p->locals, sizeof(p->local[0]), local_compare);
	l->next = l->shown;
	l->shown = p;
	return 0;
}

int listeners_refresh(struct listeners *l, uint64_t now_ns)
{
	int error = -EAGAIN;

	if (l->tried && now_ns >= l->taken_ns && now_ns - l->taken_ns < LISTENERS_AGE_NS)
		return 0;
	for (int i = 0; i < LISTENERS_TRIES && error == -EAGAIN; i++)
		error = listeners_take(l);
	l->tried = true;
	l->taken_ns = now_ns;
	l->known = error == 0;
	return error ? error : 1;
}

int listeners_renew(struct listeners *l)
{
	l->tried = false;
	return listeners_refresh(l, l->taken_ns);
}

static struct mnl_socket *netlink_socket(int protocol)
{
	struct mnl_socket *socket = mnl_socket_open2(protocol, SOCK_CLOEXEC);

	if (socket && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int error = errno;

		(void)mnl_socket_close(socket); /* the error of bind() is reported */
		errno = error;
		return NULL;
	}
	return socket;
}

struct listeners *listeners_open(struct failure *f)
{
	struct listeners *l = calloc(1, sizeof(*l));
	int error = ENOMEM;

	if (!l)
		goto err0;
	l->shown = &l->picture[0];
	l->next = &l->picture[1];
	l->diag = netlink_socket(NETLINK_SOCK_DIAG);
	l->route = netlink_socket(NETLINK_ROUTE);
	error = errno;
	if (!l->diag || !l->route)
		goto err1;
	error = -listeners_refresh(l, 0);
	if (error > 0)
		goto err1;
	l->tried = false; /* taken_ns is of another clock */
	return l;
err1:
	listeners_close(l);
err0:
	failure_set(f, EXIT_SOFTWARE, "cannot learn which ports are listened on: %s",
		    strerror(error));
	return NULL;
}

void listeners_close(struct listeners *l)
{
	if (!l)
		return;
	if (l->diag)
		(void)mnl_socket_close(l->diag); /* a failure does not matter */
	if (l->route)
		(void)mnl_socket_close(l->route); /* as above */
	free(l);
}

bool listeners_is_local(const struct listeners *l, struct addr a)
{
	const struct addr loopback6 = {0, 1};

	if (addr_equal(a, loopback6) || (addr_is_v4(a) && addr_v4(a) >> 24 == 127))
		return true;
	return l->known && bsearch(&a, l->shown->local, l->shown->locals, sizeof(a), local_compare);
}

/* The first socket of the port and protocol among the sorted; p->sockets if there is none. */
static size_t picture_first(const struct picture *p, uint16_t port, unsigned proto)
{
	const struct listener wanted = {.port = port, .proto = (uint8_t)proto};
	size_t low = 0, high = p->sockets;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (listener_compare(&p->socket[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int listeners_find(void *context, struct addr a, uint16_t port, uint8_t proto)
{
	const struct listeners *l = context;
	const struct picture *p = l->shown;
	unsigned which = proto == IPPROTO_TCP ? LISTENERS_TCP : LISTENERS_UDP;
	bool on_link = false;

	if (!l->known || (proto != IPPROTO_TCP && proto != IPPROTO_UDP) ||
	    !listeners_is_local(l, a))
		return 0;
	if (bit_get(p->any[which][addr_is_v4(a) ? LISTENERS_V4 : LISTENERS_V6], port))
		return 1;
	for (size_t i = picture_first(p, port, which);
	     i < p->sockets && p->socket[i].port == port && p->socket[i].proto == which; i++) {
		if (p->socket[i].on_link)
			on_link = true;
		else if (addr_equal(p->socket[i].addr, a))
			return 1;
	}
	return on_link || p->sockets_cut ? 0 : -1;
}
