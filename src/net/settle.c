/* settle: waits until this machine's addresses and interfaces can be used. */
#include "net/settle.h"

#include <string.h>
#include <time.h>

#include "net/link.h"
#include "net/own.h"

#define SETTLE_STEP_MS 50

/* Whether an address is tentative on a link with carrier, where that will end: 1, 0, or -1 with *f.
 */
static int settle_tentative(struct netlink *netlink, const char *interface, struct failure *f)
{
	struct link_list links = {0};
	struct own_list owns = {0};
	int result = 0;

	if (link_list_read(&links, netlink, f) < 0 || own_list_read(&owns, netlink, f) < 0)
		result = -1;
	for (size_t i = 0; result == 0 && i < owns.count; i++) {
		const struct link *link = link_by_index(&links, owns.own[i].link_index);
		const unsigned wanted = LINK_UP | LINK_CARRIER;

		if (owns.own[i].tentative && link && (link->has & wanted) == wanted &&
		    (!interface || strcmp(interface, link->name) == 0))
			result = 1;
	}
	own_list_fini(&owns);
	link_list_fini(&links);
	return result;
}

static void settle_sleep(unsigned ms)
{
	const struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &span,
			      NULL); /* a signal ends it: sooner is fine */
}

int settle_wait(const char *interface, struct failure *f)
{
	struct netlink *netlink = netlink_open(f);
	int waited_ms = 0, tentative = netlink ? 1 : -1;

	while (tentative > 0 && waited_ms < SETTLE_MOST_MS) {
		tentative = settle_tentative(netlink, interface, f);
		if (tentative <= 0)
			break;
		settle_sleep(SETTLE_STEP_MS);
		waited_ms += SETTLE_STEP_MS;
	}
	netlink_close(netlink);
	if (tentative < 0)
		return -1;
	if (waited_ms == 0)
		return 0;
	settle_sleep(SETTLE_FAR_MS);
	return waited_ms + SETTLE_FAR_MS;
}

/* Whether an interface is up and has no carrier: 1, 0, or -1 with *f. */
static int settle_dark(struct netlink *netlink, const struct link *link, struct failure *f)
{
	const unsigned lit = LINK_RUNNING | LINK_CARRIER;
	struct link_list links = {0};
	const struct link *now;
	int result;

	if (link_list_read(&links, netlink, f) < 0)
		return -1;
	now = link_by_index(&links, link->index);
	result = now && now->has & LINK_UP && (now->has & lit) != lit;
	link_list_fini(&links);
	return result;
}

int settle_carrier(const struct link *link, const volatile sig_atomic_t *stop, struct failure *f)
{
	struct netlink *netlink = netlink_open(f);
	int dark = netlink ? settle_dark(netlink, link, f) : -1;
	char quoted[LINK_QUOTED];
	int waited_ms = 0, more_ms;

	while (dark > 0 && waited_ms < SETTLE_CARRIER_MS && !(stop && *stop)) {
		settle_sleep(SETTLE_STEP_MS);
		waited_ms += SETTLE_STEP_MS;
		dark = settle_dark(netlink, link, f);
	}
	netlink_close(netlink);
	if (dark < 0)
		return -1;
	if (dark > 0 && !(stop && *stop))
		return failure_set(
			f, EXIT_UNAVAILABLE,
			"interface %s lost its carrier when it was given an XDP program, "
			"and has not got it back",
			link_quote(link, quoted));
	if (waited_ms == 0)
		return 0;
	more_ms = settle_wait(link->name, f);
	return more_ms < 0 ? -1 : waited_ms + more_ms;
}
