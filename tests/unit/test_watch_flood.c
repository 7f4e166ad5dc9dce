/* The detector under a flood of forged SYNs: a real scan is named while it lasts. */
#include <stdlib.h>

#include "watch_lab.h"

#include "watch/watch.h"

#define SCAN_PORTS 100
#define SCAN_PPS   50

struct flood {
	unsigned pps;
	unsigned least_ports; /* of the scan, that are told of */
	uint32_t sources;     /* forged ones, drawn at random */
	bool random_ports;
	bool refused;	    /* the target answers with a RST */
	unsigned before_ms; /* how long it lasts before the scan begins */
};

/* One SYN from a forged source, that of a flood tool: its own window, no options. */
static void flood_syn(struct lab *l, const struct flood *f)
{
	struct addr source = addr_from_v4(0x20000000 + (uint32_t)(lab_random(l) % f->sources) * 97);
	struct packet p = lab_tcp(l, source, lab_near(l, 1), (uint16_t)lab_random(l),
				  f->random_ports ? (uint16_t)lab_random(l) : 80);

	p.flags = TCP_SYN;
	p.window = 512;
	lab_packet(l, &p);
	if (f->refused) {
		l->t_ns -= l->gap_ns;
		lab_segment(l, &p, true, TCP_RST | TCP_ACK, 0);
	}
}

static void check_scan_is_named_in(const struct flood *f)
{
	struct lab lab, *l = lab_open(&lab);
	struct addr scanner = addr_from_v4(0xc6336407);
	uint64_t begin, end, next;
	unsigned probed = 0;
	const struct lab_event *told;

	l->gap_ns = SECOND / f->pps;
	begin = l->t_ns + f->before_ms * MS;
	end = begin + SCAN_PORTS * SECOND / SCAN_PPS;
	next = begin;
	while (l->t_ns < end) {
		flood_syn(l, f);
		if (l->t_ns >= next && probed < SCAN_PORTS) {
			lab_connect(l, scanner, lab_near(l, 1), (uint16_t)(50000 + probed),
				    (uint16_t)(1 + probed),
				    probed % 20 == 19 ? HALF
				    : f->refused      ? REFUSED
						      : SILENT);
			probed++;
			next += SECOND / SCAN_PPS;
		}
		if (l->t_ns % SECOND < l->gap_ns)
			watch_tick(l->watch, l->t_ns);
	}
	watch_tick(l->watch, end);
	/* Told by now: its own duration is over. */
	told = lab_alert(l, &scanner);
	if (!told || l->alerts != 1) {
		lab_print(l);
		fail_msg("flood of %u/s, %u sources, ports %d, refused %d, after %u ms: %zu alerts",
			 f->pps, f->sources, f->random_ports, f->refused, f->before_ms, l->alerts);
	}
	assert_int_equal(told->event.action, EVENT_PORT_SCAN);
	assert_int_equal(l->seen_actions, BIT(EVENT_PORT_SCAN) | BIT(EVENT_SYN_FLOOD));
	lab_finish(l);
	told = lab_alert(l, &scanner);
	assert_int_equal(l->alerts, 1);
	/* Those before it stood out are not known. */
	assert_in_range(told->event.ports_total, f->least_ports, SCAN_PORTS);
	assert_int_equal(told->event.techniques, BIT(TECH_SYN));
}

/* The scan is hardly five times as busy as a forged source. */
static void a_scan_is_named_though_the_forged_are_busy(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct flood f = {
			.pps = 700000,
			.least_ports = SCAN_PORTS / 5,
			.sources = 65536,
			.random_ports = true,
			.before_ms = 2000 + 333 * i,
		};

		check_scan_is_named_in(&f);
	}
}

static void a_scan_is_named_amid_a_flood(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		const struct flood f = {
			.pps = 500000,
			.least_ports = SCAN_PORTS / 2,
			.sources = i & 1 ? 65536 : 16000000,
			.random_ports = i & 2,
			.refused = i & 4,
			.before_ms = 3000,
		};

		check_scan_is_named_in(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scan_is_named_amid_a_flood),
		cmocka_unit_test(a_scan_is_named_though_the_forged_are_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
