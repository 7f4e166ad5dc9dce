/* frames_prepare: resolves routes and neighbours of a window before it is sent. */
#include "engine/frames/frames_prepare.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/frames/frames_egress.h"
#include "engine/frames/frames_neighbours.h"
#include "engine/frames/frames_state.h"
#include "result/record.h"

static int prepare_memory(struct failure *f)
{
	return failure_set(f, EXIT_SOFTWARE, "out of memory");
}

/* Writes a host's MAC address into the sheet, or why no probe can be sent to it. */
static void prepare_host(const struct frames *fr, const struct frames_egress *egress, uint64_t rank,
			 struct sheet *sheet)
{
	const uint32_t number = (uint32_t)(rank - sheet_first_host(sheet));
	const bool stopped = fr->conf.stop && *fr->conf.stop;
	struct sheet_host host = {.notes = egress->local ? HOST_LOCAL : 0};

	switch (egress->kind) {
	case EGRESS_NEIGHBOUR:
		host = frames_neighbours_at(fr, rank);
		if (!frames_neighbours_known(fr, rank))
			host.notes |= stopped ? 0 : HOST_NO_NEIGHBOUR;
		break;
	case EGRESS_GATEWAY:
		if (!egress->gateway_known && !stopped)
			host.notes |= HOST_NO_NEIGHBOUR;
		break;
	case EGRESS_NO_NEIGHBOUR:
		host.notes |= HOST_NO_NEIGHBOUR;
		break;
	case EGRESS_NO_ROUTE:
		host.notes |= HOST_NO_ROUTE;
		break;
	default:
		break;
	}
	const struct sheet_host before = sheet_host(sheet, number);

	/* Prepared again: a neighbour that is known stays so, an absent one may be back. */
	if (before.notes & HOST_MAC && host.notes & HOST_NO_NEIGHBOUR)
		return;
	/* Not written without need: the pages of the array have no memory until then. */
	if (host.notes || host.engine || before.notes)
		sheet_set_host(sheet, number, &host);
}

static bool window_live(const struct frames *fr, const struct frames_window *w)
{
	for (unsigned i = 0; i < SHEETS; i++)
		if (fr->conf.sheets[i] && sheet_window(fr->conf.sheets[i]) == w->window)
			return true;
	return false;
}

/* Returns an entry for the sheet's window: the one it has, or one whose window is closed. NULL with
 * *f if there is none. */
static struct frames_window *window_place(struct frames *fr, const struct sheet *sheet,
					  struct failure *f)
{
	struct frames_window *place = NULL;

	for (unsigned i = 0; i < SHEETS; i++) {
		struct frames_window *w = &fr->windows[i];

		if (w->used && w->window == sheet_window(sheet)) {
			place = w;
			break;
		}
		if (!place && (!w->used || !window_live(fr, w)))
			place = w;
	}
	if (!place) {
		failure_set(f, EXIT_SOFTWARE, "more than %d windows are open", SHEETS);
		return NULL;
	}
	free(place->egress);
	*place = (struct frames_window){.window = sheet_window(sheet)};
	return place;
}

/* Notes the egress of the next host. The array is allocated at the first one that differs. */
static int window_egress(struct frames_window *w, uint32_t host, uint32_t hosts, uint16_t number,
			 struct failure *f)
{
	if (host == 0)
		w->first = number;
	if (!w->egress && number == w->first)
		return 0;
	if (!w->egress) {
		w->egress = reallocarray(NULL, hosts, sizeof(*w->egress));
		if (!w->egress)
			return prepare_memory(f);
		for (uint32_t i = 0; i < host; i++)
			w->egress[i] = w->first;
	}
	w->egress[host] = number;
	return 0;
}

int frames_prepare(struct engine *e, struct sheet *sheet, struct failure *f)
{
	struct frames *fr = (struct frames *)e;
	const uint64_t first = sheet_first_host(sheet), end = first + sheet_hosts(sheet);
	struct frames_window *window = window_place(fr, sheet, f);

	if (!window)
		return -ENOMEM;
	for (uint64_t rank = first; rank < end; rank++) {
		uint32_t host = (uint32_t)(rank - first);
		struct addr to = plan_host(fr->conf.plan, rank);
		int number;

		if (frames_neighbours_learn(fr, sheet, rank, f) < 0)
			return -EIO;
		number = frames_egress_to(fr, to, f);
		if (number < 0)
			return -EIO;
		if (window_egress(window, host, sheet_hosts(sheet), (uint16_t)number, f) < 0)
			return -ENOMEM;
		prepare_host(fr, fr->egresses[number], rank, sheet);
	}
	frames_neighbours_forget(fr, end);
	window->used = true;
	return frames_egress_others(fr, f) < 0 ? -EIO : 0;
}
