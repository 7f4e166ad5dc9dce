/* frames_prepare: resolves routes and neighbours of a window before it is sent. */
#ifndef PORTLIGHT_ENGINE_FRAMES_FRAMES_PREPARE_H
#define PORTLIGHT_ENGINE_FRAMES_FRAMES_PREPARE_H

#include "base/failure.h"

struct engine;
struct sheet;

/* See prepare of struct engine_ops. */
int frames_prepare(struct engine *e, struct sheet *sheet, struct failure *f);

#endif
