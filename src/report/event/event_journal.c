/* event_journal: events for journald, by its native protocol: one datagram of KEY=value lines. */
#include "report/event/event_sink.h"

#include <inttypes.h>

#include "report/escape.h"
#include "report/event/event_phrase.h"
#include "report/phrase.h"

/*
 * A list of ports may be 190 KiB of text, a datagram holds net.core.wmem_default (208 KiB). The
 * three lists are cut so that any event fits; PORTLIGHT_PORT_COUNT is exact all the same.
 */
#define JOURNAL_PORTS_BYTES ((size_t)16 << 10)

/* syslog(3). */
#define PRIORITY_WARNING 4
#define PRIORITY_NOTICE	 5
#define FACILITY_DAEMON	 3

/* MESSAGE_ID: what `journalctl MESSAGE_ID=` finds; random once, the same for ever. */
static const char *const message_ids[EVENT_ACTIONS] = {
	[EVENT_PORT_SCAN] = "2c8c96a49fd6469d8131c5f317181db9",
	[EVENT_NETWORK_SWEEP] = "b57e32f208154094970add2711ab2f31",
	[EVENT_BLOCK_SCAN] = "d54089994bae4f66936492c112af1dbe",
	[EVENT_DISTRIBUTED_SCAN] = "bf6674f60df0442eaf213113abe24d3a",
	[EVENT_SYN_FLOOD] = "817a52535dca4f8aa2dbbd713f58dcbc",
	[EVENT_BACKSCATTER] = "968ad4cd0f6d4bc6a57912bb9cb8d056",
	[EVENT_REFLECTION] = "588f5e78907a44bfa0eea8b0756dce0c",
	[EVENT_BLIND] = "495872b6d66d486e86b9ee2de51b7458",
	[EVENT_SUPPRESSED] = "3d3477d87e15410d900341e239808211",
};

/* Warnings are what somebody should look at now: the first word about a scan, a flood or blindness.
 */
static int priority(const struct event *e)
{
	if (e->phase == EVENT_OPEN && event_phrase_severity(e) >= 47)
		return PRIORITY_WARNING;
	return PRIORITY_NOTICE;
}

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
	(void)fputs("MESSAGE=", out);
	event_phrase_message(out, e);
	(void)fprintf(out, "\nPRIORITY=%d\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=portlight\n",
		      priority(e), FACILITY_DAEMON);
	if (e->action < EVENT_ACTIONS)
		(void)fprintf(out, "MESSAGE_ID=%s\n", message_ids[e->action]);
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
	write_word(out, "KIND", event_is_alert(e->action) ? "alert" : "event");
	write_word(out, "PHASE", event_phase_name(e->phase));
	write_word(out, "SHAPE", event_shape_name(e->shape));
	write_word(out, "TECHNIQUES", event_techniques_text(e->techniques, sets, sizeof(sets)));
	write_word(out, "TIME", phrase_time(e->t_ns, time));
	write_word(out, "FIRST", phrase_time(e->first_ns, time));
	write_word(out, "LAST", phrase_time(e->last_ns, time));
	write_ports(out, "TCP_PORTS", e->tcp);
	write_ports(out, "UDP_PORTS", e->udp);
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
