/* blocker_helper: the process that changes the packet filter, with no other privilege. */
#include "blocker/blocker_helper.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "blocker/blocker_table.h"
#include "sandbox/cage_layers.h"

struct helper_entry {
	struct addr source;
	uint64_t until_ns; /* CLOCK_MONOTONIC, as the kernel's timeouts */
};

struct helper {
	const struct blocker_conf *conf;
	struct blocker_table table;
	struct helper_entry *entry; /* conf->most */
	uint32_t count;
	int fd;
};

/* Closes all descriptors but the two given. 0..2 become /dev/null, so that no pipe of the main
 * process is kept open. */
static void helper_close_others(int a, int b)
{
	unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= 2; fd++)
		if (null >= 0 && fd != a && fd != b)
			(void)dup2(null, fd); /* if it fails, the descriptor stays as it was */
	/* The ranges between these; an empty one fails with EINVAL. */
	if (low > 3)
		(void)close_range(3, low - 1, 0);
	if (high > low + 1 && high > 3)
		(void)close_range(low + 1 > 3 ? low + 1 : 3, high - 1, 0);
	(void)close_range(high + 1 > 3 ? high + 1 : 3, ~0U, 0);
}

/* Ignores signals that are sent to the whole process group (Ctrl-C, a service manager's SIGTERM):
 * the main process handles them, and the helper ends with it. */
static void helper_signals(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2};

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN); /* cannot fail for these */
}

/* Removes entries whose time is over. */
static void helper_expire(struct helper *h, uint64_t now_ns)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < h->count; i++)
		if (h->entry[i].until_ns > now_ns)
			h->entry[kept++] = h->entry[i];
	h->count = kept;
}

static int helper_add(struct helper *h, struct addr source)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t until_ns = now_ns + (uint64_t)h->conf->timeout_s * 1000000000;
	int result;

	/* Checked here as well, since the main process has read untrusted packets. */
	if (ranges_contain(h->conf->never, source))
		return -EPERM;
	helper_expire(h, now_ns);
	for (uint32_t i = 0; i < h->count; i++) {
		if (!addr_equal(h->entry[i].source, source))
			continue;
		result = blocker_table_add(&h->table, source, 1);
		if (result == -ENOENT) /* the kernel's clock was a little ahead of ours */
			result = blocker_table_add(&h->table, source, 0);
		if (result == 0)
			h->entry[i].until_ns = until_ns;
		return result;
	}
	if (h->count == h->conf->most)
		return -ENOSPC;
	result = blocker_table_add(&h->table, source, 0);
	if (result < 0)
		return result == -ENFILE ? -ENOSPC : result; /* the kernel's own count */
	h->entry[h->count++] = (struct helper_entry){source, until_ns};
	return 1;
}

static int helper_clear(struct helper *h)
{
	int result = blocker_table_clear(&h->table);

	if (result == 0)
		h->count = 0;
	return result;
}

/* Serves one request. Returns false if the helper is to end. */
static int helper_serve(struct helper *h)
{
	struct blocker_request request;
	struct blocker_reply reply;
	ssize_t got;

	do
		got = recv(h->fd, &request, sizeof(request), MSG_TRUNC);
	while (got < 0 && errno == EINTR);
	if (got != sizeof(request))
		return 0;
	reply = (struct blocker_reply){.sequence = request.sequence, .result = -EINVAL};
	if (request.op == BLOCKER_ADD)
		reply.result = helper_add(h, request.source);
	else if (request.op == BLOCKER_CLEAR)
		reply.result = helper_clear(h);
	else if (request.op == BLOCKER_QUIT)
		return 0;
	do
		got = send(h->fd, &reply, sizeof(reply), MSG_NOSIGNAL);
	while (got < 0 && errno == EINTR);
	return got == sizeof(reply);
}

/* Applies the layers of cage_enter(), but keeps CAP_NET_ADMIN. */
static int helper_shut_in(const struct blocker_conf *conf, struct failure *f)
{
	struct cage cage;

	if (cage_become(conf->user, UINT32_C(1) << CAP_NET_ADMIN, &cage, f) < 0 ||
	    cage_landlock(NULL, 0, &cage.landlock_abi, f) < 0)
		return -1;
	return cage_filter(CAGE_CALLS_HELPER, f);
}

static int helper_start(struct helper *h, struct failure *f)
{
	int error;

	if (helper_shut_in(h->conf, f) < 0)
		return -1;
	error = blocker_table_make(&h->table, h->conf->most, h->conf->timeout_s);
	if (error == -EPERM)
		return failure_set(f, EXIT_UNAVAILABLE,
				   "cannot make the nftables table inet %s: another process owns "
				   "it, or this network namespace is not ours to change",
				   BLOCKER_TABLE);
	if (error < 0)
		return failure_set(f, EXIT_UNAVAILABLE,
				   "cannot make the nftables table inet %s (nf_tables and Linux "
				   "5.12 are needed): %s",
				   BLOCKER_TABLE, strerror(-error));
	return 0;
}

void blocker_helper(const struct blocker_conf *conf, int fd)
{
	struct helper h = {.conf = conf, .fd = fd};
	struct blocker_hello hello = {0};
	int error = blocker_table_open(&h.table);

	h.entry = calloc(conf->most, sizeof(*h.entry));
	helper_signals();
	if (error < 0 || !h.entry) {
		failure_set(&hello.failure, EXIT_UNAVAILABLE, "cannot talk to nf_tables: %s",
			    strerror(error < 0 ? -error : ENOMEM));
	} else {
		helper_close_others(fd, mnl_socket_get_fd(h.table.socket));
		(void)helper_start(&h, &hello.failure); /* the result is in `hello` */
	}
	if (send(fd, &hello, sizeof(hello), MSG_NOSIGNAL) == sizeof(hello) &&
	    !hello.failure.exit_code) {
		while (helper_serve(&h))
			;
		(void)blocker_table_remove(&h.table); /* if not, it goes with the socket */
	}
	_exit(0);
}
