/* echo: cookies in UDP payloads: made for a probe, and found again in a datagram. */
#include "scan/echo.h"

#include <string.h>

#include "scan/cookie.h"
#include "technique/technique.h"

/* In place of a technique, so that no hash is that of another cookie. */
#define ECHO_HASH  0x80u
#define ECHO_ROUND 0x81u /* and the following */
/* Of a Feistel network: Luby and Rackoff's four, which hide the number also where others are known.
 */
#define ECHO_ROUNDS 4
#define ECHO_NUMBER 2 /* bytes */
/* Bits by which the cookie must exceed the number of hosts. */
#define ECHO_SPARE_BITS 16

_Static_assert((int)TECHNIQUES <= (int)ECHO_HASH, "hashes of techniques have other numbers");

static uint8_t echo_round(const struct siphash_key *key, uint16_t port, unsigned round,
			  uint8_t half)
{
	return (uint8_t)cookie_v6_hash(key, 0, half, port, (uint8_t)(ECHO_ROUND + round));
}

static uint16_t echo_hide(const struct siphash_key *key, uint16_t port, uint16_t number)
{
	uint8_t left = (uint8_t)(number >> 8), right = (uint8_t)number;

	for (unsigned round = 0; round < ECHO_ROUNDS; round++) {
		const uint8_t next = left ^ echo_round(key, port, round, right);

		left = right;
		right = next;
	}
	return (uint16_t)(left << 8 | right);
}

static uint16_t echo_show(const struct siphash_key *key, uint16_t port, uint16_t hidden)
{
	uint8_t left = (uint8_t)(hidden >> 8), right = (uint8_t)hidden;

	for (unsigned round = ECHO_ROUNDS; round-- > 0;) {
		const uint8_t before = right ^ echo_round(key, port, round, left);

		right = left;
		left = before;
	}
	return (uint16_t)(left << 8 | right);
}

void echo_make(const struct siphash_key *key, struct addr to, uint16_t port, uint64_t rank,
	       uint8_t out[static PAYLOAD_ECHO])
{
	const uint64_t hash = cookie_hash(key, to.hi, to.lo, port, ECHO_HASH);
	const uint16_t number = echo_hide(key, port, (uint16_t)rank);

	out[0] = (uint8_t)(number >> 8);
	out[1] = (uint8_t)number;
	for (unsigned i = ECHO_NUMBER; i < PAYLOAD_ECHO; i++)
		out[i] = (uint8_t)(hash >> 8 * (i - ECHO_NUMBER));
}

/* A search for one datagram; `count` cells were found so far. */
struct echo_search {
	const struct echo_scan *scan;
	const struct echo_datagram *datagram;
	struct sheet *sheet;
	uint32_t cell;
	unsigned count;
};

/* A slot of the plan by a technique whose answers are datagrams, and what was read as its answer.
 */
struct echo_reading {
	uint8_t technique;
	uint16_t port;
	uint32_t slot;
	unsigned attempt;
	int bytes; /* of echo[] */
	uint8_t echo[PAYLOAD_ECHO];
};

/* Whether the probe of that cell was sent in that attempt, from the port that the answer came to.
 */
static bool echo_sent(const struct echo_search *s, const struct echo_reading *r,
		      const struct sheet *sheet, uint32_t cell, struct addr to)
{
	const struct echo_datagram *d = s->datagram;
	uint64_t hash;

	if (sheet_get(sheet, cell) == SHEET_NOT_OURS || r->attempt >= sheet_tries(sheet, cell))
		return false;
	if (!d->has_port)
		return true;
	hash = cookie_hash(s->scan->key, to.hi, to.lo, r->port, r->technique);
	return (uint8_t)(hash >> 32) == d->sport;
}

static void echo_found(struct echo_search *s, struct sheet *sheet, uint32_t cell)
{
	if (s->count > 0 && s->sheet == sheet && s->cell == cell)
		return; /* read as the answer to another dialect */
	s->sheet = sheet;
	s->cell = cell;
	s->count++;
}

/* Looks for the host of an answer that returns a cookie. */
static void echo_by_cookie(struct echo_search *s, const struct echo_reading *r, struct sheet *sheet)
{
	const uint16_t hidden = (uint16_t)(r->echo[0] << 8 | r->echo[1]);
	const uint32_t slots = sheet_plan(sheet)->slots, hosts = sheet_hosts(sheet);
	const uint64_t first = sheet_first_host(sheet);
	const int bits = 8 * r->bytes + (s->datagram->has_port ? 8 : 0) - ECHO_SPARE_BITS;

	if (bits < 32 && hosts > UINT32_C(1) << bits)
		return;
	/* The ranks of the window with these low bits. */
	for (uint32_t host = (uint16_t)(echo_show(s->scan->key, r->port, hidden) - first);
	     host < hosts; host += UINT32_C(1) << 8 * ECHO_NUMBER) {
		const uint32_t cell = host * slots + r->slot;
		const struct plan_probe probe = sheet_probe(sheet, cell);
		uint8_t want[PAYLOAD_ECHO];

		echo_make(s->scan->key, probe.to, r->port, first + host, want);
		if (memcmp(want, r->echo, (size_t)r->bytes) == 0 &&
		    echo_sent(s, r, sheet, cell, probe.to))
			echo_found(s, sheet, cell);
	}
}

/* Looks for the host whose address an answer of TFTP came from. */
static void echo_by_address(struct echo_search *s, const struct echo_reading *r,
			    struct sheet *sheet)
{
	uint64_t rank;
	uint32_t cell;

	if (!plan_find_host(s->scan->plan, s->datagram->from, &rank) ||
	    rank < sheet_first_host(sheet) || rank - sheet_first_host(sheet) >= sheet_hosts(sheet))
		return;
	cell = (uint32_t)(rank - sheet_first_host(sheet)) * sheet_plan(sheet)->slots + r->slot;
	if (echo_sent(s, r, sheet, cell, s->datagram->from))
		echo_found(s, sheet, cell);
}

/* Reads the datagram as the answer to one attempt. */
static void echo_read(struct echo_search *s, struct echo_reading *r)
{
	r->bytes = payload_answer(r->port, r->attempt, s->datagram->bytes, s->datagram->length,
				  r->echo);
	for (int i = 0; i < SHEETS && r->bytes != PAYLOAD_NO_ANSWER; i++) {
		struct sheet *sheet = s->scan->sheets[i];

		if (sheet && r->bytes == PAYLOAD_TRANSFER)
			echo_by_address(s, r, sheet);
		else if (sheet && r->bytes >= ECHO_NUMBER)
			echo_by_cookie(s, r, sheet);
	}
}

/* Reads it as the answer to each question that the port may have been sent. */
static void echo_read_port(struct echo_search *s, uint8_t technique, uint16_t port)
{
	struct echo_reading r = {.technique = technique, .port = port};
	const unsigned dialects = s->datagram->has_port ? 1 : payload_dialects(port);

	if (!plan_find_slot(s->scan->plan, technique, port, &r.slot))
		return;
	for (unsigned d = 0; d < dialects; d++) {
		r.attempt = s->datagram->has_port ? s->datagram->attempt : d;
		echo_read(s, &r);
	}
}

bool echo_find(const struct echo_scan *scan, const struct echo_datagram *datagram,
	       struct sheet **sheet, uint32_t *cell)
{
	struct echo_search s = {.scan = scan, .datagram = datagram};

	for (uint8_t t = 0; t < TECHNIQUES; t++) {
		if (technique_rule(t, REPLY_DATA)->state == STATE_NONE)
			continue;
		for (unsigned n = 0; n < payload_count(); n++)
			if (n == 0 || payload_port(n) != payload_port(n - 1))
				echo_read_port(&s, t, payload_port(n));
	}
	*sheet = s.sheet;
	*cell = s.cell;
	return s.count == 1;
}
