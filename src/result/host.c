/* host: what a host's record says as a whole: its status and reason, and whether it answered. */
#include "result/host.h"

static const char *const state_names[HOST_STATES] = {
	[STATUS_UNKNOWN] = "unknown",
	[STATUS_UP] = "up",
	[STATUS_DOWN] = "down",
};

const struct host_note_word host_note_words[] = {
	{HOST_ANSWERED, "answered"},	     {HOST_LOCAL, "local"},
	{HOST_NO_NEIGHBOUR, "no-neighbour"}, {HOST_NO_ROUTE, "no-route"},
	{HOST_PARTIAL, "partial"},	     {HOST_RST_TO_ALL, "rst-to-all"},
	{HOST_WINDOW_MUTE, "window-mute"},   {HOST_TTL_MUTE, "ttl-mute"},
	{HOST_RATE_LIMITED, "rate-limited"}, {HOST_CHALLENGED, "challenged"},
	{HOST_FIXED, "fixed-neighbour"},     {HOST_REFUSED, "refused-here"},
	{HOST_DECOYS, "answers-decoys"},     {HOST_NO_OPTIONS, "no-tcp-options"},
	{HOST_NO_WINDOW, "window-zero"},     {HOST_NO_ACK, "data-unacknowledged"},
};
const size_t host_note_count = sizeof(host_note_words) / sizeof(host_note_words[0]);

const char *host_state_name(unsigned state)
{
	return state_names[state < HOST_STATES ? state : STATUS_UNKNOWN];
}

bool host_is_mute(uint32_t notes, const struct finding *f)
{
	if (f->technique >= TECHNIQUES || !reply_is_rst(f->reply))
		return false;

	return (technique_is_inverse(f->technique) && notes & HOST_RST_TO_ALL) ||
	       (technique_window_decides(f->technique) && notes & HOST_WINDOW_MUTE) ||
	       (technique_table[f->technique].compares_ttl && notes & HOST_TTL_MUTE);
}

/* An ICMP error of a router, or an error of our own kernel, that there is no route does not show
 * that the host exists. */
static bool is_sign_of_host(const struct finding *f)
{
	if (f->reply == REPLY_SILENCE || f->has & FINDING_LOCAL)
		return false;
	return f->reason != REASON_HOST_UNREACH && f->reason != REASON_NET_UNREACH &&
	       f->reason != REASON_NO_ROUTE;
}

bool host_answered(const struct host_report *host)
{
	if (host_status(host).state == STATUS_UP)
		return true;
	for (size_t i = 0; i < host->count; i++)
		if (is_sign_of_host(&host->findings[i]))
			return true;
	return false;
}

bool host_has_open(const struct host_report *host)
{
	for (size_t i = 0; i < host->count; i++)
		if (host->findings[i].state == PORT_OPEN ||
		    host->findings[i].state == PORT_OPEN_FILTERED)
			return true;
	return false;
}

struct host_status host_status(const struct host_report *host)
{
	if (host->status)
		return *host->status;
	if (host->notes & HOST_LOCAL)
		return (struct host_status){"localhost-response", STATUS_UP, 0};
	if (host->notes & HOST_NO_NEIGHBOUR)
		return (struct host_status){"host-unreach", STATUS_DOWN, 0};
	if (host->notes & HOST_NO_ROUTE)
		return (struct host_status){"no-route", STATUS_DOWN, 0};
	for (size_t i = 0; i < host->count && host->notes & HOST_ANSWERED; i++) {
		const struct finding *f = &host->findings[i];

		if (f->reply == REPLY_DATA ||
		    (f->reply != REPLY_SILENCE && !(f->has & (FINDING_FROM | FINDING_LOCAL))))
			return (struct host_status){reason_name(f->reason), STATUS_UP,
						    f->has & FINDING_TTL ? f->ttl : 0};
	}
	if (host->notes & HOST_MAC && !(host->notes & HOST_FIXED))
		return (struct host_status){addr_is_v4(host->addr) ? "arp-response" : "nd-response",
					    STATUS_UP, 0};
	if (host->notes & HOST_ANSWERED)
		return (struct host_status){"response", STATUS_UP, 0};
	return (struct host_status){"no-response", STATUS_UNKNOWN, 0};
}
