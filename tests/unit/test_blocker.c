/* The blocker's helper and what a main process that was taken over could ask of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blocker/blocker.h"
#include "blocker/blocker_helper.h"

#define WAIT_MS 10000

struct talk {
	int fd;
	pid_t helper;
};

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, strlen(text), &a), 0);
	return a;
}

/* The next message, or -1 for none in time; 0 at the end. */
static ssize_t hear(const struct talk *talk, void *message, size_t size)
{
	struct pollfd ready = {talk->fd, POLLIN, 0};

	if (poll(&ready, 1, WAIT_MS) != 1)
		return -1;
	return recv(talk->fd, message, size, MSG_TRUNC);
}

/* A helper in a network namespace of its own, so that no packet filter but its own is touched. */
static void helper_start(struct talk *talk)
{
	struct blocker_hello hello;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	talk->fd = pair[0];
	talk->helper = fork();
	if (talk->helper == 0) {
		struct ranges never = {0};
		struct blocker_conf conf;

		blocker_conf_init(&conf);
		conf.most = 2;
		conf.never = &never;
		if (ranges_add(&never, address("198.51.100.0"), address("198.51.100.255")) < 0 ||
		    (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0))
			_exit(1);
		blocker_helper(&conf, pair[1]);
	}
	assert_true(talk->helper > 0);
	(void)close(pair[1]);
	if (hear(talk, &hello, sizeof(hello)) != sizeof(hello) || hello.failure.exit_code) {
		(void)close(talk->fd);
		(void)waitpid(talk->helper, NULL, 0);
		print_message("# no namespaces or no nf_tables here\n");
		skip();
	}
}

/* It has ended, by itself and well. */
static void helper_ends(struct talk *talk)
{
	char byte;
	int status;

	assert_int_equal(hear(talk, &byte, 1), 0);
	(void)close(talk->fd);
	assert_int_equal(waitpid(talk->helper, &status, 0), talk->helper);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int ask(const struct talk *talk, uint32_t op, const char *source)
{
	struct blocker_request request = {op, 4711, address(source)};
	struct blocker_reply reply = {0};

	assert_int_equal(send(talk->fd, &request, sizeof(request), 0), sizeof(request));
	assert_int_equal(hear(talk, &reply, sizeof(reply)), sizeof(reply));
	assert_int_equal(reply.sequence, 4711);
	return reply.result;
}

static void what_is_asked_is_checked(void **state)
{
	struct talk talk;

	(void)state;
	helper_start(&talk);
	assert_int_equal(ask(&talk, BLOCKER_ADD, "198.51.100.7"), -EPERM);
	assert_int_equal(ask(&talk, BLOCKER_ADD, "203.0.113.7"), 1);
	assert_int_equal(ask(&talk, BLOCKER_ADD, "203.0.113.7"), 0);
	assert_int_equal(ask(&talk, BLOCKER_ADD, "2001:db8::7"), 1);
	assert_int_equal(ask(&talk, BLOCKER_ADD, "203.0.113.8"), -ENOSPC);
	assert_int_equal(ask(&talk, BLOCKER_ADD, "198.51.100.7"), -EPERM);
	assert_int_equal(ask(&talk, 0, "203.0.113.7"), -EINVAL);
	assert_int_equal(ask(&talk, UINT32_MAX, "203.0.113.7"), -EINVAL);
	assert_int_equal(ask(&talk, BLOCKER_CLEAR, "::"), 0);
	assert_int_equal(ask(&talk, BLOCKER_ADD, "203.0.113.8"), 1);
	(void)shutdown(talk.fd, SHUT_WR);
	helper_ends(&talk);
}

static void strange_lengths_end_it(void **state)
{
	static const size_t lengths[] = {1, sizeof(struct blocker_request) - 1,
					 sizeof(struct blocker_request) + 1, 4096};
	const char bytes[4096] = {BLOCKER_ADD};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct talk talk;

		helper_start(&talk);
		assert_int_equal(send(talk.fd, bytes, lengths[i], 0), (ssize_t)lengths[i]);
		helper_ends(&talk);
	}
}

static void quit_ends_it(void **state)
{
	struct blocker_request request = {BLOCKER_QUIT, 1, {0, 0}};
	struct talk talk;

	(void)state;
	helper_start(&talk);
	assert_int_equal(send(talk.fd, &request, sizeof(request), 0), sizeof(request));
	helper_ends(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_is_checked),
		cmocka_unit_test(strange_lengths_end_it),
		cmocka_unit_test(quit_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
