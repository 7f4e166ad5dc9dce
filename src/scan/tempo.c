/* tempo: rates of intervals, summed up. */
#include "scan/tempo.h"

void tempo_sent(struct tempo *t, uint64_t count, uint64_t now_ns)
{
	double seconds;

	if (count == 0)
		return;
	/* What begins an interval belongs to the one before, if any. */
	if (!t->going) {
		t->going = true;
		t->begin_ns = now_ns;
		t->count = 0;
		return;
	}
	t->count += count;
	if (now_ns < t->begin_ns + TEMPO_INTERVAL_NS)
		return;
	seconds = (double)(now_ns - t->begin_ns) / 1e9;
	t->intervals++;
	t->packets += (double)t->count;
	t->seconds += seconds;
	t->squares += (double)t->count * (double)t->count / seconds;
	t->begin_ns = now_ns;
	t->count = 0;
}

void tempo_idle(struct tempo *t)
{
	t->going = false;
}

double tempo_mean(const struct tempo *t)
{
	return t->intervals ? t->packets / t->seconds : 0;
}

double tempo_variance(const struct tempo *t)
{
	const double mean = tempo_mean(t);
	const double variance = t->intervals ? t->squares / t->seconds - mean * mean : 0;

	return variance > 0 ? variance : 0;
}
