/* excuse: what was seen before, and makes a packet no probe: a question asked, a trace under way.
 */
#ifndef PORTLIGHT_WATCH_EXCUSE_H
#define PORTLIGHT_WATCH_EXCUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/siphash.h"

struct flow_key;
struct packet;

/* Direct-mapped: a new question or trace evicts the one in its place. Zero is empty. */
#define EXCUSE_QUESTIONS 8192
#define EXCUSE_TRACES	 1024

struct excuses {
	struct {
		uint32_t tag;	   /* keyed hash of address and port; 0: free */
		uint32_t asked_ms; /* low 32 bits of the detector's clock */
	} question[EXCUSE_QUESTIONS];
	struct {
		uint32_t tag;	 /* keyed hash of source and target; 0: free */
		uint32_t second; /* of `sent` */
		uint16_t port;	 /* of its latest probe */
		uint16_t sent;	 /* probes in this second */
	} trace[EXCUSE_TRACES];
};

/* The sender of *key sent a datagram to a group or broadcast address. */
void excuse_ask(struct excuses *x, const struct siphash_key *hash, const struct flow_key *key,
		uint64_t now_ms);

/* Whether the target of *key sent such a question from its port, within ASKED_MS. */
bool excuse_asked(const struct excuses *x, const struct siphash_key *hash,
		  const struct flow_key *key, uint64_t now_ms);

/* Whether a datagram with a low TTL continues with the ports of the ones before, one by one and no
 * faster than TRACE_A_SECOND; notes it. */
bool excuse_trace(struct excuses *x, const struct siphash_key *hash, const struct packet *p,
		  uint64_t now_ms);

#endif
