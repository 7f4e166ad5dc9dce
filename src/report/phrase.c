/* phrase: short texts that several formats share: times, reasons, port lists, notes. */
#include "report/phrase.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "report/escape.h"

#define NS_PER_SECOND UINT64_C(1000000000)

const struct phrase_note phrase_notes[] = {
	{HOST_NO_NEIGHBOUR,
	 "The host is down: no host on the link answered ARP or NDP for its address, or for its "
	 "gateway's."},
	{HOST_NO_ROUTE, "The host is down: this machine has no route to it."},
	{HOST_PARTIAL,
	 "Partial: the scan was stopped before this host was done; ports without a verdict are "
	 "left out."},
	{HOST_TIMED_OUT,
	 "Timed out: --host-timeout ended the scan of this host; ports without a verdict are left "
	 "out."},
	{HOST_TOO_OPEN,
	 "This host has more open ports than --max-open allows: it may answer on every port. Ports "
	 "that were not probed are left out; --all-ports lists those that were."},
	{HOST_REFUSED,
	 "This machine refused to send probes to this host: its own firewall, or an IPsec policy. "
	 "Ports without a verdict are left out."},
	{HOST_DECOYS,
	 "Answers on every port asked, decoys included: a proxy, a tarpit or a middlebox. Its open "
	 "ports prove nothing; --all-ports lists them."},
	{HOST_NO_OPTIONS,
	 "Its SYN+ACKs have no TCP options, as those of a SYN proxy that keeps no state."},
	{HOST_NO_WINDOW, "Its connections have window 0 and take no data, as those of a tarpit."},
	{HOST_NO_ACK, "It does not acknowledge data on the connections that it accepts."},
	{HOST_RST_TO_ALL,
	 "This host sends a RST to FIN, NULL and Xmas probes even from ports that a SYN found "
	 "open, "
	 "against RFC 9293, 3.10.7.2: a closed port of these techniques proves nothing here."},
	{HOST_WINDOW_MUTE,
	 "Every RST of this host had window 0, as on Linux: the window technique cannot tell open "
	 "from closed here; its closed only means that the port can be reached."},
	{HOST_TTL_MUTE,
	 "Every RST of this host had the same TTL: the ttl technique cannot tell open from closed "
	 "here."},
	{HOST_RATE_LIMITED,
	 "Answers of this host came at a limited rate, or many were lost: its probes were "
	 "retransmitted more slowly, and until no more answers came."},
	{HOST_CHALLENGED,
	 "Probes met connections of this host with the same addresses and ports (its TCP answers "
	 "them with an ACK: RFC 5961, 4.2) and were sent again from another source port."},
	{HOST_FIXED,
	 "Its MAC address is an entry that the administrator of this machine has fixed; whether a "
	 "host on the link has it was not asked."},
};
const size_t phrase_note_count = sizeof(phrase_notes) / sizeof(phrase_notes[0]);

/* Converts to calendar time; a time out of range becomes 1970. */
static size_t format_calendar(uint64_t ns, char *text, size_t size)
{
	time_t seconds = (time_t)(ns / NS_PER_SECOND);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm))
		tm = (struct tm){.tm_year = 70, .tm_mday = 1};
	return strftime(text, size, "%Y-%m-%dT%H:%M:%S", &tm);
}

const char *phrase_time(uint64_t ns, char text[static PHRASE_TIME])
{
	size_t length = format_calendar(ns, text, PHRASE_TIME);

	(void)snprintf(text + length, PHRASE_TIME - length, ".%09" PRIu64 "Z", ns % NS_PER_SECOND);
	return text;
}

const char *phrase_time_short(uint64_t ns, char text[static PHRASE_TIME])
{
	size_t length = format_calendar(ns, text, PHRASE_TIME);

	(void)snprintf(text + length, PHRASE_TIME - length, "Z");
	return text;
}

const char *phrase_seconds(uint64_t ns, char text[static PHRASE_SECONDS])
{
	uint64_t hundredths = ns / (NS_PER_SECOND / 100);

	(void)snprintf(text, PHRASE_SECONDS, "%" PRIu64 ".%02" PRIu64, hundredths / 100,
		       hundredths % 100);
	return text;
}

const char *phrase_mac(const uint8_t mac[6], char text[static 18])
{
	(void)snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		       mac[4], mac[5]);
	return text;
}

const char *phrase_proto(unsigned technique)
{
	if (technique >= TECHNIQUES)
		return "tcp";
	switch (technique_table[technique].proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_RAW:
		return "ip";
	default:
		return "arp";
	}
}

const char *phrase_evidence(const struct finding *finding, char text[static PHRASE_EVIDENCE])
{
	char from[ADDR_TEXT + 8] = "", port[24] = "", ttl[16] = "", address[ADDR_TEXT];

	if (finding->has & FINDING_FROM)
		(void)snprintf(from, sizeof(from), " from %s", addr_format(finding->from, address));
	if (finding->has & FINDING_FROM_PORT)
		(void)snprintf(port, sizeof(port), "%s port %u", *from ? "" : " from",
			       (unsigned)finding->from_port);
	if (finding->has & FINDING_TTL)
		(void)snprintf(ttl, sizeof(ttl), " ttl %u", (unsigned)finding->ttl);
	(void)snprintf(text, PHRASE_EVIDENCE, "%s%s%s%s%s", reason_name(finding->reason), from,
		       port, ttl,
		       finding->has & FINDING_LOCAL ? " (reported by our own kernel)" : "");
	return text;
}

bool phrase_chosen(const struct phrase_choice *choice, const struct finding *finding)
{
	return finding->technique == choice->technique && finding->state == choice->state &&
	       (!choice->only_summarised || finding->has & FINDING_SUMMARISED) &&
	       (!choice->only_reason || finding->reason == choice->reason ||
		finding->has & FINDING_REASON_SHARED);
}

void phrase_ports(FILE *out, const struct host_report *host, const struct phrase_choice *choice,
		  const char *comma)
{
	const char *before = "";
	unsigned first = 0, last = 0;
	bool running = false;

	for (size_t i = 0; i <= host->count; i++) {
		const struct finding *f = i < host->count ? &host->findings[i] : NULL;

		if (f && !phrase_chosen(choice, f))
			continue;
		if (f && running && f->port == last + 1) {
			last = f->port;
			continue;
		}
		if (running) {
			(void)fprintf(out, first == last ? "%s%u" : "%s%u-%u", before, first, last);
			before = comma;
		}
		running = f;
		first = last = f ? f->port : 0;
	}
}

void phrase_wrap(FILE *out, unsigned columns, const char *label, const char *text, int indent)
{
	const int most = columns ? (int)columns : PHRASE_COLUMNS;
	int column = fprintf(out, "%-*s", indent, label);
	bool fresh = true;

	while (*text) {
		size_t length = strcspn(text, " ");

		if (!fresh && column + 1 + (int)length > most) {
			column = fprintf(out, "\n%*s", indent, "") - 1;
			fresh = true;
		}
		if (!fresh)
			column += fprintf(out, " ");
		escape_text(out, text, length);
		column += (int)length;
		fresh = false;
		text += length;
		text += strspn(text, " ");
	}
	(void)putc('\n', out);
}

/* ", 3 send errors" if there are any. */
static void write_count(FILE *out, uint64_t count, const char *what)
{
	if (count)
		(void)fprintf(out, ", %" PRIu64 " %s", count, what);
}

void phrase_begin(FILE *out, const struct run_info *run)
{
	char time[PHRASE_TIME];

	(void)fprintf(out, "# %s ", run->program);
	escape_text(out, run->version, strlen(run->version));
	(void)fprintf(out, " scan started %s as: ", phrase_time_short(run->start_ns, time));
	escape_text(out, run->args, strlen(run->args));
	(void)putc('\n', out);
}

const char *phrase_name(const struct host_report *host)
{
	return host->name ? host->name : host->reverse_name;
}

const char *phrase_address(const struct host_report *host, char text[static PHRASE_ADDRESS])
{
	char address[ADDR_TEXT];

	(void)snprintf(text, PHRASE_ADDRESS, "%s%s%s", addr_format(host->addr, address),
		       host->zone ? "%" : "", host->zone ? host->zone : "");
	return text;
}

void phrase_summary(FILE *out, const struct run_summary *s)
{
	char seconds[PHRASE_SECONDS];

	(void)fprintf(out, "%" PRIu64 " host%s (%" PRIu64 " up", s->hosts_total,
		      s->hosts_total == 1 ? "" : "s", s->hosts_up);
	write_count(out, s->hosts_down, "down");
	write_count(out, s->hosts_silent, "silent");
	(void)fprintf(out, ") in %s s", phrase_seconds(s->elapsed_ns, seconds));
	if (s->no_counts)
		return;
	(void)fprintf(out, ", %" PRIu64 " probe%s sent", s->probes_sent,
		      s->probes_sent == 1 ? "" : "s");
	write_count(out, s->probes_retried,
		    s->probes_retried == 1 ? "retransmission" : "retransmissions");
	write_count(out, s->send_errors, "refused by the kernel and retried");
	write_count(out, s->ring_drops, "answers lost in our own receive ring");
	write_count(out, s->replies_invalid,
		    s->replies_invalid == 1 ? "answer that failed validation"
					    : "answers that failed validation");
}

/* Nothing has answered: what is known of the way to the hosts and back. */
static void write_no_answer(FILE *out, const struct run_summary *s)
{
	const uint64_t hosts = s->hosts_up + s->hosts_silent; /* up: ARP or NDP found it */

	(void)fprintf(out, "no answer at all from %" PRIu64 " host%s with a route and a neighbour",
		      hosts, hosts == 1 ? "" : "s");
	write_count(out, s->hosts_down, "without");
	(void)fprintf(out, "; %" PRIu64 " probe%s left", s->probes_sent,
		      s->probes_sent == 1 ? "" : "s");
	if (s->send_errors == 0)
		(void)fputs(", none was refused by this machine", out);
	write_count(out, s->send_errors, "refused by this machine");
	write_count(out, s->ring_drops, "packets lost in our own receive ring");
	write_count(out, s->replies_invalid, "packets received that answer no probe");
	(void)fputs("; a firewall drops probes or answers, or the hosts are not there", out);
}

static void write_wrong(FILE *out, const struct run_confidence *c, enum confidence_kind kind,
			const char *what)
{
	if (!c->wrong[kind].known)
		return;
	(void)fprintf(out, "; %s: ", what);
	if (c->wrong[kind].most == 0)
		(void)fputs("none (95 %)", out);
	else
		(void)fprintf(out, "%.1f expected, at most %" PRIu64 " (95 %%)",
			      (double)c->wrong[kind].milli / 1000, c->wrong[kind].most);
}

bool phrase_confidence(FILE *out, const struct run_summary *s)
{
	const struct run_confidence *c = &s->confidence;

	if (!s->no_counts && s->hosts_up + s->hosts_silent > 0 && s->probes_sent > 0 &&
	    s->replies_valid == 0) {
		write_no_answer(out, s);
		return true;
	}
	if (!c->known)
		return false;
	if (c->loss_ppm)
		(void)fprintf(out, "loss %.2f %% there or back", (double)c->loss_ppm / 10000);
	else
		(void)fputs(c->again ? "no loss" : "no loss seen", out);
	if (c->again_mute)
		(void)fprintf(out, " (%" PRIu64 " ports probed again, %" PRIu64 " without answer)",
			      c->again, c->again_mute);
	else if (c->again)
		(void)fprintf(out, "%s at %" PRIu64 " ports probed again",
			      c->loss_ppm ? ", none" : "", c->again);
	write_wrong(out, c, CONFIDENCE_OPEN, "open ports missed");
	write_wrong(out, c, CONFIDENCE_SILENCE, "ports silent only by loss");
	return true;
}
