/* settle: waits until this machine's addresses and interfaces can be used. */
#ifndef PORTLIGHT_NET_SETTLE_H
#define PORTLIGHT_NET_SETTLE_H

#include <signal.h>

#include "base/failure.h"
#include "net/link.h"

/*
 * Waits while IPv6 addresses are tentative. After a link comes up, that takes a second or two (RFC
 * 4862, 5.4: up to a second of delay, then a second of listening); meanwhile the kernel neither
 * uses them as source addresses nor answers for them, and targets would seem unreachable. Considers
 * links that are up and have carrier: that interface, or (NULL) all. Waits SETTLE_MOST_MS at most.
 * If there were such addresses, neighbours that came up at the same time may have some, too, and
 * get another SETTLE_FAR_MS. Returns the milliseconds waited, usually 0; -1 with *f if the kernel
 * could not be asked.
 */
#define SETTLE_MOST_MS 3000
#define SETTLE_FAR_MS  1000
int settle_wait(const char *interface, struct failure *f);

/*
 * Waits for the carrier of an interface. Many drivers restart the interface when an XDP program is
 * attached or detached, and the carrier is lost for some seconds. Waits SETTLE_CARRIER_MS at most,
 * and only while *stop is 0 (`stop` may be NULL); then for IPv6 addresses as above, since the
 * kernel may check them again. Returns the milliseconds waited, usually 0; -1 with *f
 * (EXIT_UNAVAILABLE) if the carrier is still lost, or the kernel could not be asked.
 */
#define SETTLE_CARRIER_MS 10000
int settle_carrier(const struct link *link, const volatile sig_atomic_t *stop, struct failure *f);

#endif
