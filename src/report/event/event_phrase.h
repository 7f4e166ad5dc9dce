/* event_phrase: short texts about an event that several sinks share. */
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

/* "1-1000,8080". A list longer than `most` bytes is cut before a comma and ends in ",...". */
void event_phrase_ports(FILE *out, struct event_ports ports, size_t most);

/*
 * Writes the message, one sentence: kind, target, source, techniques, ports, times, open ports. It
 * has no timestamp of its own, and only letters, digits, spaces and .,:;#()|+-/%, so that it needs
 * no escaping in any format.
 */
void event_phrase_message(FILE *out, const struct event *e);

/* Writes the evidence, with the same characters. */
void event_phrase_reason(FILE *out, const struct event *e);

/*
 * Formats `value` with up to `decimals` (at most 9) digits after the point, without trailing
 * zeros. It is rounded, but a value below 1 never to 1: a confidence of 0.9999999999 is not
 * certainty. NaN and negative values give 0; the maximum is 10^9. Returns `text`.
 */
const char *event_phrase_decimal(double value, unsigned decimals,
				 char text[static EVENT_PHRASE_DECIMAL]);

/* Whether the source address of the event is not ours: not in `home`; or if that is NULL, not a
 * private, loopback, link-local or shared address (RFC 6890). */
bool event_phrase_is_external(const struct event *e, const struct ranges *home);

/* ECS event.severity, enum event_severity: by the kind, and by whether a port answered as open. */
unsigned event_phrase_severity(const struct event *e);

/* Length of e->interface, which may lack the final NUL. */
size_t event_phrase_interface(const struct event *e);

#endif
