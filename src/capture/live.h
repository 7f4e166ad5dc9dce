/* live: captures from this machine's interfaces, including those that appear later. */
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
 * Bytes captured of each frame: enough for link, VLAN and IP headers, 70 bytes of IPv6 extension
 * headers or IPv4 options, TCP, and a packet quoted in an ICMP error. More would let fewer packets
 * wait in the same memory.
 */
#define LIVE_FRAME_BYTES 192u

struct live_conf {
	const char *const *names; /* interfaces; none: all, including later ones */
	size_t name_count;
	const struct expression *expression; /* NULL: every frame */
	bool promiscuous;		     /* for interfaces that exist when it is opened */
	size_t bytes; /* size of the ring, a multiple of LIVE_UNIT_BYTES, not 0 */
};
#define LIVE_UNIT_BYTES ((size_t)65536)

struct live_frame {
	struct ring_frame frame;
	enum packet_link link; /* its first header */
};

/* Size of a line of live_news(), NUL included. */
#define LIVE_LINE 160

/*
 * One packet ring for all interfaces: nothing has to be opened when an interface appears, vanishes
 * or returns, and the memory does not depend on their number. Interfaces are identified by their
 * index, which the kernel adds to each frame.
 */
struct live;

/*
 * Captures both directions; of loopback, where each packet passes twice, only the incoming one.
 * Names and expression are borrowed until live_close(). A named interface may be down. NULL with
 * *f: EXIT_UNAVAILABLE if a named interface does not exist; EXIT_NO_PERMISSION; EXIT_USAGE if the
 * expression is invalid on an interface to be watched, or too long.
 */
struct live *live_open(const struct live_conf *conf, struct failure *f);
void live_close(struct live *l);

/* The interfaces that are watched now, numbered from 0; NULL after the last. */
const struct link *live_watched(const struct live *l, size_t number);

/* If exactly one interface was named: its name, safe to print, in `out`; else NULL. */
const char *live_only(const struct live *l, char out[static LINK_QUOTED]);

/* The name, safe to print, of an interface that exists or existed, in `out`; NULL if unknown. */
const char *live_name(struct live *l, unsigned interface, char out[static LINK_QUOTED]);

/* Gives the next frame, borrowed until live_release(), which comes before the next call. False if
 * there is none at the moment. */
bool live_receive(struct live *l, struct live_frame *frame);
void live_release(struct live *l);

/* Longest delay between the arrival of a frame and its delivery here. */
#define LIVE_LATE_MS (2 * RING_LATE_MS)

/* Waits for a frame or a change of interfaces: 1 if there may be one, 0 after timeout_ms, -EINTR or
 * another -errno. */
int live_wait(struct live *l, int timeout_ms);

/* Describes, safe to print and without newline, an interface that is watched from now on or no
 * longer. False if there is no further change since live_wait(). */
bool live_news(struct live *l, char line[static LIVE_LINE]);

/* Frames dropped so far because the ring was full. */
uint64_t live_drops(struct live *l);

#endif
