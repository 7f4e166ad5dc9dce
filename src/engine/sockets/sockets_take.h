/* sockets_take: finds a free socket for a probe. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_SOCKETS_TAKE_H
#define PORTLIGHT_ENGINE_SOCKETS_SOCKETS_TAKE_H

#include <stdint.h>

#include "base/failure.h"
#include "engine/sockets/attempt.h"

struct sockets;

/* As pool_take(), and reuses sockets of UDP probes past their deadline if no other is free. Also
 * sets *f if an error will not pass. */
struct attempt *sockets_take(struct sockets *s, enum attempt_kind kind, int *error,
			     struct failure *f);

/* Frees sockets of late UDP probes whose deadline was before `before_ns`, oldest first. */
void sockets_drop_late(struct sockets *s, uint64_t before_ns);

#endif
