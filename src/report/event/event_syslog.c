/*
 * event_syslog: scans in the line format of scanlogd(8), which fail2ban's own filter reads:
 * "SADDR to DADDR ports 80, 81, ..., fSrpauxy @HH:MM:SS", as RFC 3164 datagrams.
 */
#include "report/event/event_sink.h"

#include <ctype.h>
#include <time.h>

#include "packet/packet.h"
#include "report/event/event_phrase.h"

#define NS_PER_SECOND	 UINT64_C(1000000000)
#define PRI_DAEMON_ALERT (3 << 3 | 1) /* RFC 3164, 4.1.1: facility daemon, severity alert */
#define PORTS_LISTED	 20	      /* scanlogd's bound */

/* syslog daemons expect local time; a time out of range becomes 1970. */
static struct tm local_time(uint64_t ns)
{
	time_t seconds = (time_t)(ns / NS_PER_SECOND);
	struct tm tm;

	if (!localtime_r(&seconds, &tm))
		tm = (struct tm){.tm_year = 70, .tm_mday = 1};
	return tm;
}

/* RFC 3164, 4.1: months are English in any locale. */
static void write_header(const struct event_sink *s, FILE *out, const struct event *e)
{
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct tm tm = local_time(e->t_ns);

	(void)fprintf(out, "<%d>%s %2d %02d:%02d:%02d %s[%d]: ", PRI_DAEMON_ALERT,
		      months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		      s->conf.tag ? s->conf.tag : "scanlogd", s->pid);
}

/* The format has one target. Several targets are the unspecified address: RFC 1122, 3.2.1.3; RFC
 * 4291, 2.5.2. */
static void write_ends(FILE *out, const struct event *e)
{
	char source[ADDR_TEXT], target[ADDR_TEXT];

	(void)addr_format(e->source, source);
	if (e->has & EVENT_HAS_TARGET)
		(void)addr_format(e->target, target);
	else
		(void)snprintf(target, sizeof(target), "%s",
			       addr_is_v4(e->source) ? "0.0.0.0" : "::");
	(void)fprintf(out, "%s to %s ", source, target);
}

/* Appends ports until PORTS_LISTED are listed. */
static unsigned write_port_list(FILE *out, struct event_ports ports, unsigned listed)
{
	for (size_t i = 0; i < ports.count; i++) {
		for (unsigned port = ports.range[i][0]; port <= ports.range[i][1]; port++) {
			if (listed == PORTS_LISTED)
				return listed;
			(void)fprintf(out, "%s%u", listed ? ", " : "", port);
			listed++;
		}
	}
	return listed;
}

/* "fSrpauxy": upper case is set in every probe, lower case in none, '?' in some. */
static void write_flags(FILE *out, uint32_t techniques)
{
	static const char letters[] = "fsrpauxy"; /* FIN is bit 0, CWR bit 7 */
	uint8_t always = 0xff, ever = 0;

	for (unsigned t = 0; t < TECHNIQUES; t++) {
		if (!(techniques >> t & 1))
			continue;
		always &= technique_table[t].flags;
		ever |= technique_table[t].flags;
	}
	if (techniques >> SEEN_SYNACK & 1) {
		always &= TCP_SYN | TCP_ACK;
		ever |= TCP_SYN | TCP_ACK;
	}
	if (techniques >> SEEN_ODD & 1) { /* any flags */
		always = 0;
		ever = 0xff;
	}
	for (unsigned bit = 0; letters[bit]; bit++) {
		if (always >> bit & 1)
			(void)putc(toupper((unsigned char)letters[bit]), out);
		else
			(void)putc(ever >> bit & 1 ? '?' : letters[bit], out);
	}
}

/* Without TCP flags the protocol's name takes their place: scanlogd reports only TCP. */
static void write_how(FILE *out, uint32_t techniques)
{
	uint32_t other = UINT32_C(1) << TECH_UDP | UINT32_C(1) << SEEN_ICMP |
			 UINT32_C(1) << SEEN_ARP | UINT32_C(1) << SEEN_IPPROTO |
			 UINT32_C(1) << SEEN_SCTP_INIT | UINT32_C(1) << SEEN_SCTP_COOKIE;
	uint32_t tcp = techniques & ~other;

	if (tcp) {
		write_flags(out, tcp);
		return;
	}
	for (unsigned bit = 0; bit < SEEN_TECHNIQUES; bit++) {
		if (techniques >> bit & 1) {
			(void)fputs(event_technique_name(bit), out);
			return;
		}
	}
	(void)fputs("unknown", out);
}

/*
 * One line for the first report of a scan and one for each update. No line at its end: the format
 * has no form for it, and a program that counts lines would count the scan again. No line for an
 * event without a source.
 */
static void syslog_event(const struct event_sink *s, FILE *out, const struct event *e)
{
	unsigned listed;
	struct tm tm;

	if (!event_kind(e->action)->in_scanlogd || e->phase == EVENT_CLOSE ||
	    !(e->has & EVENT_HAS_SOURCE))
		return;
	if (s->conf.proven_only && !(e->has & EVENT_HANDSHAKE))
		return;
	write_header(s, out, e);
	write_ends(out, e);
	(void)fputs("ports ", out);
	listed = write_port_list(out, e->tcp, 0);
	listed = write_port_list(out, e->udp, listed);
	listed = write_port_list(out, e->sctp, listed);
	(void)fputs(listed ? ", ..., " : "none, ", out);
	write_how(out, e->techniques);
	tm = local_time(e->first_ns);
	(void)fprintf(out, " @%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
}

const struct event_sink_ops event_syslog = {"syslog", "/dev/log", syslog_event};
