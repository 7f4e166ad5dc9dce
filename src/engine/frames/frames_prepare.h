/* frames_prepare: a window of the plan made ready for sending. */
#ifndef PORTLIGHT_ENGINE_FRAMES_FRAMES_PREPARE_H
#define PORTLIGHT_ENGINE_FRAMES_FRAMES_PREPARE_H

#include "base/failure.h"

struct engine;
struct sheet;

/* See prepare of struct engine_ops. */
int frames_prepare(struct engine *e, struct sheet *sheet, struct failure *f);

#endif
