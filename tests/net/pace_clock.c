/*
 * pace_clock: the far end of a veth as a clock that knows nothing of the scanner's: when each probe
 * came, to the nanosecond.
 *
 * usage: pace_clock pace_clock.o INTERFACE pass|drop >TIMES
 *
 * Its program is on the interface as long as it runs, which it says by "ready" on standard error.
 * It ends with its standard input: then the times (CLOCK_MONOTONIC, ns, 8 bytes each, host order,
 * ascending) go to standard output, 2^22 of them at most; a probe more than that is an error.
 * `pass`: the probes are passed to the host; `drop`: they are dropped here. Which also lets a veth
 * take frames that an XDP program sends.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* As pace_clock.bpf.c has it. */
struct clock {
	uint32_t count, pass;
};

static int time_order(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Two processors may take probes at once. */
static int times_write(int map, uint32_t count, uint32_t room)
{
	const size_t bytes = (size_t)room * sizeof(uint64_t);
	const uint64_t *mapped = mmap(NULL, bytes, PROT_READ, MAP_SHARED, map, 0);
	uint64_t *times = malloc(count * sizeof(*times) + 1);
	int result = -1;

	if (mapped != MAP_FAILED && times && count <= room) {
		memcpy(times, mapped, count * sizeof(*times));
		qsort(times, count, sizeof(*times), time_order);
		if (fwrite(times, sizeof(*times), count, stdout) == count && fflush(stdout) == 0)
			result = 0;
	}
	free(times);
	return result;
}

int main(int argc, char **argv)
{
	const unsigned link = argc == 4 ? if_nametoindex(argv[2]) : 0;
	struct bpf_object *object = link ? bpf_object__open_file(argv[1], NULL) : NULL;
	struct bpf_map *bss = object ? bpf_object__find_map_by_name(object, ".bss") : NULL;
	struct bpf_map *times = object ? bpf_object__find_map_by_name(object, "times") : NULL;
	struct clock clock = {0};
	int zero = 0;
	char byte;

	if (!bss || !times) {
		fprintf(stderr, "usage: pace_clock pace_clock.o INTERFACE pass|drop >TIMES\n");
		return 64;
	}
	clock.pass = strcmp(argv[3], "pass") == 0;
	if (bpf_map__set_initial_value(bss, &clock, sizeof(clock)) < 0 ||
	    bpf_object__load(object) < 0 ||
	    !bpf_program__attach_xdp(bpf_object__find_program_by_name(object, "note"), (int)link)) {
		perror("pace_clock");
		return 1;
	}
	fprintf(stderr, "ready\n");
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	if (bpf_map_lookup_elem(bpf_map__fd(bss), &zero, &clock) < 0 ||
	    times_write(bpf_map__fd(times), clock.count, bpf_map__max_entries(times)) < 0) {
		perror("pace_clock");
		return 1;
	}
	return 0;
}
