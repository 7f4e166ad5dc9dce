/* scan_progress: what a scan has done so far: counters, its pace, and how much is left. */
#include "scan/scan.h"

uint64_t scan_cells_settled(const struct scan *s)
{
	uint64_t settled = s->cells_done;

	for (int i = 0; i < SHEETS; i++) {
		const struct sheet *sheet = s->sheet[i];

		if (!sheet)
			continue;
		/* Blanks count by the share of attempts they have had: a walk's position tells. */
		const struct walk *walk = &s->walk[i];
		uint32_t blanks = sheet_ours(sheet) - sheet_answered(sheet);
		uint32_t most = 1;

		for (int t = 0; t < TECHNIQUES; t++)
			if (walk->tries[t] > most)
				most = walk->tries[t];
		uint64_t passes = (uint64_t)walk->pass * walk->end + walk->position;
		uint64_t all = (uint64_t)most * walk->end;
		uint64_t share =
			walk->done || walk->idle || passes >= all
				? blanks
				: (uint64_t)((double)blanks * (double)passes / (double)all);
		const uint32_t open = walk->idle ? paced_status(&walk->paced).blanks : 0;

		settled += sheet_answered(sheet) + (share > open ? share - open : 0);
	}
	return settled;
}

struct paced_status scan_asked_on(const struct scan *s)
{
	struct paced_status all = {0};

	for (int i = 0; i < SHEETS; i++) {
		if (!s->sheet[i] || !s->walk[i].idle)
			continue;
		const struct paced_status news = paced_status(&s->walk[i].paced);

		all.hosts += news.hosts;
		all.blanks += news.blanks;
		if (news.round > all.round)
			all.round = news.round;
	}
	return all;
}

struct scan_counts scan_counts(const struct scan *s)
{
	return (struct scan_counts){s->sent, s->resent, s->valid, s->duplicate, s->stray};
}

struct scan_pace scan_pace(const struct scan *s)
{
	return (struct scan_pace){
		.rate_pps = s->pacer.rate_pps,
		.backoffs = s->pacer.backoffs,
		.smoothed_ns = s->rtt.smoothed_ns,
		.timeout_ns = rtt_timeout_ns(&s->rtt),
		.tempo = s->tempo,
		.pass_tempo = s->pass_tempo,
		.pass_sent = s->pass_sent,
	};
}

uint64_t scan_cells(const struct scan *s)
{
	return s->cells_all;
}
