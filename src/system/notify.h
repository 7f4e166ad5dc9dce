/* notify: reports the state of the service to the service manager, as sd_notify(3) does. */
#ifndef PORTLIGHT_SYSTEM_NOTIFY_H
#define PORTLIGHT_SYSTEM_NOTIFY_H

#include <stdint.h>

struct notify {
	int fd;		      /* -1: no service manager */
	uint64_t watchdog_ns; /* 0: no watchdog; else it expects "WATCHDOG=1" at least this often:
				 send it twice as often */
};

/* Reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID and opens the socket, before the cage is
 * entered. 0, also without service manager; or -errno with fd -1. */
int notify_open(struct notify *n);
void notify_close(struct notify *n);

/* Sends "READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=..."; several are separated by newlines.
 * Works in the cage and never waits. 0 (also with fd -1) or -errno. */
int notify_send(const struct notify *n, const char *state);

#endif
