/* notify: reports the state of the service to the service manager, as sd_notify(3) does. */
#include "system/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The watchdog applies to this process only if the process id is ours or not given
 * (sd_watchdog_enabled(3)). */
static uint64_t notify_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	unsigned long long value;
	char *end;

	if (!usec || *usec < '0' || *usec > '9')
		return 0;
	if (pid && strtoull(pid, NULL, 10) != (unsigned long long)getpid())
		return 0;
	errno = 0;
	value = strtoull(usec, &end, 10);
	if (errno || *end || value > UINT64_MAX / 1000)
		return 0;
	return (uint64_t)value * 1000;
}

int notify_open(struct notify *n)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t length;
	int error;

	*n = (struct notify){.fd = -1};
	if (!path || !*path)
		return 0;
	length = strlen(path);
	if ((*path != '/' && *path != '@') || length >= sizeof(to.sun_path))
		return -EINVAL;
	memcpy(to.sun_path, path, length);
	if (*path == '@')
		to.sun_path[0] = '\0'; /* an abstract name: its length is part of it */
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (n->fd < 0)
		return -errno;
	length += offsetof(struct sockaddr_un, sun_path) + (*path == '/');
	if (connect(n->fd, (const struct sockaddr *)&to, (socklen_t)length) != 0) {
		error = errno;
		notify_close(n);
		return -error;
	}
	n->watchdog_ns = notify_watchdog();
	return 0;
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0)
		(void)close(n->fd); /* nothing was written */
	n->fd = -1;
}

int notify_send(const struct notify *n, const char *state)
{
	size_t length = strlen(state);
	ssize_t sent;

	if (n->fd < 0)
		return 0;
	do
		sent = send(n->fd, state, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}
