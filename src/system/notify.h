/* notify: tells the service manager how we are, by the protocol of sd_notify(3). */
#ifndef PORTLIGHT_SYSTEM_NOTIFY_H
#define PORTLIGHT_SYSTEM_NOTIFY_H

#include <stdint.h>

struct notify {
	int fd;		      /* -1: nobody wants to know */
	uint64_t watchdog_ns; /* 0: no watchdog; else "WATCHDOG=1" must come at least this often,
				 so send it twice as often */
};

/* From $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID; before the cage. 0, also where nobody
 * wants to know; or -errno with fd -1. */
int notify_open(struct notify *n);
void notify_close(struct notify *n);

/* "READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=..."; several are parted by newlines. Works in
 * the cage, never waits. 0 (also with fd -1) or -errno. */
int notify_send(const struct notify *n, const char *state);

#endif
