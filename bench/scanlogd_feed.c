/*
 * scanlogd_feed: lets the installed scanlogd run on a capture, or tells what it logs while live.
 *
 * Preloaded into it. With SCANLOGD_CAPTURE its raw socket delivers the IPv4 TCP datagrams of that
 * file one by one, and its clocks are those of the capture, so that a day passes in a moment and
 * each of its time rules sees the times that were. What it logs goes to standard output either way,
 * after "SECONDS.MILLISECONDS " of the clock it lives by. It stays attached, and keeps its rights;
 * nothing else about the program is changed.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

/* glibc's name for what a fortified program calls. */
void __syslog_chk(int priority, int flag, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static pcap_t *capture;
static struct timespec now;
static int out = -1, fed = -1;

__attribute__((constructor)) static void feed_begin(void)
{
	const char *path = getenv("SCANLOGD_CAPTURE");
	char error[PCAP_ERRBUF_SIZE];

	out = fcntl(STDOUT_FILENO, F_DUPFD, 100);
	if (!path)
		return;
	capture = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!capture) {
		fprintf(stderr, "scanlogd_feed: %s\n", error);
		_exit(1);
	}
}

/* The IP datagram of a frame, or NULL: Ethernet with VLAN tags, cooked, loopback, raw. */
static const uint8_t *frame_datagram(const uint8_t *frame, size_t length, size_t *left)
{
	size_t at = 0;
	int type = 0x0800;

	switch (pcap_datalink(capture)) {
	case DLT_EN10MB:
		at = 14;
		while (length >= at && frame[at - 2] == 0x81 && frame[at - 1] == 0)
			at += 4;
		break;
	case DLT_LINUX_SLL:
		at = 16;
		break;
	case DLT_LINUX_SLL2:
		at = 20;
		break;
	case DLT_NULL:
		at = 4;
		break;
	}
	if (length < at + 20)
		return NULL;
	if (pcap_datalink(capture) == DLT_EN10MB || pcap_datalink(capture) == DLT_LINUX_SLL)
		type = frame[at - 2] << 8 | frame[at - 1];
	*left = length - at;
	return type == 0x0800 && frame[at] >> 4 == 4 ? frame + at : NULL;
}

/* What a raw socket for TCP would get: no fragments, no more than the datagram. */
static ssize_t feed_next(uint8_t *buffer, size_t size)
{
	struct pcap_pkthdr *header;
	const u_char *frame;

	while (pcap_next_ex(capture, &header, &frame) == 1) {
		size_t left = 0;
		const uint8_t *ip = frame_datagram(frame, header->caplen, &left);
		size_t total = ip ? (size_t)(ip[2] << 8 | ip[3]) : 0;

		now = (struct timespec){header->ts.tv_sec, header->ts.tv_usec};
		if (!ip || ip[9] != IPPROTO_TCP || (ip[6] & 0x3f) || ip[7] || total < 20)
			continue;
		left = left < total ? left : total;
		left = left < size ? left : size;
		memcpy(buffer, ip, left);
		return (ssize_t)left;
	}
	_exit(0);
}

int socket(int family, int type, int protocol)
{
	int (*real)(int, int, int) = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");

	if (!capture || type != SOCK_RAW)
		return real(family, type, protocol);
	fed = open("/dev/null", O_RDONLY);
	return fed;
}

ssize_t read(int fd, void *buffer, size_t size)
{
	static ssize_t (*real)(int, void *, size_t);

	if (capture && fd == fed)
		return feed_next(buffer, size);
	if (!real)
		real = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
	return real(fd, buffer, size);
}

clock_t times(struct tms *usage)
{
	clock_t (*real)(struct tms *) = (clock_t(*)(struct tms *))dlsym(RTLD_NEXT, "times");
	long ticks = sysconf(_SC_CLK_TCK);

	return capture ? now.tv_sec * ticks + now.tv_nsec / (1000000000 / ticks) : real(usage);
}

time_t time(time_t *at)
{
	struct timespec t = now;

	if (!capture)
		(void)clock_gettime(CLOCK_REALTIME, &t);
	if (at)
		*at = t.tv_sec;
	return t.tv_sec;
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
	struct timespec t = now;
	char line[1024];
	va_list list;
	int length;

	(void)priority;
	(void)flag;
	if (!capture)
		(void)clock_gettime(CLOCK_REALTIME, &t);
	length = snprintf(line, sizeof(line), "%lld.%03ld ", (long long)t.tv_sec,
			  t.tv_nsec / 1000000);
	va_start(list, format);
	length += vsnprintf(line + length, sizeof(line) - (size_t)length - 1, format, list);
	va_end(list);
	if (length > (int)sizeof(line) - 2)
		length = sizeof(line) - 2;
	line[length++] = '\n';
	if (write(out, line, (size_t)length) < 0)
		_exit(1);
}

/* It stays the process that was started. */
pid_t fork(void)
{
	return 0;
}

int dup2(int from, int to)
{
	(void)from;
	return to;
}

int chroot(const char *path)
{
	(void)path;
	return 0;
}

int chdir(const char *path)
{
	(void)path;
	return 0;
}

int setgid(gid_t gid)
{
	(void)gid;
	return 0;
}

int setgroups(size_t count, const gid_t *list)
{
	(void)count;
	(void)list;
	return 0;
}

int setuid(uid_t uid)
{
	(void)uid;
	return 0;
}
