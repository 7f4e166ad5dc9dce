/* cage_self_test: tries to leave the cage, by every way that somebody inside would try. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "system/cage.h"
#include "system/cage_layers.h"

/* Made before the cage is entered, as the detector's own are. */
struct attempt_tools {
	int stream;  /* a TCP socket, not connected */
	int unix_fd; /* a unix datagram socket */
	char path[64];
};

/* Each returns what its call did: negative with errno, or it escaped. Those that succeed outside
 * the cage do no harm there. */
struct attempt {
	const char *name;
	long (*try)(const struct attempt_tools *tools);
	bool lenient; /* sanitizers need it */
};

static long open_then_close(int fd)
{
	if (fd >= 0)
		(void)close(fd); /* it escaped; that is all to know */
	return fd;
}

static long try_shadow(const struct attempt_tools *tools)
{
	(void)tools;
	return open_then_close(open("/etc/shadow", O_RDONLY));
}

static long try_passwd(const struct attempt_tools *tools)
{
	(void)tools;
	return open_then_close(open("/etc/passwd", O_RDONLY));
}

static long try_directory(const struct attempt_tools *tools)
{
	(void)tools;
	return open_then_close(open("/", O_RDONLY | O_DIRECTORY));
}

static long try_create(const struct attempt_tools *tools)
{
	int fd = open(tools->path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd >= 0)
		(void)unlink(tools->path); /* as above */
	return open_then_close(fd);
}

static long try_mkdir(const struct attempt_tools *tools)
{
	int result = mkdir(tools->path, 0700);

	if (result == 0)
		(void)rmdir(tools->path); /* as above */
	return result;
}

static long try_symlink(const struct attempt_tools *tools)
{
	int result = symlink("/etc/shadow", tools->path);

	if (result == 0)
		(void)unlink(tools->path); /* as above */
	return result;
}

static long try_memory_of_others(const struct attempt_tools *tools)
{
	(void)tools;
	return open_then_close(open("/dev/mem", O_RDONLY));
}

static long try_execve(const struct attempt_tools *tools)
{
	char program[] = "/bin/true";
	char *argv[] = {program, NULL}, *environment[] = {NULL};

	(void)tools;
	return execve(program, argv, environment);
}

static long try_memfd(const struct attempt_tools *tools)
{
	(void)tools;
	return memfd_create("portlight", 0);
}

static long try_fork(const struct attempt_tools *tools)
{
	/* The bare call: fork(3) asks for more that may be refused first. */
	long child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	(void)tools;
	if (child == 0)
		_exit(0);
	return child;
}

static long try_socket4(const struct attempt_tools *tools)
{
	(void)tools;
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long try_socket6(const struct attempt_tools *tools)
{
	(void)tools;
	return socket(AF_INET6, SOCK_DGRAM, 0);
}

static long try_socket_unix(const struct attempt_tools *tools)
{
	(void)tools;
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long try_socket_packet(const struct attempt_tools *tools)
{
	(void)tools;
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static long try_socket_raw(const struct attempt_tools *tools)
{
	(void)tools;
	return socket(AF_INET, SOCK_RAW, IPPROTO_TCP);
}

static long try_socket_netlink(const struct attempt_tools *tools)
{
	(void)tools;
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

static const struct sockaddr_in discard_port = {
	.sin_family = AF_INET,
	.sin_port = 0x0900, /* whatever the byte order: nobody is there, or it is refused first */
	.sin_addr = {0x0100007f},
};

static long try_connect(const struct attempt_tools *tools)
{
	int result = connect(tools->stream, (const struct sockaddr *)&discard_port,
			     sizeof(discard_port));

	return result != 0 && errno == ECONNREFUSED ? 0 : result; /* it asked: escaped */
}

static long try_bind(const struct attempt_tools *tools)
{
	struct sockaddr_in any = {.sin_family = AF_INET};

	return bind(tools->stream, (struct sockaddr *)&any, sizeof(any));
}

static long try_listen(const struct attempt_tools *tools)
{
	return listen(tools->stream, 1);
}

static long try_socket_option(const struct attempt_tools *tools)
{
	int bytes = 1 << 20;

	return setsockopt(tools->unix_fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

static long try_kill_parent(const struct attempt_tools *tools)
{
	(void)tools;
	return kill((pid_t)syscall(SYS_getppid), 0);
}

static long try_kill_all(const struct attempt_tools *tools)
{
	(void)tools;
	return kill(-1, 0);
}

static long try_ptrace(const struct attempt_tools *tools)
{
	(void)tools;
	return ptrace(PTRACE_SEIZE, (pid_t)syscall(SYS_getppid), NULL, NULL);
}

static long try_read_parent(const struct attempt_tools *tools)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {(void *)(uintptr_t)&discard_port, 1};

	(void)tools;
	return process_vm_readv((pid_t)syscall(SYS_getppid), &here, 1, &there, 1, 0);
}

static long try_setuid(const struct attempt_tools *tools)
{
	(void)tools;
	return syscall(SYS_setuid, 0);
}

static long try_setgroups(const struct attempt_tools *tools)
{
	gid_t root = 0;

	(void)tools;
	return syscall(SYS_setgroups, 1, &root);
}

static long try_capset(const struct attempt_tools *tools)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{.effective = UINT32_MAX, .permitted = UINT32_MAX},
						 {0}};

	(void)tools;
	return syscall(SYS_capset, &header, data);
}

static long try_user_namespace(const struct attempt_tools *tools)
{
	(void)tools;
	return unshare(CLONE_NEWUSER);
}

static long try_network_namespace(const struct attempt_tools *tools)
{
	(void)tools;
	return unshare(CLONE_NEWNET);
}

static long try_chroot(const struct attempt_tools *tools)
{
	(void)tools;
	return chroot("/");
}

static long try_mount(const struct attempt_tools *tools)
{
	int result = mount("none", "/", "portlight-no-such", 0, NULL);

	(void)tools;
	return result != 0 && errno == ENODEV ? 0 : result; /* asked after the permission */
}

static long try_bpf(const struct attempt_tools *tools)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	(void)tools;
	return syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map));
}

static long try_perf(const struct attempt_tools *tools)
{
	struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = sizeof(event)};

	(void)tools;
	return syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
}

static long try_io_uring(const struct attempt_tools *tools)
{
	char parameters[256] = {0};

	(void)tools;
	return syscall(SYS_io_uring_setup, 1, parameters);
}

static long try_userfaultfd(const struct attempt_tools *tools)
{
	(void)tools;
	return syscall(SYS_userfaultfd, 0);
}

static long try_keys(const struct attempt_tools *tools)
{
	(void)tools;
	return syscall(SYS_add_key, "user", "portlight", "x", 1, -3 /* session keyring */);
}

static long try_module(const struct attempt_tools *tools)
{
	long result = syscall(SYS_init_module, NULL, 0, "");

	(void)tools;
	return result != 0 && errno != EPERM && errno != ENOSYS ? 0 : result;
}

static long try_terminal(const struct attempt_tools *tools)
{
	char c = ' ';

	(void)tools;
	return ioctl(STDIN_FILENO, TIOCSTI, &c);
}

static long try_executable_memory(const struct attempt_tools *tools)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)tools;
	return page == MAP_FAILED ? -1 : 0;
}

static long try_limits(const struct attempt_tools *tools)
{
	struct rlimit64 {
		uint64_t now, most;
	} limit = {1024, 1024};

	(void)tools;
	return syscall(SYS_prlimit64, 0, 7 /* RLIMIT_NOFILE */, &limit, NULL);
}

static const struct attempt attempts[] = {
	{"read /etc/shadow", try_shadow},
	{"read /etc/passwd", try_passwd},
	{"list the root directory", try_directory},
	{"make a file in /tmp", try_create},
	{"make a directory in /tmp", try_mkdir},
	{"make a symbolic link in /tmp", try_symlink},
	{"read the machine's memory", try_memory_of_others},
	{"run another program", try_execve},
	{"make a file in memory", try_memfd},
	{"start another process", try_fork, .lenient = true},
	{"open a TCP socket", try_socket4},
	{"open a UDP socket over IPv6", try_socket6},
	{"open a unix socket", try_socket_unix},
	{"open a packet socket", try_socket_packet},
	{"open a raw socket", try_socket_raw},
	{"open a netlink socket", try_socket_netlink},
	{"connect an open socket", try_connect},
	{"bind an open socket", try_bind},
	{"listen on an open socket", try_listen},
	{"set an option of an open socket", try_socket_option},
	{"signal the parent process", try_kill_parent},
	{"signal all processes", try_kill_all},
	{"trace the parent process", try_ptrace},
	{"read the parent's memory", try_read_parent},
	{"become root", try_setuid},
	{"join the group root", try_setgroups},
	{"take capabilities", try_capset},
	{"make a user namespace", try_user_namespace},
	{"make a network namespace", try_network_namespace},
	{"change the root directory", try_chroot},
	{"mount a file system", try_mount},
	{"load a BPF map", try_bpf},
	{"open performance counters", try_perf},
	{"set up an io_uring", try_io_uring},
	{"handle page faults", try_userfaultfd},
	{"add a key to the kernel's keyring", try_keys},
	{"load a kernel module", try_module},
	{"type into the terminal", try_terminal},
	{"make memory that is executable", try_executable_memory},
	{"change a resource limit", try_limits},
};

/* Exit status of a child: 0 it escaped, 1..133 the errno that refused, or: */
enum attempt_status {
	ATTEMPT_NO_CAGE = 250, /* the cage could not be entered */
	ATTEMPT_NO_TOOLS,
};

/* Longer than any attempt takes; the child dies of it. */
#define ATTEMPT_SECONDS 10

static int tools_make(struct attempt_tools *tools)
{
	(void)snprintf(tools->path, sizeof(tools->path), "/tmp/portlight-escape-%ld",
		       (long)getpid());
	tools->stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	tools->unix_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return tools->stream < 0 || tools->unix_fd < 0 ? -1 : 0;
}

static int attempt_child(const struct cage_conf *conf, const struct attempt *attempt, bool filter)
{
	struct attempt_tools tools;
	struct failure f = {0};
	struct cage cage;

	(void)alarm(ATTEMPT_SECONDS);
	if (tools_make(&tools) < 0)
		return ATTEMPT_NO_TOOLS;
	if (cage_enter_layers(conf, filter, &cage, &f) < 0)
		return ATTEMPT_NO_CAGE;
	errno = 0;
	if (attempt->try(&tools) >= 0)
		return 0;
	return errno > 0 && errno < ATTEMPT_NO_CAGE ? errno : EPERM;
}

/* What waitpid(2) says, or -1. */
static int attempt_run(const struct cage_conf *conf, const struct attempt *attempt, bool filter)
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

/* One line. Returns whether it was refused, or is one that sanitizers need. */
static bool attempt_report(const struct cage_conf *conf, const struct attempt *attempt,
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

/* What the detector must still be able to do; 0, or the number of the step that failed. */
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

/* The kernel's view of the caged process: proc(5), status. */
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
		return 0; /* no /proc here: cage_enter has asked the kernel already */
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

/* Enters the cage in a child that tells how it turned out: -1 with *f if it cannot be entered. */
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
		(void)waitpid(child, NULL, 0); /* it has told, or it is dead */
	*cage = told.cage;
	if (told.result < 0)
		*f = told.failure;
	return told.result;
}

int cage_self_test(const struct cage_conf *conf, FILE *out)
{
	const size_t count = sizeof(attempts) / sizeof(attempts[0]);
	struct failure f = {0};
	struct cage cage;
	char text[160];
	int bad = 0, status;
	pid_t child;

	(void)fflush(out); /* or each child would have a copy of what is not written yet */
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
