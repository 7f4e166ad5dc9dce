/* xdp_path: has the BPF programs follow changes of routes and of MAC addresses. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_PATH_H
#define PORTLIGHT_ENGINE_XDP_XDP_PATH_H

#include <stdbool.h>

#include "net/path.h"

struct engine;

/*
 * See path of struct engine_ops; as frames_path(). A change ends a pass, and is reported when the
 * pass is over: then it is known what was sent. Where new routes lead by another interface, engine
 * frames sends the rest of the scan; a window whose hosts were all behind one gateway cannot
 * continue if they are not any more.
 */
enum path_state xdp_path(struct engine *e, bool doubt, const char **why);

#endif
