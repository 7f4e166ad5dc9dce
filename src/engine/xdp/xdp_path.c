/* xdp_path: has the BPF programs follow changes of routes and of MAC addresses. */
#include "engine/xdp/xdp_path.h"

#include <stdio.h>

#include "engine/frames/frames_path.h"
#include "engine/frames/frames_state.h"
#include "engine/xdp/xdp_hosts.h"
#include "engine/xdp/xdp_pass.h"
#include "engine/xdp/xdp_state.h"

/* A pass is being sent: its memory stays as it is. */
static enum path_state path_in_pass(struct xdp *x, bool doubt, const char **why)
{
	const enum path_state state = path_check(x->frames->path, doubt, why);

	x->rerouted |= state == PATH_CHANGED;
	if (frames_path_moved(x->frames) || x->rerouted)
		xdp_pass_stop(&x->engine);
	return state == PATH_LOST ? state : PATH_SAME;
}

/* Whether the hosts of each window that has one entry for all still have one way. */
static bool path_alike(const struct xdp *x)
{
	for (unsigned i = 0; i < SHEETS; i++) {
		struct sheet *sheet = x->conf.sheets[i];

		if (sheet && sheet_alike(sheet) &&
		    !xdp_hosts_alike(x, sheet_first_host(sheet),
				     sheet_first_host(sheet) + sheet_hosts(sheet))) {
			sheet_set_host(sheet, 0, &(struct sheet_host){0});
			return false;
		}
	}
	return true;
}

/* Rewrites egresses and MAC addresses for the programs. */
static void path_refill(struct xdp *x)
{
	char quoted[LINK_QUOTED];

	x->egress_count = 0;
	for (unsigned i = 0; !x->broken && i < SHEETS; i++) {
		struct sheet *sheet = x->conf.sheets[i];

		if (!sheet || !sheet_is_bulk(sheet) || xdp_hosts_fill(x, i, sheet))
			continue;
		x->broken = x->has_news = true;
		snprintf(x->news, sizeof(x->news),
			 "the routes do not all lead by interface %s any more; continuing with "
			 "engine frames",
			 link_quote(x->link, quoted));
	}
}

enum path_state xdp_path(struct engine *e, bool doubt, const char **why)
{
	struct xdp *x = (struct xdp *)e;
	enum path_state state;

	if (x->sending.begun)
		return path_in_pass(x, doubt, why);
	/* path_check() reports a change once. */
	x->frames->path_failed |= x->rerouted;
	x->rerouted = false;
	state = x->stranded ? path_check(x->frames->path, doubt, why)
			    : frames_path(&x->frames->engine, doubt, why);
	if (state == PATH_CHANGED) {
		x->stranded = !path_alike(x);
		if (!x->stranded)
			path_refill(x);
	}
	if (!x->stranded || state == PATH_LOST)
		return state;
	*why = "not all targets are behind one gateway any more, which engine xdp does not follow";
	return PATH_LOST;
}
