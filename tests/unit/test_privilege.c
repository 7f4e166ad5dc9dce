/* What the process may do, asked and given up; each test in a child that may lose it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/privilege.h"

/* The status that a child leaves with: which of its expectations failed, 0 if none. */
static int in_child(int (*body)(void))
{
	pid_t child = fork();
	int status = -1;

	if (child == 0)
		_exit(body());
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define CANNOT 77

static int drop_body(void)
{
	struct failure f = {0};

	if (privilege_drop(0, &f) != 0 || f.exit_code)
		return 1;
	if (privilege_raw() != PRIVILEGE_RAW_NO_CAP)
		return 2;
	if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != EPERM)
		return 3;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 4;
	return privilege_drop(0, &f) == 0 ? 0 : 5; /* again: there is nothing left to lose */
}

static void drop_is_for_good(void **state)
{
	(void)state;
	assert_int_equal(in_child(drop_body), 0);
}

/* All capabilities of a new user namespace, but its network namespace is still the old one. */
static int foreign_body(void)
{
	if (unshare(CLONE_NEWUSER) != 0)
		return CANNOT;
	return privilege_raw() == PRIVILEGE_RAW_FOREIGN ? 0 : 1;
}

static void foreign_network_is_told_apart(void **state)
{
	int status = in_child(foreign_body);

	(void)state;
	if (status == CANNOT) {
		print_message("# no user namespaces here\n");
		skip();
	}
	assert_int_equal(status, 0);
}

static int own_body(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return CANNOT;
	return privilege_raw() == PRIVILEGE_RAW ? 0 : 1;
}

static void own_network_is_ours(void **state)
{
	int status = in_child(own_body);

	(void)state;
	if (status == CANNOT) {
		print_message("# no user namespaces here\n");
		skip();
	}
	assert_int_equal(status, 0);
}

static int files_body(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 1;
	files.rlim_cur = files.rlim_max < 64 ? files.rlim_max : 64;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		return 2;
	if (privilege_raise_files() != files.rlim_max)
		return 3;
	return getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur == files.rlim_max ? 0 : 4;
}

static void files_are_raised(void **state)
{
	(void)state;
	assert_int_equal(in_child(files_body), 0);
}

static void each_answer_has_words(void **state)
{
	(void)state;
	for (int raw = PRIVILEGE_RAW; raw <= PRIVILEGE_RAW_FOREIGN; raw++) {
		const char *why = privilege_raw_why((enum privilege_raw)raw);

		assert_non_null(why);
		assert_string_not_equal(why, "unknown");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drop_is_for_good),
		cmocka_unit_test(foreign_network_is_told_apart),
		cmocka_unit_test(own_network_is_ours),
		cmocka_unit_test(files_are_raised),
		cmocka_unit_test(each_answer_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
