/* outcome: what further packets of a flow say about its first contact. */
#ifndef PORTLIGHT_WATCH_OUTCOME_H
#define PORTLIGHT_WATCH_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

struct flow;
struct packet;
struct watch;

/* All of these may change the flow's state, and deliver events. */

/* The opener, or the target, sent one more packet. */
void outcome_opener(struct watch *w, struct flow *f, const struct packet *p);
void outcome_target(struct watch *w, struct flow *f, const struct packet *p);

/* The wait for more packets of a flow is over: nothing came that decides it. */
void outcome_over(struct watch *w, struct flow *f);

/* The contact failed, as in judge_failed(). */
void outcome_fails(struct watch *w, struct flow *f, bool open, bool half_open);

/* The capture time in units of 16 us, and 12 bits of what copies of the packet have in common. */
uint32_t outcome_mark(const struct watch *w, const struct packet *p);

#endif
