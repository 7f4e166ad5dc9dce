/* floor_xdp: how fast the transmit program is beside one that sends a constant frame.
 *
 * usage: floor_xdp CONSTANT.o INTERFACE ROUNDS
 * Takes turns: a window of 2^20 probes by xdp_transmit, as many constant frames by xdp_constant. A
 * line each: program, frames a second by the wall, and by the processor time of the thread, which
 * is what a shared machine leaves comparable. The far end should drop in XDP. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/xdp.h"

static double now(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct floor {
	struct plan *plan;
	struct sheet *sheet;
	struct xdp_kernel kernel;
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
static int open_transmit(struct floor *b, unsigned link_index)
{
	const uint64_t seed[2] = {1, 2};
	const uint8_t tries[TECHNIQUES] = {[TECH_SYN] = 2};
	struct engine_conf conf = {.key = {{3, 4}}};
	struct ranges targets = {0};
	struct ports ports = {0};
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
	if (!b->sheet || xdp_kernel_load(&b->kernel, b->sheet->cells / 16, b->sheet->hosts,
					 b->sheet->cells / 128, &f) < 0) {
		fprintf(stderr, "floor_xdp: %s\n", f.text);
		return 1;
	}
	walk_init(&walk, b->sheet, tries, 1);
	xdp_setting_fill(&b->kernel.memory, b->plan, &conf, 1500);
	b->kernel.memory.setting->port = 0xf000;
	b->kernel.memory.setting->link_index = link_index;
	if (xdp_kernel_attach(&b->kernel, &(struct link){.index = link_index}, false, &f) < 0) {
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
	xdp_template_fill(&b->kernel.memory.way[0].template[TECH_SYN], &template);
	/* As the engine has hosts behind one gateway. */
	b->kernel.memory.window[0].host_word = XDP_HOST_SEND | 0x090000000002;
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

	b->constant = bpf_object__open_file(path, NULL);
	program = b->constant ? bpf_object__find_program_by_name(b->constant, "constant") : NULL;
	bss = program ? bpf_object__find_map_by_name(b->constant, ".bss") : NULL;
	memcpy(memory.frame, b->frame, sizeof(memory.frame));
	if (!bss || bpf_map__set_initial_value(bss, &memory, sizeof(memory)) < 0 ||
	    bpf_object__load(b->constant) < 0)
		return fail(path);
	b->constant_fd = bpf_program__fd(program);
	return 0;
}

static void report(const char *name, double wall, double cpu, double frames)
{
	printf("%s %.3f M/s wall, %.3f M/s of its processor time\n", name, frames / wall / 1e6,
	       frames / cpu / 1e6);
	fflush(stdout);
}

static int round_transmit(struct floor *b)
{
	volatile struct xdp_pass *pass = b->kernel.memory.pass;
	double wall, cpu;

	xdp_window_fill(&b->kernel.memory, 0, b->sheet);
	memset((void *)pass, 0, sizeof(*pass));
	pass->end = b->sheet->cells;
	pass->technique_mask = UINT32_MAX;
	pass->batch = 64;
	pass->slack_ns = UINT32_MAX;
	wall = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_THREAD_CPUTIME_ID);
	if (xdp_kernel_run(&b->kernel, 58, b->sheet->cells) < 0)
		return fail("run");
	report("transmit", now(CLOCK_MONOTONIC) - wall, now(CLOCK_THREAD_CPUTIME_ID) - cpu,
	       (double)pass->sent);
	return pass->sent == b->sheet->cells ? 0 : fail("not all sent");
}

static int round_constant(struct floor *b)
{
	const double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_THREAD_CPUTIME_ID);
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = b->frame, .data_size_in = 58,
		    .repeat = (int)b->sheet->cells, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .batch_size = 64);

	if (bpf_prog_test_run_opts(b->constant_fd, &run) < 0)
		return fail("run");
	report("constant", now(CLOCK_MONOTONIC) - wall, now(CLOCK_THREAD_CPUTIME_ID) - cpu,
	       (double)b->sheet->cells);
	return 0;
}

int main(int argc, char **argv)
{
	struct floor b = {0};
	unsigned link_index;
	int result;

	if (argc != 4) {
		fputs("usage: floor_xdp CONSTANT.o INTERFACE ROUNDS\n", stderr);
		return 64;
	}
	link_index = if_nametoindex(argv[2]);
	if (link_index == 0)
		return fail(argv[2]);
	result = open_transmit(&b, link_index) || open_constant(&b, argv[1], link_index);
	for (int i = 0; i < atoi(argv[3]) && !result; i++)
		result = round_transmit(&b) || round_constant(&b);
	bpf_object__close(b.constant);
	if (b.kernel.programs)
		xdp_kernel_unload(&b.kernel);
	sheet_free(b.sheet);
	plan_free(b.plan);
	return result;
}
