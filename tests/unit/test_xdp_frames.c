/* What the kernel's program sends, against user space: every byte of every frame. */
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>

#include "base/clock.h"
#include "engine/xdp/xdp_quirks.h"
#include "xdp_round.h"

static bool sendable(const struct round *r, uint32_t cell)
{
	const bool rate_limited = cell / r->plan->slots % 5 == 4;

	return (r->fresh || sheet_get(r->sheet, cell) == 0) && r->sends[cell / r->plan->slots] &&
	       !(rate_limited && sheet_probe(r->sheet, cell).technique == TECH_UDP);
}

/* A pass over [begin, end) whose frames come back. */
static void pass_init(struct round *r, uint8_t attempt, uint32_t begin, uint32_t end)
{
	volatile struct xdp_pass *pass = r->programs.memory.pass;

	memset((void *)pass, 0, sizeof(*pass));
	memset((void *)r->programs.memory.sender, 0, XDP_SENDERS * sizeof(struct xdp_sender));
	pass->attempt = attempt;
	pass->fresh = r->fresh;
	pass->begin = begin;
	pass->take = XDP_BLOCK * (1 + (unsigned)(next() % 4));
	pass->next = begin / pass->take * pass->take;
	pass->end = end;
	pass->technique_mask = UINT32_MAX;
	pass->batch = 1;
	pass->test = 1;
}

/* The next frame of a sender, or -ENODATA. */
static int sender_next(const struct round *r, unsigned sender, uint8_t *out, size_t room)
{
	return xdp_programs_test(&r->programs, sender, 1, out, room);
}

/* Nothing in hand and nothing to take. */
static bool sender_over(const struct round *r, unsigned sender)
{
	const volatile struct xdp_pass *pass = r->programs.memory.pass;
	const volatile struct xdp_sender *s = &r->programs.memory.sender[sender];

	return xdp_sender_idle(s) && (pass->next >= pass->end || pass->stop);
}

static void compare_all(struct round *r)
{
	const uint8_t attempt = (uint8_t)(next() % 16);
	const unsigned who = (unsigned)(next() % XDP_SENDERS);
	const volatile struct xdp_sender *sender = &r->programs.memory.sender[who];
	uint8_t want[TEMPLATE_BYTES + PAYLOAD_MOST], got[2048];
	uint64_t sent = 0;

	pass_init(r, attempt, 0, sheet_cells(r->sheet));
	for (uint32_t position = 0; position < sheet_cells(r->sheet); position++) {
		const uint32_t cell = (uint32_t)permute_forward(sheet_order(r->sheet), position);
		size_t length;
		int count;

		if (!sendable(r, cell))
			continue;
		/* It stops looking after some cells without a blank, and goes on from there. */
		do
			count = sender_next(r, who, got, sizeof(got));
		while (count == -ENODATA && !sender_over(r, who));
		length = expected(r, cell, attempt, want);
		assert_int_equal(count, length);
		assert_memory_equal(got, want, length);
		assert_int_equal(sender->queued, ++sent);
	}
	while (!sender_over(r, who))
		assert_int_equal(sender_next(r, who, got, sizeof(got)), -ENODATA);
	assert_int_equal(sender_next(r, who, got, sizeof(got)), -ENODATA);
	assert_int_equal(sender->queued, sent);
}

/* Several threads that send a pass at once, as fast as they can or to a schedule. */
struct crew {
	struct round *r;
	uint8_t *seen;	/* how often each cell was sent */
	uint32_t times; /* runs of a call; more than one: seen[] is not kept */
	uint32_t stop;	/* once so many were sent */
	uint32_t sent;
	struct crew_member {
		struct crew *crew;
		pthread_t thread;
		unsigned number;
	} member[4];
};

static void *crew_send(void *argument)
{
	const struct crew_member *m = argument;
	struct crew *crew = m->crew;
	const struct round *r = crew->r;
	uint8_t frame[2048];
	struct packet p;

	while (!sender_over(r, m->number)) {
		const int length = xdp_programs_test(&r->programs, m->number, crew->times, frame,
						     sizeof(frame));
		uint32_t cell;

		if (length < 0 || crew->times > 1)
			continue;
		packet_parse(PACKET_LINK_ETHERNET, frame, (size_t)length, &p);
		cell = p.seq ^
		       (uint32_t)cookie_hash(&r->conf.key, p.dst.hi, p.dst.lo, p.dport, TECH_SYN);
		if (cell < sheet_cells(r->sheet))
			__atomic_fetch_add(&crew->seen[cell], 1, __ATOMIC_RELAXED);
		if (__atomic_add_fetch(&crew->sent, 1, __ATOMIC_RELAXED) >= crew->stop)
			r->programs.memory.pass->stop = 1;
	}
	return NULL;
}

/* From `begin` on until `stop` were sent (0: until about half way): where they stopped. The
 * schedule has moved on for just what was sent. */
static uint32_t crew_pass(struct crew *crew, uint32_t begin, uint32_t stop)
{
	const uint32_t end = sheet_cells(crew->r->sheet);
	volatile struct xdp_pass *pass = crew->r->programs.memory.pass;
	const uint64_t due_ns = clock_monotonic_ns();
	uint64_t allowed = 0;

	pass_init(crew->r, 0, begin, end);
	pass->batch = 1u << next() % 7;
	pass->gap_ns = 1 + next() % 2 * 500 * pass->batch;
	pass->slack_ns = UINT64_MAX / 2;
	pass->due_ns = due_ns;
	crew->stop = stop;
	crew->sent = 0;
	for (unsigned i = 0; i < 4; i++) {
		crew->member[i].crew = crew;
		crew->member[i].number = i * 2;
		assert_int_equal(
			pthread_create(&crew->member[i].thread, NULL, crew_send, &crew->member[i]),
			0);
	}
	while (stop == 0 && pass->next < end / 2)
		(void)sched_yield();
	if (stop == 0)
		pass->stop = 1;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_join(crew->member[i].thread, NULL), 0);
	for (unsigned i = 0; i < XDP_SENDERS; i++)
		allowed += crew->r->programs.memory.sender[i].limit +
			   crew->r->programs.memory.sender[i].credit;
	assert_int_equal((pass->due_ns - due_ns) / pass->gap_ns * pass->batch, allowed);
	return pass->next < end ? pass->next : end;
}

/* Whatever was sent by several threads was sent once, and is all before where they stopped. */
static void crew_check(const struct crew *crew, uint32_t begin, uint32_t end)
{
	const struct round *r = crew->r;

	for (uint32_t position = 0; position < sheet_cells(r->sheet); position++) {
		const uint32_t cell = (uint32_t)permute_forward(sheet_order(r->sheet), position);
		const bool in = position >= begin && position < end;

		assert_int_equal(crew->seen[cell], in && sendable(r, cell));
		if (in)
			assert_int_not_equal(r->programs.memory.blocks[position / XDP_BLOCK], 0);
	}
}

static const struct shape crew_few = {1u << TECH_SYN, true, false, 40, 0};
static const struct shape crew_many = {1u << TECH_SYN, true, false, 40, 200};

static void test_senders(void **unused)
{
	struct round r;
	struct crew crew = {.r = &r, .times = 1};

	(void)unused;
	if (!round_init(&r, &crew_few)) {
		round_fini(&r);
		skip();
	}
	for (int i = 0; i < 30; i++) {
		const uint32_t begin = (uint32_t)(next() % 200);
		uint32_t middle;

		crew.seen = calloc(sheet_cells(r.sheet), 1);
		assert_non_null(crew.seen);
		memset(r.programs.memory.blocks, 0, r.programs.memory.setting->blocks * 8);
		middle = crew_pass(&crew, begin,
				   (uint32_t)(1 + next() % (sheet_cells(r.sheet) / 4)));
		crew_check(&crew, begin, middle);
		/* Some threads may have stopped in the last block. */
		assert_int_equal(crew_pass(&crew, middle, UINT32_MAX), sheet_cells(r.sheet));
		crew_check(&crew, begin, sheet_cells(r.sheet));
		free(crew.seen);
	}
	round_fini(&r);
}

/* Long calls, in which they are in each other's way: as many were sent as were to be. */
static void test_senders_fast(void **unused)
{
	struct round r;
	struct crew crew = {.r = &r, .times = 1000};

	(void)unused;
	if (!round_init(&r, &crew_many)) {
		round_fini(&r);
		skip();
	}
	for (int i = 0; i < 30; i++) {
		const uint32_t middle = crew_pass(&crew, 0, i % 3 ? UINT32_MAX : 0);
		uint64_t sent = 0, wanted = 0;

		for (uint32_t position = 0; position < middle; position++)
			wanted += sendable(
				&r, (uint32_t)permute_forward(sheet_order(r.sheet), position));
		for (unsigned s = 0; s < XDP_SENDERS; s++)
			sent += r.programs.memory.sender[s].queued;
		assert_int_equal(sent, wanted);
		assert_true(i % 3 == 0 || middle == sheet_cells(r.sheet));
	}
	round_fini(&r);
}

/* Three times, so that what comes now and then does. */
static void test_frames(void **unused)
{
	const size_t count = sizeof(shapes) / sizeof(shapes[0]);

	(void)unused;
	for (size_t i = 0; i < 3 * count; i++) {
		const struct shape *s = &shapes[i % count];
		struct round r;

		if (!round_init(&r, s)) {
			round_fini(&r);
			skip();
		}
		/* As under an older kernel: the same frames. */
		r.programs.memory.setting->frame_bytes += (uint32_t)(next() % 2);
		compare_all(&r);
		round_fini(&r);
	}
}

static void test_quirks(void **unused)
{
	(void)unused;
	assert_true(xdp_quirks_keeps_link("veth"));
	assert_true(xdp_quirks_keeps_link("tun"));
	assert_true(xdp_quirks_keeps_link("virtio_net"));
	assert_false(xdp_quirks_keeps_link("ixgbe"));
	assert_false(xdp_quirks_keeps_link("mlx5_core"));
	assert_false(xdp_quirks_keeps_link("bonding")); /* its ports' drivers decide */
	assert_false(xdp_quirks_keeps_link(""));
	assert_int_equal(xdp_quirks_spare_bytes("5.18.0"), 1);
	assert_int_equal(xdp_quirks_spare_bytes("6.1.0-57-amd64"), 1);
	assert_int_equal(xdp_quirks_spare_bytes("6.3.13"), 1);
	assert_int_equal(xdp_quirks_spare_bytes("6.4.0-rc1"), 0);
	assert_int_equal(xdp_quirks_spare_bytes("6.12.117+deb13-amd64"), 0);
	assert_int_equal(xdp_quirks_spare_bytes("7.0"), 0);
	assert_int_equal(xdp_quirks_spare_bytes(""), 1);
	assert_int_equal(xdp_quirks_spare_bytes("next"), 1);
	assert_true(xdp_quirks_too_old("5.10.0-30-amd64"));
	assert_true(xdp_quirks_too_old("4.19"));
	assert_false(xdp_quirks_too_old("5.18.0"));
	assert_false(xdp_quirks_too_old("6.1.0-57-amd64"));
	assert_false(xdp_quirks_too_old(""));
	assert_false(xdp_quirks_too_old("next"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quirks),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_senders_fast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
