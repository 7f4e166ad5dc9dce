/* arrivals: a ring of cumulative counts. */
#include "watch/arrivals.h"

void arrivals_add(struct arrivals *c, uint64_t now_ms)
{
	uint64_t step = now_ms / ARRIVALS_STEP_MS;

	c->count++;
	if (now_ms < c->now_ms)
		return;
	if (step > c->step) {
		uint64_t steps = step - c->step;

		for (uint64_t i = 0; i < steps && i < ARRIVALS_STEPS; i++)
			c->at[(step - i) % ARRIVALS_STEPS] = c->count - 1;
		c->step = step;
	}
	c->now_ms = now_ms;
}

static double arrivals_by(const struct arrivals *c, uint64_t t_ms, double pps)
{
	uint64_t step = t_ms / ARRIVALS_STEP_MS, oldest = c->step - (ARRIVALS_STEPS - 1);
	uint64_t began_ms = step * ARRIVALS_STEP_MS, ended_ms = began_ms + ARRIVALS_STEP_MS;
	uint64_t before, after = c->count;

	if (t_ms >= c->now_ms)
		return (double)c->count;
	if (c->step >= ARRIVALS_STEPS && step < oldest)
		return (double)c->at[oldest % ARRIVALS_STEPS] -
		       pps * (double)(oldest * ARRIVALS_STEP_MS - t_ms) / 1000;
	before = c->at[step % ARRIVALS_STEPS];
	if (step == c->step)
		ended_ms = c->now_ms;
	else
		after = c->at[(step + 1) % ARRIVALS_STEPS];
	return (double)before +
	       (double)(after - before) * (double)(t_ms - began_ms) / (double)(ended_ms - began_ms);
}

double arrivals_between(const struct arrivals *c, uint64_t from_ms, uint64_t to_ms, double pps)
{
	return arrivals_by(c, to_ms, pps) - arrivals_by(c, from_ms, pps);
}
