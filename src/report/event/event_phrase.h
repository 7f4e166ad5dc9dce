/* event_phrase: the small texts about an event that several sinks share. */
#ifndef PORTLIGHT_REPORT_EVENT_EVENT_PHRASE_H
#define PORTLIGHT_REPORT_EVENT_EVENT_PHRASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "address/ranges.h"
#include "result/event.h"

#define EVENT_PHRASE_DECIMAL 32
#define EVENT_PHRASE_SETS    128 /* room for event_techniques_text of any bit set */

/* "1-1000,8080". What would go beyond `most` bytes is cut before a comma and told as ",...". */
void event_phrase_ports(FILE *out, struct event_ports ports, size_t most);

/*
 * One sentence for people: what, by whom, how, how wide, since when, what was learned. No time of
 * its own, and only letters, digits, spaces and .,:;#()|+-/% so that it needs no escaping.
 */
void event_phrase_message(FILE *out, const struct event *e);

/* Why it is said: the evidence, in the same alphabet. */
void event_phrase_reason(FILE *out, const struct event *e);

/*
 * `value` with up to `decimals` (at most 9) digits behind a point, no needless zeros. Rounded, but
 * never up to 1 from below it: a confidence of 0.9999999999 is no certainty. What is no number, or
 * negative, is 0; at most 10^9. Returns `text`.
 */
const char *event_phrase_decimal(double value, unsigned decimals,
				 char text[static EVENT_PHRASE_DECIMAL]);

/* The source is known and not ours: outside of `home`, or where that is NULL, not a private,
 * loopback, link-local or shared address (RFC 6890). */
bool event_phrase_is_external(const struct event *e, const struct ranges *home);

/* ECS event.severity, enum event_severity: by the kind, and by whether a port answered as open. */
unsigned event_phrase_severity(const struct event *e);

/* Length of e->interface, which need not end with a NUL. */
size_t event_phrase_interface(const struct event *e);

#endif
