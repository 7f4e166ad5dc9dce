/* netlink: requests and dumps, repeated until a dump is consistent. */
#include "net/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

/* A dump's messages have up to 32 KiB if the reader's buffer has room for that. */
#define NETLINK_BUFFER_BYTES 32768

struct netlink {
	struct mnl_socket *socket;
	int bus; /* NETLINK_ROUTE, ... */
	uint32_t sequence;
	int error; /* what `each` returned, negative */
	const struct netlink_reader *reader;
	char buffer[NETLINK_BUFFER_BYTES];
};

static int netlink_connect(struct netlink *n)
{
	n->socket = mnl_socket_open2(n->bus, SOCK_CLOEXEC);
	if (!n->socket)
		return -errno;
	if (mnl_socket_bind(n->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int error = -errno;

		(void)mnl_socket_close(n->socket); /* the error of bind() is reported */
		n->socket = NULL;
		return error;
	}
	return 0;
}

struct netlink *netlink_open(struct failure *f)
{
	return netlink_open_bus(NETLINK_ROUTE, f);
}

struct netlink *netlink_open_bus(int bus, struct failure *f)
{
	struct netlink *n = calloc(1, sizeof(*n));
	int error = -ENOMEM;

	if (n) {
		n->bus = bus;
		error = netlink_connect(n);
	}
	if (error < 0) {
		failure_set(f, EXIT_SOFTWARE, "cannot open a netlink socket: %s", strerror(-error));
		free(n);
		return NULL;
	}
	return n;
}

void netlink_close(struct netlink *n)
{
	if (!n)
		return;
	if (n->socket)
		(void)mnl_socket_close(n->socket); /* nothing is lost if it fails */
	free(n);
}

static int netlink_each(const struct nlmsghdr *message, void *context)
{
	struct netlink *n = context;

	n->error = n->reader->each(n->reader->context, message);
	return n->error < 0 ? MNL_CB_ERROR : MNL_CB_OK;
}

static int netlink_send(struct netlink *n, struct nlmsghdr *request)
{
	ssize_t sent;

	request->nlmsg_seq = ++n->sequence;
	do
		sent = mnl_socket_sendto(n->socket, request, request->nlmsg_len);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/*
 * Reads one buffer of messages. 1 if more follow, 0 at the end of the answer, or -errno; -EAGAIN if
 * the kernel reports it as inconsistent.
 */
static int netlink_receive(struct netlink *n)
{
	ssize_t got;
	int more;

	do
		got = mnl_socket_recvfrom(n->socket, n->buffer, sizeof(n->buffer));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == ENOBUFS ? -EAGAIN : -errno;
	n->error = 0;
	more = mnl_cb_run(n->buffer, (size_t)got, n->sequence, mnl_socket_get_portid(n->socket),
			  netlink_each, n);
	if (more >= 0)
		return more > 0;
	if (n->error < 0)
		return n->error;
	/* libmnl returns EINTR for NLM_F_DUMP_INTR: no system call was made here. */
	return errno == EINTR ? -EAGAIN : -errno;
}

int netlink_dump(struct netlink *n, struct nlmsghdr *request, const struct netlink_reader *reader)
{
	n->reader = reader;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	for (int try = 0; try < NETLINK_TRIES; try++) {
		int more;

		/* With a new socket: the rest of the old dump would mix with the new one. */
		if (!n->socket) {
			int error = netlink_connect(n);

			if (error < 0)
				return error;
			reader->restart(reader->context);
		}
		more = netlink_send(n, request);
		if (more < 0)
			return more;
		do
			more = netlink_receive(n);
		while (more > 0);
		if (more != -EAGAIN)
			return more;
		(void)mnl_socket_close(n->socket); /* nothing is lost if it fails */
		n->socket = NULL;
	}
	return -EAGAIN;
}

int netlink_ask(struct netlink *n, struct nlmsghdr *request, const struct netlink_reader *reader)
{
	int error;

	if (!n->socket) {
		error = netlink_connect(n);
		if (error < 0)
			return error;
	}
	n->reader = reader;
	request->nlmsg_flags = NLM_F_REQUEST;
	error = netlink_send(n, request);
	if (error < 0)
		return error;
	error = netlink_receive(n);
	return error > 0 ? 0 : error;
}
