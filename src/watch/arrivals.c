/* course: how many contacts had come to a target by when. */
#include "watch/arrivals.h"

void course_add(struct course *c, uint64_t now_ms)
{
	uint64_t step = now_ms / COURSE_STEP_MS;

	c->count++;
	if (now_ms < c->now_ms)
		return;
	if (step > c->step) {
		uint64_t steps = step - c->step;

		for (uint64_t i = 0; i < steps && i < COURSE_STEPS; i++)
			c->at[(step - i) % COURSE_STEPS] = c->count - 1;
		c->step = step;
	}
	c->now_ms = now_ms;
}

static double course_by(const struct course *c, uint64_t t_ms, double pps)
{
	uint64_t step = t_ms / COURSE_STEP_MS, oldest = c->step - (COURSE_STEPS - 1);
	uint64_t began_ms = step * COURSE_STEP_MS, ended_ms = began_ms + COURSE_STEP_MS;
	uint64_t before, after = c->count;

	if (t_ms >= c->now_ms)
		return (double)c->count;
	if (c->step >= COURSE_STEPS && step < oldest)
		return (double)c->at[oldest % COURSE_STEPS] -
		       pps * (double)(oldest * COURSE_STEP_MS - t_ms) / 1000;
	before = c->at[step % COURSE_STEPS];
	if (step == c->step)
		ended_ms = c->now_ms;
	else
		after = c->at[(step + 1) % COURSE_STEPS];
	return (double)before +
	       (double)(after - before) * (double)(t_ms - began_ms) / (double)(ended_ms - began_ms);
}

double course_between(const struct course *c, uint64_t from_ms, uint64_t to_ms, double pps)
{
	return course_by(c, to_ms, pps) - course_by(c, from_ms, pps);
}
