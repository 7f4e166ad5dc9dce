/* echo: the cookie in UDP payloads, which tells whose answer a datagram from elsewhere is. */
#ifndef PORTLIGHT_SCAN_ECHO_H
#define PORTLIGHT_SCAN_ECHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/siphash.h"
#include "plan/plan.h"
#include "scan/sheet.h"
#include "technique/payload_echo.h"

/*
 * A datagram may come from another port than the probed one, as TFTP's do (RFC 1350, 4), or from
 * another address of the host (a service that is bound to no address: RFC 1122, 4.1.3.5). It is
 * believed only for what it says: it returns the cookie of one probe, or it is an answer of TFTP
 * from the probed address. In both cases such a probe was sent, from the port that it came to.
 */

/*
 * The cookie of the probe to a port of the host with that rank in the plan. The first two bytes are
 * the rank's low 16 bits under a keyed permutation, so that an answer leads to its host without
 * a search; the others are a hash of address and port.
 */
void echo_make(const struct siphash_key *key, struct addr to, uint16_t port, uint64_t rank,
	       uint8_t out[static PAYLOAD_ECHO]);

/* The scan in which a probe is looked for: as in struct engine_conf. */
struct echo_scan {
	const struct plan *plan;
	struct sheet *const *sheets; /* SHEETS entries, NULL where no window is open */
	const struct siphash_key *key;
};

struct echo_datagram {
	struct addr from;
	const uint8_t *bytes; /* its payload, as far as it was captured */
	size_t length;
	/* Our port tells the attempt and the byte of struct cookie; with -g it does not. */
	bool has_port;
	uint8_t attempt, sport;
};

/*
 * The probe that the datagram answers. False if there is none, or more than one that it might
 * answer; or if its protocol returns so few bytes that a guess would hit one of the window's hosts
 * more often than once in 65,536 times.
 */
bool echo_find(const struct echo_scan *scan, const struct echo_datagram *datagram,
	       struct sheet **sheet, uint32_t *cell);

#endif
