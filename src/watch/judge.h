/* judge: turns outcomes of flows into contacts, contacts into evidence, evidence into events. */
#ifndef PORTLIGHT_WATCH_JUDGE_H
#define PORTLIGHT_WATCH_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "address/addr.h"

struct contact;
struct crowd;
struct flow;
struct packet;
struct watch;

/* All of these take a flow whose state has been changed already, and change only the tables of
 * evidence, crowds and episodes. They may deliver events. */

/* The contact failed: the target refused it, or the opener reset it half-open (half_open). `open`:
 * the port had answered. */
void judge_failed(struct watch *w, const struct flow *f, bool open, bool half_open);

/* A packet whose transport header is behind more extension headers than were captured
 * (PACKET_BURIED): as its port is not known, each counts as another one. */
void judge_buried(struct watch *w, const struct packet *p, uint64_t t_ns);

/* The wait for an answer ended at over_ms: there was none, or the opener did not complete the
 * handshake, or only the opener's claims tell the outcome. *f is a copy as it was while it waited.
 */
void judge_silence(struct watch *w, const struct flow *f, uint64_t over_ms);

/* The opener completed the handshake. */
void judge_completed(struct watch *w, const struct flow *f);

/* The opener's claims about a SYN, CLAIM_ACK among them, are to be believed (enum flow_claim). */
void judge_claims(struct watch *w, const struct flow *f);

/* The opener completed the handshake, and closed without having sent data. */
void judge_idle(struct watch *w, const struct flow *f);

/* The connection was used: data by TCP, or an answer by another protocol. `again`: judge_completed
 * was called for it before. */
void judge_used(struct watch *w, const struct flow *f, bool again);

/* `sources` sources flood a target, or reflect answers to it: opens an event of that action, or
 * extends the one that is open. `techniques`: bit set of those that send such packets. */
void judge_crowd(struct watch *w, const struct crowd *crowd, uint8_t action, uint64_t sources,
		 uint32_t techniques, uint64_t t_ns);

/* Adds a failed contact to the groups of its target: sources that share a scan. */
void judge_group(struct watch *w, const struct contact *c);

/* Records about knocks whose wait is over (evidence_held), or with `all` of all: opens an event for
 * those whose source did not come back. */
void judge_held(struct watch *w, bool all);

/* The host sent an ARP packet, so it exists: asking for it by ARP is no evidence (ARP_HEARD_MS). */
void judge_heard(struct watch *w, struct addr a);

/* Prefetches what judge_silence reads for that flow. Changes nothing. */
void judge_prefetch(const struct watch *w, const struct flow *f);

#endif
