/* cage_seccomp: allows the system calls that the watch loop needs; any other kills the process. */
#include "sandbox/cage_layers.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Names that an architecture does not have are skipped by libseccomp. */
// clang-format off
static const int calls_helper[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(recv),
	SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(send), SCMP_SYS(close),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn), SCMP_SYS(restart_syscall),
	SCMP_SYS(exit), SCMP_SYS(exit_group),
};

static const int calls_watch[] = {
	SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(writev), SCMP_SYS(pwrite64),
	SCMP_SYS(recvmmsg), SCMP_SYS(recvmmsg_time64), SCMP_SYS(sendmmsg), SCMP_SYS(getsockopt),
	SCMP_SYS(select), SCMP_SYS(_newselect), SCMP_SYS(pselect6), SCMP_SYS(pselect6_time64),
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_ctl),
	SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_settime64),
	SCMP_SYS(timerfd_gettime), SCMP_SYS(timerfd_gettime64),
	SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(fstat), SCMP_SYS(fstat64), SCMP_SYS(fadvise64),
	SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64),
	SCMP_SYS(nanosleep), SCMP_SYS(times), SCMP_SYS(getrusage), SCMP_SYS(sysinfo),
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(brk), SCMP_SYS(madvise),
	SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigpending),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getrandom), SCMP_SYS(uname),
	SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate),
};

/* Landlock restricts the paths. */
static const int calls_files[] = {
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(rename), SCMP_SYS(renameat),
	SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(fchmod),
};

/* Calls that libc makes by itself (time zones, locales, a name for the heap) and that may fail. */
static const int calls_refused[] = {
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(stat),
	SCMP_SYS(lstat), SCMP_SYS(stat64), SCMP_SYS(lstat64), SCMP_SYS(prctl),
};
// clang-format on

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool calls_have(const int *calls, size_t count, int call)
{
	for (size_t i = 0; i < count; i++)
		if (calls[i] == call)
			return true;
	return false;
}

static int filter_allow(scmp_filter_ctx filter, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);

		if (error < 0)
			return error;
	}
	return 0;
}

/* Calls that are allowed with certain arguments only. */
static int filter_allow_some(scmp_filter_ctx filter)
{
	static const unsigned long ioctls[] = {TCGETS, TIOCGWINSZ, FIONREAD};
	static const int fcntls[] = {F_GETFD, F_GETFL, F_SETFL};
	static const int fcntl_calls[] = {SCMP_SYS(fcntl), SCMP_SYS(fcntl64)};
	static const int maps[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)};
	static const int stats[] = {SCMP_SYS(newfstatat), SCMP_SYS(fstatat64)};
	int error = 0;

	/* Memory is never executable. */
	for (size_t i = 0; i < COUNT(maps) && !error; i++)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, maps[i], 1,
					 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	for (size_t i = 0; i < COUNT(ioctls) && !error; i++)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
					 SCMP_A1_32(SCMP_CMP_EQ, ioctls[i]));
	for (size_t c = 0; c < COUNT(fcntl_calls); c++)
		for (size_t i = 0; i < COUNT(fcntls) && !error; i++)
			error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, fcntl_calls[c], 1,
						 SCMP_A1_32(SCMP_CMP_EQ, (scmp_datum_t)fcntls[i]));
	/* fstat(3) is newfstatat(fd, "", ..., AT_EMPTY_PATH) since glibc 2.33. */
	for (size_t i = 0; i < COUNT(stats) && !error; i++) {
		error = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, stats[i], 1,
			SCMP_A3_32(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
		if (!error)
			error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), stats[i], 1,
						 SCMP_A3_32(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, 0));
	}
	if (!error)
		error = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, SCMP_SYS(statx), 1,
			SCMP_A2_32(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
	/* Limits may be read, not set; signals may be sent to this process only: abort(3),
	 * raise(3). */
	if (!error)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
					 SCMP_A2(SCMP_CMP_EQ, 0));
	if (!error)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
					 SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	return error;
}

static int filter_refuse(scmp_filter_ctx filter, bool files)
{
	size_t lenient_count;
	const int *lenient = cage_lenient_calls(&lenient_count);

	for (size_t i = 0; i < COUNT(calls_refused); i++) {
		int call = calls_refused[i], error;

		if (calls_have(lenient, lenient_count, call) ||
		    (files && calls_have(calls_files, COUNT(calls_files), call)))
			continue;
		error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), call, 0);
		if (error < 0)
			return error;
	}
	return 0;
}

static int filter_fill(scmp_filter_ctx filter, enum cage_calls calls)
{
	bool files = calls == CAGE_CALLS_FILES;
	size_t lenient_count;
	const int *lenient = cage_lenient_calls(&lenient_count);
	int error = filter_allow(filter, calls_helper, COUNT(calls_helper));

	if (!error && (calls != CAGE_CALLS_HELPER || lenient_count > 0))
		error = filter_allow(filter, calls_watch, COUNT(calls_watch));
	if (!error && (calls != CAGE_CALLS_HELPER || lenient_count > 0))
		error = filter_allow_some(filter);
	if (!error && files)
		error = filter_allow(filter, calls_files, COUNT(calls_files));
	if (!error)
		error = filter_refuse(filter, files);
	if (!error)
		error = filter_allow(filter, lenient, lenient_count);
	return error;
}

int cage_filter(enum cage_calls calls, struct failure *f)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int error = filter ? 0 : -ENOMEM;

	/* As a binary tree: the filter runs many thousand times a second. */
	if (!error)
		error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	/* Return the kernel's errno instead of ECANCELED. */
	if (!error)
		error = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (!error)
		error = filter_fill(filter, calls);
	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	if (error < 0)
		return failure_set(f, EXIT_SOFTWARE, "cannot filter system calls with seccomp: %s",
				   strerror(-error));
	return 0;
}
