/* view: a host as a format shows it: merged or not, with its extraports counted. */
#include "report/view.h"

#include <errno.h>
#include <stdlib.h>

#include "result/merge.h"

int view_open(struct view *view, struct report *r, const struct host_report *host, bool merge)
{
	const struct extraports_conf conf = {
		.all_ports = r->conf.all_ports,
		.open_only = r->conf.open_only,
		.verbose = r->conf.verbose,
		.max_open = r->conf.max_open,
	};

	view->host = *host;
	view->merged = NULL;
	view->several = merge_is_needed(r->run);
	if (merge && view->several && host->count) {
		view->merged = calloc(host->count, sizeof(*view->merged));
		if (!view->merged) {
			r->error = ENOMEM;
			return -1;
		}
		view->host.count = merge_findings(r->run, host, view->merged);
		view->host.findings = view->merged;
	}
	extraports_count(&view->extra, &view->host, &conf);
	return 0;
}

void view_close(struct view *view)
{
	free(view->merged);
	view->merged = NULL;
}

bool view_lists(const struct view *view, const struct finding *finding)
{
	return !extraports_has(&view->extra, finding);
}

const char *view_service(const struct report *r, const struct finding *finding)
{
	if (finding->service || !r->conf.service)
		return finding->service;
	return r->conf.service(r->conf.service_context, finding->port,
			       finding_proto(finding->technique));
}
