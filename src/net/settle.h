/* settle: waits for what of this machine's network cannot be used yet. */
#ifndef PORTLIGHT_NET_SETTLE_H
#define PORTLIGHT_NET_SETTLE_H

#include <signal.h>

#include "base/failure.h"
#include "net/link.h"

/*
 * When a link comes up, its IPv6 addresses are tentative for a second or two (RFC 4862, 5.4: up to
 * a second of delay, then a second of listening): the kernel takes none of them as a source, nor
 * answers for it, so that a target would seem unreachable or down. Waits while there are such
 * addresses on links that are up and have their carrier, on that interface or (NULL) any,
 * SETTLE_MOST_MS at most. If there were, the neighbours' may be, too: they have come up when we
 * did, and get SETTLE_FAR_MS more.
 * How many milliseconds were waited, 0 as a rule; -1 with *f if the kernel does not say.
 */
#define SETTLE_MOST_MS 3000
#define SETTLE_FAR_MS  1000
int settle_wait(const char *interface, struct failure *f);

/*
 * Many drivers start their interface anew when an XDP program is put on it or taken off: its
 * carrier is gone, and back after some seconds. Waits for it, SETTLE_CARRIER_MS at most, and no
 * longer than *stop is 0 (it may be NULL); then for IPv6 addresses as above, which the kernel may
 * check once more.
 * How many milliseconds were waited, 0 as a rule; -1 with *f (EXIT_UNAVAILABLE) if the carrier is
 * not back, or the kernel does not say.
 */
#define SETTLE_CARRIER_MS 10000
int settle_carrier(const struct link *link, const volatile sig_atomic_t *stop, struct failure *f);

#endif
