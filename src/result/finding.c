/* finding: the order of a host's findings. */
#include "result/finding.h"

#include <stdlib.h>

enum reply finding_reply(unsigned technique, unsigned state, unsigned reason)
{
	enum reply like =
		REPLY_UNREACH; /* other replies than the port's own packets are ICMP errors */

	if (reason == REASON_CONN_REFUSED)
		reason = REASON_RESET;
	for (unsigned reply = 0; reply < REPLIES; reply++) {
		if (technique_reason(technique, reply) != reason)
			continue;
		if (like == REPLY_UNREACH)
			like = (enum reply)reply;
		if (technique_rule(technique, reply)->state == state)
			return (enum reply)reply;
	}
	return like;
}

int finding_compare(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	const uint8_t a_proto = finding_proto(a->technique), b_proto = finding_proto(b->technique);

	/* TCP is the lower number. */
	if (a_proto != b_proto)
		return a_proto < b_proto ? -1 : 1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return (a->technique > b->technique) - (a->technique < b->technique);
}

void findings_sort(struct finding *findings, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (finding_compare(&findings[i - 1], &findings[i]) > 0) {
			qsort(findings, count, sizeof(findings[0]), finding_compare);
			return;
		}
}
