/* xdp_hosts: tells the BPF programs the destination MAC address and egress of each host. */
#include "engine/xdp/xdp_hosts.h"

#include <stdlib.h>
#include <string.h>

#include "engine/frames/frames_egress.h"
#include "engine/frames/frames_state.h"
#include "engine/xdp/xdp_fill.h"
#include "engine/xdp/xdp_state.h"

bool xdp_hosts_alike(const struct xdp *x, uint64_t rank, uint64_t end)
{
	const struct plan *plan = x->conf.plan;
	const struct plan_range *ranges = plan_ranges(plan);
	int first = -1;

	while (rank < end) {
		const struct plan_range *range = &ranges[plan_range_of(ranges, plan->ranges, rank)];
		const struct addr to = plan_host(plan, rank);
		const int number = route_find(x->frames->routes, to);
		uint64_t more = range->first_host + range->hosts - rank;
		struct addr next;

		if (number < 0 || (first >= 0 && number != first))
			return false;
		first = number;
		/* Continues where another route, or another range of targets, may begin. */
		if (route_next(x->frames->routes, to, &next) &&
		    next.hi - to.hi == (next.lo < to.lo) && next.lo - to.lo < more)
			more = next.lo - to.lo;
		rank += more;
	}
	return first >= 0 && route_at(x->frames->routes, first)->kind == ROUTE_UNICAST &&
	       route_at(x->frames->routes, first)->has_gateway;
}

void xdp_hosts_place(struct xdp *x, unsigned place, struct sheet *sheet)
{
	const uint32_t groups = x->programs.memory.setting->hops;
	const uint64_t first = sheet_first_host(sheet);
	struct hop_group *hops;

	sheet_set_alike(sheet, xdp_hosts_alike(x, first, first + sheet_hosts(sheet)));
	if (sheet_alike(sheet) || sheet_host_groups(sheet_hosts(sheet)) > groups)
		return;
	hops = xdp_programs_hops(&x->programs);
	if (!hops)
		return;
	hops += (size_t)place * groups;
	(void)sheet_lend(sheet, &(struct sheet_loan){.hops = hops});
}

/* Number of the egress in the table of the BPF programs; -1 if it has no place there. */
static int hosts_egress(struct xdp *x, const struct frames_egress *egress)
{
	struct xdp_egress *out;

	for (unsigned i = 0; i < x->egress_count; i++)
		if (x->egresses[i] == egress)
			return (int)i;
	if (x->egress_count == XDP_EGRESSES || egress->link != x->link)
		return -1;
	out = &x->programs.memory.egress[x->egress_count];
	out->source_hi = egress->source.hi;
	out->source_lo = egress->source.lo;
	for (unsigned t = 0; t < TECHNIQUES; t++)
		if (x->frames->techniques >> t & 1)
			xdp_fill_template(&out->template[t], &egress -> template[t]);
	x->egresses[x->egress_count] = egress;
	return (int)x->egress_count++;
}

/* Adds egress and MAC address to a host's entry; false if the programs cannot send to it. */
static bool hosts_hop(struct xdp *x, struct sheet *sheet, uint32_t host)
{
	const struct frames_egress *egress = frames_egress_of(x->frames, sheet, host);
	struct sheet_host hop = sheet_host(sheet, host);
	int number;

	/* Neither engine sends to a host that is absent. */
	if (!egress || sheet_host_absent(sheet, host))
		return true;
	if ((egress->kind != EGRESS_NEIGHBOUR && egress->kind != EGRESS_GATEWAY) || egress->queue)
		return false;
	number = hosts_egress(x, egress);
	if (number < 0)
		return false;
	if (egress->kind == EGRESS_GATEWAY)
		memcpy(hop.mac, egress->mac, sizeof(hop.mac));
	hop.engine = (uint8_t)((unsigned)number | HOP_SEND);
	sheet_set_host(sheet, host, &hop);
	return true;
}

static uint64_t hosts_word(struct sheet *sheet, uint32_t host)
{
	return hop_word(&sheet_hops(sheet)[host / HOP_GROUP], host % HOP_GROUP);
}

bool xdp_hosts_fill(struct xdp *x, unsigned place, struct sheet *sheet)
{
	const uint32_t count = sheet_alike(sheet) ? 1 : sheet_hosts(sheet);
	bool alike = true;

	if (!sheet_alike(sheet) && !sheet_hops_lent(sheet))
		return false;
	for (uint32_t host = 0; host < count; host++) {
		if (!hosts_hop(x, sheet, host))
			return false;
		alike &= hosts_word(sheet, host) == hosts_word(sheet, 0);
	}
	/* The word of an absent host is not 0 either, since it has the notes. */
	x->programs.memory.window[place].host_word = alike ? hosts_word(sheet, 0) : 0;
	return true;
}
