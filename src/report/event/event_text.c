/* event_text: one readable line per event; later reports of the same scan are indented. */
#include "report/event/event_sink.h"

#include <inttypes.h>

#include "report/escape.h"
#include "report/event/event_phrase.h"
#include "report/phrase.h"

#define COLOUR_SCAN  "\x1b[1;31m" /* bold red */
#define COLOUR_OTHER "\x1b[33m"	  /* yellow */
#define COLOUR_LATER "\x1b[2m"	  /* dim */
#define COLOUR_NONE  "\x1b[0m"

static const char *line_colour(const struct event *e)
{
	if (e->phase != EVENT_OPEN)
		return COLOUR_LATER;
	return event_is_alert(e->action) ? COLOUR_SCAN : COLOUR_OTHER;
}

static void text_event(const struct event_sink *s, FILE *out, const struct event *e)
{
	static const char *const marks[EVENT_PHASES] = {
		[EVENT_OPEN] = "", [EVENT_UPDATE] = "  + ", [EVENT_CLOSE] = "  . "};
	size_t interface = event_phrase_interface(e);
	char time[PHRASE_TIME];

	(void)fprintf(out, "%s  %s", phrase_time_short(e->t_ns, time),
		      s->conf.colour ? line_colour(e) : "");
	(void)fprintf(out, "%s#%" PRIu64 " ", e->phase < EVENT_PHASES ? marks[e->phase] : "",
		      e->id);
	event_phrase_message(out, e);
	if (interface > 0) {
		(void)fputs(", seen on ", out);
		escape_text(out, e->interface, interface);
	}
	(void)fprintf(out, "%s\n", s->conf.colour ? COLOUR_NONE : "");
}

const struct event_sink_ops event_text = {"text", NULL, text_event};
