/*
 * flood_xdp: SYNs with forged sources onto a link of a private network, by a program that the
 * kernel runs (xdp_flood.bpf.c): several times as fast as `flood send`.
 *
 * usage: flood_xdp xdp_flood.o INTERFACE DESTINATION-MAC DESTINATION SOURCES SECONDS
 *
 * What it sends is what `flood send` does, under the same conditions. The far end of a veth pair
 * must take frames from XDP. Prints what the kernel made: "N packets, SECONDS s, N/s"; what came
 * through is for the receiver to say.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "leads_out.h"

#define FRAME	     54 /* Ethernet, IPv4, TCP */
#define SECONDS_MOST 30
/* A call costs some 30 ms in addition to what it sends, so there is one: more than it could ever
 * send, and an alarm ends it. */
#define A_CALL INT32_MAX

/* As xdp_flood.bpf.c has it. */
struct flood {
	uint32_t link_index, sources, ip_sum, tcp_sum;
	uint64_t frame[7];
	uint64_t made;
};

static double seconds_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Sums of the words as they stand in memory are right in either byte order (RFC 1071, 2). */
static uint32_t words_sum(const uint8_t *at, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i += 2) {
		uint16_t word;

		memcpy(&word, at + i, 2);
		sum += word;
	}
	return sum;
}

static int frame_fill(struct flood *flood, const char *mac, const char *destination)
{
	static const uint8_t fixed[FRAME] = {
		0,	     0, 0, 0,  0, 0, 2, 0, 0,  0, 0, 0, 8, 0, /* Ethernet */
		0x45,	     0, 0, 40, 0, 0, 0, 0, 64, 6,	      /* IPv4 */
		[46] = 0x50, 2, 4, 0,				      /* SYN, window 1024 */
	};
	uint8_t frame[sizeof(flood->frame)] = {0}, pseudo[8] = {0, 6, 0, 20};
	unsigned byte[6];

	memcpy(frame, fixed, FRAME);
	if (sscanf(mac, "%x:%x:%x:%x:%x:%x", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4],
		   &byte[5]) != 6 ||
	    inet_pton(AF_INET, destination, frame + 30) != 1)
		return -1;
	for (int i = 0; i < 6; i++)
		frame[i] = (uint8_t)byte[i];
	memcpy(pseudo + 4, frame + 30, 4);
	flood->ip_sum = words_sum(frame + 14, 20);
	flood->tcp_sum = words_sum(frame + 34, 20) + words_sum(pseudo, 8);
	memcpy(flood->frame, frame, sizeof(frame));
	return 0;
}

/* The program, and the map that the flood is in. */
static int program_load(const char *path, const struct flood *flood, int *map)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program =
		object ? bpf_object__find_program_by_name(object, "forge") : NULL;
	struct bpf_map *bss = program ? bpf_object__find_map_by_name(object, ".bss") : NULL;

	if (!bss || bpf_map__set_initial_value(bss, flood, sizeof(*flood)) < 0 ||
	    bpf_object__load(object) < 0)
		return -1;
	*map = bpf_map__fd(bss);
	return bpf_program__fd(program);
}

static void on_alarm(int number)
{
	(void)number;
}

/* The alarm comes again and again, for one that is early would find no call to end. */
static int alarm_set(double seconds)
{
	struct sigaction act = {.sa_handler = on_alarm};
	const uint64_t us = (uint64_t)(seconds * 1e6);
	const struct itimerval timer = {
		.it_value = {(time_t)(us / 1000000), (suseconds_t)(us % 1000000)},
		.it_interval = {0, 10000},
	};

	return sigaction(SIGALRM, &act, NULL) < 0 ? -1 : setitimer(ITIMER_REAL, &timer, NULL);
}

static bool arguments_are_good(char **argv, struct flood *flood, double *seconds)
{
	flood->link_index = if_nametoindex(argv[2]);
	flood->sources = (uint32_t)strtoul(argv[5], NULL, 10);
	*seconds = atof(argv[6]);
	return !leads_out() && flood->link_index && *seconds > 0 && *seconds <= SECONDS_MOST &&
	       flood->sources && flood->sources <= 1 << 24 &&
	       !(flood->sources & (flood->sources - 1)) && frame_fill(flood, argv[3], argv[4]) == 0;
}

int main(int argc, char **argv)
{
	struct flood flood = {0};
	uint8_t data[FRAME] = {0};
	double seconds, begin;
	int program, map, zero = 0;

	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = data, .data_size_in = FRAME,
		    .repeat = A_CALL, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = 64);

	if (argc != 7) {
		fprintf(stderr, "usage: flood_xdp xdp_flood.o INTERFACE MAC DESTINATION SOURCES "
				"SECONDS\n");
		return 64;
	}
	if (!arguments_are_good(argv, &flood, &seconds)) {
		fprintf(stderr, "flood_xdp: %s: not a link of a private network\n", argv[2]);
		return 1;
	}
	program = program_load(argv[1], &flood, &map);
	begin = seconds_now();
	if (program < 0 || alarm_set(seconds) < 0 ||
	    (bpf_prog_test_run_opts(program, &run) < 0 && errno != EINTR) ||
	    bpf_map_lookup_elem(map, &zero, &flood) < 0) {
		fprintf(stderr, "flood_xdp: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	seconds = seconds_now() - begin;
	printf("%llu packets, %.2f s, %.0f/s\n", (unsigned long long)flood.made, seconds,
	       (double)flood.made / seconds);
	return 0;
}
