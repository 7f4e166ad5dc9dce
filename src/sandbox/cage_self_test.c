/* cage_self_test: makes attempts to escape from the cage and reports how each ended. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/cage.h"
#include "sandbox/cage_attempts.h"
#include "sandbox/cage_layers.h"

/* Exit status of a child: 0: it escaped; 1..133: the errno of the refusal; or: */
enum attempt_status {
	ATTEMPT_NO_CAGE = 250, /* the cage could not be entered */
	ATTEMPT_NO_TOOLS,
};

/* Seconds after which SIGALRM kills a child; no attempt takes so long. */
#define ATTEMPT_SECONDS 10

/* A directory in which every user may create files, except in the cage. */
static const char *tools_directory(const struct cage_conf *conf)
{
	static const char *const candidates[] = {"/tmp", "/var/tmp", "/dev/shm"};
	struct stat candidate, writable;

	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		bool taken = stat(candidates[i], &candidate) != 0;

		for (size_t w = 0; w < conf->writable_count && !taken; w++)
			taken = stat(conf->writable[w], &writable) == 0 &&
				writable.st_dev == candidate.st_dev &&
				writable.st_ino == candidate.st_ino;
		if (!taken)
			return candidates[i];
	}
	return "/";
}

static int tools_make(const struct cage_conf *conf, struct cage_tools *tools)
{
	(void)snprintf(tools->path, sizeof(tools->path), "%s/portlight-escape-%ld",
		       tools_directory(conf), (long)getpid());
	tools->stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	tools->unix_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return tools->stream < 0 || tools->unix_fd < 0 ? -1 : 0;
}

static int attempt_child(const struct cage_conf *conf, const struct cage_attempt *attempt,
			 bool filter)
{
	struct cage_tools tools;
	struct failure f = {0};
	struct cage cage;

	(void)alarm(ATTEMPT_SECONDS);
	if (tools_make(conf, &tools) < 0)
		return ATTEMPT_NO_TOOLS;
	if (cage_enter_layers(conf, filter, &cage, &f) < 0)
		return ATTEMPT_NO_CAGE;
	errno = 0;
	if (attempt->try(&tools) >= 0)
		return 0;
	return errno > 0 && errno < ATTEMPT_NO_CAGE ? errno : EPERM;
}

/* The status that waitpid(2) returns, or -1. */
static int attempt_run(const struct cage_conf *conf, const struct cage_attempt *attempt,
		       bool filter)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(attempt_child(conf, attempt, filter));
	if (child < 0)
		return -1;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static bool status_is_kill(int status)
{
	return status >= 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static bool status_is_refusal(int status)
{
	return status_is_kill(status) ||
	       (status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) > 0 &&
		WEXITSTATUS(status) < ATTEMPT_NO_CAGE);
}

static bool status_is_escape(int status)
{
	return status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static const char *status_text(int status)
{
	if (status_is_kill(status))
		return "killed by seccomp";
	if (status_is_escape(status))
		return "done";
	if (status_is_refusal(status))
		return strerror(WEXITSTATUS(status));
	if (status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == ATTEMPT_NO_CAGE)
		return "the cage could not be entered";
	return "could not be tried";
}

/* Prints the line of an attempt. Returns whether it was refused, or is one that sanitizers need. */
static bool attempt_report(const struct cage_conf *conf, const struct cage_attempt *attempt,
			   const struct cage *cage, FILE *out)
{
	int status = attempt_run(conf, attempt, true);
	int bare = attempt_run(conf, attempt, false);
	bool good = status_is_refusal(status);
	const char *word = good ? "refused" : status_is_escape(status) ? "ESCAPED" : "FAILED ";

	if (!good && attempt->lenient && cage->lenient) {
		word = "allowed";
		good = true;
	}
	(void)fprintf(out, "%s  %-36s %s", word, attempt->name, status_text(status));
	if (status_is_refusal(bare))
		(void)fprintf(out, "; without seccomp: %s\n", status_text(bare));
	else
		(void)fprintf(out, "; by seccomp alone\n");
	return good;
}

/* Does what the detector must still be able to do. 0, or the number of the step that failed. */
static int work_memory(void)
{
	char *block = malloc((size_t)4 << 20);
	struct timespec now;

	if (!block)
		return 1;
	memset(block, 1, (size_t)4 << 20);
	free(block);
	return clock_gettime(CLOCK_REALTIME, &now) == 0 ? 0 : 2;
}

static int work_sockets(const int pair[2], int stream)
{
	struct pollfd ready = {pair[1], POLLIN, 0};
	socklen_t length = sizeof(int);
	struct stat about;
	char byte = 'x';
	int type;

	if (send(pair[0], &byte, 1, MSG_NOSIGNAL) != 1 || poll(&ready, 1, 1000) != 1 ||
	    recv(pair[1], &byte, 1, 0) != 1)
		return 3;
	if (getsockopt(stream, SOL_SOCKET, SO_TYPE, &type, &length) != 0)
		return 4;
	return fstat(pair[0], &about) == 0 ? 0 : 5;
}

static int work_files(const struct cage_conf *conf)
{
	char draft[4200], final[4200];

	for (size_t i = 0; i < conf->writable_count; i++) {
		int fd;

		(void)snprintf(draft, sizeof(draft), "%s/.portlight-%ld.new", conf->writable[i],
			       (long)getpid());
		(void)snprintf(final, sizeof(final), "%s/.portlight-%ld", conf->writable[i],
			       (long)getpid());
		fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0)
			return 6;
		if (write(fd, "x", 1) != 1 || fsync(fd) != 0 || close(fd) != 0)
			return 7;
		if (rename(draft, final) != 0 || unlink(final) != 0)
			return 8;
	}
	return 0;
}

/* Prints the kernel's view of the caged process: status of proc(5). */
static int work_status(int fd)
{
	static const char *const wanted[] = {
		"\nCapPrm:\t0000000000000000\n",
		"\nCapEff:\t0000000000000000\n",
		"\nCapAmb:\t0000000000000000\n",
		"\nNoNewPrivs:\t1\n",
		"\nSeccomp:\t2\n",
	};
	char text[4096];
	ssize_t length;

	if (fd < 0)
		return 0; /* no /proc: cage_enter() has verified it with system calls */
	length = pread(fd, text, sizeof(text) - 1, 0);
	if (length <= 0)
		return 9;
	text[length] = '\0';
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!strstr(text, wanted[i]))
			return 10 + (int)i;
	return 0;
}

static int work_child(const struct cage_conf *conf)
{
	struct failure f = {0};
	struct cage cage;
	int status = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	int stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int pair[2], result;

	(void)alarm(ATTEMPT_SECONDS);
	if (stream < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0)
		return ATTEMPT_NO_TOOLS;
	if (cage_enter(conf, &cage, &f) < 0)
		return ATTEMPT_NO_CAGE;
	result = work_memory();
	if (result == 0)
		result = work_sockets(pair, stream);
	if (result == 0)
		result = work_files(conf);
	return result ? result : work_status(status);
}

/* Enters the cage in a child, which reports the result: -1 with *f if it cannot be entered. */
static int cage_try(const struct cage_conf *conf, struct cage *cage, struct failure *f)
{
	struct cage_told {
		int result;
		struct cage cage;
		struct failure failure;
	} told = {.result = -1};
	int pair[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return failure_set(f, EXIT_SOFTWARE, "cannot make a socket pair: %s",
				   strerror(errno));
	child = fork();
	if (child == 0) {
		told.result = cage_enter(conf, &told.cage, &told.failure);
		_exit(write(pair[1], &told, sizeof(told)) == sizeof(told) ? 0 : 1);
	}
	(void)close(pair[1]); /* so that the read ends if the child dies */
	if (child < 0 || read(pair[0], &told, sizeof(told)) != sizeof(told)) {
		(void)snprintf(told.failure.text, sizeof(told.failure.text),
			       "the process that entered the cage died");
		told.failure.exit_code = EXIT_SOFTWARE;
		told.result = -1;
	}
	(void)close(pair[0]); /* was only read */
	if (child > 0)
		(void)waitpid(child, NULL, 0); /* it has reported, or it is dead */
	*cage = told.cage;
	if (told.result < 0)
		*f = told.failure;
	return told.result;
}

int cage_self_test(const struct cage_conf *conf, FILE *out)
{
	size_t count;
	const struct cage_attempt *attempts = cage_attempts(&count);
	struct failure f = {0};
	struct cage cage;
	char text[160];
	int bad = 0, status;
	pid_t child;

	(void)fflush(out); /* or each child would write the buffered output again */
	if (cage_try(conf, &cage, &f) < 0) {
		(void)fprintf(out, "FAILED   the cage could not be entered: %s\n", f.text);
		return 1;
	}
	(void)fprintf(out, "The cage: %s.\n", cage_describe(&cage, text, sizeof(text)));
	for (size_t i = 0; i < count; i++) {
		(void)fflush(out); /* as above */
		bad += !attempt_report(conf, &attempts[i], &cage, out);
	}
	(void)fflush(out); /* as above */
	child = fork();
	if (child == 0)
		_exit(work_child(conf));
	if (child < 0 || waitpid(child, &status, 0) != child)
		status = -1;
	if (status_is_escape(status)) {
		(void)fprintf(out, "works    what the detector needs%s\n",
			      conf->writable_count ? ", writing its files included" : "");
	} else {
		bad++;
		(void)fprintf(out, "FAILED   what the detector needs (status %#x)\n",
			      (unsigned)status);
	}
	(void)fprintf(out, "%zu ways out tried, %d not refused\n", count, bad);
	return bad;
}
