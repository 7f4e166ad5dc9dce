/* event_journal: events for journald in its native protocol: one datagram of KEY=value lines. */
#include "report/event/event_sink.h"

#include <inttypes.h>

#include "report/escape.h"
#include "report/event/event_phrase.h"
#include "report/phrase.h"

/*
 * A list of ports may be 190 KiB of text, but a datagram holds net.core.wmem_default (208 KiB).
 * The three lists are cut so that any event fits; PORTLIGHT_PORT_COUNT remains exact.
 */
#define JOURNAL_PORTS_BYTES ((size_t)16 << 10)

#define FACILITY_DAEMON	    3 /* syslog(3) */

static void write_number(FILE *out, const char *name, uint64_t value)
{
	(void)fprintf(out, "PORTLIGHT_%s=%" PRIu64 "\n", name, value);
}

static void write_word(FILE *out, const char *name, const char *word)
{
	(void)fprintf(out, "PORTLIGHT_%s=%s\n", name, word);
}

static void write_ports(FILE *out, const char *name, struct event_ports ports)
{
	if (ports.count == 0)
		return;
	(void)fprintf(out, "PORTLIGHT_%s=", name);
	event_phrase_ports(out, ports, JOURNAL_PORTS_BYTES);
	(void)putc('\n', out);
}

static void write_decimal(FILE *out, const char *name, double value, unsigned decimals)
{
	char text[EVENT_PHRASE_DECIMAL];

	write_word(out, name, event_phrase_decimal(value, decimals, text));
}

static void write_head(FILE *out, const struct event *e)
{
	const struct event_kind *kind = event_kind(e->action);
	unsigned priority = e->phase == EVENT_OPEN ? kind->priority : PRIORITY_NOTICE;

	(void)fputs("MESSAGE=", out);
	event_phrase_message(out, e);
	(void)fprintf(out, "\nPRIORITY=%u\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=portlight\n",
		      priority, FACILITY_DAEMON);
	if (kind->message_id)
		(void)fprintf(out, "MESSAGE_ID=%s\n", kind->message_id);
}

static void write_who(FILE *out, const struct event *e)
{
	size_t interface = event_phrase_interface(e);
	char address[ADDR_TEXT];

	if (e->has & EVENT_HAS_SOURCE)
		write_word(out, "SOURCE", addr_format(e->source, address));
	if (e->has & EVENT_HAS_TARGET)
		write_word(out, "TARGET", addr_format(e->target, address));
	if (interface > 0) {
		(void)fputs("PORTLIGHT_INTERFACE=", out);
		escape_text(out, e->interface, interface);
		(void)putc('\n', out);
	}
}

static void write_suspects(FILE *out, const struct event *e)
{
	char address[ADDR_TEXT];

	if (e->suspects.count == 0)
		return;
	for (size_t i = 0; i < e->suspects.count; i++)
		(void)fprintf(out, "%s%s", i ? " " : "PORTLIGHT_SUSPECTS=",
			      addr_format(e->suspects.suspect[i].source, address));
	(void)putc('\n', out);
}

static void write_what(FILE *out, const struct event *e)
{
	char sets[EVENT_PHRASE_SETS], time[PHRASE_TIME];

	write_word(out, "ACTION", event_action_name(e->action));
	write_word(out, "KIND", event_kind(e->action)->ecs_kind);
	write_word(out, "PHASE", event_phase_name(e->phase));
	write_word(out, "SHAPE", event_shape_name(e->shape));
	write_word(out, "TECHNIQUES", event_techniques_text(e->techniques, sets, sizeof(sets)));
	write_word(out, "TIME", phrase_time(e->t_ns, time));
	write_word(out, "FIRST", phrase_time(e->first_ns, time));
	write_word(out, "LAST", phrase_time(e->last_ns, time));
	write_ports(out, "TCP_PORTS", e->tcp);
	write_ports(out, "UDP_PORTS", e->udp);
	if (e->sctp.count)
		write_ports(out, "SCTP_PORTS", e->sctp);
	write_ports(out, "ANSWERED_OPEN", e->open);
	write_word(out, "TOOL", event_tool_name(e->tool));
	write_decimal(out, "TOOL_CONFIDENCE", e->tool_confidence, 9);
	write_decimal(out, "CONFIDENCE", e->confidence, 9);
	write_decimal(out, "RATE_PPS", e->rate_pps, 3);
}

static void journal_event(const struct event_sink *s, FILE *out, const struct event *e)
{
	(void)s;
	write_head(out, e);
	write_number(out, "ID", e->id);
	write_who(out, e);
	write_what(out, e);
	write_number(out, "PORT_COUNT", e->ports_total);
	write_number(out, "HOSTS", e->hosts);
	write_number(out, "HOSTS_AT_LEAST", !!(e->has & EVENT_HOSTS_AT_LEAST));
	write_number(out, "SOURCES", e->sources);
	write_number(out, "SOURCES_AT_LEAST", !!(e->has & EVENT_SOURCES_AT_LEAST));
	write_number(out, "PROTOCOLS", e->protocols);
	write_number(out, "SPOOFABLE", !!(e->has & EVENT_SPOOFABLE));
	write_number(out, "HANDSHAKE", !!(e->has & EVENT_HANDSHAKE));
	write_number(out, "PACKETS", e->packets);
	write_number(out, "FAILED", e->failed);
	write_number(out, "ANSWERED", e->answered);
	write_number(out, "LOST", e->lost);
	write_number(out, "SUPPRESSED", e->suppressed);
	write_number(out, "UPDATES", e->updates);
	write_suspects(out, e);
}

const struct event_sink_ops event_journal = {"journal", "/run/systemd/journal/socket",
					     journal_event};
