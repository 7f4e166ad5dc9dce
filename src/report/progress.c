/* progress: one line on stderr while a scan runs: progress, rate, time left. */
#include "report/progress.h"

#include <inttypes.h>

#define NS_PER_SECOND UINT64_C(1000000000)
#define FIRST_NS      (NS_PER_SECOND / 2) /* shorter scans show no line */
#define REFRESH_NS    (NS_PER_SECOND / 5)
#define LINE_BYTES    256

void progress_init(struct progress *p, const struct progress_conf *conf, uint64_t now_ns)
{
	*p = (struct progress){
		.conf = *conf, .start_ns = now_ns, .shown_ns = now_ns, .rated_ns = now_ns};
}

/* "1:02:03", or "2:03" below an hour. */
static void format_span(uint64_t seconds, char *text, size_t size)
{
	if (seconds >= 3600)
		(void)snprintf(text, size, "%" PRIu64 ":%02u:%02u", seconds / 3600,
			       (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
	else
		(void)snprintf(text, size, "%u:%02u", (unsigned)(seconds / 60),
			       (unsigned)(seconds % 60));
}

static void format_rate(double rate_pps, char *text, size_t size)
{
	if (rate_pps >= 1e6)
		(void)snprintf(text, size, "%.2f million/s", rate_pps / 1e6);
	else
		(void)snprintf(text, size, "%.0f/s", rate_pps);
}

/* Extrapolates: the remaining probes take as long each as the finished ones. */
static uint64_t eta_seconds(uint64_t elapsed_ns, const struct progress_state *state)
{
	double left = (double)(state->total - state->settled) / (double)state->settled;
	double seconds = (double)elapsed_ns / (double)NS_PER_SECOND * left;

	return seconds < 1e12 ? (uint64_t)(seconds + 0.5) : (uint64_t)1e12;
}

const char *progress_line(const struct progress *p, const struct progress_state *state,
			  uint64_t now_ns, char *text, size_t size)
{
	uint64_t elapsed_ns = now_ns > p->start_ns ? now_ns - p->start_ns : 0;
	char eta[32] = "", spent[32], rate[32], percent[16] = "100.0";

	if (state->settled < state->total)
		(void)snprintf(percent, sizeof(percent), "%.1f",
			       (double)(1000 * (unsigned __int128)state->settled / state->total) /
				       10);
	format_span(elapsed_ns / NS_PER_SECOND, spent, sizeof(spent));
	format_rate(p->rate_pps, rate, sizeof(rate));
	(void)snprintf(text, size,
		       "portlight: %s%% done, %" PRIu64 " of %" PRIu64 " host%s, %s, %s gone",
		       percent, state->hosts_done, state->hosts, state->hosts == 1 ? "" : "s", rate,
		       spent);
	size_t length = 0;

	while (length < size && text[length])
		length++;
	if (state->stopping)
		(void)snprintf(text + length, size - length, ", stopping");
	else if (state->asked_round)
		(void)snprintf(text + length, size - length,
			       ", extra round %" PRIu32 " for %" PRIu32 " host%s",
			       state->asked_round, state->asked_hosts,
			       state->asked_hosts == 1 ? "" : "s");
	else if (state->asked_hosts)
		(void)snprintf(text + length, size - length, ", %" PRIu32 " rate-limited host%s",
			       state->asked_hosts, state->asked_hosts == 1 ? "" : "s");
	else if (state->settled > 0 && state->settled < state->total) {
		format_span(eta_seconds(elapsed_ns, state), eta, sizeof(eta));
		(void)snprintf(text + length, size - length, ", ETA %s", eta);
	}
	return text;
}

bool progress_due(const struct progress *p, uint64_t now_ns)
{
	if (!p->conf.out || now_ns <= p->shown_ns)
		return false;
	if (p->conf.every_ns)
		return now_ns - p->shown_ns >= p->conf.every_ns;
	if (!p->conf.terminal || now_ns - p->start_ns < FIRST_NS)
		return false;
	return now_ns - p->shown_ns >= REFRESH_NS;
}

/* Exponential average of weight 1/2, so that the figure does not jump. */
static void update_rate(struct progress *p, uint64_t sent, uint64_t now_ns)
{
	double seconds = (double)(now_ns - p->rated_ns) / (double)NS_PER_SECOND;
	double now_pps = sent > p->rated_sent ? (double)(sent - p->rated_sent) / seconds : 0;

	p->rate_pps = p->rated_ns == p->start_ns ? now_pps : (p->rate_pps + now_pps) / 2;
	p->rated_ns = now_ns;
	p->rated_sent = sent;
}

void progress_show(struct progress *p, const struct progress_state *state, uint64_t now_ns)
{
	char text[LINE_BYTES];

	if (!progress_due(p, now_ns))
		return;
	update_rate(p, state->sent, now_ns);
	p->shown_ns = now_ns;
	(void)progress_line(p, state, now_ns, text, sizeof(text));
	/* A failed write of a progress line does not end the scan. */
	if (p->conf.every_ns || !p->conf.terminal) {
		(void)fprintf(p->conf.out, "%s\n", text);
	} else {
		int columns = p->conf.columns > 1 ? (int)p->conf.columns - 1 : 79;

		(void)fprintf(p->conf.out, "\r%s%.*s%s\x1b[K", p->conf.colour ? "\x1b[2m" : "",
			      columns, text, p->conf.colour ? "\x1b[0m" : "");
		p->on_screen = true;
	}
	(void)fflush(p->conf.out);
}

void progress_clear(struct progress *p)
{
	if (!p->on_screen)
		return;
	(void)fputs("\r\x1b[K", p->conf.out);
	(void)fflush(p->conf.out);
	p->on_screen = false;
}
