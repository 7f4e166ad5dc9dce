/* The cage holds, and the attempts to leave it are real ones; each in a child that may be lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/cage.h"
#include "sandbox/cage_attempts.h"
#include "sandbox/cage_layers.h"

/* What waitpid(2) says of a child that does this. */
static int child_status(int (*body)(void))
{
	pid_t child = fork();
	int status = -1;

	if (child == 0)
		_exit(body());
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static int exit_status(int (*body)(void))
{
	int status = child_status(body);

	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void nothing_escapes(void **state)
{
	struct cage_conf conf = {0};
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	int escaped;

	(void)state;
	assert_non_null(out);
	escaped = cage_self_test(&conf, out);
	(void)fclose(out);
	if (escaped)
		print_message("%s", text);
	assert_int_equal(escaped, 0);
	assert_null(strstr(text, "ESCAPED"));
	assert_non_null(strstr(text, "refused  read /etc/shadow "));
	assert_non_null(strstr(text, "works    what the detector needs\n"));
	free(text);
}

/* Outside the cage an attempt succeeds, or the cage would get praise for the work of others. */
static bool attempt_succeeds(const struct cage_attempt *attempt)
{
	struct cage_tools tools = {.path = "/tmp/portlight-test-escape"};
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		tools.stream = socket(AF_INET, SOCK_STREAM, 0);
		tools.unix_fd = socket(AF_UNIX, SOCK_DGRAM, 0);
		_exit(attempt->try(&tools) < 0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void attempts_are_real(void **state)
{
	/* Any user may do these on any Linux. */
	static const char *const possible[] = {
		"read /etc/passwd",
		"list the root directory",
		"create a file in a world-writable folder",
		"make a directory there",
		"make a symbolic link there",
		"run another program",
		"make a file in memory",
		"start another process",
		"open a TCP socket",
		"open a unix socket",
		"open a netlink socket",
		"connect an open socket",
		"bind an open socket",
		"listen on an open socket",
		"set an option of an open socket",
		"signal the parent process",
		"make memory that is executable",
		"change a resource limit",
	};
	const size_t wanted = sizeof(possible) / sizeof(possible[0]);
	size_t count, found = 0;
	const struct cage_attempt *attempts = cage_attempts(&count);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t p = 0; p < wanted; p++) {
			if (strcmp(attempts[i].name, possible[p]) != 0)
				continue;
			found++;
			if (!attempt_succeeds(&attempts[i]))
				fail_msg("\"%s\" fails outside the cage too", possible[p]);
		}
	assert_int_equal(found, wanted);
}

static int socket_body(void)
{
	struct cage_conf conf = {0};
	struct failure f = {0};
	struct cage cage;

	if (cage_enter(&conf, &cage, &f) < 0)
		return 1;
	(void)socket(AF_INET, SOCK_STREAM, 0);
	return 2;
}

static void forbidden_call_kills(void **state)
{
	int status = child_status(socket_body);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static int number_compare(const void *left, const void *right)
{
	const int *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* libc's own errands must not kill: time zones, the size of memory that qsort(3) asks. */
static int libc_body(void)
{
	struct cage_conf conf = {0};
	struct failure f = {0};
	struct cage cage;
	time_t now = time(NULL);
	struct tm local;
	char text[64];
	int numbers[3000];
	struct stat about;

	if (cage_enter(&conf, &cage, &f) < 0)
		return 1;
	if (!localtime_r(&now, &local) || strftime(text, sizeof(text), "%c", &local) == 0)
		return 2;
	if (fopen("/etc/hostname", "r") || errno != EACCES)
		return 3;
	if (stat("/etc/hostname", &about) == 0 && !cage.lenient)
		return 4;
	for (int i = 0; i < 3000; i++)
		numbers[i] = (i * 7919) % 3001;
	qsort(numbers, 3000, sizeof(numbers[0]), number_compare);
	if (numbers[0] != 0 || numbers[2999] < numbers[0])
		return 5;
	if (fstat(STDOUT_FILENO, &about) != 0 && errno != EBADF)
		return 6;
	return 0;
}

static void libc_lives(void **state)
{
	(void)state;
	assert_int_equal(exit_status(libc_body), 0);
}

static int abort_body(void)
{
	struct cage_conf conf = {0};
	struct failure f = {0};
	struct cage cage;

	(void)signal(SIGABRT, SIG_DFL);
	if (cage_enter(&conf, &cage, &f) < 0)
		return 1;
	(void)raise(SIGABRT);
	return 2;
}

static void abort_is_an_abort(void **state)
{
	int status = child_status(abort_body);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void *thread_body(void *context)
{
	(void)pause();
	return context;
}

static int thread_too_many_body(void)
{
	struct cage_conf conf = {0};
	struct failure f = {0};
	struct cage cage;
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_body, NULL) != 0)
		return 1;
	if (cage_enter(&conf, &cage, &f) == 0)
		return 2;
	return strstr(f.text, "2 threads") ? 0 : 3;
}

static void threads_are_too_late(void **state)
{
	(void)state;
	assert_int_equal(exit_status(thread_too_many_body), 0);
}

static int twice_body(void)
{
	struct failure f = {0};
	struct cage cage;

	/* The parts that can be taken twice: the second has nothing left to lose. */
	if (cage_become(NULL, 0, &cage, &f) < 0 || cage_become(NULL, 0, &cage, &f) < 0)
		return 1;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE) != 0)
		return 2;
	if (geteuid() != cage.uid || getegid() != cage.gid)
		return 3;
	return getgroups(0, NULL) == 0 || cage.same_user ? 0 : 4;
}

static void becoming_is_for_good(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("# only root has groups to give up\n");
		skip();
	}
	assert_int_equal(exit_status(twice_body), 0);
}

static void too_many_directories_are_refused(void **state)
{
	struct cage_conf conf = {.writable_count = CAGE_PATHS + 1};
	struct failure f = {0};
	struct cage cage;

	(void)state;
	assert_int_equal(cage_enter(&conf, &cage, &f), -1);
	assert_int_equal(f.exit_code, EXIT_USAGE);
	/* And it was refused before anything was given up. */
	assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
}

static void description_says_it_all(void **state)
{
	struct cage cage = {.user = "somebody", .landlock_abi = 4};
	char text[160], small[10];

	(void)state;
	assert_string_equal(cage_describe(&cage, text, sizeof(text)),
			    "user somebody, no capabilities, Landlock 4, seccomp");
	cage.landlock_abi = 0;
	assert_string_equal(cage_describe(&cage, text, sizeof(text)),
			    "user somebody, no capabilities, no Landlock in this kernel, seccomp");
	cage.lenient = true;
	assert_non_null(strstr(cage_describe(&cage, text, sizeof(text)), "holes for sanitizers"));
	assert_string_equal(cage_describe(&cage, small, sizeof(small)), "user some");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_escapes),
		cmocka_unit_test(attempts_are_real),
		cmocka_unit_test(forbidden_call_kills),
		cmocka_unit_test(libc_lives),
		cmocka_unit_test(abort_is_an_abort),
		cmocka_unit_test(threads_are_too_late),
		cmocka_unit_test(becoming_is_for_good),
		cmocka_unit_test(too_many_directories_are_refused),
		cmocka_unit_test(description_says_it_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
