/* frames_neighbours: link addresses of on-link hosts and of gateways, solicited in advance. */
#ifndef PORTLIGHT_ENGINE_FRAMES_FRAMES_NEIGHBOURS_H
#define PORTLIGHT_ENGINE_FRAMES_FRAMES_NEIGHBOURS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "engine/frames/frames_state.h"
#include "result/record.h"
#include "scan/hop.h"
#include "scan/sheet.h"

/*
 * Makes sure that the host of rank `rank` (its number in the plan), which is in the sheet's window,
 * has been solicited if it is on-link, and new gateways as well. Solicits the rest of the window
 * and up to some 65,000 hosts at the same time, and waits about a second for answers. 0, or -1
 * with *f.
 */
int frames_neighbours_learn(struct frames *fr, struct sheet *sheet, uint64_t rank,
			    struct failure *f);
/*
 * The link address of the host of that rank: has HOST_MAC in its notes if it answered; HOP_SEND,
 * but not HOST_MAC, if the administrator has fixed it, which does not show that the host is there.
 * frames_neighbours_learn() has covered that rank before.
 */
static inline struct sheet_host frames_neighbours_at(const struct frames *fr, uint64_t rank)
{
	return sheet_host_at(fr->asked, fr->asked_at + (uint32_t)(rank - fr->ask_first));
}
/* Whether that address is known. */
static inline bool frames_neighbours_known(const struct frames *fr, uint64_t rank)
{
	const struct sheet_host host = frames_neighbours_at(fr, rank);

	return host.notes & HOST_MAC || host.engine & HOP_SEND;
}
/*
 * Solicits the gateways again (or only `gateway`, if it is not NULL), but for those with a
 * permanent entry. A gateway that does not answer keeps its MAC address. Takes a second at most.
 * Returns how many have another MAC address now; or -1 with *f.
 */
int frames_neighbours_again(struct frames *fr, const struct addr *gateway, struct failure *f);
/* engine_ops.finish: notes in the sheet the addresses that the administrator has fixed, which
 * nothing is sent to any more. */
bool frames_neighbours_finish(struct engine *e, struct sheet *sheet, uint64_t now_ns);
/* Frees what was learnt if all of it is of hosts before that rank; UINT64_MAX: in any case. */
void frames_neighbours_forget(struct frames *fr, uint64_t rank);

#endif
