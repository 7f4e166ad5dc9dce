/* lab_server: the services of a lab host: TCP listeners and UDP responders, IPv4 and IPv6. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DATAGRAM_MAX = 2048, EVENTS = 64, DNS_HEADER = 12, NTP_LENGTH = 48 };

/* Writes the answer to a request over the request itself; its length, 0 for silence. */
typedef size_t answer_fn(uint8_t *bytes, size_t length);

static size_t answer_echo(uint8_t *bytes, size_t length)
{
	if (length == 0)
		bytes[length++] = '!';
	return length;
}

static size_t answer_silent(uint8_t *bytes, size_t length)
{
	(void)bytes;
	(void)length;
	return 0;
}

/* Answers "not implemented" to a query with at least one question (RFC 1035, 4.1.1). */
static size_t answer_dns(uint8_t *bytes, size_t length)
{
	if (length <= DNS_HEADER || (bytes[2] & 0x80) || (bytes[4] == 0 && bytes[5] == 0))
		return 0;
	bytes[2] |= 0x80;
	bytes[3] = (uint8_t)((bytes[3] & 0xf0) | 4);
	return length;
}

/* NetBIOS name service: a DNS header with a question of fixed size (RFC 1002, 4.2.12 and .17). */
static size_t answer_nbns(uint8_t *bytes, size_t length)
{
	return length == 50 ? answer_dns(bytes, length) : 0;
}

/* Answers a client's packet (mode 3) as a server (mode 4) at stratum 1 (RFC 5905, 7.3). */
static size_t answer_ntp(uint8_t *bytes, size_t length)
{
	if (length < NTP_LENGTH || (bytes[0] & 7) != 3)
		return 0;
	bytes[0] = (uint8_t)((bytes[0] & 0xf8) | 4);
	bytes[1] = 1;
	return NTP_LENGTH;
}

/* Answers what at least looks like an SNMP message: SEQUENCE { INTEGER ... (RFC 3416, 3). */
static size_t answer_snmp(uint8_t *bytes, size_t length)
{
	return length > 4 && bytes[0] == 0x30 && bytes[2] == 0x02 ? length : 0;
}

static const struct service {
	const char *name;
	int type;
	answer_fn *answer;
} services[] = {
	{"tcp", SOCK_STREAM, NULL},
	{"udp-echo", SOCK_DGRAM, answer_echo},
	{"udp-silent", SOCK_DGRAM, answer_silent},
	{"udp-dns", SOCK_DGRAM, answer_dns},
	{"udp-nbns", SOCK_DGRAM, answer_nbns},
	{"udp-ntp", SOCK_DGRAM, answer_ntp},
	{"udp-snmp", SOCK_DGRAM, answer_snmp},
};
enum { SERVICES = sizeof(services) / sizeof(services[0]) };

static void die(const char *what, const char *object)
{
	fprintf(stderr, "lab_server: %s %s: %s\n", what, object, strerror(errno));
	exit(1);
}

static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		die("cannot read", "RLIMIT_NOFILE");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		die("cannot raise", "RLIMIT_NOFILE");
}

/* One socket a family, because a host must serve IPv4 even where IPv6 is off. */
static void serve(int poll, int family, const struct service *service, uint16_t port)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
	const struct sockaddr *to =
		family == AF_INET6 ? (const struct sockaddr *)&six : (const struct sockaddr *)&four;
	socklen_t length = family == AF_INET6 ? sizeof(six) : sizeof(four);
	struct epoll_event event = {.events = EPOLLIN};
	const int on = 1;
	int fd = socket(family, service->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 && family == AF_INET6 && errno == EAFNOSUPPORT)
		return;
	if (fd < 0)
		die("cannot open a socket for", service->name);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0))
		die("cannot set up the socket of", service->name);
	if (bind(fd, to, length) < 0)
		die("cannot bind", service->name);
	if (service->type == SOCK_STREAM && listen(fd, 1024) < 0)
		die("cannot listen for", service->name);
	event.data.u64 = (uint64_t)(service - services) << 32 | (uint32_t)fd;
	if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) < 0)
		die("cannot watch", service->name);
}

/* "22" or "2000-2009" */
static void serve_range(int poll, const struct service *service, const char *text)
{
	char *end;
	unsigned long first = strtoul(text, &end, 10), last = first;

	if (*end == '-')
		last = strtoul(end + 1, &end, 10);
	if (*end != '\0' || first == 0 || last > 65535 || first > last) {
		errno = EINVAL;
		die("not a port or range:", text);
	}
	for (unsigned long port = first; port <= last; port++) {
		serve(poll, AF_INET, service, (uint16_t)port);
		serve(poll, AF_INET6, service, (uint16_t)port);
	}
}

/* A datagram at a time: level-triggered polling brings us back for the next. */
static void respond(int fd, answer_fn *answer)
{
	uint8_t bytes[DATAGRAM_MAX];
	struct sockaddr_storage from;
	socklen_t from_length = sizeof(from);
	ssize_t got = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &from_length);
	size_t length;

	if (got < 0)
		return;
	length = answer(bytes, (size_t)got);
	if (length > 0) /* a lost answer is the network's right */
		(void)sendto(fd, bytes, length, 0, (struct sockaddr *)&from, from_length);
}

static void run(int poll)
{
	struct epoll_event events[EVENTS];

	for (;;) {
		int count = epoll_wait(poll, events, EVENTS, -1);

		for (int i = 0; i < count; i++) {
			const struct service *service = &services[events[i].data.u64 >> 32];
			int fd = (int)(uint32_t)events[i].data.u64, peer;

			if (service->answer) {
				respond(fd, service->answer);
				continue;
			}
			while ((peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
				(void)close(peer); /* the handshake was the service */
		}
	}
}

static const struct service *service_by_name(const char *name)
{
	for (size_t i = 0; i < SERVICES; i++)
		if (strcmp(services[i].name, name) == 0)
			return &services[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct service *service = NULL;
	int poll = epoll_create1(EPOLL_CLOEXEC);
	pid_t child;

	if (argc < 3) {
		fputs("usage: lab_server SERVICE PORTS... [SERVICE PORTS...]...\n"
		      "Returns when all ports are bound; serves on in the background.\n"
		      "SERVICE: tcp udp-echo udp-silent udp-dns udp-nbns udp-ntp udp-snmp\n",
		      stderr);
		return 64;
	}
	if (poll < 0)
		die("cannot open", "epoll");
	raise_limit();
	for (int i = 1; i < argc; i++) {
		const struct service *named = service_by_name(argv[i]);

		if (named) {
			service = named;
		} else if (service) {
			serve_range(poll, service, argv[i]);
		} else {
			errno = EINVAL;
			die("not a service:", argv[i]);
		}
	}
	child = fork();
	if (child < 0)
		die("cannot", "fork");
	if (child > 0)
		return 0;
	/* Release the caller's pipes: otherwise a process that reads them waits for us. */
	if (!freopen("/dev/null", "r+", stdin) || dup2(0, 1) < 0 || dup2(0, 2) < 0)
		return 1;
	run(poll);
}
