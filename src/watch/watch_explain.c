/* watch_explain: the evidence that is held about a source, in sentences. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "watch/name.h"
#include "watch/params.h"
#include "watch/watch_state.h"

/* Ports that are named of a record. */
#define NUMBERS_MOST 16
/* Records that are printed of a source. */
#define NEAREST_MOST 12
/* Where a monitor's record is among them, although its score is 0: it explains much. */
#define ROUTINE_SHARE 0.99

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

	for (int bit = 0; bit < SEEN_TECHNIQUES; bit++)
		set |= (uint32_t)(r->seen[bit] != 0) << bit;
	return set;
}

static const char *proto_name(uint8_t proto)
{
	return proto == IPPROTO_TCP ? "tcp" : proto == IPPROTO_UDP ? "udp" : "ip";
}

static int number_compare(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* "22,80,443", the lowest of those that are listed. */
static void write_numbers(char *text, size_t size, const struct evidence *r)
{
	uint16_t sorted[EVIDENCE_LISTED_PORTS];
	size_t used = 0;
	int count = r->listed < EVIDENCE_LISTED_PORTS ? r->listed : EVIDENCE_LISTED_PORTS;

	memcpy(sorted, r->number, (size_t)count * sizeof(*sorted));
	qsort(sorted, (size_t)count, sizeof(*sorted), number_compare);
	text[0] = '\0';
	for (int i = 0; i < count; i++) {
		if (i == NUMBERS_MOST) {
			snprintf(text + used, size - used, ",...");
			return;
		}
		used += (size_t)snprintf(text + used, size - used, "%s%u", i ? "," : "", sorted[i]);
	}
}

/* What a record is about: "tcp ports 22,80 of 192.0.2.1". */
static void write_subject(char *text, size_t size, const struct evidence *r)
{
	char target[ADDR_TEXT], numbers[NUMBERS_MOST * 6 + 8];

	addr_format(r->target, target);
	switch (r->kind) {
	case EVIDENCE_PORTS:
		write_numbers(numbers, sizeof(numbers), r);
		snprintf(text, size, "%s ports of %s: %s", proto_name(r->proto), target, numbers);
		break;
	case EVIDENCE_PROTOCOLS:
		write_numbers(numbers, sizeof(numbers), r);
		snprintf(text, size, "IP protocols of %s: %s", target, numbers);
		break;
	case EVIDENCE_STRAYS:
		snprintf(text, size, "answers without a request, the latest to %s", target);
		break;
	case EVIDENCE_NETWORK:
		snprintf(text, size, "hosts and ports of the network of %s, %u failed ones", target,
			 r->hosts);
		break;
	case EVIDENCE_CELLS:
		snprintf(text, size,
			 "%u hosts and ports that no ordinary client asks, the latest of %s",
			 r->hosts, target);
		break;
	case EVIDENCE_KNOCKS:
		snprintf(text, size,
			 "%u ports of the network of %s, closed without a word; probed again %u "
			 "times%s",
			 r->hosts, target, r->repeats, r->is_routine ? ", as a monitor does" : "");
		break;
	default:
		if (r->proto == IPPROTO_TCP || r->proto == IPPROTO_UDP)
			snprintf(text, size, "hosts by %s port %u, the latest %s",
				 proto_name(r->proto), r->port, target);
		else
			snprintf(text, size, "hosts, the latest %s", target);
	}
}

static void explain_evidence(struct explaining *x, const struct evidence *r, const char *verdict)
{
	char text[600], subject[250], names[120];
	double threshold = x->watch->evidence.threshold;

	x->any = true;
	write_subject(subject, sizeof(subject), r);
	snprintf(text, sizeof(text),
		 "%s; %u failed, %u used; %s; score %.1f of %.1f, slow score %.1f of %.1f: %s",
		 subject, r->failed, r->used,
		 event_techniques_text(record_techniques(r), names, sizeof(names)),
		 (double)r->score, threshold, (double)r->slow, SLOW_FACTOR * threshold, verdict);
	x->line(x->context, text);
}

/* The records of a source that are nearest to their lines, nearest first. */
struct nearest {
	struct evidence record[NEAREST_MOST];
	double share[NEAREST_MOST]; /* of the threshold, by the score that is nearer to it */
	unsigned count;
	unsigned more; /* records that have no place */
	double threshold;
};

static void nearest_add(void *context, const struct evidence *r)
{
	struct nearest *n = context;
	double fast = (double)r->score / n->threshold;
	double slow = (double)r->slow / (SLOW_FACTOR * n->threshold);
	double share = r->kind == EVIDENCE_KNOCKS && r->is_routine ? ROUTINE_SHARE
		       : fast > slow				   ? fast
								   : slow;
	unsigned at = n->count < NEAREST_MOST ? n->count++ : NEAREST_MOST;

	if (at == NEAREST_MOST) {
		n->more++;
		at--;
		if (share <= n->share[at])
			return;
	}
	for (; at > 0 && share > n->share[at - 1]; at--) {
		n->record[at] = n->record[at - 1];
		n->share[at] = n->share[at - 1];
	}
	n->record[at] = *r;
	n->share[at] = share;
}

static void explain_nearest(struct explaining *x, struct addr source)
{
	const struct watch *w = x->watch;
	struct nearest n = {.threshold = w->evidence.threshold};
	char text[80];

	evidence_of(&w->evidence, source, w->now_ms, nearest_add, &n);
	for (unsigned i = 0; i < n.count; i++)
		explain_evidence(
			x, &n.record[i],
			n.share[i] < 1 ? "not enough to call it a scan"
			: n.record[i].kind == EVIDENCE_KNOCKS
				? "over the threshold, but its source may come back as a monitor"
				: "over the threshold, but its target is flooded and it does not "
				  "stand out, or most of what it asked there was completed");
	if (n.more == 0)
		return;
	snprintf(text, sizeof(text), "and %u records more that are farther from their lines",
		 n.more);
	x->line(x->context, text);
}

/* The evidence that opened the latest event about a source. */
static void explain_kept(struct explaining *x, struct addr source)
{
	const struct watch *w = x->watch;

	for (size_t i = 0; i < w->conf.explain_count; i++) {
		const struct kept *kept = &w->kept[i];
		char verdict[60];

		if (!addr_equal(w->conf.explain[i], source))
			continue;
		snprintf(verdict, sizeof(verdict), "opened event %llu",
			 (unsigned long long)kept->event);
		for (unsigned k = 0; k < kept->records; k++)
			explain_evidence(x, &kept->record[k], verdict);
	}
}

/* A source on probation has no record yet. */
static void explain_probation(struct explaining *x, struct addr source)
{
	const struct probation_entry *d =
		probation_peek(&x->watch->evidence.probation, name_of(&x->watch->conf.key, source));
	char text[120];

	if (x->any || !d || d->state & PROBATION_PASSED)
		return;
	x->any = true;
	if (d->proto == IPPROTO_TCP || d->proto == IPPROTO_UDP)
		snprintf(text, sizeof(text),
			 "one contact that %s, with %s port %u; a single contact gets no record",
			 d->state & PROBATION_FAILED ? "failed" : "was answered",
			 proto_name(d->proto), d->port);
	else
		snprintf(text, sizeof(text), "one contact that %s; a single contact gets no record",
			 d->state & PROBATION_FAILED ? "failed" : "was answered");
	x->line(x->context, text);
}

bool watch_explain(const struct watch *w, struct addr source,
		   void (*line)(void *context, const char *text), void *context)
{
	struct explaining x = {w, line, context, false};

	if (w->conf.trusted && w->conf.trusted->count && ranges_contain(w->conf.trusted, source)) {
		line(context, "ignored (--ignore): never reported");
		return true;
	}
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
			 (unsigned)episode_ports(e), (unsigned long long)e->hosts,
			 (unsigned long long)e->failed, (unsigned long long)e->packets);
		line(context, text);
	}
	explain_kept(&x, source);
	explain_nearest(&x, source);
	explain_probation(&x, source);
	return x.any;
}
