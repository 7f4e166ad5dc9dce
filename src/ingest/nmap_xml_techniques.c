/* nmap_xml_techniques: what each technique found, from the place where portlight's XML has it. */
#include <stdlib.h>
#include <string.h>

#include "ingest/nmap_xml.h"
#include "ingest/words.h"
#include "result/host.h"
#include "result/merge.h"

/* Longest "technique state". */
#define HEAD_BYTES 64

/* The reason of every reply that the technique judges so, if they have one in common. */
static uint8_t reason_common(unsigned technique, unsigned state)
{
	int common = -1;

	for (unsigned reply = 0; reply < REPLIES; reply++) {
		if (technique_rule(technique, reply)->state != state)
			continue;
		if (common >= 0 && common != (int)technique_reason(reply))
			return REASON_UNKNOWN;
		common = (int)technique_reason(reply);
	}
	return common < 0 ? REASON_UNKNOWN : (uint8_t)common;
}

/* Reads "syn open: 22,80" into x->results. False if it is something else, or too long. */
static bool read_result(struct source_xml *x, const char *line)
{
	char head[HEAD_BYTES], *state;
	const char *list = strstr(line, ": ");
	struct finding found = {0};
	int technique;

	if (!list || (size_t)(list - line) >= sizeof(head))
		return false;
	memcpy(head, line, (size_t)(list - line));
	head[list - line] = '\0';
	state = strchr(head, ' ');
	if (!state)
		return false;
	*state++ = '\0';
	technique = technique_by_name(head, strlen(head));
	if (technique < 0 || !words_state(state, &found.state))
		return false;
	found.technique = (uint8_t)technique;
	found.reason = reason_common(found.technique, found.state);
	found.reply = (uint8_t)finding_reply(found.technique, found.state, found.reason);
	return builder_add_list(&x->results, list + 2, &found) > 0;
}

static bool read_results(struct source_xml *x, const char *text)
{
	char *lines = strdup(text), *rest = lines, *line;
	bool good = lines != NULL;

	while (good && (line = strsep(&rest, "\n")) != NULL)
		good = !*line || read_result(x, line);
	free(lines);
	return good;
}

/*
 * The notes of the host that explain why a closed of a technique was not the merged verdict: only
 * that of a technique which proves nothing at this host ranks below the others (merge.h).
 */
static uint32_t notes_of(const struct finding *found, const struct finding *merged)
{
	static const uint32_t mute[] = {HOST_RST_TO_ALL, HOST_WINDOW_MUTE, HOST_TTL_MUTE};

	if (found->state != PORT_CLOSED || merged->state == PORT_CLOSED ||
	    merged->state == PORT_OPEN)
		return 0;
	for (size_t i = 0; i < sizeof(mute) / sizeof(mute[0]); i++)
		if (host_is_mute(mute[i], found))
			return mute[i];
	return 0;
}

static bool same_port(const struct finding *a, const struct finding *b)
{
	return a->port == b->port && finding_proto(a->technique) == finding_proto(b->technique);
}

static bool same_finding(const struct finding *a, const struct finding *b)
{
	return same_port(a, b) && a->technique == b->technique && a->state == b->state &&
	       a->reason == b->reason && a->has == b->has && a->ttl == b->ttl &&
	       addr_equal(a->from, b->from) && !a->service == !b->service &&
	       (!a->service || strcmp(a->service, b->service) == 0);
}

/* What `merged` says of a port is the evidence of the technique whose verdict it was. */
static void give_evidence(struct finding *found, const struct finding *merged)
{
	const uint8_t technique = found->technique;

	*found = *merged;
	found->technique = technique;
	found->reply = (uint8_t)finding_reply(technique, found->state, found->reason);
}

/* Marks the others as the list did that the source has the port in, and names their service. */
static void share_evidence(struct builder *results, const struct host_report *host)
{
	size_t at = 0;

	for (size_t i = 0; i < results->count; i++) {
		while (at + 1 < host->count &&
		       !same_port(&host->findings[at], &results->findings[i]))
			at++;
		results->findings[i].has |= host->findings[at].has & FINDING_SUMMARISED;
		results->findings[i].service = host->findings[at].service;
	}
}

/*
 * Whether the results, merged, are the host's findings; then they have their evidence. `merged` has
 * room for all results.
 */
static bool results_fit(struct source_xml *x, struct finding *merged)
{
	const struct host_report *host = &x->host.host;
	struct host_report expanded = x->results.host;
	struct finding *findings = x->results.findings;

	for (size_t i = 0; i < x->results.count; i++)
		findings[i].cell = (uint32_t)i;
	if (merge_findings(&x->run, &expanded, merged) != host->count)
		return false;
	for (size_t i = 0; i < host->count; i++)
		if (!same_port(&merged[i], &host->findings[i]))
			return false;
	share_evidence(&x->results, host);
	for (size_t i = 0, at = 0; i < x->results.count; i++) {
		while (!same_port(&host->findings[at], &findings[i]))
			at++;
		expanded.notes |= notes_of(&findings[i], &host->findings[at]);
	}
	(void)merge_findings(&x->run, &expanded, merged);
	for (size_t i = 0; i < host->count; i++) {
		if (merged[i].state != host->findings[i].state)
			return false;
		give_evidence(&findings[merged[i].cell], &host->findings[i]);
	}
	(void)merge_findings(&x->run, &expanded, merged);
	for (size_t i = 0; i < host->count; i++)
		if (!same_finding(&merged[i], &host->findings[i]))
			return false;
	x->results.host.notes = expanded.notes;
	return true;
}

void nmap_xml_techniques(struct source_xml *x)
{
	struct host_report *host = &x->host.host;
	struct finding twice, *merged;

	if (!host->technique_results || host->count == 0 || !merge_is_needed(&x->run))
		return;
	builder_reset(&x->results);
	if (!read_results(x, host->technique_results) || x->results.count < host->count ||
	    !builder_finish(&x->results, &twice))
		return;
	merged = reallocarray(NULL, x->results.count, sizeof(*merged));
	if (!merged)
		return nmap_xml_stop(x, "out of memory", NULL);
	x->results.host.notes = host->notes;
	if (results_fit(x, merged)) {
		host->findings = x->results.findings;
		host->count = x->results.count;
		host->notes = x->results.host.notes;
		host->technique_results = NULL;
	}
	free(merged);
}
