/* Notifications to the service manager, by sd_notify(3) and sd_watchdog_enabled(3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "system/notify.h"

static int clean(void **state)
{
	(void)state;
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
	return 0;
}

static void nobody_wants_to_know(void **state)
{
	struct notify n;

	(void)state;
	(void)setenv("WATCHDOG_USEC", "1000", 1);
	assert_int_equal(notify_open(&n), 0);
	assert_int_equal(n.fd, -1);
	assert_int_equal(n.watchdog_ns, 0);
	assert_int_equal(notify_send(&n, "READY=1"), 0);
	notify_close(&n);
	(void)setenv("NOTIFY_SOCKET", "", 1);
	assert_int_equal(notify_open(&n), 0);
	assert_int_equal(n.fd, -1);
}

static void bad_addresses_are_refused(void **state)
{
	char longest[200];
	struct notify n;

	(void)state;
	(void)setenv("NOTIFY_SOCKET", "relative", 1);
	assert_int_equal(notify_open(&n), -EINVAL);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	(void)setenv("NOTIFY_SOCKET", longest, 1);
	assert_int_equal(notify_open(&n), -EINVAL);
	(void)setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
	assert_int_equal(notify_open(&n), -ENOENT);
	assert_int_equal(n.fd, -1);
}

/* A manager at an abstract name ('@'); its fd, and the name in the environment. */
static int manager(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char name[80];
	int length = snprintf(name, sizeof(name), "@portlight-test-%ld", (long)getpid());

	assert_true(fd >= 0);
	memcpy(at.sun_path, name, (size_t)length);
	at.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&at,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length)),
			 0);
	(void)setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void manager_is_told(void **state)
{
	int fd = manager();
	struct notify n;
	char text[64];

	(void)state;
	assert_int_equal(notify_open(&n), 0);
	assert_int_equal(notify_send(&n, "READY=1\nSTATUS=x"), 0);
	assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), 16);
	assert_memory_equal(text, "READY=1\nSTATUS=x", 16);
	/* It never waits for a manager that does not read. */
	for (int i = 0; i < 10000 && notify_send(&n, "WATCHDOG=1") == 0; i++)
		;
	assert_int_equal(notify_send(&n, "WATCHDOG=1"), -EAGAIN);
	(void)close(fd);
	assert_true(notify_send(&n, "STOPPING=1") < 0);
	notify_close(&n);
	assert_int_equal(n.fd, -1);
}

static uint64_t watchdog(const char *usec, const char *pid)
{
	int fd = manager();
	struct notify n;

	(void)setenv("WATCHDOG_USEC", usec, 1);
	if (pid)
		(void)setenv("WATCHDOG_PID", pid, 1);
	else
		(void)unsetenv("WATCHDOG_PID");
	assert_int_equal(notify_open(&n), 0);
	notify_close(&n);
	(void)close(fd);
	return n.watchdog_ns;
}

static void watchdog_is_read(void **state)
{
	char ours[32];

	(void)state;
	(void)snprintf(ours, sizeof(ours), "%ld", (long)getpid());
	assert_int_equal(watchdog("30000000", NULL), UINT64_C(30000000000));
	assert_int_equal(watchdog("30000000", ours), UINT64_C(30000000000));
	assert_int_equal(watchdog("30000000", "1"), 0);
	assert_int_equal(watchdog("", NULL), 0);
	assert_int_equal(watchdog("-5", NULL), 0);
	assert_int_equal(watchdog("5s", NULL), 0);
	assert_int_equal(watchdog("99999999999999999999999", NULL), 0);
	assert_int_equal(watchdog("18446744073709551615", NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nobody_wants_to_know, clean),
		cmocka_unit_test_setup(bad_addresses_are_refused, clean),
		cmocka_unit_test_setup(manager_is_told, clean),
		cmocka_unit_test_setup(watchdog_is_read, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
