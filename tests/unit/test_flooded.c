/* Answers that arrive faster than they are read: the program does not wait for their end, which
 * never comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/ring.h"
#include "engine/frames/frames_receive.h"
#include "engine/frames/frames_state.h"
#include "recording_sink.h"
#include "run/scan_driver.h"

#define SECOND UINT64_C(1000000000)
/* Where the flood ends after all, so that a failure is one. */
#define DRY 20000000u

/* A ring that is never empty, of frames that are no answers: linked in place of the real one. */
static unsigned frames_taken;
static int readable = -1;
bool __wrap_ring_receive(struct ring *ring, struct ring_frame *frame);
void __wrap_ring_release(struct ring *ring);
enum packet_link __wrap_ring_link(const struct ring *ring);
int __wrap_ring_fd(const struct ring *ring);

bool __wrap_ring_receive(struct ring *ring, struct ring_frame *frame)
{
	static const uint8_t nothing[60];

	(void)ring;
	*frame = (struct ring_frame){.bytes = nothing, .length = sizeof(nothing)};
	if (frames_taken < DRY)
		frames_taken++;
	if (frames_taken == DRY)
		(void)!read(readable, (uint64_t[1]){0}, sizeof(uint64_t));
	return frames_taken < DRY;
}

void __wrap_ring_release(struct ring *ring)
{
	(void)ring;
}

enum packet_link __wrap_ring_link(const struct ring *ring)
{
	(void)ring;
	return PACKET_LINK_ETHERNET;
}

int __wrap_ring_fd(const struct ring *ring)
{
	(void)ring;
	return readable;
}

static void test_frames(void **unused)
{
	struct sheet *const none[SHEETS] = {NULL};
	struct frames_in in = {0};
	struct frames fr = {.conf = {.sheets = none}, .ins = &in, .in_count = 1};
	struct answer answers[16];
	struct failure f = {0};

	(void)unused;
	readable = eventfd(1, EFD_NONBLOCK);
	assert_true(readable >= 0);
	/* All that a ring holds is looked at, though no time is left for it. */
	assert_int_equal(frames_receive(&fr.engine, answers, 16, 0, &f), 0);
	assert_in_range(frames_taken, FRAMES_SLOTS, 2 * FRAMES_SLOTS);
	assert_int_equal(frames_receive(&fr.engine, answers, 16, 1000000, &f), 0);
	assert_in_range(frames_taken, 2 * FRAMES_SLOTS, DRY - 1);
	assert_int_equal(fr.stats.received, frames_taken);
	(void)close(readable);
}

/* An engine that is answered without end. Two interruptions come meanwhile. */
struct flooded {
	struct engine engine;
	uint64_t taken;
	volatile sig_atomic_t interrupts;
};

static int flooded_prepare(struct engine *e, struct sheet *sheet, struct failure *f)
{
	(void)e;
	(void)sheet;
	(void)f;
	return 0;
}

static int flooded_send(struct engine *e, struct walk *walk, uint64_t now_ns, unsigned budget,
			struct failure *f)
{
	struct probe probe;
	unsigned sent = 0;

	(void)e;
	(void)f;
	while (sent < budget && walk_next(walk, now_ns, &probe)) {
		walk_sent(walk, &probe, now_ns);
		sent++;
	}
	return (int)sent;
}

static int flooded_receive(struct engine *e, struct answer *answers, unsigned max,
			   uint64_t timeout_ns, struct failure *f)
{
	struct flooded *flooded = (struct flooded *)e;

	(void)timeout_ns;
	memset(answers, 0, max * sizeof(*answers)); /* to nothing that was asked */
	flooded->taken += max;
	flooded->interrupts = flooded->taken > 100000 ? 2 : 0;
	return flooded->taken < DRY ? (int)max : failure_set(f, EXIT_SOFTWARE, "it continued");
}

static void flooded_stats(struct engine *e, struct engine_stats *out)
{
	(void)e;
	*out = (struct engine_stats){0};
}

static struct plan *plan_of_one(void)
{
	const uint64_t seed[2] = {1, 2};
	struct ranges targets = {0};
	struct ports ports = {0};
	struct failure f = {0};
	struct plan *plan;

	assert_int_equal(ranges_add(&targets, addr_from_v4(0xc6120002), addr_from_v4(0xc6120002)),
			 0);
	for (unsigned port = 1; port <= 1000; port++)
		port_set_add(&ports.tcp, port);
	plan = plan_new(&targets, &ports, 1u << TECH_SYN, seed, &f);
	assert_non_null(plan);
	ranges_fini(&targets);
	return plan;
}

static void test_loop(void **unused)
{
	static const struct engine_ops ops = {
		.name = "flooded",
		.prepare = flooded_prepare,
		.send = flooded_send,
		.receive = flooded_receive,
		.stats = flooded_stats,
	};
	const struct engine_row row = {.name = "flooded"};
	const struct observer silent = {0};
	struct recording_sink sink = {{&recording_ops}};
	struct flooded flooded = {.engine = {&ops}};
	const struct scan_request request = {.timing = 3};
	struct scan_setup setup = {.request = &request, .plan = plan_of_one(), .engine = &row};
	const struct run_context run = {
		.observer = &silent,
		.sink = &sink.sink,
		.interrupts = &flooded.interrupts,
		.now_ns = clock_monotonic_ns,
	};
	const struct scan_conf conf = {
		.pace = {1000, 1000, 1000},
		.rtt = {SECOND, SECOND, SECOND},
		.last = setup.plan->total,
		.tries = {[TECH_SYN] = 2},
	};
	struct scan_driver driver = {.setup = &setup, .run = &run, .engine = &flooded.engine};
	struct failure f = {0};

	(void)unused;
	scan_init(&driver.scan, setup.plan, &conf, clock_monotonic_ns());
	assert_int_equal(scan_driver_run(&driver, &f), 0);
	/* It heeds them within a turn. */
	assert_in_range(flooded.taken, 100000, 200000);
	assert_true(driver.summary.partial);
	assert_string_equal(driver.summary.stopped_why, "interrupted");
	/* What was found by then is passed on. */
	assert_int_equal(sink.hosts, 1);
	assert_true(sink.host[0].notes & HOST_PARTIAL);
	recording_sink_fini(&sink);
	scan_fini(&driver.scan);
	plan_free(setup.plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
