/* sockets_neighbours: what the kernel's ARP and NDP found of hosts that answered no probe. */
#include "engine/sockets/sockets_neighbours.h"

#include <linux/neighbour.h>
#include <string.h>
#include <time.h>

#include "engine/sockets/sockets_state.h"
#include "net/neighbour.h"

/* Longer than the kernel tries. */
#define RESOLVE_NS UINT64_C(3500000000)
/* Between two readings of the table. */
#define LOOK_NS 20000000L

/* The number of a host in the sheet; false if it is none of its, or answered a probe. */
static bool silent_host(const struct sheet *sheet, struct addr a, uint32_t *host)
{
	uint64_t rank;

	if (!plan_find_host(sheet_plan(sheet), a, &rank) || rank < sheet_first_host(sheet) ||
	    rank - sheet_first_host(sheet) >= sheet_hosts(sheet))
		return false;
	*host = (uint32_t)(rank - sheet_first_host(sheet));
	return !sheet_host_heard(sheet, *host);
}

/* Notes what the entries say. Returns how many are being resolved. */
static unsigned neighbours_note(struct sheet *sheet, const struct neighbour_list *list)
{
	unsigned pending = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct neighbour *n = &list->neighbour[i];
		struct sheet_host host = {.notes = HOST_NO_NEIGHBOUR};
		uint32_t number;

		if (!silent_host(sheet, n->addr, &number))
			continue;
		if (n->state & NUD_INCOMPLETE) {
			pending++;
			continue;
		}
		if (n->state & NUD_REACHABLE && !n->told) {
			host.notes = HOST_MAC;
			memcpy(host.mac, n->mac, sizeof(host.mac));
		} else if (!(n->state & NUD_FAILED)) {
			continue;
		}
		sheet_set_host(sheet, number, &host);
	}
	return pending;
}

static bool any_silent(const struct sheet *sheet)
{
	for (uint32_t host = 0; host < sheet_hosts(sheet); host++)
		if (!sheet_host_heard(sheet, host))
			return true;
	return false;
}

bool sockets_finish(struct engine *e, struct sheet *sheet, uint64_t now_ns)
{
	struct sockets *s = (struct sockets *)e;
	const struct timespec pause = {.tv_nsec = LOOK_NS};
	struct neighbour_list list = {0};
	struct failure ignored = {0};
	unsigned pending;

	/* Without netlink the table cannot be read, and no wait is needed. */
	if (!s->netlink || !any_silent(sheet) ||
	    neighbour_list_read_all(&list, s->netlink, &ignored) < 0)
		return false;
	pending = neighbours_note(sheet, &list);
	neighbour_list_fini(&list);
	if (s->finishing != sheet) {
		s->finishing = sheet;
		s->finish_ns = now_ns;
	}
	if (pending == 0 || now_ns - s->finish_ns >= RESOLVE_NS) {
		s->finishing = NULL;
		return false;
	}
	(void)nanosleep(&pause, NULL); /* an interruption ends it early */
	return true;
}
