/* host_names: -R: the names of hosts that are up, looked up while the scan runs. */
#include "run/host_names.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "plan/plan.h"
#include "result/host.h"
#include "system/reverse.h"

/* Waiting for longer than this is reported. */
#define HOST_NAMES_SAY_NS UINT64_C(1000000000)

/* The lookups of an open window. */
struct names_window {
	struct reverse_job **job; /* one a host, or NULL; NULL: the entry is unused */
	uint64_t window;
	uint32_t hosts, done; /* done: those of all hosts before this one are over */
};

struct host_names {
	struct reverse *reverse;
	struct names_window windows[SHEETS];
	uint64_t waiting_ns; /* since when a window waits; 0: none does */
	uint64_t waited_ns;
	bool said; /* that the scan waits */
	uint64_t asked, missed;
};

struct host_names *host_names_new(void)
{
	struct host_names *n = calloc(1, sizeof(*n));

	if (n)
		n->reverse = reverse_new(NULL, NULL);
	if (n && n->reverse)
		return n;
	free(n);
	return NULL;
}

static void window_close(struct host_names *n, struct names_window *w)
{
	for (uint32_t i = 0; w->job && i < w->hosts; i++)
		if (w->job[i])
			reverse_drop(n->reverse, w->job[i]);
	free(w->job);
	*w = (struct names_window){.job = NULL};
}

static struct names_window *window_find(struct host_names *n, const struct sheet *sheet)
{
	for (unsigned i = 0; i < SHEETS; i++)
		if (n->windows[i].job && n->windows[i].window == sheet_window(sheet))
			return &n->windows[i];
	return NULL;
}

/* NULL if out of memory. */
static struct names_window *window_open(struct host_names *n, const struct sheet *sheet)
{
	struct names_window *w = window_find(n, sheet);

	for (unsigned i = 0; !w && i < SHEETS; i++) {
		if (n->windows[i].job)
			continue;
		w = &n->windows[i];
		w->hosts = sheet_hosts(sheet);
		w->window = sheet_window(sheet);
		w->job = calloc(w->hosts, sizeof(struct reverse_job *));
	}
	return w && w->job ? w : NULL;
}

void host_names_ask(struct host_names *n, const struct sheet *sheet, uint32_t host)
{
	struct names_window *w = window_open(n, sheet);

	if (w && w->job[host])
		return;
	n->asked++;
	if (w)
		w->job[host] = reverse_ask(
			n->reverse, plan_host(sheet_plan(sheet), sheet_first_host(sheet) + host));
	if (!w || !w->job[host])
		n->missed++;
}

/* Those that are up by other signs than answers to probes, too. */
static void names_ask_all(struct host_names *n, struct scan *scan, int place,
			  struct finding *findings)
{
	struct host_report report;

	for (uint32_t host = 0; host < scan_hosts(scan, place); host++) {
		scan_read(scan, place, host, false, findings, &report);
		if (host_status(&report).state == STATUS_UP)
			host_names_ask(n, scan_sheet(scan, place), host);
	}
}

static void names_say(struct host_names *n, const struct observer *observer)
{
	char text[80];

	if (n->said || n->waited_ns < HOST_NAMES_SAY_NS)
		return;
	n->said = true;
	snprintf(text, sizeof(text), "waiting for the names of hosts, for up to %u s",
		 (unsigned)(HOST_NAMES_WAIT_NS / 1000000000u));
	if (observer->news)
		observer->news(observer->context, text);
}

bool host_names_wait(struct host_names *n, struct scan *scan, int place, struct finding *findings,
		     const struct observer *observer)
{
	/* Real time, also where the scan's clock is simulated: threads are real. */
	const uint64_t now_ns = clock_monotonic_ns();
	struct names_window *w;

	if (n->waiting_ns)
		n->waited_ns += now_ns - n->waiting_ns;
	else
		names_ask_all(n, scan, place, findings);
	n->waiting_ns = now_ns;
	w = window_find(n, scan_sheet(scan, place));
	while (w && w->done < w->hosts && (!w->job[w->done] || reverse_done(w->job[w->done])))
		w->done++;
	if (w && w->done < w->hosts && n->waited_ns < HOST_NAMES_WAIT_NS) {
		names_say(n, observer);
		return true;
	}
	n->waiting_ns = 0;
	return false;
}

bool host_names_waits(const struct host_names *n)
{
	return n->waiting_ns != 0;
}

const char *host_names_get(struct host_names *n, const struct sheet *sheet, uint32_t host)
{
	const struct names_window *w = window_find(n, sheet);

	if (!w || !w->job[host])
		return NULL;
	if (reverse_done(w->job[host]))
		return reverse_name(w->job[host]);
	n->missed++;
	return NULL;
}

void host_names_close(struct host_names *n, const struct sheet *sheet)
{
	struct names_window *w = window_find(n, sheet);

	if (w)
		window_close(n, w);
}

void host_names_end(struct host_names *n, const struct observer *observer)
{
	char text[120];

	if (!n)
		return;
	if (n->missed && observer->warning) {
		snprintf(text, sizeof(text), "names: %llu of %llu lookups %s not finished in time",
			 (unsigned long long)n->missed, (unsigned long long)n->asked,
			 n->missed == 1 ? "was" : "were");
		observer->warning(observer->context, text);
	}
	for (unsigned i = 0; i < SHEETS; i++)
		window_close(n, &n->windows[i]);
	reverse_close(n->reverse);
	free(n);
}
