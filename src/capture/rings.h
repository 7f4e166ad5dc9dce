/* rings: live frames of several interfaces, one ring each, as one stream. */
#ifndef PORTLIGHT_CAPTURE_RINGS_H
#define PORTLIGHT_CAPTURE_RINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/expression.h"
#include "capture/ring.h"
#include "system/link.h"
#include "text/failure.h"

/*
 * Of a frame about 430 bytes are kept: link, VLAN and IP headers with much room for
 * IPv6 extension headers, TCP, and a packet quoted in an ICMP error.
 */
#define RINGS_SLOT_BYTES 512u
/* Memory of all rings together; at least RINGS_LEAST_BYTES each, also where they are many. */
#define RINGS_BYTES	  ((size_t)16 << 20)
#define RINGS_LEAST_BYTES ((size_t)512 << 10)

struct rings_conf {
	const struct link_list *links;
	const char *const *names; /* interfaces; none: all that are up */
	size_t name_count;
	const struct expression *expression; /* NULL: every frame */
	bool promiscuous;
	/* Told of an interface that is left out, in one line that is safe to print. */
	void (*note)(void *context, const char *text);
	void *note_context;
};

struct rings_frame {
	struct ring_frame frame;
	unsigned ring; /* rings_name */
	enum packet_link link;
};

struct rings;

/*
 * Frames of both directions; of loopback, where each packet passes twice, what arrives. *conf is
 * not needed afterwards. NULL with *f: EXIT_UNAVAILABLE for a name that there is not, that is
 * down or not understood, or when nothing is up; EXIT_NO_PERMISSION; EXIT_USAGE where the
 * expression has no meaning on an interface.
 */
struct rings *rings_open(const struct rings_conf *conf, struct failure *f);
void rings_close(struct rings *r);

size_t rings_count(const struct rings *r);
/* Its name, safe to print. */
const char *rings_name(const struct rings *r, unsigned ring);

/* The oldest of the frames that are there. It must be released before the next is asked for. */
bool rings_receive(struct rings *r, struct rings_frame *frame);
void rings_release(struct rings *r);

/* Waits until a frame may be there: 1; 0 when the time is up; -EINTR or another -errno. */
int rings_wait(struct rings *r, int timeout_ms);

/* The number of an interface that went down since last asked, or -1. Its ring comes to life again
 * with the interface. */
int rings_went_down(struct rings *r);

/* Frames lost so far, by all rings. */
uint64_t rings_drops(struct rings *r);

#endif
