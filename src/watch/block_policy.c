/* block_policy: whether the source of an event may be blocked. */
#include "watch/block_policy.h"

// clang-format off
#define V4(v4)	    {0, ADDR_V4_PREFIX | (v4)}
#define V6(hi)	    {UINT64_C(hi), 0}
#define V6_LAST(hi) {UINT64_C(hi), UINT64_MAX}

/* No packet that left another machine honestly has these as its source, or only one on the link
 * that needs us (RFC 6890; RFC 4291, 2.4). */
static const struct range block_never[] = {
	{V4(0x00000000), V4(0x00ffffff)},			/* this network */
	{V4(0x7f000000), V4(0x7fffffff)},			/* loopback */
	{V4(0xa9fe0000), V4(0xa9feffff)},			/* link-local */
	{V4(0xe0000000), V4(0xffffffff)},			/* multicast, reserved, broadcast */
	{{0, 0}, {0, 1}},					/* unspecified, loopback */
	{V6(0xfe80000000000000), V6_LAST(0xfebfffffffffffff)},	/* link-local */
	{V6(0xff00000000000000), V6_LAST(0xffffffffffffffff)},	/* multicast */
};
// clang-format on

int block_policy_never(struct ranges *never, const struct ranges *const lists[], size_t count)
{
	*never = (struct ranges){0};
	for (size_t i = 0; i < sizeof(block_never) / sizeof(block_never[0]); i++)
		if (ranges_add(never, block_never[i].first, block_never[i].last) < 0)
			goto err0;
	for (size_t l = 0; l < count; l++)
		for (size_t i = 0; lists[l] && i < lists[l]->count; i++)
			if (ranges_add(never, lists[l]->range[i].first, lists[l]->range[i].last) <
			    0)
				goto err0;
	ranges_normalise(never);
	return 0;
err0:
	ranges_fini(never);
	return -1;
}

enum block_verdict block_policy(const struct event *event, const struct ranges *never)
{
	switch (event_kind(event->action)->actor) {
	case ACTOR_SOURCE:
		break;
	case ACTOR_CROWD:
		return BLOCK_NO_SOURCE;
	default:
		return BLOCK_NO_SCAN;
	}
	if (!(event->has & EVENT_HAS_SOURCE) || event->sources > 1)
		return BLOCK_NO_SOURCE;
	if (ranges_contain(never, event->source))
		return BLOCK_NEVER;
	if (!(event->has & EVENT_HANDSHAKE) || event->has & EVENT_SPOOFABLE)
		return BLOCK_UNPROVEN;
	return BLOCK_YES;
}

const char *block_verdict_text(unsigned verdict)
{
	switch (verdict) {
	case BLOCK_YES:
		return "it scans and its address is proven";
	case BLOCK_NO_SCAN:
		return "what happened is not the doing of one source";
	case BLOCK_NO_SOURCE:
		return "it has no single source";
	case BLOCK_UNPROVEN:
		return "its address is not proven by a completed handshake";
	case BLOCK_NEVER:
		return "it is ours, a gateway, a resolver or on the list never to be blocked";
	default:
		return "unknown";
	}
}
