/* view: a host as a format shows it: merged or not, with its bulk counted and its status. */
#ifndef PORTLIGHT_REPORT_VIEW_H
#define PORTLIGHT_REPORT_VIEW_H

#include "report/report.h"

struct view {
	struct host_report host; /* its findings are `merged` where that is set */
	struct bulk bulk;
	struct finding *merged;
	bool several; /* some protocol is scanned by more than one technique */
};

/*
 * merge: one finding a (protocol, port), the most definite verdict of its techniques; its
 * `technique` is then the first of the protocol in this run, so that groups are per protocol.
 * Returns 0, or -1 if out of memory (r->error is set). view_close gives back.
 */
int view_open(struct view *view, struct report *r, const struct host_report *host, bool merge);
void view_close(struct view *view);

/* Listed one by one, not summed up. */
bool view_lists(const struct view *view, const struct finding *finding);

/* Some answer says that there is such a host; false means that it is not listed by default. */
bool view_answered(const struct host_report *host);
/* Its RST says nothing: the host, by its notes, breaks what the technique rests on. */
bool view_is_mute(const struct finding *finding, uint32_t notes);

/* Has a port that is open or open|filtered. */
bool view_has_open(const struct host_report *host);

/* The host's status in nmap's words: "up", "down" or "unknown", and why. */
struct view_status {
	const char *state, *reason;
	unsigned ttl; /* 0 where none is known */
};
struct view_status view_status(const struct host_report *host);

/* Service name of a finding, or NULL. */
const char *view_service(const struct report *r, const struct finding *finding);

#endif
