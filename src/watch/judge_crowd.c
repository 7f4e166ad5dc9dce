/* judge_crowd: floods and distributed scans: what many sources do to one target. */
#include <netinet/in.h>

#include "watch/judge.h"
#include "watch/name.h"
#include "watch/params.h"
#include "watch/watch_state.h"

/* The fingerprint of the group of all sources of IPv4; even, as no other is. */
#define ANY_PRINT 2

/* Opens an episode for a group that is a distributed scan now, with its ports and sources so far.
 */
static void crowd_scan(struct watch *w, const struct crowd_group *g, const struct contact *c)
{
	struct episode *e = episode_open_crowd(&w->episodes, c->dst, EVENT_DISTRIBUTED_SCAN,
					       w->now_ms, c->t_ns);

	for (int i = 0; i < g->ports; i++)
		episode_add_port(e, g->port[i], c->proto);
	e->first_ns = g->first_ns;
	e->packets = g->contacts;
	e->failed = g->contacts;
	e->fingerprint = g->fingerprint;
	for (int i = 0; i < g->sources; i++)
		episode_add_source(&w->episodes, e, g->source[i]);
	for (int bit = 0; bit < SEEN_TECHNIQUES; bit++)
		e->seen[bit] = c->techniques >> bit & 1 ? g->contacts : 0;
	/* No sequential test decides this; about that of one source with all these ports. */
	e->confidence = CROWD_CONFIDENCE;
	episode_report(&w->episodes, e, EVENT_OPEN, c->t_ns);
}

/* The fingerprints of all groups that a contact belongs to; returns how many. */
static unsigned crowd_prints(const struct watch *w, const struct contact *c,
			     uint32_t print[static 3])
{
	print[0] = crowd_fingerprint(&w->crowds, c);
	if (addr_is_v4(c->src)) {
		/* Connections only: late datagrams of strangers to a former port of a call or a
		 * game have nothing in common either. */
		print[1] = ANY_PRINT;
		return c->techniques & UINT32_C(1) << TECH_SYN ? 2 : 1;
	}
	print[1] = crowd_network_print(&w->crowds, c, 64);
	print[2] = crowd_network_print(&w->crowds, c, 48);
	return 3;
}

static bool is_listed(uint32_t one, const uint32_t *list, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (list[i] == one)
			return true;
	return false;
}

void judge_group(struct watch *w, const struct contact *c)
{
	uint32_t print[3];
	unsigned prints;
	struct crowd *crowd;
	struct crowd_group *group;
	struct episode *e;

	if (c->proto != IPPROTO_TCP && c->proto != IPPROTO_UDP)
		return;
	crowd = crowd_get(&w->crowds, c->dst, c->target, w->now_ms);
	if (crowd_mean_pps(crowd, w->now_ms) > 0)
		return; /* a flood with spoofed sources looks the same */
	prints = crowd_prints(w, c, print);
	e = episode_find(&w->episodes, c->target, true);
	if (e) {
		if (e->action != EVENT_DISTRIBUTED_SCAN ||
		    !is_listed(e->fingerprint, print, prints))
			return;
		episode_add_source(&w->episodes, e, crowd_source(c));
		episode_add(&w->episodes, e, c, name_host(c->target));
		return;
	}
	for (unsigned i = 0; i < prints; i++) {
		group = crowd_failed(&w->crowds, crowd, c, print[i],
				     i == 0		  ? CROWD_ALIKE
				     : addr_is_v4(c->src) ? CROWD_ANY
							  : CROWD_SITE);
		if (group) {
			crowd_scan(w, group, c);
			return;
		}
	}
}

void judge_crowd(struct watch *w, const struct crowd *crowd, uint8_t action, uint64_t sources,
		 uint32_t techniques, uint64_t t_ns)
{
	struct episode *e = episode_find(&w->episodes, crowd->name, true);
	bool fresh = !e;

	if (fresh)
		e = episode_open_crowd(&w->episodes, crowd->target, action, w->now_ms, t_ns);
	else if (e->action != action)
		return;
	for (int bit = 0; bit < SEEN_TECHNIQUES; bit++)
		e->seen[bit] += techniques >> bit & 1 ? 64 : 0;
	e->moved_ms = w->now_ms;
	if (t_ns > e->last_ns)
		e->last_ns = t_ns;
	if (sources > e->sources)
		e->sources = sources;
	e->sources_at_least = true;
	e->packets += 64;
	e->confidence = CROWD_CONFIDENCE;
	if (fresh)
		episode_report(&w->episodes, e, EVENT_OPEN, t_ns);
}
