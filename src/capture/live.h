/* live: frames of this machine's interfaces, also of those that come later, as one stream. */
#ifndef PORTLIGHT_CAPTURE_LIVE_H
#define PORTLIGHT_CAPTURE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "capture/expression.h"
#include "capture/ring.h"
#include "net/link_table.h"

/*
 * Of a frame so many bytes are kept: link, VLAN and IP headers with 70 bytes for IPv6 extension
 * headers or IPv4 options, TCP, and a packet quoted in an ICMP error. With more of each, fewer
 * packets would wait in the same memory.
 */
#define LIVE_FRAME_BYTES 192u

struct live_conf {
	const char *const *names; /* interfaces; none: all, also those that come later */
	size_t name_count;
	const struct expression *expression; /* NULL: every frame */
	bool promiscuous;		     /* those that are there */
	size_t bytes; /* memory of the ring, a multiple of LIVE_UNIT_BYTES, not 0 */
};
#define LIVE_UNIT_BYTES ((size_t)65536)

struct live_frame {
	struct ring_frame frame; /* starts with what `link` says */
	enum packet_link link;
};

/* At most so many bytes a line, NUL included, that is safe to print. */
#define LIVE_LINE 160

/*
 * One ring for all interfaces, so that nothing has to be opened when one comes, goes, or comes back
 * under its name; its memory is the same however many there are. Interfaces are known by their
 * index, which the kernel puts into each frame.
 */
struct live;

/*
 * Frames of both directions; of loopback, where each packet passes twice, what arrives. Names and
 * expression outlive it. A named interface that is down is waited for. NULL with *f:
 * EXIT_UNAVAILABLE for a name that there is not; EXIT_NO_PERMISSION; EXIT_USAGE where the
 * expression has no meaning on an interface that is to be watched, or is too long.
 */
struct live *live_open(const struct live_conf *conf, struct failure *f);
void live_close(struct live *l);

/* An interface that is watched now, number 0 and up; NULL behind the last. */
const struct link *live_watched(const struct live *l, size_t number);

/* The one interface that was named, safe to print: `out`, or NULL if it was not one. */
const char *live_only(const struct live *l, char out[static LINK_QUOTED]);

/* The name of an interface, be it gone, safe to print: `out`, or NULL if it is not known. */
const char *live_name(struct live *l, unsigned interface, char out[static LINK_QUOTED]);

/* The next frame, if one is there. It must be released before the next is asked for. */
bool live_receive(struct live *l, struct live_frame *frame);
void live_release(struct live *l);

/* A frame may come to light so long after it passed. */
#define LIVE_LATE_MS (2 * RING_LATE_MS)

/* Waits until a frame may be there, or an interface has changed: 1; 0 when the time is up; -EINTR
 * or another -errno. */
int live_wait(struct live *l, int timeout_ms);

/* An interface that is watched from now on, or no longer, as a line without its end; false: no
 * more, as far as live_wait was told. */
bool live_news(struct live *l, char line[static LIVE_LINE]);

/* Frames lost so far. */
uint64_t live_drops(struct live *l);

#endif
