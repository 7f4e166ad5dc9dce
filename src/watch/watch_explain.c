/* watch_explain: the evidence that is held about a source, in sentences. */
#include <netinet/in.h>
#include <stdio.h>

#include "watch/watch_state.h"

/* Where the sentences of watch_explain go. */
struct explaining {
	const struct watch *watch;
	void (*line)(void *context, const char *text);
	void *context;
	bool any;
};

static uint32_t record_techniques(const struct evidence *r)
{
	uint32_t set = 0;

	for (int bit = 0; bit < SIGHTS; bit++)
		set |= (uint32_t)(r->seen[bit] != 0) << bit;
	return set;
}

static void explain_record(void *context, const struct evidence *r)
{
	static const char *const about[EVIDENCE_KINDS] = {
		[EVIDENCE_PORTS] = "ports of one host",
		[EVIDENCE_HOSTS] = "hosts on one port",
		[EVIDENCE_PROTOCOLS] = "IP protocols of one host",
		[EVIDENCE_STRAYS] = "unasked-for answers",
	};
	struct explaining *x = context;
	char text[400], names[120], target[ADDR_TEXT];
	double threshold = x->watch->evidence.threshold;

	x->any = true;
	snprintf(text, sizeof(text),
		 "%s (%s, latest %s, port %u): %u failed, %u used, %u packets, %s; walk %.1f of "
		 "%.1f, slow walk %.1f of %.1f: %s",
		 about[r->kind],
		 r->proto == IPPROTO_UDP   ? "udp"
		 : r->proto == IPPROTO_TCP ? "tcp"
					   : "ip",
		 addr_format(r->target, target), r->port, r->failed, r->used, r->packets,
		 event_techniques_text(record_techniques(r), names, sizeof(names)),
		 (double)r->score, threshold, (double)r->slow, 2 * threshold,
		 (double)r->score >= threshold ? "a scan, but its target is under a flood that it "
						 "does not stand out from"
					       : "not enough to call it a scan");
	x->line(x->context, text);
}

bool watch_explain(const struct watch *w, struct addr source,
		   void (*line)(void *context, const char *text), void *context)
{
	struct explaining x = {w, line, context, false};

	for (uint32_t i = 0; i < w->episodes.count; i++) {
		const struct episode *e = &w->episodes.episode[i];
		char text[300], names[120];

		if (!e->id || e->crowd || !addr_equal(e->source, source))
			continue;
		x.any = true;
		snprintf(text, sizeof(text),
			 "called a scanner: event %llu, %s, %u ports, %llu hosts, %llu of %llu "
			 "contacts "
			 "failed",
			 (unsigned long long)e->id,
			 event_techniques_text(episode_techniques(e), names, sizeof(names)),
			 e->tcp_count + e->udp_count, (unsigned long long)e->hosts,
			 (unsigned long long)e->failed, (unsigned long long)e->packets);
		line(context, text);
	}
	evidence_of(&w->evidence, source, explain_record, &x);
	return x.any;
}
