/* excuse: two small direct-mapped tables. */
#include "watch/excuse.h"

#include "base/salts.h"
#include "packet/packet.h"
#include "watch/flow.h"
#include "watch/params.h"

#define SECOND_MS 1000
/* Ports that a trace may skip: probes that were lost before the capture. */
#define TRACE_SKIPS 3

static uint64_t end_hash(const struct siphash_key *key, struct addr a, uint16_t port)
{
	const __u64 words[3] = {a.hi ^ SALT_QUESTION, a.lo, port};

	return siphash_words(key, words, 3, 1, 3);
}

void excuse_ask(struct excuses *x, const struct siphash_key *hash, const struct flow_key *key,
		uint64_t now_ms)
{
	uint64_t h = end_hash(hash, key->src, key->sport);

	x->question[h % EXCUSE_QUESTIONS].tag = (uint32_t)(h >> 32) | 1;
	x->question[h % EXCUSE_QUESTIONS].asked_ms = (uint32_t)now_ms;
}

bool excuse_asked(const struct excuses *x, const struct siphash_key *hash,
		  const struct flow_key *key, uint64_t now_ms)
{
	uint64_t h = end_hash(hash, key->dst, key->dport);

	return x->question[h % EXCUSE_QUESTIONS].tag == ((uint32_t)(h >> 32) | 1) &&
	       (uint32_t)now_ms - x->question[h % EXCUSE_QUESTIONS].asked_ms < ASKED_MS;
}

bool excuse_trace(struct excuses *x, const struct siphash_key *hash, const struct packet *p,
		  uint64_t now_ms)
{
	const __u64 words[5] = {p->src.hi ^ SALT_TRACE, p->src.lo, p->dst.hi, p->dst.lo, p->sport};
	uint64_t h = siphash_words(hash, words, 5, 1, 3);
	uint32_t tag = (uint32_t)(h >> 32) | 1, second = (uint32_t)(now_ms / SECOND_MS);
	uint16_t at = h % EXCUSE_TRACES, ahead = (uint16_t)(p->dport - x->trace[at].port);
	bool known = x->trace[at].tag == tag;

	x->trace[at].sent =
		known && x->trace[at].second == second ? (uint16_t)(x->trace[at].sent + 1) : 1;
	x->trace[at].tag = tag;
	x->trace[at].second = second;
	x->trace[at].port = p->dport;
	return known && ahead >= 1 && ahead <= TRACE_SKIPS && x->trace[at].sent <= TRACE_A_SECOND;
}
