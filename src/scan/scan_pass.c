/* scan_pass: judges rate and path by a pass that an engine sends by itself. */
#include "scan/scan.h"
#include "scan/scan_private.h"

/* While an engine sends by itself, its rate is judged over this time, when the answers have had a
 * little more than the round trip, by as many probes as tell 3 % of loss from chance. */
#define EPOCH_NS       UINT64_C(20000000)
#define EPOCH_SLACK_NS UINT64_C(3000000)
#define EPOCH_SAMPLE   4096
#define EPOCH_MOST     4096 /* looked at, or not twice as many */

void scan_pass_begun(struct scan *s, struct walk *walk, uint64_t now_ns)
{
	tempo_idle(&s->tempo);
	s->passing = walk;
	s->pass_from = walk->position;
	s->sent_seen = s->pass_first = walk->sent;
	s->answered_seen = sheet_answered(walk->sheet);
	s->pass_answered = 0;
	s->epoch = (struct scan_epoch){.first = walk->position, .begin_ns = now_ns};
}

/* How many of an epoch's probes are answered: of a sample, by the sheet. */
static void scan_judge(struct scan *s, uint64_t now_ns)
{
	const struct scan_epoch *epoch = &s->epoch;
	const struct sheet *sheet = s->passing->sheet;
	const uint32_t count = epoch->last - epoch->first;
	const uint32_t step = count / EPOCH_MOST > 0 ? count / EPOCH_MOST : 1;
	uint32_t answered = 0, sampled = 0;

	for (uint32_t position = epoch->first; position < epoch->last; position += step) {
		const uint32_t cell = (uint32_t)permute_forward(sheet_order(sheet), position);
		const unsigned reply = sheet_get_both(sheet, cell, position);

		if (reply == SHEET_NOT_OURS || sheet_tries(sheet, cell) == 0)
			continue;
		sampled++;
		answered += reply != REPLY_SILENCE;
	}
	if (sampled >= EPOCH_SAMPLE / 4)
		pacer_share(&s->pacer, answered, sampled,
			    (double)count * 1e9 / (double)(epoch->end_ns - epoch->begin_ns),
			    now_ns);
}

static void scan_epoch(struct scan *s, uint64_t now_ns)
{
	const uint32_t position = s->passing->position;
	struct scan_epoch *epoch = &s->epoch;

	if (s->passing->pass > 0)
		return; /* those that are still blank tell nothing */
	if (epoch->end_ns == 0) {
		if (now_ns < epoch->begin_ns + EPOCH_NS || position - epoch->first < EPOCH_SAMPLE)
			return;
		epoch->last = position;
		epoch->end_ns = now_ns;
	}
	if (now_ns < epoch->end_ns + s->rtt.smoothed_ns + 4 * s->rtt.variation_ns + EPOCH_SLACK_NS)
		return;
	scan_judge(s, now_ns);
	*epoch = (struct scan_epoch){.first = position, .begin_ns = now_ns};
}

/* In a pass most answers are counted, not returned by the engine. */
static void scan_pass_heard(struct scan *s, uint64_t refused, uint64_t now_ns)
{
	const struct walk *walk = s->passing;
	const uint32_t answered = sheet_answered(walk->sheet);
	const unsigned sent = (unsigned)(walk->sent - s->sent_seen);
	const struct outage_path path = scan_path(s);

	if (sent == 0 && refused > 0)
		outage_fresh(&s->outage);
	outage_sent(&s->outage, sent, walk->pass == 0 ? sent : 0, now_ns);
	if (answered != s->answered_seen) {
		s->pass_answered += answered - s->answered_seen;
		s->answered_seen = answered;
		(void)outage_heard(&s->outage, &path, now_ns); /* it ends none in a pass */
	}
	/* The caller of scan_hold() stops the pass. */
	(void)outage_check(&s->outage, &path, now_ns);
}

static void scan_pass_told(struct scan *s, uint64_t refused, uint64_t now_ns)
{
	struct walk *walk = s->passing;

	scan_pass_heard(s, refused, now_ns);
	s->sent += walk->sent - s->sent_seen;
	s->pass_sent += walk->sent - s->sent_seen;
	s->sent_seen = walk->sent;
	s->resent += walk->resent - s->resent_seen[walk - s->walk];
	s->resent_seen[walk - s->walk] = walk->resent;
	pacer_passing(&s->pacer, refused, now_ns);
	scan_epoch(s, now_ns);
}

void scan_passing(struct scan *s, uint64_t refused, uint64_t now_ns)
{
	tempo_sent(&s->pass_tempo, s->passing->sent - s->sent_seen, now_ns);
	scan_pass_told(s, refused, now_ns);
}

void scan_pass_over(struct scan *s, uint64_t refused, uint64_t now_ns)
{
	/* The time of its last probe is unknown. */
	tempo_idle(&s->pass_tempo);
	scan_pass_told(s, refused, now_ns);
	s->passing = NULL;
	if (s->outage.silent)
		scan_withdraw(s, now_ns);
}
