/* merge: merges the verdicts of several techniques on one port into one. */
#include "result/merge.h"

#include "result/host.h"

/* The first technique of this run with `technique`'s protocol, and the number of such
 * techniques. */
static unsigned first_of_proto(const struct run_info *run, unsigned technique, unsigned *how_many)
{
	unsigned first = technique;

	*how_many = 0;
	for (size_t i = 0; i < run->technique_count; i++)
		if (finding_proto(run->techniques[i]) == finding_proto(technique) &&
		    (*how_many)++ == 0)
			first = run->techniques[i];
	return first;
}

bool merge_is_needed(const struct run_info *run)
{
	unsigned how_many;

	for (size_t i = 0; i < run->technique_count; i++) {
		(void)first_of_proto(run, run->techniques[i], &how_many);
		if (how_many > 1)
			return true;
	}
	return false;
}

static unsigned definiteness(const struct finding *f, uint32_t notes)
{
	switch (f->state) {
	case PORT_OPEN:
		return reply_is_rst(f->reply) ? 5 : 7;
	case PORT_CLOSED:
		return host_is_mute(notes, f) ? 1 : 6;
	case PORT_UNFILTERED:
		return 4;
	case PORT_FILTERED:
		return 3;
	case PORT_OPEN_FILTERED:
		return 2;
	}
	return 0;
}

size_t merge_findings(const struct run_info *run, const struct host_report *host,
		      struct finding *merged)
{
	size_t count = 0;

	for (size_t i = 0; i < host->count; i++) {
		const struct finding *f = &host->findings[i];
		struct finding *last = count ? &merged[count - 1] : NULL;

		if (!last || last->port != f->port ||
		    finding_proto(last->technique) != finding_proto(f->technique))
			merged[count++] = *f;
		else if (definiteness(f, host->notes) > definiteness(last, host->notes))
			*last = *f;
	}
	for (size_t i = 0; i < count; i++) {
		unsigned how_many;

		merged[i].technique = (uint8_t)first_of_proto(run, merged[i].technique, &how_many);
	}
	return count;
}

/* What an answer, and an answer whose packet is known, are worth. */
static unsigned evidence_of(const struct finding *f)
{
	return f->reason == REASON_NO_RESPONSE ? 0 : f->has & FINDING_SUMMARISED ? 1 : 2;
}

const struct finding *merge_surer(const struct finding *left, const struct finding *right)
{
	const unsigned worth_left = evidence_of(left), worth_right = evidence_of(right);

	if (worth_left != worth_right)
		return worth_left > worth_right ? left : right;
	return right->t_ns > left->t_ns ? right : left;
}
