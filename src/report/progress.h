/* progress: one line on stderr while a scan runs: progress, rate, time left. */
#ifndef PORTLIGHT_REPORT_PROGRESS_H
#define PORTLIGHT_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress_conf {
	FILE *out;	   /* NULL: nothing is ever written */
	bool terminal;	   /* one line, rewritten in place (terminal_is) */
	bool colour;	   /* terminal_has_colour */
	unsigned columns;  /* width of the terminal, at which the line is cut */
	uint64_t every_ns; /* --stats-every: interval of lines; 0: only on a terminal */
};

/* Progress of the scan. */
struct progress_state {
	uint64_t settled, total; /* probes with a verdict, and all probes */
	uint64_t hosts_done, hosts;
	uint64_t sent; /* packets sent so far */
	/* Hosts that get retransmissions beyond the common maximum, and their round; 0:
	 * rate-limited UDP. */
	uint32_t asked_hosts, asked_round;
	bool stopping; /* waiting for answers; no more probes are sent */
};

struct progress {
	struct progress_conf conf;
	uint64_t start_ns;
	uint64_t shown_ns; /* when the last line was written */
	uint64_t rated_ns; /* start of the interval over which the rate is measured */
	uint64_t rated_sent;
	double rate_pps; /* smoothed */
	bool on_screen;	 /* the terminal shows a line that the next one overwrites */
};

/* Times are those of the caller's monotonic clock. */
void progress_init(struct progress *p, const struct progress_conf *conf, uint64_t now_ns);

/* Whether progress_show would write a line now. */
bool progress_due(const struct progress *p, uint64_t now_ns);

/*
 * Writes a line if one is due: on a terminal five times a second after the first half second,
 * elsewhere every `every_ns`. With every_ns, a terminal gets separate lines at that interval.
 * Cheap if none is due.
 */
void progress_show(struct progress *p, const struct progress_state *state, uint64_t now_ns);

/* Erases the line: called before anything else is written there, and at the end. */
void progress_clear(struct progress *p);

/* Formats the line, without newline, at most size - 1 bytes. Returns `text`. */
const char *progress_line(const struct progress *p, const struct progress_state *state,
			  uint64_t now_ns, char *text, size_t size);

#endif
