/* view: a host as a format shows it: merged or not, with its bulk counted and its status. */
#include "report/view.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

static uint8_t proto_of(unsigned technique)
{
	return technique < TECHNIQUES ? technique_table[technique].proto : 0;
}

/* The first technique of this run that shares `technique`'s protocol, and how many do. */
static unsigned first_of_proto(const struct run_info *run, unsigned technique, unsigned *how_many)
{
	unsigned first = technique;

	*how_many = 0;
	for (size_t i = 0; i < run->technique_count; i++)
		if (proto_of(run->techniques[i]) == proto_of(technique) && (*how_many)++ == 0)
			first = run->techniques[i];
	return first;
}

bool view_is_mute(const struct finding *f, uint32_t notes)
{
	if (f->technique >= TECHNIQUES || !reply_is_rst(f->reply))
		return false;

	return (technique_is_inverse(f->technique) && notes & HOST_RST_TO_ALL) ||
	       (technique_window_decides(f->technique) && notes & HOST_WINDOW_MUTE) ||
	       (technique_table[f->technique].compares_ttl && notes & HOST_TTL_MUTE);
}

/*
 * Of several verdicts on one port the most definite wins: open, closed, unfiltered, filtered,
 * open|filtered. Two exceptions: an open that is only read out of a RST's window or TTL stands
 * below a closed, and a closed that says nothing stands below all.
 */
static unsigned definiteness(const struct finding *f, uint32_t notes)
{
	switch (f->state) {
	case PORT_OPEN:
		return reply_is_rst(f->reply) ? 5 : 7;
	case PORT_CLOSED:
		return view_is_mute(f, notes) ? 1 : 6;
	case PORT_UNFILTERED:
		return 4;
	case PORT_FILTERED:
		return 3;
	case PORT_OPEN_FILTERED:
		return 2;
	}
	return 0;
}

static size_t merge_findings(const struct run_info *run, const struct host_report *host,
			     struct finding *merged)
{
	size_t count = 0;

	for (size_t i = 0; i < host->count; i++) {
		const struct finding *f = &host->findings[i];
		struct finding *last = count ? &merged[count - 1] : NULL;

		if (!last || last->port != f->port ||
		    proto_of(last->technique) != proto_of(f->technique))
			merged[count++] = *f;
		else if (definiteness(f, host->notes) > definiteness(last, host->notes))
			*last = *f;
	}
	for (size_t i = 0; i < count; i++) {
		unsigned how_many;

		merged[i].technique = (uint8_t)first_of_proto(run, merged[i].technique, &how_many);
	}
	return count;
}

int view_open(struct view *view, struct report *r, const struct host_report *host, bool merge)
{
	unsigned how_many;

	*view = (struct view){.host = *host};
	for (size_t i = 0; i < r->run->technique_count; i++) {
		(void)first_of_proto(r->run, r->run->techniques[i], &how_many);
		view->several |= how_many > 1;
	}
	if (merge && view->several && host->count) {
		view->merged = calloc(host->count, sizeof(*view->merged));
		if (!view->merged) {
			r->error = ENOMEM;
			return -1;
		}
		view->host.count = merge_findings(r->run, host, view->merged);
		view->host.findings = view->merged;
	}
	bulk_count(&view->bulk, &view->host, &r->conf);
	return 0;
}

void view_close(struct view *view)
{
	free(view->merged);
	view->merged = NULL;
}

bool view_lists(const struct view *view, const struct finding *finding)
{
	return !bulk_has(&view->bulk, finding);
}

/* A router's word that it knows no way to the host, or our own kernel's, is no sign of one. */
static bool is_sign_of_host(const struct finding *f)
{
	if (f->reply == REPLY_SILENCE || f->has & FINDING_LOCAL)
		return false;
	return f->reason != REASON_HOST_UNREACH && f->reason != REASON_NET_UNREACH &&
	       f->reason != REASON_NO_ROUTE;
}

bool view_answered(const struct host_report *host)
{
	if (host->notes & HOST_ANSWERED)
		return true;
	for (size_t i = 0; i < host->count; i++)
		if (is_sign_of_host(&host->findings[i]))
			return true;
	return false;
}

bool view_has_open(const struct host_report *host)
{
	for (size_t i = 0; i < host->count; i++)
		if (host->findings[i].state == PORT_OPEN ||
		    host->findings[i].state == PORT_OPEN_FILTERED)
			return true;
	return false;
}

struct view_status view_status(const struct host_report *host)
{
	if (host->notes & HOST_LOCAL)
		return (struct view_status){"up", "localhost-response", 0};
	if (host->notes & HOST_NO_NEIGHBOUR)
		return (struct view_status){"down", "host-unreach", 0};
	if (host->notes & HOST_NO_ROUTE)
		return (struct view_status){"down", "no-route", 0};
	for (size_t i = 0; i < host->count && host->notes & HOST_ANSWERED; i++) {
		const struct finding *f = &host->findings[i];

		if (f->reply != REPLY_SILENCE && !(f->has & (FINDING_FROM | FINDING_LOCAL)))
			return (struct view_status){"up", reason_name(f->reason),
						    f->has & FINDING_TTL ? f->ttl : 0};
	}
	if (host->notes & HOST_MAC)
		return (struct view_status){
			"up", addr_is_v4(host->addr) ? "arp-response" : "nd-response", 0};
	if (host->notes & HOST_ANSWERED)
		return (struct view_status){"up", "response", 0};
	return (struct view_status){"unknown", "no-response", 0};
}

const char *view_service(const struct report *r, const struct finding *finding)
{
	if (!r->conf.service)
		return NULL;
	return r->conf.service(r->conf.service_context, finding->port,
			       proto_of(finding->technique));
}
