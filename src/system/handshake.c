/* handshake: non-blocking connect(2), and TCP_INFO of what accepted. */
#include "system/handshake.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* After <netinet/in.h>: the kernel's own tcp.h, whose struct tcp_info has tcpi_snd_wnd. */
#include <linux/tcp.h>

/* tcpi_state of a connection that neither side has ended (include/net/tcp_states.h). */
#define STATE_ESTABLISHED 1

static socklen_t address_fill(struct sockaddr_in6 *six, struct addr a, uint16_t port, unsigned zone)
{
	struct sockaddr_in *four = (struct sockaddr_in *)(void *)six;

	memset(six, 0, sizeof(*six));
	if (addr_is_v4(a)) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		addr_to_bytes4(a, (uint8_t *)&four->sin_addr);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	addr_to_bytes16(a, six->sin6_addr.s6_addr);
	if (addr_is_link_local6(a))
		six->sin6_scope_id = zone;
	return sizeof(*six);
}

static bool socket_fits(int fd, const struct handshake *h, const struct handshake_conf *conf)
{
	const struct linger reset = {1, 0};
	struct sockaddr_in6 source;

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0)
		return false;
	if (conf->interface && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, conf->interface,
					  (socklen_t)strlen(conf->interface) + 1) < 0)
		return false;
	if (!conf->has_source || addr_is_v4(conf->source) != addr_is_v4(h->to))
		return true;
	return bind(fd, (struct sockaddr *)&source,
		    address_fill(&source, conf->source, 0, conf->zone)) == 0;
}

static void finish(struct handshake *h, enum handshake_state state)
{
	if (h->fd > 0)
		(void)close(h->fd);
	h->fd = 0;
	h->state = (uint8_t)state;
}

static void begin(struct handshake *h, const struct handshake_conf *conf, uint64_t now_ns)
{
	struct sockaddr_in6 to;
	const socklen_t length = address_fill(&to, h->to, h->port, conf->zone);
	int fd = socket(addr_is_v4(h->to) ? AF_INET : AF_INET6,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	/* The engine's own sockets will be closed. */
	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS))
		return;
	h->at_ns = now_ns;
	h->fd = fd > 0 ? fd : 0;
	if (fd <= 0 || !socket_fits(fd, h, conf) ||
	    (connect(fd, (struct sockaddr *)&to, length) < 0 && errno != EINPROGRESS))
		finish(h, HANDSHAKE_REFUSED);
}

/* The kernel's own figures; a kernel before 5.4 does not give the window. */
static bool info_read(int fd, struct tcp_info *info, bool *has_window)
{
	socklen_t length = sizeof(*info);

	memset(info, 0, sizeof(*info));
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &length) < 0)
		return false;
	*has_window =
		length >= offsetof(struct tcp_info, tcpi_snd_wnd) + sizeof(info->tcpi_snd_wnd);
	return true;
}

/* The handshake is over: notes what the other side is like, and sends the byte. */
static void accepted(struct handshake *h, uint64_t now_ns)
{
	struct tcp_info info;
	bool has_window;

	if (!info_read(h->fd, &info, &has_window)) {
		finish(h, HANDSHAKE_REFUSED);
		return;
	}
	h->no_options =
		!(info.tcpi_options & (TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE));
	h->no_window = has_window && info.tcpi_snd_wnd == 0;
	h->at_ns = now_ns;
	h->sent = true;
	h->no_ack = true;
	if (send(h->fd, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) {
		h->no_ack = false; /* it ended the connection by itself: a live one */
		finish(h, HANDSHAKE_ACCEPTED);
	}
}

static void look_at_accepted(struct handshake *h, const struct handshake_conf *conf,
			     uint64_t now_ns)
{
	struct tcp_info info;
	bool has_window;

	if (info_read(h->fd, &info, &has_window)) {
		/* Acknowledged, or answered by an end of the connection. */
		if (info.tcpi_state != STATE_ESTABLISHED ||
		    (info.tcpi_unacked == 0 && info.tcpi_notsent_bytes == 0))
			h->no_ack = false;
		/* A window that opens at once is none of 0. */
		if (has_window && info.tcpi_snd_wnd)
			h->no_window = false;
	}
	if (!h->no_ack || now_ns - h->at_ns >= conf->ack_ns)
		finish(h, HANDSHAKE_ACCEPTED);
}

static void look_at(struct handshake *h, const struct handshake_conf *conf, uint64_t now_ns)
{
	struct pollfd ready = {.fd = h->fd, .events = POLLOUT};
	socklen_t length = sizeof(int);
	int error = 0;

	if (h->sent) {
		look_at_accepted(h, conf, now_ns);
		return;
	}
	if (poll(&ready, 1, 0) <= 0) {
		if (now_ns - h->at_ns >= conf->accept_ns)
			finish(h, HANDSHAKE_REFUSED);
		return;
	}
	if (getsockopt(h->fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 || error)
		finish(h, HANDSHAKE_REFUSED);
	else
		accepted(h, now_ns);
}

unsigned handshake_step(struct handshake *handshakes, unsigned count, unsigned start,
			const struct handshake_conf *conf, uint64_t now_ns)
{
	unsigned waiting = 0;

	for (unsigned i = 0; i < count; i++) {
		struct handshake *h = &handshakes[i];

		if (h->state != HANDSHAKE_WAITS)
			continue;
		if (h->fd > 0)
			look_at(h, conf, now_ns);
		else if (start > 0 && start--)
			begin(h, conf, now_ns);
		waiting += h->state == HANDSHAKE_WAITS;
	}
	return waiting;
}

void handshake_end(struct handshake *handshakes, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (handshakes[i].state == HANDSHAKE_WAITS)
			finish(&handshakes[i], HANDSHAKE_REFUSED);
}
