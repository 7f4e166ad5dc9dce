/* quench: the pace for one host whose ICMP errors are rate-limited. */
#include "scan/icmp_backoff.h"

#define INTERVAL_MIN_US 10000u
#define INTERVAL_MAX_US 250000u

static uint32_t interval_clamp(uint64_t us)
{
	if (us < INTERVAL_MIN_US)
		return INTERVAL_MIN_US;
	return us < INTERVAL_MAX_US ? (uint32_t)us : INTERVAL_MAX_US;
}

bool icmp_backoff_valid(const struct icmp_backoff *q, uint32_t slots)
{
	return q->interval_us >= INTERVAL_MIN_US && q->interval_us <= INTERVAL_MAX_US &&
	       q->hunt_us >= INTERVAL_MIN_US && q->hunt_us <= INTERVAL_MAX_US && q->from < slots &&
	       q->blanks <= slots;
}

void icmp_backoff_start(struct icmp_backoff *q, uint32_t blanks, uint64_t now_ns)
{
	*q = (struct icmp_backoff){.blanks = blanks, .answer_ns = now_ns, .next_ns = now_ns};
	/* Fast enough to go once over all blanks within the patience. */
	q->interval_us = interval_clamp(ICMP_BACKOFF_PATIENCE_NS / 1000 / (blanks + 1));
	q->hunt_us = q->interval_us;
}

void icmp_backoff_sent(struct icmp_backoff *q, uint64_t now_ns)
{
	const uint64_t refill_ns = q->answer_ns + ICMP_BACKOFF_REFILL_NS;

	q->misses++;
	if (now_ns >= refill_ns) {
		/* Ports that never answer, by the look of it: get over them sooner. Once all have
		 * been asked, there is no haste any more. */
		if (++q->late > 1 && q->late <= q->blanks)
			q->hunt_us = interval_clamp(q->hunt_us / 2);
		q->next_ns = now_ns +
			     UINT64_C(1000) * (q->late <= q->blanks ? q->hunt_us : INTERVAL_MAX_US);
		return;
	}
	if (q->misses > 12)
		q->interval_us = interval_clamp((uint64_t)q->interval_us * 7 / 8);
	q->next_ns = now_ns + (uint64_t)q->interval_us * 1000;
	if (q->next_ns > refill_ns)
		q->next_ns = refill_ns;
}

void icmp_backoff_answered(struct icmp_backoff *q, bool own, uint64_t now_ns)
{
	if (q->blanks)
		q->blanks--;
	/* The time since the last answer is the refill as it looks now: three probes to one. */
	if (now_ns > q->answer_ns)
		q->interval_us = interval_clamp((now_ns - q->answer_ns) / 3000);
	if (q->late <= 1)
		q->hunt_us = interval_clamp((uint64_t)q->hunt_us * 2);
	q->misses = q->late = 0;
	q->answers += own;
	q->answer_ns = now_ns;
}

bool icmp_backoff_done(const struct icmp_backoff *q, uint64_t now_ns)
{
	if (q->blanks == 0)
		return true;
	return q->late >= q->blanks && now_ns >= q->answer_ns &&
	       now_ns - q->answer_ns >= ICMP_BACKOFF_PATIENCE_NS;
}
