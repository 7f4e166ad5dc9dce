/* frames_refused: hosts that the kernel takes no packet for, though there is a route. */
#ifndef PORTLIGHT_ENGINE_FRAMES_FRAMES_REFUSED_H
#define PORTLIGHT_ENGINE_FRAMES_FRAMES_REFUSED_H

#include <stdbool.h>

struct engine;
struct frames;
struct probe;
struct sheet;

/* Room for a line of frames_news(). */
#define FRAMES_NEWS 200

/*
 * Transmitter number `out` has refused a probe with that errno. True if that is a matter of the
 * host: a WireGuard interface without a peer or key for it (ENOKEY), or without a peer's address
 * (EDESTADDRREQ). The host then has no route in the sheet, and its unsent probes are not offered
 * any more. Always false where all hosts of the sheet share one entry.
 */
bool frames_refused(struct frames *fr, struct sheet *sheet, const struct probe *probe, unsigned out,
		    int error);

/* engine_ops.news */
const char *frames_news(struct engine *e);

#endif
