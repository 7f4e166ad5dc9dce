/* floor_xdp: how fast the transmit program is compared with one that sends a constant frame.
 *
 * usage: floor_xdp CONSTANT.o INTERFACE ROUNDS THREADS [constant]
 * Takes turns: a window of 2^20 probes by xdp_transmit, as many constant frames by xdp_constant, by
 * one thread, then by two and so on, on a processor each. A line each: program, threads, frames a
 * second by the wall, and by the processor time of the threads, which is what a shared machine
 * leaves comparable, and how many the device refused. The far end should drop in XDP. With
 * `constant` that program alone takes them, and the interface's own XDP program stays. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "address/ranges.h"
#include "engine/engine.h"
#include "engine/frames/template.h"
#include "engine/xdp/xdp_fill.h"
#include "engine/xdp/xdp_programs.h"
#include "net/link.h"
#include "scan/sheet_bulk.h"

#define CALL_RUNS 65536

static double now(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct floor {
	struct plan *plan;
	struct sheet *sheet;
	struct xdp_programs programs;
	struct bpf_object *constant;
	int constant_fd;
	uint8_t frame[64];
};

static int fail(const char *what)
{
	fprintf(stderr, "floor_xdp: %s: %s\n", what, strerror(errno));
	return 1;
}

/* 2^15 hosts of 198.19.0.0/17 x 32 ports. */
static int open_transmit(struct floor *b, unsigned link_index, bool attach)
{
	const uint64_t seed[2] = {1, 2};
	const uint8_t tries[TECHNIQUES] = {[TECH_SYN] = 2};
	struct engine_conf conf = {.key = {{3, 4}}};
	struct ranges targets = {0};
	struct ports ports = {0};
	struct xdp_room room;
	struct template template;
	struct failure f = {0};
	struct walk walk;

	if (ranges_add(&targets, addr_from_v4(0xc6130000), addr_from_v4(0xc6137fff)) < 0)
		return fail("ranges");
	for (unsigned port = 1; port <= 32; port++)
		port_set_add(&ports.tcp, port);
	b->plan = plan_new(&targets, &ports, 1u << TECH_SYN, seed, &f);
	ranges_fini(&targets);
	conf.plan = b->plan;
	b->sheet = b->plan ? sheet_new(b->plan, 0, 0, b->plan->total, 1) : NULL;
	if (b->sheet)
		room = (struct xdp_room){sheet_cells(b->sheet), sheet_hosts(b->sheet), true, false};
	if (!b->sheet || xdp_programs_load(&b->programs, &room, &f) < 0) {
		fprintf(stderr, "floor_xdp: %s\n", f.text);
		return 1;
	}
	walk_init(&walk, b->sheet, tries, 1);
	xdp_fill_setting(&b->programs.memory, b->plan, &conf, 1500);
	b->programs.memory.setting->port = 0xf000;
	b->programs.memory.setting->link_index = link_index;
	if (attach &&
	    xdp_programs_attach(&b->programs, &(struct link){.index = link_index}, false, &f) < 0) {
		fprintf(stderr, "floor_xdp: %s\n", f.text);
		return 1;
	}
	template_init(&template, &(struct template_conf){.technique = &technique_table[TECH_SYN],
							 .link = PACKET_LINK_ETHERNET,
							 .mac_dst = {2, 0, 0, 0, 0, 9},
							 .mac_src = {2, 0, 0, 0, 0, 1},
							 .source = addr_from_v4(0xc6120001),
							 .ttl = 64});
	memcpy(b->frame, template.bytes, 58);
	xdp_fill_template(&b->programs.memory.egress[0].template[TECH_SYN], &template);
	/* As the engine has hosts behind one gateway. */
	b->programs.memory.window[0].host_word = XDP_HOST_SEND | 0x090000000002;
	return 0;
}

static int open_constant(struct floor *b, const char *path, unsigned link_index)
{
	struct bpf_program *program;
	struct bpf_map *bss;
	struct {
		uint32_t link_index;
		uint64_t frame[8];
	} memory = {.link_index = link_index};
	LIBBPF_OPTS(bpf_link_create_opts, generic, .flags = XDP_FLAGS_SKB_MODE);

	b->constant = bpf_object__open_file(path, NULL);
	program = b->constant ? bpf_object__find_program_by_name(b->constant, "constant") : NULL;
	bss = program ? bpf_object__find_map_by_name(b->constant, ".bss") : NULL;
	memcpy(memory.frame, b->frame, sizeof(memory.frame));
	if (!bss || bpf_map__set_initial_value(bss, &memory, sizeof(memory)) < 0 ||
	    bpf_object__load(b->constant) < 0)
		return fail(path);
	b->constant_fd = bpf_program__fd(program);
	/* As the engine's program is on an interface: one that is on none costs each call 20 to 35
	 * ms. Nothing comes in on the loopback here. */
	if (bpf_link_create(b->constant_fd, 1, BPF_XDP, &generic) < 0)
		return fail("loopback");
	return 0;
}

/* A thread's part of a turn. */
struct part {
	struct floor *b;
	pthread_t thread;
	unsigned number;
	bool constant;
	uint32_t frames; /* of the constant one */
	double cpu;
	int error;
};

/* Both in calls of as many runs as the engine makes. */
static int part_constant(const struct part *p)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = p->b->frame, .data_size_in = 58,
		    .repeat = CALL_RUNS, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = 64);
	int error = 0;

	for (uint32_t i = 0; i < p->frames && !error; i += CALL_RUNS)
		error = bpf_prog_test_run_opts(p->b->constant_fd, &run);
	return error;
}

static int part_transmit(const struct part *p)
{
	const volatile struct xdp_pass *pass = p->b->programs.memory.pass;
	const volatile struct xdp_sender *s = &p->b->programs.memory.sender[p->number];
	int error = 0;

	while ((pass->next < pass->end || !xdp_sender_idle(s)) && !error) {
		const uint32_t left = pass->end - (pass->next < pass->end ? pass->next : pass->end);

		error = xdp_programs_run(&p->b->programs, p->number, 58,
					 left < CALL_RUNS ? left / 2 + XDP_TAKE : CALL_RUNS);
	}
	return error;
}

static void *part_run(void *argument)
{
	struct part *p = argument;
	const double cpu = now(CLOCK_THREAD_CPUTIME_ID);
	cpu_set_t own;

	CPU_ZERO(&own);
	CPU_SET(p->number, &own);
	if (sched_setaffinity(0, sizeof(own), &own) < 0)
		p->error = -errno;
	else
		p->error = p->constant ? part_constant(p) : part_transmit(p);
	p->cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;
	return NULL;
}

/* All threads at once, and a line. */
static int turn(struct floor *b, bool constant, unsigned threads)
{
	struct part parts[XDP_SENDERS] = {0};
	const double wall = now(CLOCK_MONOTONIC);
	double cpu = 0, took;
	int error = 0;

	for (unsigned i = 0; i < threads && !error; i++) {
		parts[i] = (struct part){.b = b, .number = i, .constant = constant};
		parts[i].frames = sheet_cells(b->sheet) / threads;
		error = pthread_create(&parts[i].thread, NULL, part_run, &parts[i]);
		if (error)
			threads = i;
	}
	for (unsigned i = 0; i < threads; i++) {
		(void)pthread_join(parts[i].thread, NULL);
		cpu += parts[i].cpu;
		error = parts[i].error ? -parts[i].error : error;
	}
	took = now(CLOCK_MONOTONIC) - wall;
	errno = error;
	if (error)
		return fail("run");
	printf("%s %u %.3f M/s wall, %.3f M/s of processor time",
	       constant ? "constant" : "transmit", threads, sheet_cells(b->sheet) / took / 1e6,
	       sheet_cells(b->sheet) / cpu / 1e6);
	return 0;
}

static int round_transmit(struct floor *b, unsigned threads)
{
	volatile struct xdp_pass *pass = b->programs.memory.pass;
	volatile struct xdp_sender *sender = b->programs.memory.sender;
	uint64_t sent = 0, refused = 0;

	sheet_bulk_words(b->sheet, b->programs.memory.words);
	xdp_fill_window(&b->programs.memory, 0, b->sheet);
	memset((void *)pass, 0, sizeof(*pass));
	memset((void *)sender, 0, XDP_SENDERS * sizeof(*sender));
	pass->end = sheet_cells(b->sheet);
	pass->technique_mask = UINT32_MAX;
	pass->fresh = 1; /* a first pass */
	pass->batch = 64;
	pass->take = XDP_TAKE;
	pass->slack_ns = UINT32_MAX;
	if (turn(b, false, threads))
		return 1;
	for (unsigned i = 0; i < threads; i++) {
		sent += sender[i].taken;
		refused += sender[i].drops + sender[i].errors;
	}
	printf(", %llu refused\n", (unsigned long long)refused);
	fflush(stdout);
	return sent == sheet_cells(b->sheet) ? 0 : fail("not all sent");
}

static int round_constant(struct floor *b, unsigned threads)
{
	const int result = turn(b, true, threads);

	puts("");
	return result;
}

int main(int argc, char **argv)
{
	const bool alone = argc == 6 && strcmp(argv[5], "constant") == 0;
	struct floor b = {0};
	unsigned link_index, most;
	int result;

	if (argc != 5 && !alone) {
		fputs("usage: floor_xdp CONSTANT.o INTERFACE ROUNDS THREADS [constant]\n", stderr);
		return 64;
	}
	link_index = if_nametoindex(argv[2]);
	most = (unsigned)atoi(argv[4]);
	if (link_index == 0 || most > XDP_SENDERS)
		return fail(argv[2]);
	result = open_transmit(&b, link_index, !alone) || open_constant(&b, argv[1], link_index);
	for (int i = 0; i < atoi(argv[3]) && !result; i++)
		for (unsigned threads = 1; threads <= most && !result; threads++)
			result = (!alone && round_transmit(&b, threads)) ||
				 round_constant(&b, threads);
	bpf_object__close(b.constant);
	if (b.programs.skeleton)
		xdp_programs_unload(&b.programs);
	sheet_free(b.sheet);
	plan_free(b.plan);
	return result;
}
