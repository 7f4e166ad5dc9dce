/* judge: what a contact that is over says about its source, and whether that makes it a scanner. */
#ifndef PORTLIGHT_WATCH_JUDGE_H
#define PORTLIGHT_WATCH_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "address/addr.h"

struct crowd;
struct flow;
struct watch;

/* It was refused, or abandoned half-open; `open`: the port had answered. */
void judge_failed(struct watch *w, const struct flow *f, bool open, bool half_open);
/* Asks the cache for what judge_silence will look at. */
void judge_prefetch(const struct watch *w, const struct flow *f);
/* Its wait ended at over_ms without a packet: nothing came, or the SYN+ACK was never taken up, or
 * only the opener's claims tell. The flow is as it was while it waited. */
void judge_silence(struct watch *w, const struct flow *f, uint64_t over_ms);
/* The opener went on: the handshake is complete. */
void judge_completed(struct watch *w, const struct flow *f);
/* The claims of a SYN's opener, CLAIM_ACK among them, are believed. */
void judge_claims(struct watch *w, const struct flow *f);
/* It was completed, and closed without a word. */
void judge_idle(struct watch *w, const struct flow *f);
/* It was used; `again`: after judge_completed. */
void judge_used(struct watch *w, const struct flow *f, bool again);

/* A crowd of so many sources is at a target; told once, and updated as long as it lasts. */
void judge_crowd(struct watch *w, const struct crowd *crowd, uint8_t action, uint64_t sources,
		 uint32_t techniques, uint64_t t_ns);

/* A host spoke on the link: it is there. */
void judge_heard(struct watch *w, struct addr a);

#endif
