/* view: a host as a format shows it: merged or not, with its extraports counted. */
#ifndef PORTLIGHT_REPORT_VIEW_H
#define PORTLIGHT_REPORT_VIEW_H

#include "report/report.h"
#include "result/extraports.h"

struct view {
	struct host_report host; /* its findings are `merged` if that is set */
	struct extraports extra;
	struct finding *merged;
	bool several; /* some protocol is scanned by more than one technique */
};

/*
 * merge: one finding a (protocol, port), see merge_findings.
 * Returns 0, or -1 if out of memory (r->error is set). view_close gives back.
 */
int view_open(struct view *view, struct report *r, const struct host_report *host, bool merge);
void view_close(struct view *view);

/* Whether the finding is listed, not summarised. */
bool view_lists(const struct view *view, const struct finding *finding);

/* Service name of a finding: its own, or from the format's list; or NULL. */
const char *view_service(const struct report *r, const struct finding *finding);

#endif
