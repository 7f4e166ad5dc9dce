/* Fuzzes scan_restore: damaged bytes are refused, and a snapshot with a right checksum and absurd
 * values is refused or leads to a scan that ends, by either layout. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash_stream.h"
#include "scan/scan_snapshot.h"
#include "scan/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOSTS 5
#define PORTS 7
#define CELLS (HOSTS * PORTS * 2)
#define NOW   UINT64_C(5000000000)
/* Of the format: the header's length, and that of the checksum. */
#define HEADER 32
#define SUM    8

static struct plan *plan;
static struct scan_conf conf;
/* A valid one, of a scan under way. */
static uint8_t valid[1 << 14];
static size_t valid_length;

static void check(bool right)
{
	if (!right)
		abort();
}

static void answer(struct scan *scan, const struct probe *probe, uint64_t now_ns)
{
	const bool udp = probe->technique == TECH_UDP;
	struct answer a = {.t_ns = now_ns + 1000000,
			   .from = addr_from_v4(0x0a000001),
			   .cell = probe->cell,
			   .reply = udp ? REPLY_PORT_UNREACH : REPLY_RST,
			   .has = ANSWER_TTL | ANSWER_ATTEMPT | (udp ? ANSWER_ICMP : 0),
			   .attempt = probe->attempt,
			   .ttl = 60};
	uint32_t cell;

	if (!udp && probe->port % 4 == 1) {
		a.reply = REPLY_UNREACH;
		a.has |= ANSWER_FROM | ANSWER_ICMP;
	}
	(void)scan_answer(scan, &a, &cell);
}

/* Sends what is due, answers every `every`th (0: none), and moves the clock. How many were sent. */
static unsigned step(struct scan *scan, uint64_t *now_ns, unsigned every)
{
	unsigned budget, sent = 0;
	struct walk *walk = scan_turn(scan, *now_ns, &budget);
	struct probe probe;

	while (walk && sent < budget && walk_next(walk, *now_ns, &probe)) {
		walk_sent(walk, &probe, *now_ns);
		if (every && (probe.port + probe.attempt * 3u) % every == 0)
			answer(scan, &probe, *now_ns);
		sent++;
	}
	if (walk)
		scan_sent(scan, walk, sent, 0, *now_ns);
	*now_ns += scan_wait_ns(scan, *now_ns) + 1000;
	return sent;
}

static void read_out(struct scan *scan, int place)
{
	static struct finding findings[2 * PORTS];
	struct host_report report;

	for (uint32_t h = 0; h < scan_hosts(scan, place); h++)
		scan_read(scan, place, h, true, findings, &report);
	scan_close(scan, place);
}

/* To its end, which comes. */
static void finish(struct scan *scan, bool bulk)
{
	static uint64_t words[SHEETS][CELLS / 16 + 1];
	static uint32_t blocks[SHEETS][CELLS / 64 + 1];
	uint64_t now_ns = NOW, sent = 0;

	for (int i = 0; i < SHEETS; i++)
		if (bulk && scan->sheet[i])
			(void)sheet_lend(
				scan->sheet[i],
				&(struct sheet_loan){.words = words[i], .block_us = blocks[i]});
	for (unsigned turns = 0; !scan_over(scan); turns++) {
		int place;

		check(turns < 2000000 && scan_cells_settled(scan) <= scan_cells(scan));
		while (scan_open(scan, now_ns) >= 0)
			;
		sent += step(scan, &now_ns, 0);
		while ((place = scan_ready(scan, now_ns)) >= 0)
			read_out(scan, place);
	}
	/* The passes, rounds, and UDP at a pace of its own. */
	check(sent <= CELLS * 4096u);
}

static void seal(uint8_t *bytes, size_t length)
{
	const struct siphash_key fixed = {
		{UINT64_C(0x706f72746c696768), UINT64_C(0x7420736e61702031)}};
	struct siphash_stream s;
	uint64_t sum;

	memcpy(bytes, valid, HEADER);
	for (unsigned i = 0; i < 8; i++)
		bytes[16 + i] = (uint8_t)((uint64_t)length >> i * 8);
	siphash_stream_init(&s, &fixed);
	siphash_stream_put(&s, bytes, length - SUM);
	sum = siphash_stream_end(&s);
	for (unsigned i = 0; i < SUM; i++)
		bytes[length - SUM + i] = (uint8_t)(sum >> i * 8);
}

static void begin(void)
{
	const uint64_t seed[2] = {3, 4};
	struct ranges targets = {0};
	struct ports ports = {0};
	struct failure f = {0};
	struct scan scan;
	uint64_t now_ns = 1000000000;

	check(ranges_add(&targets, addr_from_v4(0xc6120000),
			 addr_from_v4(0xc6120000 + HOSTS - 1)) == 0);
	for (unsigned port = 1; port <= PORTS; port++) {
		port_set_add(&ports.tcp, port);
		port_set_add(&ports.udp, port);
	}
	plan = plan_new(&targets, &ports, 1u << TECH_SYN | 1u << TECH_UDP, seed, &f);
	check(plan != NULL);
	ranges_fini(&targets);
	/* Two windows. */
	plan->window_hosts = 3;
	plan->window_cells = 3 * plan->slots;
	plan->windows = 2;
	conf = (struct scan_conf){.pace = {0, 5000, 400000},
				  .rtt = {100000000, 50000000, 1000000000},
				  .last = plan->total,
				  .rst_retries = true};
	memset(conf.tries, 2, sizeof(conf.tries));
	scan_init(&scan, plan, &conf, now_ns);
	for (unsigned turn = 0; turn < 60; turn++) {
		while (scan_open(&scan, now_ns) >= 0)
			;
		(void)step(&scan, &now_ns, 4);
	}
	check(scan_asked_on(&scan).hosts > 0);
	walk_unsent(&scan.walk[0], 1);
	valid_length = scan_snapshot(&scan, now_ns, valid, sizeof(valid));
	check(valid_length > HEADER + SUM && valid_length <= sizeof(valid));
	scan_fini(&scan);
}

static void restore(const uint8_t *bytes, size_t length, bool bulk, bool sealed)
{
	struct scan scan;
	enum snapshot_error error;

	scan_init(&scan, plan, &conf, NOW);
	error = scan_restore(&scan, bytes, length, NOW, 0);
	check(snapshot_error_text(error)[0] != '\0');
	if (sealed)
		check(error == SNAPSHOT_OK || error == SNAPSHOT_INVALID);
	if (error == SNAPSHOT_OK) {
		/* What can be read can be written. */
		check(scan_snapshot(&scan, NOW, NULL, 0) > HEADER + SUM);
		finish(&scan, bulk);
	} else {
		check(!scan.sheet[0] && !scan.sheet[1] && scan.window_next == 0);
	}
	scan_fini(&scan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[sizeof(valid) + 4096];
	size_t length = valid_length;

	if (!plan)
		begin();
	length = valid_length;
	if (size < 1 || size > 4096)
		return 0;
	if (data[0] % 8 == 0) {
		restore(data + 1, size - 1, false, false);
		return 0;
	}
	if (data[0] % 8 == 1) {
		/* All of it. */
		length = HEADER + size - 1 + SUM;
		memcpy(bytes + HEADER, data + 1, size - 1);
	} else {
		/* Some bytes of a valid one: place and value. */
		memcpy(bytes, valid, valid_length);
		for (size_t i = 1; i + 3 <= size; i += 3) {
			const size_t at = (size_t)(data[i] << 8 | data[i + 1]);

			bytes[HEADER + at % (valid_length - HEADER - SUM)] = data[i + 2];
		}
	}
	seal(bytes, length);
	restore(bytes, length, data[0] & 16, true);
	return 0;
}
