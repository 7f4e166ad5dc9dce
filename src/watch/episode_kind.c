/* episode_kind: techniques, shape and kind of an episode, by its counters. */
#include "watch/episode.h"

#include "watch/params.h"

bool episode_has(const struct episode *e, unsigned technique)
{
	uint64_t seen = e->seen[technique];

	return seen >= NAMED_CONTACTS || (seen && seen * NAMED_SHARE_ONE_IN >= e->packets);
}

/* SYN and connect look alike until a port was open: then one completes, the other abandons. */
uint32_t episode_techniques(const struct episode *e)
{
	const uint32_t pair = UINT32_C(1) << TECH_SYN | UINT32_C(1) << TECH_CONNECT;
	uint32_t set = 0;

	for (unsigned bit = 0; bit < SEEN_TECHNIQUES; bit++)
		if (episode_has(e, bit))
			set |= UINT32_C(1) << bit;
	if ((set & pair) != pair || (e->half_open == 0 && e->idle == 0))
		return set;
	set &= ~pair;
	/* A few may look like the other: a lost RST, a connection that was reset. */
	if (e->half_open * SYN_CONNECT_ONE_IN >= e->idle)
		set |= UINT32_C(1) << TECH_SYN;
	if (e->idle * SYN_CONNECT_ONE_IN >= e->half_open && e->idle)
		set |= UINT32_C(1) << TECH_CONNECT;
	return e->half_open ? set
			    : (set & ~(UINT32_C(1) << TECH_SYN)) | UINT32_C(1) << TECH_CONNECT;
}

uint8_t episode_shape(const struct episode *e)
{
	uint64_t ports = episode_ports(e);

	if (e->crowd)
		return e->action == EVENT_DISTRIBUTED_SCAN ? SHAPE_DISTRIBUTED : SHAPE_NONE;
	if (e->hosts <= 1)
		return SHAPE_VERTICAL;
	if (ports <= 1)
		return SHAPE_HORIZONTAL;
	if (ports >= SHAPE_RATIO * e->hosts && e->hosts <= SHAPE_FEW)
		return SHAPE_VERTICAL;
	if (e->hosts >= SHAPE_RATIO * ports && ports <= SHAPE_FEW)
		return SHAPE_HORIZONTAL;
	return SHAPE_BLOCK;
}

bool episode_has_target(const struct episode *e)
{
	if (e->crowd || !e->many_targets)
		return true;
	return episode_shape(e) == SHAPE_VERTICAL && e->action != EVENT_BACKSCATTER &&
	       e->on_target * MAIN_TARGET_ONE_IN >=
		       (e->packets - e->pings) * (MAIN_TARGET_ONE_IN - 1);
}

uint8_t episode_action(const struct episode *e)
{
	static const uint8_t actions[EVENT_SHAPES] = {
		[SHAPE_VERTICAL] = EVENT_PORT_SCAN,
		[SHAPE_HORIZONTAL] = EVENT_NETWORK_SWEEP,
		[SHAPE_BLOCK] = EVENT_BLOCK_SCAN,
		[SHAPE_DISTRIBUTED] = EVENT_DISTRIBUTED_SCAN,
	};

	return e->crowd || !event_is_alert(e->action) ? e->action : actions[episode_shape(e)];
}
