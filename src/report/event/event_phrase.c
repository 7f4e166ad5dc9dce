/* event_phrase: short texts about an event that several sinks share. */
#include "report/event/event_phrase.h"

#include <inttypes.h>
#include <string.h>

#include "report/phrase.h"

#define PORTS_TEXT	 60 /* bytes of a port list in a sentence; NDJSON lists all ports */
#define SUSPECTS_NAMED	 3
#define NS_PER_HUNDREDTH UINT64_C(10000000)

// clang-format off
/* Address blocks that are not routed on the Internet. */
static const struct {
	struct addr first;
	unsigned bits; /* length of the prefix, of 128 */
} private_blocks[] = {
	{{0, ADDR_V4_PREFIX | 0x00000000}, 96 +  8}, /* this network, RFC 791, 3.2 */
	{{0, ADDR_V4_PREFIX | 0x0a000000}, 96 +  8}, /* RFC 1918 */
	{{0, ADDR_V4_PREFIX | 0xac100000}, 96 + 12}, /* RFC 1918 */
	{{0, ADDR_V4_PREFIX | 0xc0a80000}, 96 + 16}, /* RFC 1918 */
	{{0, ADDR_V4_PREFIX | 0x64400000}, 96 + 10}, /* shared, RFC 6598 */
	{{0, ADDR_V4_PREFIX | 0x7f000000}, 96 +  8}, /* loopback, RFC 1122, 3.2.1.3 */
	{{0, ADDR_V4_PREFIX | 0xa9fe0000}, 96 + 16}, /* link-local, RFC 3927 */
	{{0, 0},			  127},	     /* :: and ::1, RFC 4291, 2.5.2 and 2.5.3 */
	{{UINT64_C(0xfe80000000000000), 0}, 10},     /* link-local, RFC 4291, 2.5.6 */
	{{UINT64_C(0xfc00000000000000), 0},  7},     /* unique local, RFC 4193 */
};
// clang-format on

size_t event_phrase_interface(const struct event *e)
{
	return strnlen(e->interface, sizeof(e->interface));
}

static bool is_in_block(struct addr a, struct addr first, unsigned bits)
{
	uint64_t hi = bits >= 64 ? UINT64_MAX : ~(UINT64_MAX >> bits);
	uint64_t lo = bits <= 64 ? 0 : ~(UINT64_MAX >> (bits - 64));

	return (a.hi & hi) == first.hi && (a.lo & lo) == first.lo;
}

bool event_phrase_is_external(const struct event *e, const struct ranges *home)
{
	if (!(e->has & EVENT_HAS_SOURCE))
		return false;
	if (home)
		return !ranges_contain(home, e->source);
	for (size_t i = 0; i < sizeof(private_blocks) / sizeof(private_blocks[0]); i++)
		if (is_in_block(e->source, private_blocks[i].first, private_blocks[i].bits))
			return false;
	return true;
}

unsigned event_phrase_severity(const struct event *e)
{
	const struct event_kind *kind = event_kind(e->action);

	return e->open.count > 0 ? kind->severity_open : kind->severity;
}

const char *event_phrase_decimal(double value, unsigned decimals,
				 char text[static EVENT_PHRASE_DECIMAL])
{
	uint64_t scale = 1, scaled;
	size_t end;

	for (unsigned i = 0; i < decimals && i < 9; i++)
		scale *= 10;
	if (!(value > 0)) /* also true for NaN */
		value = 0;
	if (value > 1e9)
		value = 1e9;
	scaled = (uint64_t)(value * (double)scale + 0.5);
	if (value < 1 && scaled >= scale && scale > 1)
		scaled = scale - 1;
	(void)snprintf(text, EVENT_PHRASE_DECIMAL, "%" PRIu64 ".%09" PRIu64, scaled / scale,
		       scaled % scale * (UINT64_C(1000000000) / scale));
	end = strlen(text);
	while (text[end - 1] == '0')
		end--;
	if (text[end - 1] == '.')
		end--;
	text[end] = '\0';
	return text;
}

void event_phrase_ports(FILE *out, struct event_ports ports, size_t most)
{
	size_t used = 0;

	for (size_t i = 0; i < ports.count; i++) {
		unsigned first = ports.range[i][0], last = ports.range[i][1];
		char text[16];
		int length = snprintf(text, sizeof(text), first == last ? "%s%u" : "%s%u-%u",
				      i ? "," : "", first, last);

		if (i > 0 && (size_t)length > most - used) {
			(void)fputs(",...", out);
			return;
		}
		used += (size_t)length < most - used ? (size_t)length : most - used;
		(void)fputs(text, out);
	}
}

static void write_count(FILE *out, uint64_t count, bool at_least, const char *one)
{
	(void)fprintf(out, "%s%" PRIu64 " %s%s", at_least ? "at least " : "", count, one,
		      count == 1 ? "" : "s");
}

static void write_source(FILE *out, const struct event *e)
{
	char address[ADDR_TEXT];

	if (e->has & EVENT_HAS_SOURCE)
		(void)fputs(addr_format(e->source, address), out);
	else
		write_count(out, e->sources, e->has & EVENT_SOURCES_AT_LEAST, "source");
}

static void write_target(FILE *out, const struct event *e)
{
	char address[ADDR_TEXT];

	if (e->has & EVENT_HAS_TARGET)
		(void)fputs(addr_format(e->target, address), out);
	else
		write_count(out, e->hosts, e->has & EVENT_HOSTS_AT_LEAST, "host");
}

/* Expands one of the letters that struct event_kind explains. */
static void write_value(FILE *out, const struct event *e, char letter)
{
	char decimal[EVENT_PHRASE_DECIMAL];

	switch (letter) {
	case 'T':
		write_target(out, e);
		break;
	case 'S':
		write_source(out, e);
		break;
	case 'L':
		(void)fprintf(out, "%" PRIu64, e->lost);
		break;
	case 'E':
		(void)fprintf(out, "%" PRIu64, e->suppressed);
		break;
	case 'N':
		write_count(out, e->suppressed, false, "event");
		break;
	case 'F':
		(void)fprintf(out, "%" PRIu64, e->failed);
		break;
	case 'A':
		(void)fprintf(out, "%" PRIu64, e->answered);
		break;
	case 'C':
		(void)fputs(event_phrase_decimal(e->confidence, 9, decimal), out);
		break;
	}
}

/* Writes a phrase of struct event_kind with the event's values. */
static void write_phrase(FILE *out, const struct event *e, const char *phrase)
{
	for (; *phrase; phrase++) {
		if (phrase[0] == '%' && phrase[1])
			write_value(out, e, *++phrase);
		else
			(void)putc(*phrase, out);
	}
}

static void write_subject(FILE *out, const struct event *e)
{
	write_phrase(out, e, event_kind(e->action)->phrase);
	if (e->phase == EVENT_UPDATE)
		(void)fputs(" goes on", out);
	else if (e->phase == EVENT_CLOSE)
		(void)fputs(" is over", out);
}

static void write_ports(FILE *out, const struct event *e)
{
	const char *between = " (";

	if (e->ports_total == 0)
		return;
	(void)fputs(", ", out);
	write_count(out, e->ports_total, false, "port");
	if (e->tcp.count) {
		(void)fprintf(out, "%stcp ", between);
		event_phrase_ports(out, e->tcp, PORTS_TEXT);
		between = "; ";
	}
	if (e->udp.count) {
		(void)fprintf(out, "%sudp ", between);
		event_phrase_ports(out, e->udp, PORTS_TEXT);
		between = "; ";
	}
	if (e->sctp.count) {
		(void)fprintf(out, "%ssctp ", between);
		event_phrase_ports(out, e->sctp, PORTS_TEXT);
		between = "; ";
	}
	if (between[0] == ';')
		(void)putc(')', out);
}

/* Writes the date only if it differs from the report's. */
static void write_clock(FILE *out, const struct event *e, uint64_t ns)
{
	char now[PHRASE_TIME], then[PHRASE_TIME];
	const char *day_end;

	(void)phrase_time_short(e->t_ns, now);
	(void)phrase_time_short(ns, then);
	day_end = strchr(then, 'T');
	if (day_end && strncmp(now, then, (size_t)(day_end - then) + 1) == 0)
		(void)fputs(day_end + 1, out);
	else
		(void)fputs(then, out);
}

/* Decimals of a rate: more would be false precision. */
static unsigned rate_decimals(double pps)
{
	return pps < 10 ? 2 : pps < 100 ? 1 : 0;
}

static void write_times(FILE *out, const struct event *e)
{
	char rate[EVENT_PHRASE_DECIMAL];

	(void)fputs(e->phase == EVENT_CLOSE ? ", " : ", since ", out);
	write_clock(out, e, e->first_ns);
	if (e->phase == EVENT_CLOSE) {
		(void)fputs(" to ", out);
		write_clock(out, e, e->last_ns);
	}
	(void)fputs(", ", out);
	write_count(out, e->packets, false, "packet");
	if (e->rate_pps > 0)
		(void)fprintf(out, " at %s/s",
			      event_phrase_decimal(e->rate_pps, rate_decimals(e->rate_pps), rate));
}

/* Writes the ports that answered as open, and what is known of the scanner. */
static void write_outcome(FILE *out, const struct event *e)
{
	char percent[EVENT_PHRASE_DECIMAL];

	if (e->ports_total == 0) {
		(void)fprintf(out, ", %" PRIu64 " answered", e->answered);
	} else if (e->open.count > 0) {
		(void)fputs(", answered open: ", out);
		event_phrase_ports(out, e->open, PORTS_TEXT);
	} else {
		(void)fputs(", nothing answered open", out);
	}
	if (e->has & EVENT_HAS_SOURCE && e->has & EVENT_HANDSHAKE)
		(void)fputs(", source proven by a handshake", out);
	else if (e->has & EVENT_HAS_SOURCE && e->has & EVENT_SPOOFABLE)
		(void)fputs(", source may be spoofed", out);
	if (e->tool != TOOL_UNKNOWN)
		(void)fprintf(out, ", tool: %s (%s %%)", event_tool_name(e->tool),
			      event_phrase_decimal(e->tool_confidence * 100, 0, percent));
}

/* Writes the first suspects of a flood; NDJSON lists all. */
static void write_suspects(FILE *out, const struct event *e)
{
	char address[ADDR_TEXT];
	size_t count = e->suspects.count, named = count < SUSPECTS_NAMED ? count : SUSPECTS_NAMED;

	if (count == 0)
		return;
	(void)fputs(", ", out);
	write_count(out, count, false, "source");
	(void)fputs(count == 1 ? " that may be a scanner: " : " that may each be a scanner: ", out);
	for (size_t i = 0; i < named; i++)
		(void)fprintf(out, "%s%s (%" PRIu32 " ports)", i ? ", " : "",
			      addr_format(e->suspects.suspect[i].source, address),
			      e->suspects.suspect[i].ports);
	if (count > named)
		(void)fprintf(out, " and %zu more", count - named);
}

void event_phrase_message(FILE *out, const struct event *e)
{
	char sets[EVENT_PHRASE_SETS];

	if (event_kind(e->action)->is_notice) {
		write_phrase(out, e, event_kind(e->action)->phrase);
		return;
	}
	write_subject(out, e);
	if (e->techniques)
		(void)fprintf(out, ": %s",
			      event_techniques_text(e->techniques, sets, sizeof(sets)));
	if (e->protocols > 0) {
		(void)fputs(", ", out);
		write_count(out, e->protocols, false, "protocol");
	}
	write_ports(out, e);
	write_times(out, e);
	if (event_is_alert(e->action))
		write_outcome(out, e);
	write_suspects(out, e);
	if (e->lost > 0) {
		(void)fputs(", the capture lost ", out);
		write_count(out, e->lost, false, "packet");
	}
}

void event_phrase_reason(FILE *out, const struct event *e)
{
	write_phrase(out, e, event_kind(e->action)->reason);
}
