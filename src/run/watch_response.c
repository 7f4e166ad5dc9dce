/* watch_response: blocks proven scanners, or in a dry run reports which would be blocked. */
#include "run/watch_response.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "watch/block_policy.h"

#define RESPONSE_LINE 256

/* A line of news, not longer than RESPONSE_LINE. */
__attribute__((format(printf, 2, 3))) static void response_note(const struct watch_response *r,
								const char *format, ...)
{
	char line[RESPONSE_LINE];
	va_list args;

	if (!r->observer->news)
		return;
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	r->observer->news(r->observer->context, line);
}

/* Whether this verdict on this scan was reported before; stores it. */
static bool reported_before(struct watch_response *r, const struct event *event, uint8_t verdict)
{
	const size_t place = event->id % WATCH_RESPONSE_RECENT;
	/* Zero is an empty slot, so ids are stored plus one. */
	bool before =
		r->recent[place].event == event->id + 1 && r->recent[place].verdict == verdict;

	r->recent[place].event = event->id + 1;
	r->recent[place].verdict = verdict;
	return before;
}

static void respond_dry(struct watch_response *r, const struct event *event,
			enum block_verdict verdict)
{
	char text[ADDR_TEXT];

	if (verdict == BLOCK_NO_SCAN || reported_before(r, event, (uint8_t)verdict))
		return;
	if (verdict == BLOCK_NO_SOURCE)
		response_note(r, "event %" PRIu64 ": would block no address: %s", event->id,
			      block_verdict_text(verdict));
	else if (verdict == BLOCK_YES)
		response_note(r, "event %" PRIu64 ": would block %s", event->id,
			      addr_format(event->source, text));
	else
		response_note(r, "event %" PRIu64 ": would not block %s: %s", event->id,
			      addr_format(event->source, text), block_verdict_text(verdict));
}

static void respond(struct watch_response *r, const struct event *event)
{
	char text[ADDR_TEXT];
	int result = blocker_add(r->blocker, event->source);

	addr_format(event->source, text);
	if (result == 1) {
		r->blocked++;
		response_note(r, "event %" PRIu64 ": blocked %s", event->id, text);
	} else if (result < 0) {
		r->failed++;
		if (!reported_before(r, event, BLOCK_VERDICTS))
			response_note(r, "event %" PRIu64 ": cannot block %s: %s", event->id, text,
				      strerror(-result));
	}
}

void watch_response_event(struct watch_response *r, const struct event *event)
{
	enum block_verdict verdict;

	/* A scan that has ended needs no block. */
	if ((!r->blocker && !r->dry_run) || event->phase == EVENT_CLOSE)
		return;
	verdict = block_policy(event, r->never);
	/* `never` was read at the start, and the listeners' addresses seconds ago: read them
	 * again. */
	if ((verdict == BLOCK_YES || verdict == BLOCK_UNPROVEN) && r->listeners) {
		(void)listeners_renew(r->listeners); /* if it fails, only `never` is checked */
		if (listeners_is_local(r->listeners, event->source))
			verdict = BLOCK_NEVER;
	}
	if (r->dry_run)
		respond_dry(r, event, verdict);
	else if (verdict == BLOCK_YES)
		respond(r, event);
}
