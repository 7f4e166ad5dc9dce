/* attempt: one probe on one kernel socket: starts it, reads its result, frees the socket. */
#include "engine/sockets/attempt.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/sockets/complaint.h"
#include "engine/sockets/endpoint.h"
#include "technique/payload_echo.h"
#include "technique/technique.h"

/* Most error records or datagrams read at once: more than one probe can cause. */
#define LOOKS_MOST 16
/*
 * On our own address, a socket whose local port is the probed one connects to itself (RFC
 * 9293, 3.5: simultaneous open) or receives its own datagram. That is no answer: the probe is sent
 * again from another port, at most so often.
 */
#define SELVES_MOST 16
/* The kernel retransmits a SYN after 1 s (RFC 6298, 2.1). Which one a later answer belongs to is
 * not known, so no round-trip time is measured from it. A tenth less, since timers have ticks. */
#define RESENT_NS UINT64_C(900000000)

static bool kind_is_v6(unsigned kind)
{
	return kind & 1;
}

static bool kind_is_udp(unsigned kind)
{
	return kind >= ATTEMPT_UDP4;
}

enum attempt_kind attempt_kind_of(const struct probe *probe)
{
	bool udp = technique_is_udp(probe->technique);

	if (addr_is_v4(probe->to))
		return udp ? ATTEMPT_UDP4 : ATTEMPT_TCP4;
	return udp ? ATTEMPT_UDP6 : ATTEMPT_TCP6;
}

bool attempt_is_shortage(int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
	case EADDRNOTAVAIL:
	case EADDRINUSE:
	case EAGAIN:
	case EINTR:
	case ENOSPC: /* epoll: max_user_watches */
		return true;
	default:
		return false;
	}
}

static int option_set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0 ? 0 : -errno;
}

/* Binds the socket to the source address of -S and the port of -g. */
static int attempt_bind(const struct attempt *a, const struct attempt_conf *conf)
{
	struct addr any = kind_is_v6(a->kind) ? (struct addr){0, 0} : addr_from_v4(0);
	uint16_t port = conf->has_source_port ? conf->source_port : 0;
	union endpoint to;
	socklen_t length;
	int error = 0;

	if (!conf->has_source && !conf->has_source_port)
		return 0;
	/* Many sockets share one fixed port, each connected to another port of the target. */
	if (conf->has_source_port)
		error = option_set(a->fd, SOL_SOCKET, SO_REUSEADDR, 1);
	else
		error = option_set(a->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	if (error)
		return error;
	length = endpoint_make(&to, conf->has_source ? conf->source : any, port, conf->zone);
	return bind(a->fd, &to.any, length) == 0 ? 0 : -errno;
}

static int attempt_options(const struct attempt *a, const struct attempt_conf *conf)
{
	int error;

	if (kind_is_v6(a->kind)) {
		error = option_set(a->fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
		if (!error)
			error = option_set(a->fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
		if (!error && conf->ttl)
			error = option_set(a->fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, conf->ttl);
		return error;
	}
	error = option_set(a->fd, IPPROTO_IP, IP_RECVERR, 1);
	if (!error)
		error = option_set(a->fd, IPPROTO_IP, IP_RECVTTL, 1);
	if (!error && conf->ttl)
		error = option_set(a->fd, IPPROTO_IP, IP_TTL, conf->ttl);
	return error;
}

int attempt_open(struct attempt *a, enum attempt_kind kind, const struct attempt_conf *conf,
		 const char **step)
{
	int type = kind_is_udp(kind) ? SOCK_DGRAM : SOCK_STREAM;
	int error;

	*step = "socket";
	a->kind = (uint8_t)kind;
	a->watched = false;
	/* Linux forgets SO_BINDTODEVICE where it dissolves the association of a UDP socket. */
	a->once = kind_is_udp(kind) && conf->interface;
	a->fd = socket(kind_is_v6(kind) ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0);
	if (a->fd < 0)
		return -errno;
	*step = "setsockopt";
	error = attempt_options(a, conf);
	if (!error && conf->interface) {
		*step = "SO_BINDTODEVICE";
		if (setsockopt(a->fd, SOL_SOCKET, SO_BINDTODEVICE, conf->interface,
			       (socklen_t)strlen(conf->interface)) != 0)
			error = -errno;
	}
	if (!error) {
		*step = "bind";
		error = attempt_bind(a, conf);
	}
	if (error)
		attempt_close(a);
	return error;
}

void attempt_close(struct attempt *a)
{
	if (a->fd >= 0)
		(void)close(a->fd); /* a socket: nothing is buffered that could be lost */
	a->fd = -1;
	a->watched = false;
}

/* Dissolves the socket's association: resets an established connection, releases an automatic port.
 */
static void attempt_detach(struct attempt *a)
{
	const struct sockaddr none = {.sa_family = AF_UNSPEC};

	if (connect(a->fd, &none, sizeof(none)) != 0)
		attempt_close(a);
}

void attempt_abandon(struct attempt *a)
{
	attempt_detach(a);
	a->state = ATTEMPT_IDLE;
}

static void attempt_answer(struct attempt *a, enum reply reply, unsigned has)
{
	uint64_t t_ns = clock_monotonic_ns();

	if (t_ns - a->sent_ns < RESENT_NS || kind_is_udp(a->kind))
		has |= ANSWER_ATTEMPT;
	a->answer.t_ns = t_ns;
	a->answer.from = a->probe.to;
	a->answer.cell = a->probe.cell;
	a->answer.attempt = a->probe.attempt;
	a->answer.reply = (uint8_t)reply;
	a->answer.has |= (uint16_t)has;
	a->state = ATTEMPT_ANSWERED;
}

static void attempt_answer_icmp(struct attempt *a, uint8_t type, uint8_t code, unsigned has)
{
	bool from_target = !(has & (ANSWER_FROM | ANSWER_LOCAL));

	a->answer.icmp_type = type;
	a->answer.icmp_code = code;
	attempt_answer(a,
		       technique_icmp_reply(kind_is_v6(a->kind) ? 6 : 4, type, code, from_target),
		       has | ANSWER_ICMP);
}

/* The ICMP errors with the meaning of an errno. The first row is for any errno not listed. */
// clang-format off
static const struct local_word {
	int error;
	uint8_t type4, code4, type6, code6;
} local_words[] = {
	{ENETUNREACH,  3,  0, 1, 0}, /* no route */
	{EHOSTUNREACH, 3,  1, 1, 3}, /* no host has that address */
	{EHOSTDOWN,    3,  1, 1, 3},
	{EACCES,       3,  9, 1, 6}, /* a prohibiting route, or a broadcast address */
	{EPERM,        3, 13, 1, 1}, /* our own packet filter */
};
// clang-format on

void attempt_answer_local(struct attempt *a, int error)
{
	const struct local_word *word = &local_words[0];

	for (size_t i = 0; i < sizeof(local_words) / sizeof(local_words[0]); i++)
		if (local_words[i].error == error)
			word = &local_words[i];
	if (kind_is_v6(a->kind))
		attempt_answer_icmp(a, word->type6, word->code6, ANSWER_LOCAL);
	else
		attempt_answer_icmp(a, word->type4, word->code4, ANSWER_LOCAL);
}

static bool complaint_fits(const struct complaint *c, const struct attempt *a)
{
	return addr_equal(c->peer, a->probe.to) && c->port == a->probe.port;
}

static bool attempt_met_itself(const struct attempt *a)
{
	return endpoint_is_own(a->fd, a->probe.to, &a->probe.port);
}

/* Judges an error record that matches the probe; true if it ends the attempt as ANSWERED. */
static bool attempt_hear(struct attempt *a, const struct attempt_conf *conf,
			 const struct complaint *c)
{
	struct addr from = c->has_from ? c->from : a->probe.to;
	unsigned has;

	a->result = c->error;
	if (c->origin == COMPLAINT_LOCAL) {
		if (attempt_is_shortage(c->error) || c->error == EMSGSIZE)
			return false;
		attempt_answer_local(a, c->error);
		return true;
	}
	if (c->origin != COMPLAINT_ICMP)
		return false;
	if (technique_icmp_reply(kind_is_v6(a->kind) ? 6 : 4, c->type, c->code, false) ==
	    REPLY_SILENCE) {
		a->other++;
		return false;
	}
	/* An error from our own address about another target: no host answered ARP or NDP, or our
	 * own packet filter rejected the probe. */
	if (!addr_equal(from, a->probe.to) && endpoint_is_ours(from, conf->zone)) {
		has = ANSWER_LOCAL;
	} else {
		has = addr_equal(from, a->probe.to) ? 0 : ANSWER_FROM;
		has |= c->has_ttl ? ANSWER_TTL : 0;
		a->answer.ttl = c->ttl;
	}
	attempt_answer_icmp(a, c->type, c->code, has);
	a->answer.from = from;
	return true;
}

/* Reads the error queue; true if a record ended the attempt as ANSWERED. */
static bool attempt_hear_queue(struct attempt *a, const struct attempt_conf *conf)
{
	struct complaint c;

	for (int i = 0; i < LOOKS_MOST; i++) {
		if (complaint_read(a->fd, true, &c) != 0)
			return false;
		if (!complaint_fits(&c, a))
			a->invalid++;
		else if (attempt_hear(a, conf, &c))
			return true;
	}
	return false;
}

/* Whether a datagram that comes from elsewhere answers the probe: by what it says. */
static bool attempt_elsewhere(const struct attempt *a, const struct complaint *c)
{
	uint8_t echo[PAYLOAD_ECHO];
	const int bytes = payload_answer(a->probe.port, a->probe.attempt, c->data, c->length, echo);

	if (bytes == PAYLOAD_TRANSFER)
		return addr_equal(c->peer, a->probe.to);
	return bytes > 0 && memcmp(echo, a->cookie, (size_t)bytes) == 0;
}

static void attempt_answer_data(struct attempt *a, const struct complaint *c)
{
	unsigned has = c->has_ttl ? ANSWER_TTL : 0;

	a->result = 0;
	a->answer.ttl = c->ttl;
	has |= addr_equal(c->peer, a->probe.to) ? 0 : ANSWER_FROM;
	has |= c->port == a->probe.port ? 0 : ANSWER_PORT;
	a->answer.window = c->port == a->probe.port ? 0 : c->port;
	attempt_answer(a, REPLY_DATA, has);
	a->answer.from = c->peer;
}

/*
 * A second connect(2) returns the result of the first and, if that failed, makes the socket usable
 * again. Called before the error queue is read: otherwise an ICMP error that arrives in between
 * would look like a RST. True if the socket has connected to itself.
 */
static bool attempt_ask_tcp(struct attempt *a, const struct attempt_conf *conf)
{
	union endpoint to;
	socklen_t length = endpoint_make(&to, a->probe.to, a->probe.port, conf->zone);
	int error = connect(a->fd, &to.any, length) == 0 ? 0 : errno;
	bool heard;

	switch (error) {
	case 0:
	case EISCONN:
	case ECONNRESET: /* it was established, and reset since */
	case EPIPE:
		if (error != ECONNRESET && error != EPIPE && attempt_met_itself(a)) {
			attempt_detach(a);
			return true;
		}
		a->result = 0;
		attempt_answer(a, REPLY_SYN_ACK, 0);
		attempt_detach(a);
		return false;
	case EALREADY:
	case EINPROGRESS:
	case EINTR:
		/* The kernel retries in spite of some ICMP errors; for us they are an answer. */
		if (attempt_hear_queue(a, conf))
			attempt_detach(a);
		return false;
	default:
		break;
	}
	heard = attempt_hear_queue(a, conf);
	a->result = heard ? a->result : error;
	if (heard)
		return false;
	if (error == ECONNREFUSED)
		attempt_answer(a, REPLY_RST, ANSWER_REFUSED);
	else if (error == ETIMEDOUT || error == ECONNABORTED || attempt_is_shortage(error))
		a->state = ATTEMPT_VOID;
	else
		attempt_answer_local(a, error);
	return false;
}

/* A pending error of recvmsg(): true if it ended the attempt as ANSWERED. */
static bool attempt_hear_error(struct attempt *a, const struct attempt_conf *conf, int error)
{
	if (attempt_hear_queue(a, conf))
		return true;
	/* A refusal without record: the error queue has overflowed. Where the socket is not
	 * connected, it may be about a datagram that was sent to another address. */
	if (error != ECONNREFUSED || !a->connected)
		return false;
	a->result = error;
	attempt_answer(a, REPLY_PORT_UNREACH, ANSWER_REFUSED);
	return true;
}

/* recvmsg() first returns a pending ICMP error as errno; the record is then in the error queue.
 * True if the socket has received its own datagram. */
static bool attempt_ask_udp(struct attempt *a, const struct attempt_conf *conf)
{
	struct complaint c;

	for (int i = 0; i < LOOKS_MOST; i++) {
		const int error = -complaint_read(a->fd, false, &c);

		if (error == EAGAIN || error == EINTR)
			return false;
		if (error) {
			if (!attempt_hear_error(a, conf, error))
				continue;
			attempt_detach(a);
			return false;
		}
		if (!complaint_fits(&c, a) && !attempt_elsewhere(a, &c)) {
			a->invalid++;
			continue;
		}
		if (attempt_met_itself(a)) {
			attempt_detach(a);
			return true;
		}
		attempt_answer_data(a, &c);
		attempt_detach(a);
		return false;
	}
	return false;
}

/* Judges an errno of the connect(2) or send(2) that sends the probe. */
static void attempt_judge_call(struct attempt *a, int error)
{
	a->error = error;
	if (attempt_is_shortage(error))
		a->state = ATTEMPT_REFUSED;
	else
		attempt_answer_local(a, error);
}

/* Sends a datagram: to `to`, or, if its length is 0, to where the socket is connected. */
static void attempt_send(struct attempt *a, const union endpoint *to, socklen_t to_length)
{
	uint8_t bytes[PAYLOAD_MOST];
	const size_t length = payload_write(a->probe.port, a->probe.attempt, a->cookie, bytes);
	int error = 0;

	/* The socket may have pending errors of its previous probe: each is returned once. */
	for (int i = 0; i < 3; i++) {
		error = sendto(a->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL,
			       to_length ? &to->any : NULL, to_length) < 0
				? errno
				: 0;
		if (!error)
			return;
	}
	/* Without a connection it looks up the route, as connect(2) does in attempt_launch(). */
	attempt_judge_call(a, to_length && error == EHOSTUNREACH ? ENETUNREACH : error);
	a->error = error;
	attempt_detach(a);
}

/* connect(2) from any port instead of that of -g, which has a connection of this machine with the
 * target's port. 0 or errno. */
static int attempt_connect_other(struct attempt *a, const struct attempt_conf *conf,
				 const union endpoint *to, socklen_t length)
{
	struct attempt_conf any = *conf;
	const char *step;
	int error;

	any.has_source_port = false;
	attempt_close(a);
	error = -attempt_open(a, a->kind, &any, &step);
	if (error)
		return error;
	a->once = true;
	a->answer.has |= ANSWER_PORT_IN_USE;
	return connect(a->fd, &to->any, length) == 0 ? 0 : errno;
}

static void attempt_launch(struct attempt *a, const struct attempt_conf *conf)
{
	union endpoint to;
	socklen_t length = endpoint_make(&to, a->probe.to, a->probe.port, conf->zone);
	int error;

	memset(&a->answer, 0, sizeof(a->answer));
	a->answer.has =
		conf->has_source_port && a->once && !kind_is_udp(a->kind) ? ANSWER_PORT_IN_USE : 0;
	a->result = 0;
	a->state = ATTEMPT_PENDING;
	a->sent_ns = clock_monotonic_ns();
	a->deadline_ns = a->sent_ns + a->probe.timeout_ns;
	if (kind_is_udp(a->kind) && !a->connected) {
		a->error = 0;
		attempt_send(a, &to, length);
		return;
	}
	error = connect(a->fd, &to.any, length) == 0 ? 0 : errno;
	if (error == EADDRNOTAVAIL && conf->has_source_port && !kind_is_udp(a->kind))
		error = attempt_connect_other(a, conf, &to, length);
	a->error = error == EINPROGRESS ? 0 : error;
	if (a->error) {
		/* connect() looks up the route, not the neighbour: an "unreachable" route. */
		attempt_judge_call(a, error == EHOSTUNREACH ? ENETUNREACH : error);
		a->error = error;
	} else if (kind_is_udp(a->kind)) {
		attempt_send(a, &to, 0);
	}
}

/* Checks for an answer; sends the probe again while the socket meets itself. */
static void attempt_look(struct attempt *a, const struct attempt_conf *conf)
{
	while (kind_is_udp(a->kind) ? attempt_ask_udp(a, conf) : attempt_ask_tcp(a, conf)) {
		if (++a->selves > SELVES_MOST || a->fd < 0) {
			a->state = ATTEMPT_VOID;
			return;
		}
		attempt_launch(a, conf);
		if (a->state == ATTEMPT_REFUSED)
			a->state = ATTEMPT_VOID; /* the first one was sent */
		if (a->state != ATTEMPT_PENDING)
			return;
	}
}

/* Registers the socket with epoll, edge-triggered and once for all its probes: an event of an
 * earlier probe only causes a superfluous check. */
static int attempt_watch(struct attempt *a, const struct attempt_conf *conf)
{
	uint32_t writable = kind_is_udp(a->kind) ? 0 : EPOLLOUT;
	struct epoll_event event = {.events = EPOLLIN | EPOLLET | writable, .data.u32 = a->number};

	if (epoll_ctl(conf->epoll, EPOLL_CTL_ADD, a->fd, &event) != 0)
		return -errno;
	a->watched = true;
	return 0;
}

void attempt_start(struct attempt *a, const struct attempt_conf *conf, bool ask)
{
	int error;

	a->selves = a->invalid = a->other = 0;
	if (a->fd < 0) {
		memset(&a->answer, 0, sizeof(a->answer));
		a->sent_ns = clock_monotonic_ns();
		attempt_judge_call(a, EAFNOSUPPORT);
		return;
	}
	attempt_launch(a, conf);
	if (ask && a->state == ATTEMPT_PENDING)
		attempt_look(a, conf);
	if (a->state != ATTEMPT_PENDING || a->watched)
		return;
	error = attempt_watch(a, conf);
	if (error) {
		a->error = -error;
		attempt_detach(a);
		a->state = ATTEMPT_REFUSED;
	}
}

void attempt_ask(struct attempt *a, const struct attempt_conf *conf)
{
	attempt_look(a, conf);
}

void attempt_trace_call(const struct attempt *a, struct trace *trace)
{
	const struct trace_event event = {
		.t_ns = a->sent_ns,
		.cell = a->probe.cell,
		.kind = TRACE_CALL,
		.attempt = a->probe.attempt,
		.error = a->error,
		.call = kind_is_udp(a->kind) ? "send" : "connect",
	};

	trace_add(trace, &event);
}

void attempt_trace_result(const struct attempt *a, struct trace *trace)
{
	const struct answer *answer = &a->answer;
	bool queue = answer->has & ANSWER_ICMP;
	struct trace_event event = {
		.t_ns = answer->t_ns,
		.cell = a->probe.cell,
		.kind = TRACE_RESULT,
		.attempt = a->probe.attempt,
		.error = a->result,
		.call = queue		       ? "error queue"
			: kind_is_udp(a->kind) ? "recv"
					       : "connect",
	};

	if (a->error)
		return; /* the call itself failed and was traced */
	if (queue) {
		event.packet.has = PACKET_IP | PACKET_ICMP;
		event.packet.src = answer->from;
		event.packet.icmp_type = answer->icmp_type;
		event.packet.icmp_code = answer->icmp_code;
		event.packet.ttl = answer->ttl;
	} else if (kind_is_udp(a->kind) && answer->has & (ANSWER_FROM | ANSWER_PORT)) {
		event.packet.has = PACKET_IP | PACKET_UDP;
		event.packet.src = answer->from;
		event.packet.sport = answer->has & ANSWER_PORT ? answer->window : a->probe.port;
	}
	trace_add(trace, &event);
}
