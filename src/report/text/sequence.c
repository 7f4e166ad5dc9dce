/* sequence: the packets of one probe in two columns: sent, received. */
#include "report/text/sequence.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "report/escape.h"
#include "report/icmp.h"

/* Widths on a line of 80 columns: time, 2, left, 1, arrow, right. */
#define TIME_WIDTH  10
#define LEFT_WIDTH  31
#define ARROW_WIDTH 5
#define RIGHT_WIDTH 31

__attribute__((format(printf, 2, 3))) static void append(char *text, const char *format, ...)
{
	size_t length = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text + length, SEQUENCE_TEXT - length, format, arguments);
	va_end(arguments);
}

static void append_flags(char *text, uint8_t flags)
{
	static const char *const names[8] = {"FIN", "SYN", "RST", "PSH",
					     "ACK", "URG", "ECE", "CWR"};
	const char *plus = "";

	if (!flags)
		append(text, "(no flags)");
	for (unsigned bit = 0; bit < 8; bit++)
		if (flags >> bit & 1) {
			append(text, "%s%s", plus, names[bit]);
			plus = "+";
		}
}

static void append_tcp(char *text, const struct packet *p)
{
	append_flags(text, p->flags);
	append(text, " %u>%u seq=%" PRIu32, (unsigned)p->sport, (unsigned)p->dport, p->seq);
	if (p->flags & TCP_ACK || p->ack)
		append(text, " ack=%" PRIu32, p->ack);
	append(text, " ttl=%u win=%u", (unsigned)p->ttl, (unsigned)p->window);
	if (p->payload_bytes)
		append(text, " data=%" PRIu32, p->payload_bytes);
}

static void append_icmp(char *text, const struct packet *p)
{
	int family = addr_is_v4(p->src) ? 4 : 6;
	const char *code = icmp_code_name(family, p->icmp_type, p->icmp_code);

	append(text, "%s %s", family == 4 ? "ICMP" : "ICMPv6",
	       icmp_type_name(family, p->icmp_type));
	if (*code)
		append(text, ": %s", code);
	append(text, " (type=%u, code=%u) ttl=%u", (unsigned)p->icmp_type, (unsigned)p->icmp_code,
	       (unsigned)p->ttl);
	if (p->has & PACKET_QUOTE)
		append(text, " quoting our %u>%u", (unsigned)p->quote.sport,
		       (unsigned)p->quote.dport);
}

static void append_packet(char *text, const struct trace_event *event, struct addr to)
{
	const struct packet *p = &event->packet;
	char address[ADDR_TEXT];

	if (p->has & PACKET_TCP)
		append_tcp(text, p);
	else if (p->has & PACKET_UDP)
		append(text, "UDP %u>%u data=%" PRIu32 " ttl=%u", (unsigned)p->sport,
		       (unsigned)p->dport, p->payload_bytes, (unsigned)p->ttl);
	else if (p->has & PACKET_ICMP)
		append_icmp(text, p);
	else if (p->has & PACKET_ARP)
		append(text, "ARP %s", p->arp_operation == 1 ? "request" : "reply");
	else
		append(text, "packet of protocol %u", (unsigned)p->proto);
	if (event->kind == TRACE_RECEIVED && p->has & PACKET_IP && !addr_equal(p->src, to))
		append(text, " from %s", addr_format(p->src, address));
	if (p->has & (PACKET_TRUNCATED | PACKET_MALFORMED))
		append(text, " (damaged)");
	if (p->has & PACKET_TCP_OPTIONS_BAD)
		append(text, " (bad TCP options)");
	if (p->has & PACKET_SUM_BAD)
		append(text, " (bad checksum)");
}

static void append_errno(char *text, int error)
{
	const char *name = strerrorname_np(error), *meaning = strerrordesc_np(error);

	append(text, "%s (%s)", name ? name : "error", meaning ? meaning : "unknown");
}

const char *sequence_describe(const struct trace_event *event, struct addr to,
			      char text[static SEQUENCE_TEXT])
{
	const char *call = event->call ? event->call : "call";
	char address[ADDR_TEXT];

	text[0] = '\0';
	switch (event->kind) {
	case TRACE_SENT:
	case TRACE_RECEIVED:
		append_packet(text, event, to);
		break;
	case TRACE_CALL:
		append(text, "system call %s: ", call);
		if (event->error)
			append_errno(text, event->error);
		else
			append(text, "done");
		break;
	case TRACE_RESULT:
		append(text, "our kernel reports for %s: ", call);
		if (event->error)
			append_errno(text, event->error);
		else
			append(text, "success");
		if (event->packet.has & PACKET_UDP)
			append(text, ", from %s port %u", addr_format(event->packet.src, address),
			       (unsigned)event->packet.sport);
		break;
	}
	if (event->attempt && (event->kind == TRACE_SENT || event->kind == TRACE_CALL))
		append(text, " (attempt %u)", event->attempt + 1u);
	return text;
}

/* Takes as many words as fit into `width` (a longer word is split there). Returns the rest, or
 * "". */
static const char *take_line(const char *text, size_t width, size_t *length)
{
	size_t end = 0;

	for (size_t at = 0; at <= width; at++) {
		if (text[at] != ' ' && text[at] != '\0')
			continue;
		end = at;
		if (text[at] == '\0')
			break;
	}
	*length = end ? end : strnlen(text, width);
	text += *length;
	return text + strspn(text, " ");
}

struct row {
	const char *time, *left, *arrow, *right;
};

/* Writes one row, in as many lines as its longer side needs; the arrow is in the first. */
static void write_row(FILE *out, const struct row *row)
{
	const char *time = row->time, *left = row->left, *right = row->right;
	const char *arrow = row->arrow;

	do {
		size_t left_length, right_length;
		const char *left_next = take_line(left, LEFT_WIDTH, &left_length);
		const char *right_next = take_line(right, RIGHT_WIDTH, &right_length);

		(void)fprintf(out, "%*s  ", TIME_WIDTH, time);
		escape_text(out, left, left_length);
		if (*arrow || right_length)
			(void)fprintf(out, "%*s %s", LEFT_WIDTH - (int)left_length, "", arrow);
		if (right_length)
			(void)fprintf(out, "%*s", ARROW_WIDTH - (int)strlen(arrow), "");
		escape_text(out, right, right_length);
		(void)putc('\n', out);
		left = left_next;
		right = right_next;
		time = arrow = "";
	} while (*left || *right);
}

void sequence_write(FILE *out, struct addr to, const struct finding *finding,
		    const struct trace_event *events, size_t count)
{
	char text[SEQUENCE_TEXT], time[24], address[ADDR_TEXT], there[ADDR_TEXT + 8];

	(void)snprintf(there, sizeof(there), "%s sends", addr_format(to, address));
	write_row(out, &(struct row){"time in ms", "we send", "", there});
	for (size_t i = 0; i < count; i++) {
		const struct trace_event *event = &events[i];
		bool ours = event->kind == TRACE_SENT || event->kind == TRACE_CALL;
		uint64_t us = (event->t_ns - events[0].t_ns) / 1000;

		(void)snprintf(time, sizeof(time), "%" PRIu64 ".%03" PRIu64, us / 1000, us % 1000);
		(void)sequence_describe(event, to, text);
		write_row(out, &(struct row){time, ours ? text : "", ours ? "--->" : "<---",
					     ours ? "" : text});
	}
	if (finding->reply == REPLY_SILENCE)
		write_row(out, &(struct row){"", "", "", "(silence: no answer came)"});
	else if (count == 0)
		write_row(out, &(struct row){"", "", "", "(its packets were not stored)"});
	if (finding->has & FINDING_LOCAL)
		write_row(out, &(struct row){"", "", "",
					     "(our own kernel reported it, without a packet)"});
}
