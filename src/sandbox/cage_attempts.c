/* cage_attempts: the attempts to escape that the cage's self-test makes. */
#include "sandbox/cage_attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long open_then_close(int fd)
{
	if (fd >= 0)
		(void)close(fd); /* it escaped; a failure here does not matter */
	return fd;
}

static long try_shadow(const struct cage_tools *tools)
{
	(void)tools;
	return open_then_close(open("/etc/shadow", O_RDONLY));
}

static long try_passwd(const struct cage_tools *tools)
{
	(void)tools;
	return open_then_close(open("/etc/passwd", O_RDONLY));
}

static long try_directory(const struct cage_tools *tools)
{
	(void)tools;
	return open_then_close(open("/", O_RDONLY | O_DIRECTORY));
}

static long try_create(const struct cage_tools *tools)
{
	int fd = open(tools->path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd >= 0)
		(void)unlink(tools->path); /* as above */
	return open_then_close(fd);
}

static long try_mkdir(const struct cage_tools *tools)
{
	int result = mkdir(tools->path, 0700);

	if (result == 0)
		(void)rmdir(tools->path); /* as above */
	return result;
}

static long try_symlink(const struct cage_tools *tools)
{
	int result = symlink("/etc/shadow", tools->path);

	if (result == 0)
		(void)unlink(tools->path); /* as above */
	return result;
}

static long try_memory_of_others(const struct cage_tools *tools)
{
	(void)tools;
	return open_then_close(open("/dev/mem", O_RDONLY));
}

static long try_execve(const struct cage_tools *tools)
{
	char program[] = "/bin/true";
	char *argv[] = {program, NULL}, *environment[] = {NULL};

	(void)tools;
	return execve(program, argv, environment);
}

static long try_memfd(const struct cage_tools *tools)
{
	(void)tools;
	return memfd_create("portlight", 0);
}

static long try_fork(const struct cage_tools *tools)
{
	/* The system call itself: fork(3) makes others that may be refused first. */
	long child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	(void)tools;
	if (child == 0)
		_exit(0);
	return child;
}

static long try_socket4(const struct cage_tools *tools)
{
	(void)tools;
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long try_socket6(const struct cage_tools *tools)
{
	(void)tools;
	return socket(AF_INET6, SOCK_DGRAM, 0);
}

static long try_socket_unix(const struct cage_tools *tools)
{
	(void)tools;
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long try_socket_packet(const struct cage_tools *tools)
{
	(void)tools;
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static long try_socket_raw(const struct cage_tools *tools)
{
	(void)tools;
	return socket(AF_INET, SOCK_RAW, IPPROTO_TCP);
}

static long try_socket_netlink(const struct cage_tools *tools)
{
	(void)tools;
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

static const struct sockaddr_in discard_port = {
	.sin_family = AF_INET,
	.sin_port = 0x0900, /* in either byte order a port without listener */
	.sin_addr = {0x0100007f},
};

static long try_connect(const struct cage_tools *tools)
{
	int result = connect(tools->stream, (const struct sockaddr *)&discard_port,
			     sizeof(discard_port));

	return result != 0 && errno == ECONNREFUSED ? 0 : result; /* a SYN was sent: escaped */
}

static long try_bind(const struct cage_tools *tools)
{
	struct sockaddr_in any = {.sin_family = AF_INET};

	return bind(tools->stream, (struct sockaddr *)&any, sizeof(any));
}

static long try_listen(const struct cage_tools *tools)
{
	return listen(tools->stream, 1);
}

static long try_socket_option(const struct cage_tools *tools)
{
	int bytes = 1 << 20;

	return setsockopt(tools->unix_fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

static long try_kill_parent(const struct cage_tools *tools)
{
	(void)tools;
	return kill((pid_t)syscall(SYS_getppid), 0);
}

static long try_kill_all(const struct cage_tools *tools)
{
	(void)tools;
	return kill(-1, 0);
}

static long try_ptrace(const struct cage_tools *tools)
{
	(void)tools;
	return ptrace(PTRACE_SEIZE, (pid_t)syscall(SYS_getppid), NULL, NULL);
}

static long try_read_parent(const struct cage_tools *tools)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {(void *)(uintptr_t)&discard_port, 1};

	(void)tools;
	return process_vm_readv((pid_t)syscall(SYS_getppid), &here, 1, &there, 1, 0);
}

static long try_setuid(const struct cage_tools *tools)
{
	(void)tools;
	return syscall(SYS_setuid, 0);
}

static long try_setgroups(const struct cage_tools *tools)
{
	gid_t root = 0;

	(void)tools;
	return syscall(SYS_setgroups, 1, &root);
}

static long try_capset(const struct cage_tools *tools)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{.effective = UINT32_MAX, .permitted = UINT32_MAX},
						 {0}};

	(void)tools;
	return syscall(SYS_capset, &header, data);
}

static long try_user_namespace(const struct cage_tools *tools)
{
	(void)tools;
	return unshare(CLONE_NEWUSER);
}

static long try_network_namespace(const struct cage_tools *tools)
{
	(void)tools;
	return unshare(CLONE_NEWNET);
}

static long try_chroot(const struct cage_tools *tools)
{
	(void)tools;
	return chroot("/");
}

static long try_mount(const struct cage_tools *tools)
{
	int result = mount("none", "/", "portlight-no-such", 0, NULL);

	(void)tools;
	return result != 0 && errno == ENODEV ? 0 : result; /* checked after the permission */
}

static long try_bpf(const struct cage_tools *tools)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	(void)tools;
	return syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map));
}

static long try_perf(const struct cage_tools *tools)
{
	struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = sizeof(event)};

	(void)tools;
	return syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
}

static long try_io_uring(const struct cage_tools *tools)
{
	char parameters[256] = {0};

	(void)tools;
	return syscall(SYS_io_uring_setup, 1, parameters);
}

static long try_userfaultfd(const struct cage_tools *tools)
{
	(void)tools;
	return syscall(SYS_userfaultfd, 0);
}

static long try_keys(const struct cage_tools *tools)
{
	(void)tools;
	return syscall(SYS_add_key, "user", "portlight", "x", 1, -3 /* session keyring */);
}

static long try_module(const struct cage_tools *tools)
{
	long result = syscall(SYS_init_module, NULL, 0, "");

	(void)tools;
	return result != 0 && errno != EPERM && errno != ENOSYS ? 0 : result;
}

static long try_terminal(const struct cage_tools *tools)
{
	char c = ' ';

	(void)tools;
	return ioctl(STDIN_FILENO, TIOCSTI, &c);
}

static long try_executable_memory(const struct cage_tools *tools)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)tools;
	return page == MAP_FAILED ? -1 : 0;
}

static long try_limits(const struct cage_tools *tools)
{
	struct rlimit64 {
		uint64_t now, most;
	} limit = {1024, 1024};

	(void)tools;
	return syscall(SYS_prlimit64, 0, 7 /* RLIMIT_NOFILE */, &limit, NULL);
}

static const struct cage_attempt attempts[] = {
	{"read /etc/shadow", try_shadow},
	{"read /etc/passwd", try_passwd},
	{"list the root directory", try_directory},
	{"create a file in a world-writable folder", try_create},
	{"make a directory there", try_mkdir},
	{"make a symbolic link there", try_symlink},
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

const struct cage_attempt *cage_attempts(size_t *count)
{
	*count = sizeof(attempts) / sizeof(attempts[0]);
	return attempts;
}
