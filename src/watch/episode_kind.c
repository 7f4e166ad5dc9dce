/* episode_kind: what an episode is, by what it has counted. */
#include "watch/episode.h"

/* A by-product is less than ten contacts, and less than a quarter of them all. */
#define NAMED_CONTACTS 10
#define NAMED_SHARE    4

bool episode_has(const struct episode *e, unsigned technique)
{
	uint64_t seen = e->seen[technique];

	return seen >= NAMED_CONTACTS || (seen && seen * NAMED_SHARE >= e->packets);
}

/* SYN and connect look alike until a port was open: then one completes, the other abandons. */
uint32_t episode_techniques(const struct episode *e)
{
	const uint32_t pair = UINT32_C(1) << TECH_SYN | UINT32_C(1) << TECH_CONNECT;
	uint32_t set = 0;

	for (unsigned bit = 0; bit < SIGHTS; bit++)
		if (episode_has(e, bit))
			set |= UINT32_C(1) << bit;
	if ((set & pair) != pair || (e->half_open == 0 && e->idle == 0))
		return set;
	set &= ~pair;
	/* One of twenty may be the other: a lost RST, a connection that was reset. */
	if (e->half_open * 20 >= e->idle)
		set |= UINT32_C(1) << TECH_SYN;
	if (e->idle * 20 >= e->half_open && e->idle)
		set |= UINT32_C(1) << TECH_CONNECT;
	return e->half_open ? set
			    : (set & ~(UINT32_C(1) << TECH_SYN)) | UINT32_C(1) << TECH_CONNECT;
}

/* Few hosts are up to 3; few ports too. */
uint8_t episode_shape(const struct episode *e)
{
	uint64_t ports = (uint64_t)e->tcp_count + e->udp_count;

	if (e->crowd)
		return e->action == EVENT_DISTRIBUTED_SCAN ? SHAPE_DISTRIBUTED : SHAPE_NONE;
	if (e->hosts <= 1)
		return SHAPE_VERTICAL;
	if (ports <= 1)
		return SHAPE_HORIZONTAL;
	if (ports >= 4 * e->hosts && e->hosts <= 3)
		return SHAPE_VERTICAL;
	if (e->hosts >= 4 * ports && ports <= 3)
		return SHAPE_HORIZONTAL;
	return SHAPE_BLOCK;
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
