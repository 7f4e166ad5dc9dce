/* extraports: which ports of a host are summarised instead of listed, nmap's extraports. */
#include "result/extraports.h"

#include <stdlib.h>
#include <string.h>

static bool is_summarised(unsigned state, uint32_t count, bool decoys,
			  const struct extraports_conf *conf)
{
	unsigned listed = EXTRAPORTS_LISTED;

	if (state == PORT_OPEN && decoys && count)
		return !conf->all_ports;
	if (state == STATE_NONE || state == PORT_OPEN || count == 0)
		return false;
	if (conf->open_only && state != PORT_OPEN_FILTERED)
		return true;
	if (conf->verbose > 0)
		listed += EXTRAPORTS_LISTED * (unsigned)(conf->verbose < 100 ? conf->verbose : 100);
	return !conf->all_ports && count > listed;
}

static int group_compare(const void *a, const void *b)
{
	const struct extraports_group *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->technique != y->technique)
		return x->technique < y->technique ? -1 : 1;
	return x->state < y->state ? -1 : x->state > y->state;
}

static bool is_counted(const struct finding *f)
{
	return f->technique < TECHNIQUES && f->state < PORT_STATES && f->reason < REASONS;
}

static struct extraports_group *group_of(struct extraports *extra, const struct finding *f)
{
	return &extra->group[f->technique * PORT_STATES + f->state];
}

void extraports_count(struct extraports *extra, const struct host_report *host,
		      const struct extraports_conf *conf)
{
	uint32_t marked[EXTRAPORTS_GROUPS] = {0};

	memset(extra, 0, sizeof(*extra));
	for (size_t i = 0; i < host->count; i++) {
		const struct finding *f = &host->findings[i];

		if (!is_counted(f))
			continue;
		group_of(extra, f)->count++;
		marked[f->technique * PORT_STATES + f->state] += !!(f->has & FINDING_SUMMARISED);
	}
	for (unsigned i = 0; i < EXTRAPORTS_GROUPS; i++) {
		struct extraports_group *group = &extra->group[i];

		group->technique = (uint8_t)(i / PORT_STATES);
		group->state = (uint8_t)(i % PORT_STATES);
		group->whole = group->count == marked[i] ||
			       is_summarised(group->state, group->count,
					     host->notes & HOST_DECOYS &&
						     technique_handshake(group->technique),
					     conf);
		if (!group->whole)
			group->count = marked[i];
	}
	for (size_t i = 0; i < host->count; i++) {
		const struct finding *f = &host->findings[i];

		if (is_counted(f) && (group_of(extra, f)->whole || f->has & FINDING_SUMMARISED))
			group_of(extra, f)->reasons[f->reason]++;
	}
	for (unsigned i = 0; i < EXTRAPORTS_GROUPS; i++)
		if (extra->group[i].count)
			extra->group[extra->groups++] = extra->group[i];
	qsort(extra->group, extra->groups, sizeof(extra->group[0]), group_compare);
}

bool extraports_has(const struct extraports *extra, const struct finding *finding)
{
	for (unsigned i = 0; i < extra->groups; i++)
		if (extra->group[i].technique == finding->technique &&
		    extra->group[i].state == finding->state)
			return extra->group[i].whole || finding->has & FINDING_SUMMARISED;
	return false;
}

uint64_t extraports_in_state(const struct extraports *extra, unsigned i)
{
	uint64_t count = 0;

	for (unsigned j = 0; j < extra->groups; j++) {
		if (extra->group[j].state != extra->group[i].state)
			continue;
		if (j < i)
			return 0;
		count += extra->group[j].count;
	}
	return count;
}
