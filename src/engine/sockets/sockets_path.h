/* sockets_path: tells a lost path from a target that has no route. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_SOCKETS_PATH_H
#define PORTLIGHT_ENGINE_SOCKETS_SOCKETS_PATH_H

#include <stdbool.h>

#include "net/path.h"

struct attempt;
struct engine;
struct sockets;

/* See path of struct engine_ops. */
enum path_state sockets_path(struct engine *e, bool doubt, const char **why);

/* A probe has left: now and then the route of its target is followed from then on. */
void sockets_path_follow(struct sockets *s, const struct attempt *a);

/* What the answer of an attempt is worth that our own kernel has made (no route, no neighbour). */
enum sockets_path_word {
	WORD_HOLDS, /* it is about the target; so is any other answer */
	WORD_LOST,  /* the path of the scan is lost: the probe was not sent */
	WORD_VAIN,  /* the target has answered before, so it is there: the probe was lost */
};
enum sockets_path_word sockets_path_word(struct sockets *s, const struct attempt *a);

#endif
