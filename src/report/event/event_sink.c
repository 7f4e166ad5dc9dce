/* event_sink: delivers events: built in memory, sent in one write or one datagram. */
#include "report/event/event_sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Connects the socket. Returns 0 or -errno. May be called again on a connected datagram socket. */
static int sink_connect(const struct event_sink *s)
{
	const char *path = s->conf.path ? s->conf.path : s->ops->socket;
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(s->fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return -errno;
	return 0;
}

int event_sink_open(struct event_sink *s, const struct event_sink_ops *ops,
		    const struct event_sink_conf *conf)
{
	const struct timeval wait = {.tv_usec = EVENT_SINK_WAIT_MS * 1000};
	int error = 0;

	*s = (struct event_sink){.ops = ops, .conf = *conf, .fd = -1, .pid = (int)getpid()};
	tzset();
	if (!ops->socket) {
		/* A stdio buffer would split an event into two writes. */
		if (fileno(conf->out) >= 0)
			(void)setvbuf(conf->out, NULL, _IONBF, 0);
		return 0;
	}
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return -errno;
	if (setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) != 0)
		error = -errno;
	if (!error)
		error = sink_connect(s);
	if (error) {
		(void)close(s->fd); /* nothing was sent */
		s->fd = -1;
	}
	return error;
}

/* Returns 0 or an errno. */
static int sink_write(struct event_sink *s, const char *text, size_t length)
{
	size_t written;

	errno = 0;
	/* Ends the incomplete line of a failed write. */
	if (s->torn && (putc('\n', s->conf.out) == EOF || fflush(s->conf.out) != 0))
		return errno ? errno : EIO;
	s->torn = false;
	written = fwrite(text, 1, length, s->conf.out);
	if (written == length && fflush(s->conf.out) == 0)
		return 0;
	s->torn = written > 0;
	return errno ? errno : EIO;
}

/* Returns 0 or an errno. Reconnects: a restarted receiver has a new socket at the same path. */
static int sink_send(const struct event_sink *s, const char *text, size_t length)
{
	int error = 0;

	for (int attempt = 0; attempt < 2; attempt++) {
		if (send(s->fd, text, length, MSG_NOSIGNAL) >= 0)
			return 0;
		error = errno;
		if (error != ECONNREFUSED && error != ENOTCONN && error != ECONNRESET)
			return error;
		if (sink_connect(s) != 0)
			return error;
	}
	return error;
}

void event_sink_event(struct event_sink *s, const struct event *e)
{
	char *text = NULL;
	size_t length = 0;
	bool is_stream = s->fd < 0;
	int error = is_stream && s->error == EPIPE ? EPIPE : 0;
	FILE *memory = error ? NULL : open_memstream(&text, &length);

	if (memory) {
		s->ops->event(s, memory, e);
		error = ferror(memory) ? ENOMEM : 0;
		if (fclose(memory) != 0)
			error = ENOMEM; /* the only way a memory stream can fail */
	} else if (!error) {
		error = ENOMEM;
	}
	if (!error && length > 0)
		error = is_stream ? sink_write(s, text, length) : sink_send(s, text, length);
	free(text);
	if (error)
		s->undelivered++;
	else if (length > 0)
		s->delivered++;
	/* An event that this sink leaves out does not change its error state. */
	if (error || length > 0)
		s->error = error;
	if (error)
		s->failed = error;
}

int event_sink_close(struct event_sink *s)
{
	bool is_stream = s->fd < 0;

	if (s->fd >= 0)
		(void)close(s->fd); /* datagrams were sent, or counted as undelivered */
	s->fd = -1;
	return is_stream ? -s->failed : -s->error;
}
