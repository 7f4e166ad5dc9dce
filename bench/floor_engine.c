/*
 * floor_engine: how fast the frames engine alone sends, walk, cookies and frames included.
 *
 * usage: floor_engine TARGET COUNT [no-bypass]
 * TARGET: an IPv4 address that is on-link; COUNT: in 65536s; no-bypass: through the queueing
 * discipline
 *
 * The counterpart of floor_sendmmsg: a plan of COUNT hosts from TARGET on with all ports, SYN, no
 * pacer, nothing received. Neighbours must be permanent entries of the kernel's table, so that
 * no host has to answer. Prints packets per second. For a network of your own only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address/ranges.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "engine/frames/frames_state.h"

/* As many at once as the scan's loop offers. */
#define BUDGET 1024

static int run_window(struct engine *engine, struct sheet *sheet, uint64_t *sent, struct failure *f)
{
	uint8_t tries[TECHNIQUES];
	struct walk walk;

	memset(tries, 1, sizeof(tries));
	walk_init(&walk, sheet, tries, UINT64_C(1000000000));
	for (;;) {
		int took = engine->ops->send(engine, &walk, clock_monotonic_ns(), BUDGET, f);

		if (took < 0)
			return -1;
		*sent += (unsigned)took;
		if (took == 0 && (walk.done || walk.due_ns > clock_monotonic_ns()))
			return 0;
	}
}

int main(int argc, char **argv)
{
	static struct sheet *sheets[SHEETS];
	static struct ports ports;
	const uint64_t seed[2] = {1, 2};
	struct engine_conf conf = {.sheets = sheets, .key = {{3, 4}}, .bypass = argc == 3};
	struct failure f = {0};
	struct ranges targets = {0};
	struct engine_stats stats;
	struct plan *plan;
	struct addr first;
	uint64_t sent = 0, spent_ns = 0;

	if (argc < 3 || argc > 4 || (argc == 4 && strcmp(argv[3], "no-bypass") != 0) ||
	    addr_parse(argv[1], strlen(argv[1]), &first) < 0 || atoi(argv[2]) <= 0) {
		fprintf(stderr, "usage: floor_engine TARGET COUNT [no-bypass]\n");
		return 64;
	}
	memset(&ports.tcp, 0xff, sizeof(ports.tcp));
	if (ranges_add(&targets, first, addr_add(first, (uint64_t)atoi(argv[2]) - 1)) < 0)
		return 70;
	ranges_normalise(&targets);
	plan = plan_new(&targets, &ports, 1u << TECH_SYN, seed, &f);
	conf.plan = plan;
	struct engine *engine = plan ? engine_frames_open(&conf, &f) : NULL;

	if (!engine) {
		fprintf(stderr, "floor_engine: %s\n", f.text);
		return f.exit_code;
	}
	for (uint64_t w = 0; w < plan->windows; w++) {
		uint64_t begin_ns;

		sheets[0] = sheet_new(plan, w, 0, plan->total, clock_monotonic_ns());
		if (!sheets[0] || engine->ops->prepare(engine, sheets[0], &f) < 0)
			break;
		begin_ns = clock_monotonic_ns();
		if (run_window(engine, sheets[0], &sent, &f) < 0)
			break;
		spent_ns += clock_monotonic_ns() - begin_ns;
		sheet_free(sheets[0]);
		sheets[0] = NULL;
	}
	engine->ops->stats(engine, &stats);
	if (f.exit_code)
		fprintf(stderr, "floor_engine: %s\n", f.text);
	else
		printf("%.0f packets/s: %llu in %.3f s, refused %llu times\n",
		       (double)sent * 1e9 / (double)spent_ns, (unsigned long long)sent,
		       (double)spent_ns / 1e9, (unsigned long long)stats.send_errors);
	sheet_free(sheets[0]);
	engine->ops->close(engine);
	plan_free(plan);
	ranges_fini(&targets);
	return f.exit_code;
}
