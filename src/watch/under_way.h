/* under_way: which packets without a known flow belong to something that was under way. */
#ifndef PORTLIGHT_WATCH_UNDER_WAY_H
#define PORTLIGHT_WATCH_UNDER_WAY_H

#include "watch/sight.h"

struct packet;
struct watch;

/* The kind of a packet that belongs to no known flow: that of its sighting, or SIGHT_MIDDLE where
 * something excuses it: a question that was seen, a trace that continues, a connection that may be
 * older than the capture. Notes the trace. */
enum sight_kind under_way(struct watch *w, const struct packet *p, const struct sighting *s);

#endif
