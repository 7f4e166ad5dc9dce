/* link_table: the interfaces of this machine, kept up to date; works in the cage. */
#include "net/link_table.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A dump's messages have up to 32 KiB if the reader's buffer has room for that. */
#define TABLE_BUFFER_BYTES 32768
/* Most messages processed at once: many of them must not delay the processing of packets. */
#define TABLE_MESSAGES 4096
/* Most times a table that changes while it is read is read again at once. */
#define TABLE_TRIES 4

struct link_place {
	struct link link;
	uint64_t since;	     /* when it vanished, by the count of changes */
	uint32_t generation; /* of the last dump that had it */
	bool used;	     /* the entry has an interface, existing or vanished */
	bool present;
	bool told_up;
};

struct link_table {
	struct mnl_socket *socket;
	uint64_t changes;
	uint32_t generation; /* number of dumps, and their sequence number */
	bool stale;	     /* messages were lost: a new dump is needed */
	bool reading;	     /* the dump is not complete yet */
	bool cut;	     /* the dump will not become complete */
	struct link_place place[LINK_TABLE_PLACES];
	char buffer[TABLE_BUFFER_BYTES];
};

static bool place_is_up(const struct link_place *p)
{
	return p->present && p->link.has & LINK_UP;
}

static struct link_place *table_find(struct link_table *t, unsigned index)
{
	for (size_t i = 0; i < LINK_TABLE_PLACES; i++)
		if (t->place[i].used && t->place[i].link.index == index)
			return &t->place[i];
	return NULL;
}

/* A free entry, or that of the interface that vanished first; NULL if all exist. */
static struct link_place *table_room(struct link_table *t)
{
	struct link_place *oldest = NULL;

	for (size_t i = 0; i < LINK_TABLE_PLACES; i++) {
		struct link_place *p = &t->place[i];

		if (!p->used)
			return p;
		/* Not before its end has been reported. */
		if (!p->present && !p->told_up && (!oldest || p->since < oldest->since))
			oldest = p;
	}
	return oldest;
}

static void table_put(struct link_table *t, const struct link *link)
{
	struct link_place *p = table_find(t, link->index);

	if (!p) {
		p = table_room(t);
		if (!p)
			return;
		*p = (struct link_place){.used = true};
	}
	if (!p->present || p->link.has != link->has || strcmp(p->link.name, link->name) != 0)
		t->changes++;
	p->link = *link;
	p->present = true;
	p->generation = t->generation;
}

static void table_drop(struct link_table *t, struct link_place *p)
{
	if (!p || !p->present)
		return;
	p->present = false;
	p->since = ++t->changes;
}

void link_table_message(struct link_table *t, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct link link;

	/* Bridges report their ports by the same messages, with another family: a port that leaves
	 * a bridge has not vanished. */
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*info) || info->ifi_family != AF_UNSPEC)
		return;
	if (message->nlmsg_type == RTM_DELLINK)
		table_drop(t, table_find(t, (unsigned)info->ifi_index));
	else if (message->nlmsg_type == RTM_NEWLINK && link_from_message(&link, message) == 0)
		table_put(t, &link);
}

static int table_each(const struct nlmsghdr *message, void *context)
{
	link_table_message(context, message);
	return MNL_CB_OK;
}

/* A dump is complete: interfaces that it did not have are gone. */
static void table_read(struct link_table *t)
{
	t->reading = false;
	t->stale |= t->cut;
	if (t->cut)
		return;
	for (size_t i = 0; i < LINK_TABLE_PLACES; i++)
		if (t->place[i].used && t->place[i].generation != t->generation)
			table_drop(t, &t->place[i]);
}

static int table_ask(struct link_table *t)
{
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = ++t->generation;
	(void)mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg)); /* all zero: any */
	if (mnl_socket_sendto(t->socket, request, request->nlmsg_len) < 0)
		return -errno;
	t->stale = t->cut = false;
	t->reading = true;
	return 0;
}

/* Processes received messages, up to TABLE_MESSAGES. 0 or -errno. */
static int table_drain(struct link_table *t)
{
	int fd = mnl_socket_get_fd(t->socket);

	for (unsigned messages = 0; messages < TABLE_MESSAGES; messages++) {
		ssize_t got = recv(fd, t->buffer, sizeof(t->buffer), MSG_DONTWAIT);
		int more;

		/* The kernel answers during the request: without an end the dump was flagged as
		 * incomplete. */
		if (got < 0 && errno == EAGAIN) {
			t->stale |= t->reading;
			t->reading = false;
			return 0;
		}
		if (got < 0 && errno == ENOBUFS)
			t->stale = t->cut = true;
		else if (got < 0 && errno != EINTR)
			return -errno;
		if (got < 0)
			continue;
		/* Notifications have sequence number 0, answers have ours. */
		more = mnl_cb_run(t->buffer, (size_t)got, 0, 0, table_each, t);
		if (more == MNL_CB_STOP && t->reading)
			table_read(t);
		else if (more < 0) /* incomplete (NLM_F_DUMP_INTR), or refused */
			t->cut = true;
	}
	return 0;
}

int link_table_refresh(struct link_table *t)
{
	uint64_t before = t->changes;
	int error = 0;

	for (int try = 0; try < TABLE_TRIES && !error; try++) {
		error = table_drain(t);
		if (error || !t->stale || t->reading)
			break;
		error = table_ask(t);
	}
	return error ? error : t->changes != before;
}

struct link_table *link_table_open(struct failure *f)
{
	struct link_table *t = calloc(1, sizeof(*t));
	enum link_change ignored;
	int error = ENOMEM;

	if (!t)
		goto err0;
	t->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!t->socket || mnl_socket_bind(t->socket, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0) {
		error = errno;
		goto err1;
	}
	t->stale = true;
	error = -link_table_refresh(t);
	if (error > 0)
		goto err1;
	while (link_table_changed(t, &ignored)) {
	}
	return t;
err1:
	link_table_close(t);
err0:
	failure_set(f, EXIT_SOFTWARE, "cannot follow the interfaces: %s", strerror(error));
	return NULL;
}

void link_table_close(struct link_table *t)
{
	if (!t)
		return;
	if (t->socket)
		(void)mnl_socket_close(t->socket); /* a failure does not matter */
	free(t);
}

int link_table_fd(const struct link_table *t)
{
	return mnl_socket_get_fd(t->socket);
}

const struct link *link_table_changed(struct link_table *t, enum link_change *change)
{
	for (size_t i = 0; i < LINK_TABLE_PLACES; i++) {
		struct link_place *p = &t->place[i];

		if (!p->used || place_is_up(p) == p->told_up)
			continue;
		p->told_up = !p->told_up;
		*change = p->told_up ? LINK_CAME_UP : p->present ? LINK_WENT_DOWN : LINK_VANISHED;
		return &p->link;
	}
	return NULL;
}

const struct link *link_table_by_name(const struct link_table *t, const char *name)
{
	for (size_t i = 0; i < LINK_TABLE_PLACES; i++)
		if (t->place[i].present && strcmp(t->place[i].link.name, name) == 0)
			return &t->place[i].link;
	return NULL;
}

const struct link *link_table_by_index(const struct link_table *t, unsigned index)
{
	for (size_t i = 0; i < LINK_TABLE_PLACES; i++)
		if (t->place[i].used && t->place[i].link.index == index)
			return &t->place[i].link;
	return NULL;
}

const struct link *link_table_get(const struct link_table *t, size_t number)
{
	for (size_t i = 0; i < LINK_TABLE_PLACES; i++)
		if (t->place[i].present && number-- == 0)
			return &t->place[i].link;
	return NULL;
}
