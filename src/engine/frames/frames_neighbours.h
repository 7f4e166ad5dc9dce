/* frames_neighbours: link addresses of on-link hosts and of gateways. */
#ifndef PORTLIGHT_ENGINE_FRAMES_FRAMES_NEIGHBOURS_H
#define PORTLIGHT_ENGINE_FRAMES_FRAMES_NEIGHBOURS_H

#include <stdint.h>

#include "base/failure.h"
#include "engine/frames/frames_state.h"
#include "scan/sheet.h"

/* Makes sure that the neighbour of rank `rank`, of the sheet's window, has been asked for, and
 * gateways: together with the others of the window and more. 0, or -1 with *f. */
int frames_neighbours_learn(struct frames *fr, const struct sheet *sheet, uint64_t rank,
			    struct failure *f);
/* What was learnt of the neighbour of that rank. */
static inline struct sheet_host frames_neighbours_at(const struct frames *fr, uint64_t rank)
{
	return sheet_host_at(fr->asked, fr->asked_at + (uint32_t)(rank - fr->ask_first));
}
/* Hosts before that rank are not needed any more. */
void frames_neighbours_forget(struct frames *fr, uint64_t rank);

#endif
