/* under_way: an excuse belongs to something that was seen, or to the time shortly after the begin.
 */
#include "watch/under_way.h"

#include <netinet/in.h>

#include "watch/known_service.h"
#include "watch/name.h"
#include "watch/params.h"
#include "watch/tool.h"
#include "watch/watch_state.h"

/* Whether a packet comes from a listening port of ours: without a known flow it is the late end of
 * a connection. */
static bool is_our_servers(const struct watch *w, const struct packet *p)
{
	return p->has & PACKET_TCP && p->flags & TCP_ACK && w->conf.listens &&
	       w->conf.listens(w->conf.listens_context, p->src, p->sport, IPPROTO_TCP) > 0;
}

/*
 * Whether a segment to a client's port may belong to a connection from before the begin, or to one
 * that the flow table forgot. Those of raw tools do not: no stack has their windows on all
 * connections.
 */
static bool may_be_older(const struct watch *w, const struct packet *p, const struct sighting *s)
{
	bool forgetful = w->flows.forgot_ms && w->now_ms - w->flows.forgot_ms < FLOW_REMEMBERED_MS;

	return s->late_end && !tool_is_raw(p->flags, p->window, p->mss) &&
	       (forgetful || w->now_ms - w->start_ms < START_EXCUSE_MS);
}

/* Whether the receiver of a datagram asked for it: by a question to a group, or as a client that
 * used this service of the sender before. */
static bool was_asked_for(const struct watch *w, const struct packet *p, const struct sighting *s)
{
	const struct known_service_pair client = {name_of(&w->conf.key, p->dst),
						  name_of(&w->conf.key, p->src), p->sport,
						  IPPROTO_TCP};

	if (excuse_asked(&w->excuses, &w->conf.key, &s->key, w->now_ms))
		return true;
	return s->kind == SIGHT_LIKELY_MIDDLE && known_service_has(&w->known_services, &client);
}

enum sight_kind under_way(struct watch *w, const struct packet *p, const struct sighting *s)
{
	if (s->kind == SIGHT_ANSWER)
		return SIGHT_ANSWER;
	if (is_our_servers(w, p) || may_be_older(w, p, s))
		return SIGHT_MIDDLE;
	if (p->has & PACKET_UDP && s->kind != SIGHT_MIDDLE && was_asked_for(w, p, s))
		return SIGHT_MIDDLE;
	if (s->trace && s->kind == SIGHT_FIRST &&
	    excuse_trace(&w->excuses, &w->conf.key, p, w->now_ms))
		return SIGHT_MIDDLE;
	return (enum sight_kind)s->kind;
}
