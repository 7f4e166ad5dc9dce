/* transmit: sends frames through one interface, in batches. */
#include "capture/transmit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "system/crew.h"

/* Send buffer of the socket: some thousand small frames. */
#define TRANSMIT_BUFFER_BYTES (4 << 20)
#define TRANSMIT_WAIT_MS      2

/* A slice of the batch, sent by one call of sendmmsg() and one job of the crew. */
#define SLICE  32u
#define SLICES (TRANSMIT_BATCH / SLICE)
_Static_assert(TRANSMIT_BATCH % SLICE == 0, "a batch is whole slices");

struct slice {
	unsigned count, done, taken; /* done: accepted or denied */
	int error;		     /* that ended it, or 0 */
};

union transmit_address {
	struct sockaddr_ll link;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct transmit {
	uint8_t frame[TRANSMIT_BATCH][TRANSMIT_FRAME_BYTES] __attribute__((aligned(64)));
	struct mmsghdr message[TRANSMIT_BATCH];
	struct iovec part[TRANSMIT_BATCH];
	union transmit_address address[TRANSMIT_BATCH];
	struct slice slice[SLICES];
	bool denied[TRANSMIT_BATCH];
	unsigned slices;
	struct crew *crew;
	int fd;
	unsigned waiting;
	unsigned index; /* of the interface */
	int ip_family;
	unsigned zone;
	bool queue;
	enum packet_link link;
};

static int transmit_failure(struct failure *f, const struct link *link, int error)
{
	char quoted[LINK_QUOTED];

	link_quote(link, quoted);
	if (error == EPERM || error == EACCES)
		return failure_set(f, EXIT_NO_PERMISSION,
				   "interface %s: sending frames needs the capability CAP_NET_RAW",
				   quoted);
	return failure_set(
		f, error == ENETDOWN || error == ENODEV ? EXIT_UNAVAILABLE : EXIT_SOFTWARE,
		"interface %s: cannot open a packet socket: %s", quoted, strerror(error));
}

static int transmit_socket(const struct transmit *t, const struct transmit_conf *conf)
{
	if (conf->shared)
		return fcntl(conf->shared_fd, F_DUPFD_CLOEXEC, 0);
	if (t->ip_family)
		return socket(t->ip_family == 4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC,
			      conf->protocol ? conf->protocol : IPPROTO_RAW);
	return socket(AF_PACKET,
		      (t->link == PACKET_LINK_ETHERNET ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
}

/* A raw IP socket of a protocol: it receives nothing, and we write the IP header. */
static int transmit_protocol(const struct transmit *t)
{
	struct sock_filter nothing = {.code = BPF_RET | BPF_K};
	const struct sock_fprog program = {1, &nothing};
	const bool v4 = t->ip_family == 4;
	const int on = 1;

	if (setsockopt(t->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		return -errno;
	return setsockopt(t->fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_HDRINCL : IPV6_HDRINCL,
			  &on, sizeof(on)) < 0
		       ? -errno
		       : 0;
}

static void transmit_address(const struct transmit *t, union transmit_address *a, struct addr to);

/* The source address and the interface of a raw IP socket: routes may depend on both. */
static int transmit_from(const struct transmit *t, const struct transmit_conf *conf)
{
	const char *name = conf->link->name;
	union transmit_address from;

	transmit_address(t, &from, conf->source);
	if (bind(t->fd, (struct sockaddr *)&from,
		 t->ip_family == 4 ? sizeof(from.v4) : sizeof(from.v6)) < 0)
		return -errno;
	if (conf->by_link &&
	    setsockopt(t->fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)) < 0)
		return -errno;
	return 0;
}

static int transmit_bind(struct transmit *t, const struct transmit_conf *conf)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)t->index};
	int buffer = TRANSMIT_BUFFER_BYTES, on = 1;

	/* As much as the administrator allows; less is no reason to fail. */
	if (setsockopt(t->fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer)) < 0)
		(void)setsockopt(t->fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	if (t->ip_family) {
		int error = conf->protocol ? transmit_protocol(t) : 0;

		return error < 0 || !conf->bound ? error : transmit_from(t, conf);
	}
	if (conf->bypass)
		/* Some old drivers do not support it: frames then take the ordinary path. */
		(void)setsockopt(t->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	/* Protocol 0: this socket receives nothing. */
	if (!conf->shared && bind(t->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return 0;
}

static void transmit_wire(struct transmit *t)
{
	const bool addressed = t->ip_family || t->link == PACKET_LINK_RAW_IP;

	for (unsigned i = 0; i < TRANSMIT_BATCH; i++) {
		struct msghdr *header = &t->message[i].msg_hdr;

		t->part[i].iov_base = t->frame[i];
		header->msg_iov = &t->part[i];
		header->msg_iovlen = 1;
		if (!addressed)
			continue;
		header->msg_name = &t->address[i];
		header->msg_namelen = t->ip_family == 4	  ? sizeof(struct sockaddr_in)
				      : t->ip_family == 6 ? sizeof(struct sockaddr_in6)
							  : sizeof(struct sockaddr_ll);
	}
}

struct transmit *transmit_open(const struct transmit_conf *conf, struct failure *f)
{
	const bool ethernet = conf->link->kind == LINK_ETHERNET && !conf->ip_family;
	struct transmit *t = aligned_alloc(64, (sizeof(*t) + 63) / 64 * 64);
	int error;

	if (!t) {
		failure_set(f, EXIT_SOFTWARE, "out of memory");
		return NULL;
	}
	/* The frames' memory is not cleared: each frame is written as a whole. */
	memset((uint8_t *)t + offsetof(struct transmit, message), 0,
	       sizeof(*t) - offsetof(struct transmit, message));
	t->index = conf->link->index;
	t->ip_family = conf->ip_family;
	t->crew = conf->ip_family ? NULL : conf->crew;
	t->zone = conf->zone;
	t->queue = conf->queue;
	t->link = ethernet ? PACKET_LINK_ETHERNET : PACKET_LINK_RAW_IP;
	t->fd = transmit_socket(t, conf);
	error = t->fd < 0 ? -errno : transmit_bind(t, conf);
	if (error < 0) {
		transmit_failure(f, conf->link, -error);
		transmit_close(t);
		return NULL;
	}
	transmit_wire(t);
	return t;
}

void transmit_close(struct transmit *t)
{
	if (!t)
		return;
	if (t->fd >= 0)
		(void)close(t->fd); /* accepted frames are sent all the same */
	free(t);
}

enum packet_link transmit_link(const struct transmit *t)
{
	return t->link;
}

uint8_t *transmit_reserve(struct transmit *t)
{
	return t->waiting < TRANSMIT_BATCH ? t->frame[t->waiting] : NULL;
}

static void transmit_address(const struct transmit *t, union transmit_address *a, struct addr to)
{
	memset(a, 0, sizeof(*a));
	if (t->ip_family == 4) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_addr.s_addr = htonl(addr_v4(to));
	} else if (t->ip_family == 6) {
		a->v6.sin6_family = AF_INET6;
		addr_to_bytes16(to, a->v6.sin6_addr.s6_addr);
		a->v6.sin6_scope_id = addr_is_link_local6(to) ? t->zone : 0;
	} else {
		a->link.sll_family = AF_PACKET;
		a->link.sll_ifindex = (int)t->index;
		a->link.sll_protocol = htons(addr_is_v4(to) ? ETH_P_IP : ETH_P_IPV6);
	}
}

void transmit_commit(struct transmit *t, size_t length, struct addr to)
{
	unsigned i = t->waiting++;

	t->part[i].iov_len = length;
	if (t->message[i].msg_hdr.msg_name)
		transmit_address(t, &t->address[i], to);
}

unsigned transmit_waiting(const struct transmit *t)
{
	return t->waiting;
}

/* Sends one slice of the batch; a job of the crew. */
static void slice_send(void *context, unsigned number)
{
	struct transmit *t = context;
	struct slice *slice = &t->slice[number];
	bool waited = false;

	slice->taken = 0;
	slice->done = 0;
	slice->error = 0;
	while (slice->done < slice->count) {
		int sent = sendmmsg(t->fd, t->message + number * SLICE + slice->done,
				    slice->count - slice->done, MSG_DONTWAIT);

		if (sent > 0) {
			slice->taken += (unsigned)sent;
			slice->done += (unsigned)sent;
			continue;
		}
		if (sent < 0 && (t->ip_family ? errno == EPERM || errno == EACCES
					      : t->queue && errno == ENOBUFS)) {
			t->denied[number * SLICE + slice->done++] = true;
			continue;
		}
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN && !waited) {
			struct pollfd room = {.fd = t->fd, .events = POLLOUT};

			(void)poll(&room, 1, TRANSMIT_WAIT_MS); /* sendmmsg() shows the result */
			waited = true;
			continue;
		}
		/* sendmmsg() returns the errno of a refused frame only if it is the first. */
		slice->error = sent < 0 ? errno : EAGAIN;
		break;
	}
}

unsigned transmit_flush(struct transmit *t, int *error, unsigned *refused)
{
	unsigned slices = (t->waiting + SLICE - 1) / SLICE, taken = 0;

	*error = 0;
	*refused = 0;
	memset(t->denied, 0, sizeof(t->denied));
	for (unsigned i = 0; i < slices; i++) {
		unsigned left = t->waiting - i * SLICE;

		t->slice[i] = (struct slice){.count = left < SLICE ? left : SLICE};
	}
	t->slices = slices;
	t->waiting = 0;
	if (t->crew)
		crew_run(t->crew, slice_send, t, slices);
	for (unsigned i = 0; i < slices; i++) {
		/* Without a crew, nothing is sent after a refused frame. */
		if (!t->crew && *error == 0)
			slice_send(t, i);
		taken += t->slice[i].taken;
		if (t->slice[i].error && *error == 0) {
			*error = t->slice[i].error;
			*refused = i * SLICE + t->slice[i].done;
		}
	}
	return taken;
}

bool transmit_took(const struct transmit *t, unsigned place)
{
	unsigned slice = place / SLICE;

	return slice < t->slices && place % SLICE < t->slice[slice].done && !t->denied[place];
}

bool transmit_denied(const struct transmit *t, unsigned place)
{
	return t->denied[place];
}
