/* frames_path: follows interfaces, routes and MAC addresses during a scan. */
#ifndef PORTLIGHT_ENGINE_FRAMES_FRAMES_PATH_H
#define PORTLIGHT_ENGINE_FRAMES_FRAMES_PATH_H

#include <stdbool.h>

#include "net/path.h"

struct engine;
struct frames;

/*
 * See path of struct engine_ops. A gateway that announces another MAC address is solicited, and the
 * answer counts; an on-link target is believed. After a change of route all open windows are
 * prepared again.
 */
enum path_state frames_path(struct engine *e, bool doubt, const char **why);

/* Reads announcements alone. True if a gateway has another MAC address, which frames_path() will
 * report; its egress has the new one already. */
bool frames_path_moved(struct frames *fr);

#endif
