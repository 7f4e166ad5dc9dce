/* confidence: a posterior over mean and correlation of loss, and what it predicts. */
#include "scan/confidence.h"

#include <string.h>

#include "base/logarithm.h"
#include "scan/sheet.h"

/* The grid: mean loss from MEAN_LEAST up, in equal ratios; correlation from 0 to CORRELATION_MOST.
 * Complete correlation is a firewall, which is no loss. */
#define MEANS		 72
#define MEAN_LEAST	 1e-6
#define MEAN_MOST	 0.95
#define CORRELATIONS	 24
#define CORRELATION_MOST 0.7
/* One-sided, of the standard normal distribution; and the probability itself. */
#define NORMAL_95 1.645
#define SHARE_95  0.95
/* Numbers up to this are summed one by one, greater ones are normally distributed. */
#define COUNT_MOST 200u

struct grid {
	double weight[MEANS * CORRELATIONS];
	double missed[MEANS * CORRELATIONS]; /* expected number; without bound for hopeless paths */
};

/* What is known of a kind of probes. */
struct sample {
	const uint64_t *seen;	 /* by attempt, of those that were heard at last */
	const uint64_t *again;	 /* by attempt */
	const uint64_t *unheard; /* by number of attempts */
	unsigned tries;
};

void confidence_init(struct confidence *c, const struct plan *plan, const uint8_t tries[TECHNIQUES])
{
	memset(c, 0, sizeof(*c));
	for (uint32_t i = 0; i < plan->slots; i++) {
		const unsigned technique = plan_slot_technique(plan_slots(plan)[i]);
		uint8_t *fewest = &c->tries[confidence_kind(technique)];

		if (*fewest == 0 || tries[technique] < *fewest)
			*fewest = tries[technique];
	}
}

enum confidence_kind confidence_kind(unsigned technique)
{
	return technique_rule(technique, REPLY_SYN_ACK)->state == PORT_OPEN &&
			       technique_rule(technique, REPLY_SILENCE)->state == PORT_FILTERED
		       ? CONFIDENCE_OPEN
		       : CONFIDENCE_SILENCE;
}

void confidence_host(struct confidence *c, const struct host_report *host)
{
	const bool limited = host->notes & HOST_RATE_LIMITED;

	for (size_t i = 0; i < host->count; i++) {
		const struct finding *f = &host->findings[i];
		const enum confidence_kind kind = confidence_kind(f->technique);
		const bool positive = f->reply == REPLY_DATA || f->reply == REPLY_SYN_ACK;
		const unsigned last = c->tries[kind] > 0 ? c->tries[kind] - 1u : 0;

		if (!sheet_is_answered(f->reply) || f->has & FINDING_LOCAL || f->reply == REPLY_ACK)
			continue;
		c->found[kind] += kind == CONFIDENCE_SILENCE || f->state == PORT_OPEN;
		/* Without a time, the attempt is not known either. */
		if (f->has & FINDING_TIME && (positive || !limited))
			c->seen[kind][f->attempt < last ? f->attempt : last]++;
	}
}

void confidence_again(struct confidence *c, enum confidence_kind kind, unsigned attempts,
		      bool answered)
{
	if (attempts == 0 || attempts > CONFIDENCE_TRIES)
		return;
	if (answered)
		c->again[kind][attempts - 1]++;
	else
		c->unheard[kind][attempts]++;
}

/* Chance that the first k attempts are lost, for k from 0 to tries: those of a beta distribution.
 */
static void chances(double mean, double correlation, unsigned tries,
		    double lost[CONFIDENCE_TRIES + 1])
{
	lost[0] = 1;
	for (unsigned k = 0; k < tries; k++)
		lost[k + 1] = lost[k] * (mean * (1 - correlation) + k * correlation) /
			      (1 - correlation + k * correlation);
}

/* Logarithm of the likelihood of a sample. */
static double likelihood(const struct sample *s, const double lost[CONFIDENCE_TRIES + 1])
{
	double sum = 0;
	uint64_t all = 0;

	for (unsigned k = 0; k < s->tries; k++) {
		const double here = logarithm(lost[k] - lost[k + 1]);

		all += s->seen[k];
		sum += (double)(s->seen[k] + s->again[k]) * here;
		sum += (double)s->unheard[k + 1] * logarithm(lost[k + 1]);
	}
	return sum - (double)all * logarithm(1 - lost[s->tries]);
}

/* Weighs the grid by the sample, for `found` ports. */
static void grid_fill(struct grid *g, const struct sample *s, uint64_t found)
{
	const double ratio = logarithm(MEAN_MOST / MEAN_LEAST) / (MEANS - 1);
	double most = 0, sum = 0;

	for (unsigned i = 0; i < MEANS * CORRELATIONS; i++) {
		const double mean = MEAN_MOST * exponential(-ratio * (double)(i / CORRELATIONS));
		const double correlation =
			CORRELATION_MOST * (double)(i % CORRELATIONS) / (CORRELATIONS - 1);
		double lost[CONFIDENCE_TRIES + 1];

		chances(mean, correlation, s->tries, lost);
		g->weight[i] = likelihood(s, lost);
		g->missed[i] = (double)found * lost[s->tries] / (1 - lost[s->tries]);
		if (i == 0 || g->weight[i] > most)
			most = g->weight[i];
	}
	for (unsigned i = 0; i < MEANS * CORRELATIONS; i++) {
		g->weight[i] = exponential(g->weight[i] - most);
		sum += g->weight[i];
	}
	for (unsigned i = 0; i < MEANS * CORRELATIONS; i++)
		g->weight[i] /= sum;
}

static double square_root(double x)
{
	return x > 1 ? 1 / exponential(-logarithm(x) / 2) : x;
}

/* How many a Poisson distribution of that mean hardly exceeds, if the mean is large. */
static double poisson_most(double mean)
{
	return mean + NORMAL_95 * square_root(mean) + 1;
}

/* The weighted share of points that expect no more than `most`. */
static double grid_share(const struct grid *g, double most)
{
	double share = 0;

	for (unsigned i = 0; i < MEANS * CORRELATIONS; i++)
		share += g->missed[i] <= most ? g->weight[i] : 0;
	return share;
}

/* The smallest number that is not exceeded with 95 % probability. */
static double grid_most(const struct grid *g)
{
	double term[MEANS * CORRELATIONS], share = 0, low = 0, high = 1;

	for (unsigned n = 0; n <= COUNT_MOST; n++) {
		for (unsigned i = 0; i < MEANS * CORRELATIONS; i++) {
			term[i] = n ? term[i] * g->missed[i] / n
				    : g->weight[i] * exponential(-g->missed[i]);
			share += term[i];
		}
		if (share >= SHARE_95)
			return n;
	}
	while (grid_share(g, high) < SHARE_95 && high < 1e18)
		high *= 2;
	while (high - low > 0.5 && (high - low) / high > 1e-3) {
		const double half = (low + high) / 2;

		if (grid_share(g, half) < SHARE_95)
			low = half;
		else
			high = half;
	}
	return poisson_most(high);
}

/* Upper bound of the mean of a Poisson distribution of which n was seen (Wilson and Hilferty). */
static double count_most(uint64_t n)
{
	const double x = (double)n + 1;
	const double root = 1 - 1 / (9 * x) + NORMAL_95 / (3 * square_root(x));

	return x * root * root * root;
}

static void kind_estimate(const struct confidence *c, enum confidence_kind kind,
			  struct run_confidence *out)
{
	const struct sample s = {c->seen[kind], c->again[kind], c->unheard[kind], c->tries[kind]};
	const uint64_t found = c->found[kind];
	const uint64_t swallowed = s.unheard[s.tries];
	struct grid grid;
	double expected = 0, most;
	uint64_t asked = swallowed;

	grid_fill(&grid, &s, found);
	for (unsigned i = 0; i < MEANS * CORRELATIONS; i++)
		expected += grid.weight[i] * grid.missed[i];
	most = grid_most(&grid);
	for (unsigned k = 0; k < s.tries; k++)
		asked += s.again[k];
	if (swallowed > 0) {
		const double each = (double)found / (double)asked;
		const double mean = (double)swallowed * each;
		const double bound = poisson_most(count_most(swallowed) * each);

		expected = mean > expected ? mean : expected;
		most = bound > most ? bound : most;
	}
	out->wrong[kind].milli = (uint64_t)(expected * 1000 + 0.5);
	out->wrong[kind].most = (uint64_t)(most + 0.5);
}

/* First attempts that were lost, and all. */
struct firsts {
	uint64_t lost, all;
};

static void count_firsts(const struct confidence *c, unsigned kind, struct firsts *again,
			 struct firsts *seen)
{
	uint64_t mute = c->unheard[kind][1], later = 0;

	for (unsigned k = 1; k < CONFIDENCE_TRIES; k++) {
		mute += c->again[kind][k] + c->unheard[kind][k + 1];
		later += c->seen[kind][k];
	}
	again->lost += mute;
	again->all += c->again[kind][0] + mute;
	/* With one attempt, those that were lost are not seen. */
	if (c->tries[kind] < 2)
		return;
	seen->lost += later;
	seen->all += c->seen[kind][0] + later;
}

struct run_confidence confidence_summary(const struct confidence *c)
{
	struct run_confidence out = {0};
	struct firsts again = {0}, seen = {0};

	for (unsigned kind = 0; kind < CONFIDENCE_KINDS; kind++) {
		const uint64_t before = again.all + seen.all;

		count_firsts(c, kind, &again, &seen);
		if (again.all + seen.all == before)
			continue;
		out.known = true;
		out.wrong[kind].known = true;
		kind_estimate(c, (enum confidence_kind)kind, &out);
	}
	out.again = again.all;
	out.again_mute = again.lost;
	if (out.known)
		out.loss_ppm = (uint64_t)((double)(again.lost + seen.lost) /
						  (double)(again.all + seen.all) * 1e6 +
					  0.5);
	return out;
}
