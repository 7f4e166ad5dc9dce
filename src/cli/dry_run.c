/* dry_run: the plan, the time and the bytes of a scan that is not run. */
#include "cli/dry_run.h"

#include <inttypes.h>
#include <math.h>

#include "technique/payloads.h"

/* Ranges that are listed; -sL lists every address. */
#define RANGES_LISTED 16

enum {
	IPV4_BYTES = 20,
	IPV6_BYTES = 40,
	TCP_BYTES = 20,
	MSS_BYTES = 4, /* the one option of a SYN (RFC 9293, 3.7.1) */
	UDP_BYTES = 8,
};

/* IP addresses of IPv4 targets. */
static uint64_t hosts_v4(const struct plan *plan)
{
	const struct plan_range *range = plan_ranges(plan);
	uint64_t count = 0;

	for (uint32_t i = 0; i < plan->ranges; i++)
		if (addr_is_v4((struct addr){range[i].hi, range[i].lo}))
			count += range[i].hosts;
	return count;
}

/* Bytes behind the IP header of one probe to each slot. */
static uint64_t slots_bytes(const struct plan *plan)
{
	const uint32_t *slot = plan_slots(plan);
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < plan->slots; i++) {
		const unsigned technique = plan_slot_technique(slot[i]);
		const uint8_t *payload;
		size_t length = 0;

		if (technique_is_udp(technique))
			payload_for(plan_slot_port(slot[i]), &payload, &length);
		bytes += technique_is_udp(technique) ? UDP_BYTES + length
			 : technique_table[technique].flags & TCP_SYN
				 ? (size_t)(TCP_BYTES + MSS_BYTES)
				 : (size_t)TCP_BYTES;
	}
	return bytes;
}

/* Of IP, of one packet a probe; of a part: its share of the plan. */
static double plan_bytes(const struct scan_setup *setup)
{
	const struct plan *plan = setup->plan;
	const double four = (double)hosts_v4(plan), six = (double)plan->hosts - four;
	const double all = (four + six) * (double)slots_bytes(plan) +
			   (four * IPV4_BYTES + six * IPV6_BYTES) * plan->slots;

	return all * (double)(setup->conf.last - setup->conf.first) / (double)plan->total;
}

static void print_time(FILE *out, const char *when, double pps, uint64_t probes)
{
	const double seconds = (double)probes / pps;

	if (seconds < 120)
		fprintf(out, "  %.1f s %s (%.*f/s)\n", seconds, when, pps < 10 ? 2 : 0, pps);
	else
		fprintf(out, "  %.0f h %.0f min %s (%.*f/s)\n", floor(seconds / 3600),
			floor(fmod(seconds, 3600) / 60), when, pps < 10 ? 2 : 0, pps);
}

static unsigned most_tries(const struct scan_setup *setup)
{
	unsigned most = 0;

	for (unsigned t = 0; t < TECHNIQUES; t++)
		if (setup->techniques >> t & 1 && setup->conf.tries[t] > most)
			most = setup->conf.tries[t];
	return most;
}

void dry_run_print(const struct scan_setup *setup, FILE *out)
{
	const struct plan *plan = setup->plan;
	const struct run_plan *stated = &setup->run_plan;
	const uint64_t probes = stated->last - stated->first;
	char text[RANGE_TEXT];

	fprintf(out, "Plan %016" PRIx64 ", --seed %" PRIu64 "; nothing is sent.\n", stated->hash,
		stated->seed);
	fprintf(out, "Hosts: %" PRIu64 "\n", (uint64_t)plan->hosts);
	for (size_t i = 0; i < stated->range_count && i < RANGES_LISTED; i++)
		fprintf(out, "  %s\n", range_format(&stated->ranges[i], text));
	if (stated->range_count > RANGES_LISTED)
		fprintf(out, "  and %zu more ranges (-sL lists all addresses)\n",
			stated->range_count - RANGES_LISTED);
	fprintf(out, "Ports:\n");
	for (size_t i = 0; i < setup->technique_count; i++)
		fprintf(out, "  %s: %u: %s\n", technique_table[setup->technique[i]].name,
			setup->port_count[i], setup->port_list[i]);
	fprintf(out, "Probes: %" PRIu64 "; at most %u packets each\n", probes, most_tries(setup));
	if (probes != stated->total)
		fprintf(out, "  of a plan of %" PRIu64 ": --part %" PRIu64 "-%" PRIu64 "\n",
			stated->total, stated->first, stated->last - 1);
	fprintf(out, "Time of one packet a probe, without waiting for answers:\n");
	print_time(out, "at the first rate", setup->conf.pace.start_pps, probes);
	print_time(out, "at the greatest rate", setup->conf.pace.ceiling_pps, probes);
	fprintf(out, "Bytes of IP, of one packet a probe: %.0f\n", plan_bytes(setup));
	fprintf(out, "Engine: %s (%s)\n", setup->engine->name, setup->engine_why);
}
