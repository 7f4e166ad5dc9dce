/* episode_report: episodes to events, within a limit of events a minute. */
#include <netinet/in.h>
#include <string.h>

#include "watch/episode.h"
#include "watch/params.h"
#include "watch/tool.h"

uint64_t episode_size(const struct episode *e)
{
	uint64_t ports = episode_ports(e) + e->protocol_count;

	return e->hosts > ports ? e->hosts : ports;
}

#define MINUTE_MS 60000

static size_t ports_ranges(const uint64_t *bitmap, uint16_t (*out)[2])
{
	size_t count = 0;

	for (unsigned word = 0; word < EPISODE_PORT_WORDS; word++) {
		for (uint64_t bits = bitmap[word]; bits; bits &= bits - 1) {
			uint16_t port = (uint16_t)(word * 64 + (unsigned)__builtin_ctzll(bits));

			if (count && out[count - 1][1] + 1 == port)
				out[count - 1][1] = port;
			else if (count < EPISODE_RANGES_MOST)
				out[count][0] = out[count][1] = port, count++;
		}
	}
	return count;
}

static void deliver(struct episode_table *t, const struct event *event)
{
	t->event(t->event_context, event);
}

/* The counter of this minute's events from the IPv6 /48 of an episode's source; NULL for others.
 * Two networks may share one. */
static uint8_t *network_counter(struct episode_table *t, const struct episode *e)
{
	const __u64 site = e ? e->source.hi >> 16 : 0;

	if (!e || e->crowd || addr_is_v4(e->source))
		return NULL;
	return &t->of_network[siphash_words(&t->key, &site, 1, 1, 3) % EPISODE_NETWORKS];
}

/* Whether one more event is within the limit of this minute. Updates and ends do not count: their
 * number is bounded by that of the openings. Proven sources have a limit of their own, so that
 * spoofed scans cannot use it up; one IPv6 network, which may be one host's, has a part of it. */
static bool limit_allows(struct episode_table *t, const struct episode *e, bool proven)
{
	uint8_t *counter = network_counter(t, e);
	const unsigned part = t->per_minute / NETWORK_EVENTS_ONE_IN;

	if (t->in_minute[proven] >= t->per_minute ||
	    (counter && (*counter >= UINT8_MAX || *counter >= (part ? part : 1))))
		return false;
	t->in_minute[proven]++;
	if (counter)
		++*counter;
	return true;
}

static void count_suppressed(struct episode_table *t)
{
	t->suppressed++;
	t->minute_suppressed++;
}

void episode_report_suppressed(struct episode_table *t, uint64_t t_ns)
{
	if (t->minute_suppressed == 0)
		return;
	struct event event = {
		.id = t->next_id++,
		.t_ns = t_ns,
		.first_ns = t_ns,
		.last_ns = t_ns,
		.suppressed = t->minute_suppressed,
		.action = EVENT_SUPPRESSED,
		.confidence = 1,
		.lost = t->lost,
	};

	t->minute_suppressed = 0;
	t->reported[EVENT_SUPPRESSED]++;
	deliver(t, &event);
}

static void event_fill_ports(struct episode_table *t, const struct episode *e, struct event *event)
{
	uint16_t(*udp)[2] = t->ranges + EPISODE_RANGES_MOST, (*open)[2] = udp + EPISODE_RANGES_MOST;
	struct event_ports *second = e->sctp_count ? &event->sctp : &event->udp;

	event->tcp.range = (const uint16_t(*)[2])t->ranges;
	second->range = (const uint16_t(*)[2])udp;
	event->open.range = (const uint16_t(*)[2])open;
	event->suspects.suspect = t->suspects;
	if (e->suspects) {
		event->suspects.count = suspects_list(e->suspects, t->suspects);
		return;
	}
	event->ports_total = episode_ports(e);
	event->tcp.count = ports_ranges(e->tcp, t->ranges);
	second->count = ports_ranges(e->udp, udp);
	event->open.count = ports_ranges(e->open, open);
}

static void event_fill(struct episode_table *t, struct episode *e, struct event *event)
{
	uint64_t span_ns = e->last_ns > e->first_ns ? e->last_ns - e->first_ns : 0;

	event->id = e->id;
	event->first_ns = e->first_ns;
	event->last_ns = e->last_ns > e->first_ns ? e->last_ns : e->first_ns;
	event->updates = e->updates;
	event->source = e->source;
	event->target = e->target;
	event->packets = e->packets;
	event->hosts = e->hosts;
	event->sources = e->sources;
	event_fill_ports(t, e, event);
	event->targets.target = t->targets;
	event->targets.count = hits_list(e->hits, t->targets);
	event->protocols = e->protocol_count;
	event->failed = e->failed;
	event->answered = e->answered;
	event->lost = t->lost;
	event->rate_pps = span_ns ? (double)(e->packets - (e->packets > 0)) * 1e9 / (double)span_ns
				  : (double)e->packets;
	event->confidence = e->confidence;
	event->techniques = episode_techniques(e);
	event->action = episode_action(e);
	event->shape = episode_shape(e);
	event->tool =
		(uint8_t)tool_choose(e->tools, e->packets - e->pings, &event->tool_confidence);
	event->has = e->crowd ? EVENT_SPOOFABLE : EVENT_HAS_SOURCE;
	if (episode_has_target(e))
		event->has |= EVENT_HAS_TARGET;
	if (proof_holds(&e->proof))
		event->has |= EVENT_HANDSHAKE;
	else
		event->has |= EVENT_SPOOFABLE;
	if (e->hosts_at_least)
		event->has |= EVENT_HOSTS_AT_LEAST;
	if (e->sources_at_least)
		event->has |= EVENT_SOURCES_AT_LEAST;
}

/* Delivers an event about an episode whose opening was within the limit. */
static void episode_deliver(struct episode_table *t, struct episode *e, enum event_phase phase,
			    uint64_t t_ns)
{
	struct event event = {.phase = (uint8_t)phase};

	/* A contact that was waited for is older than one that was refused meanwhile. */
	if (t_ns < e->reported_ns && e->reported_ns - t_ns < CLOCK_DISORDER_NS)
		t_ns = e->reported_ns;
	event.t_ns = e->reported_ns = t_ns;
	event_fill(t, e, &event);
	e->reported_size = episode_size(e);
	e->reported_hosts = e->hosts > 0 ? e->hosts : 1;
	e->reported_techniques = event.techniques;
	e->reported_proven = proof_holds(&e->proof);
	e->updates += phase == EVENT_UPDATE;
	if (phase == EVENT_OPEN)
		t->reported[event.action]++;
	deliver(t, &event);
}

/* Whether a scan has not paused for much longer than it usually does. */
static bool episode_goes_on(const struct episode *e, uint64_t now_ms)
{
	uint64_t pauses =
		e->packets ? GOES_ON_PAUSES * ((e->moved_ms - e->began_ms) / e->packets) : 0;

	return now_ms <= e->moved_ms + (pauses > GOES_ON_MS ? pauses : GOES_ON_MS);
}

/* The largest episode that is beyond the limit, still continues, and is new to it by `proven`. */
static struct episode *episode_waiting(struct episode_table *t, bool proven, uint64_t now_ms)
{
	struct episode *most = NULL;

	for (uint32_t i = 0; i < t->count; i++) {
		struct episode *e = &t->episode[i];

		if (e->id && !e->reported && proof_holds(&e->proof) == proven &&
		    episode_goes_on(e, now_ms) && (!most || e->packets > most->packets))
			most = e;
	}
	return most;
}

/* Begins the next minute of the limit: reports how many events the last one suppressed, and opens
 * the largest of these scans that still continue. */
void episode_report_minute(struct episode_table *t, uint64_t now_ms, uint64_t t_ns)
{
	if (now_ms < t->minute_ms + MINUTE_MS)
		return;
	t->minute_ms = now_ms;
	t->in_minute[false] = t->in_minute[true] = 0;
	memset(t->of_network, 0, sizeof(t->of_network));
	if (t->minute_suppressed == 0)
		return;
	episode_report_suppressed(t, t_ns);
	for (int proven = 1; proven >= 0; proven--) {
		struct episode *e;

		while (t->in_minute[proven] < t->per_minute &&
		       (e = episode_waiting(t, proven, now_ms))) {
			e->reported = limit_allows(t, e, proven);
			if (!e->reported)
				break; /* its network has had its part */
			episode_deliver(t, e, EVENT_OPEN, t_ns);
		}
	}
}

/* Tells the response about a scan that is beyond the limit: blocking does not depend on reports. */
static void episode_respond(struct episode_table *t, struct episode *e, uint64_t t_ns)
{
	struct event event = {.t_ns = t_ns, .phase = EVENT_OPEN};

	if (!t->beyond || e->reported_proven)
		return;
	e->reported_proven = true;
	event_fill(t, e, &event);
	t->beyond(t->event_context, &event);
}

void episode_report(struct episode_table *t, struct episode *e, enum event_phase phase,
		    uint64_t t_ns)
{
	bool proven = proof_holds(&e->proof);

	episode_report_minute(t, e->moved_ms, t_ns);
	if (phase == EVENT_OPEN) {
		if (e->reported)
			return; /* with the new minute, just now */
		e->reported = limit_allows(t, e, proven);
		if (!e->reported)
			count_suppressed(t);
	}
	if (e->reported)
		episode_deliver(t, e, phase, t_ns);
	else if (proven)
		episode_respond(t, e, t_ns);
}

void episode_report_late(struct episode_table *t, struct episode *e, uint64_t t_ns)
{
	bool proven = proof_holds(&e->proof);

	episode_report_minute(t, e->moved_ms, t_ns);
	if (e->reported)
		return;
	e->reported = limit_allows(t, e, proven);
	if (e->reported)
		episode_deliver(t, e, EVENT_OPEN, t_ns);
	else if (proven)
		episode_respond(t, e, t_ns);
}

void episode_report_notice(struct episode_table *t, struct event *event, uint64_t now_ms)
{
	episode_report_minute(t, now_ms, event->t_ns);
	if (!limit_allows(t, NULL, false)) {
		count_suppressed(t);
		return;
	}
	event->id = t->next_id++;
	event->lost = t->lost;
	t->reported[event->action]++;
	t->event(t->event_context, event);
}
