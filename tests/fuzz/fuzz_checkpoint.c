/* Fuzzes checkpoint_read: damaged bytes are refused, and what has a right checksum is refused or
 * read into texts and lists that are whole. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "run/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of the format: the header's length, and that of the checksum. */
#define HEADER 32
#define SUM    8

static uint8_t valid[1 << 14];
static size_t valid_length;

static void check(bool right)
{
	if (!right)
		abort();
}

/* A checkpoint of a scan that was not begun. */
static void begin(void)
{
	const uint64_t seed[2] = {3, 4};
	struct checkpoint c = {.id = 1,
			       .seed = 3,
			       .last = 6,
			       .techniques = 1u << TECH_SYN,
			       .ports = "T:22",
			       .output = {{"ndjson", "/tmp/a", 12}, {"table", NULL, 0}},
			       .outputs = 2};
	struct scan_conf conf = {.rtt = {100000000, 50000000, 1000000000}};
	struct ports ports = {0};
	struct failure f = {0};
	struct plan *plan;
	struct scan scan;

	check(words_add(&c.command, "192.0.2.1-6") == 0 && words_add(&c.command, "-p22") == 0);
	check(ranges_add(&c.targets.ranges, addr_from_v4(0xc0000201), addr_from_v4(0xc0000206)) ==
	      0);
	check(target_list_named(&c.targets, addr_from_v4(0xc0000202), "a.example", false, &f) == 0);
	port_set_add(&ports.tcp, 22);
	plan = plan_new(&c.targets.ranges, &ports, c.techniques, seed, &f);
	check(plan != NULL);
	conf.last = plan->total;
	scan_init(&scan, plan, &conf, 1000000000);
	valid_length = checkpoint_write(&c, &scan, 1000000000, valid, sizeof(valid));
	check(valid_length <= sizeof(valid));
	scan_fini(&scan);
	plan_free(plan);
	words_fini(&c.command);
	target_list_fini(&c.targets);
}

static void seal(uint8_t *bytes, size_t length)
{
	uint64_t sum;

	memcpy(bytes, valid, HEADER);
	for (unsigned i = 0; i < 8; i++)
		bytes[16 + i] = (uint8_t)((uint64_t)length >> i * 8);
	sum = checkpoint_sum(bytes, length - SUM);
	for (unsigned i = 0; i < SUM; i++)
		bytes[length - SUM + i] = (uint8_t)(sum >> i * 8);
}

static size_t length_of(const char *text)
{
	return text ? strlen(text) : 0;
}

static void read_back(const uint8_t *given, size_t length)
{
	/* Of its length exactly, so that a read behind its end is found. */
	uint8_t *bytes = malloc(length ? length : 1);
	size_t texts = 0;
	struct checkpoint c;

	check(bytes != NULL);
	memcpy(bytes, given, length);
	if (checkpoint_read(&c, bytes, length) == SNAPSHOT_OK) {
		check(c.snapshot >= bytes && c.snapshot + c.snapshot_bytes <= bytes + length);
		check(c.targets.ranges.count > 0 && c.first < c.last &&
		      c.outputs <= CHECKPOINT_OUTPUTS);
		for (size_t i = 0; i < c.command.count; i++)
			texts += length_of(c.command.word[i]);
		for (size_t i = 0; i < c.targets.named_count; i++)
			texts += length_of(c.targets.named[i].name) +
				 length_of(c.targets.named[i].other_names);
		for (size_t i = 0; i < c.outputs; i++)
			texts += length_of(c.output[i].format) + length_of(c.output[i].path);
		texts += length_of(c.ports);
		check(texts <= length);
	} else {
		check(!c.text && !c.command.word && !c.targets.named && !c.targets.ranges.range);
	}
	checkpoint_fini(&c);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[sizeof(valid) + 4096];
	size_t length;

	if (!valid_length)
		begin();
	if (size < 1 || size > 4096)
		return 0;
	if (data[0] % 8 == 0) {
		read_back(data + 1, size - 1);
		return 0;
	}
	if (data[0] % 8 == 1) {
		/* All of it. */
		length = HEADER + size - 1 + SUM;
		memcpy(bytes + HEADER, data + 1, size - 1);
	} else {
		/* Some bytes of a valid one: place and value. */
		length = valid_length;
		memcpy(bytes, valid, valid_length);
		for (size_t i = 1; i + 3 <= size; i += 3) {
			const size_t at = (size_t)(data[i] << 8 | data[i + 1]);

			bytes[HEADER + at % (valid_length - HEADER - SUM)] = data[i + 2];
		}
	}
	seal(bytes, length);
	read_back(bytes, length);
	return 0;
}
