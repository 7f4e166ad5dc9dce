/* blocker: blocks source addresses for a time, with an nftables table of its own. */
#include "blocker/blocker.h"

#include <assert.h>
#include <cap-ng.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "blocker/blocker_helper.h"

/* Timeout of a request; the helper usually answers within 100 us. */
#define BLOCKER_WAIT_MS	       1000
#define BLOCKER_START_MS       5000

#define BLOCKER_MOST_TIMEOUT_S (30U * 86400)
#define BLOCKER_MOST_SOURCES   65536U

struct blocker {
	int fd;
	pid_t pid;
	uint32_t sequence;
};

void blocker_conf_init(struct blocker_conf *conf)
{
	*conf = (struct blocker_conf){.timeout_s = BLOCKER_TIMEOUT_S, .most = BLOCKER_MOST};
}

static int blocker_check(const struct blocker_conf *conf, struct failure *f)
{
	if (conf->timeout_s < 1 || conf->timeout_s > BLOCKER_MOST_TIMEOUT_S)
		return failure_set(f, EXIT_USAGE,
				   "a source can be blocked for 1 second to 30 days");
	if (conf->most < 1 || conf->most > BLOCKER_MOST_SOURCES)
		return failure_set(f, EXIT_USAGE, "1 to %u sources can be blocked at a time",
				   BLOCKER_MOST_SOURCES);
	if (capng_get_caps_process() != 0 || !capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN))
		return failure_set(f, EXIT_NO_PERMISSION, "blocking needs root or CAP_NET_ADMIN");
	return 0;
}

static int64_t blocker_clock_ms(void)
{
	return (int64_t)(clock_monotonic_ns() / 1000000);
}

/* Receives a message of exactly `size` bytes: 0, -ETIMEDOUT, or -EPIPE if the helper has ended. */
static int blocker_receive(struct blocker *b, void *message, size_t size, int64_t until_ms)
{
	for (;;) {
		int64_t left_ms = until_ms - blocker_clock_ms();
		struct pollfd ready = {b->fd, POLLIN, 0};
		ssize_t got;
		int polled;

		polled = poll(&ready, 1, left_ms > 0 ? (int)left_ms : 0);
		if (polled < 0 && errno == EINTR)
			continue;
		if (polled == 0)
			return -ETIMEDOUT;
		got = recv(b->fd, message, size, MSG_DONTWAIT | MSG_TRUNC);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		return got == (ssize_t)size ? 0 : -EPIPE;
	}
}

static int blocker_ask(struct blocker *b, uint32_t op, struct addr source)
{
	struct blocker_request request = {op, ++b->sequence, source};
	int64_t until_ms = blocker_clock_ms() + BLOCKER_WAIT_MS;
	struct blocker_reply reply;
	ssize_t sent;

	do
		sent = send(b->fd, &request, sizeof(request), MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -EPIPE;
	do {
		int error = blocker_receive(b, &reply, sizeof(reply), until_ms);

		if (error < 0)
			return error;
	} while (reply.sequence != request.sequence); /* skips answers to requests that timed out */
	return reply.result;
}

struct blocker *blocker_open(const struct blocker_conf *conf, struct failure *f)
{
	struct blocker *b = NULL;
	struct blocker_hello hello;
	int pair[2], error;

	assert(conf->never);
	if (blocker_check(conf, f) < 0)
		return NULL;
	b = calloc(1, sizeof(*b));
	if (!b || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		goto err0;
	b->fd = pair[0];
	b->pid = fork();
	if (b->pid == 0)
		blocker_helper(conf, pair[1]);
	error = errno;
	(void)close(pair[1]); /* the child's end */
	if (b->pid < 0)
		goto err1;
	if (blocker_receive(b, &hello, sizeof(hello), blocker_clock_ms() + BLOCKER_START_MS) < 0)
		failure_set(f, EXIT_SOFTWARE, "the helper process for blocking did not start");
	else if (hello.failure.exit_code)
		*f = hello.failure;
	else
		return b;
	(void)close(b->fd); /* makes the helper end, if it is running */
	(void)waitpid(b->pid, NULL, 0);
	free(b);
	return NULL;
err1:
	(void)close(b->fd); /* nothing was written */
	errno = error;
err0:
	failure_set(f, EXIT_SOFTWARE, "cannot start a helper process for blocking: %s",
		    strerror(errno));
	free(b);
	return NULL;
}

int blocker_add(struct blocker *b, struct addr source)
{
	return blocker_ask(b, BLOCKER_ADD, source);
}

int blocker_clear(struct blocker *b)
{
	return blocker_ask(b, BLOCKER_CLEAR, (struct addr){0});
}

bool blocker_has_ended(const struct blocker *b)
{
	struct pollfd connection = {b->fd, POLLIN, 0};

	return poll(&connection, 1, 0) == 1 && connection.revents & (POLLHUP | POLLERR);
}

void blocker_close(struct blocker *b)
{
	if (!b)
		return;
	/* The only answer is the end of the connection, after the table has been removed. */
	(void)blocker_ask(b, BLOCKER_QUIT, (struct addr){0});
	(void)close(b->fd); /* nothing was written */
	free(b);
}

pid_t blocker_pid(const struct blocker *b)
{
	return b->pid;
}
