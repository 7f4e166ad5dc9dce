/* progress: one line on stderr while a scan runs: how far, how fast, how long still. */
#ifndef PORTLIGHT_REPORT_PROGRESS_H
#define PORTLIGHT_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress_conf {
	FILE *out;	   /* NULL: says nothing ever */
	bool terminal;	   /* one line, rewritten in place (terminal_is) */
	bool colour;	   /* terminal_has_colour */
	unsigned columns;  /* of the terminal: the line is cut there */
	uint64_t every_ns; /* --stats-every: a line of its own as often; 0: only on a terminal */
};

/* Where the scan is. */
struct progress_state {
	uint64_t settled, total; /* probes that have their verdict, of all */
	uint64_t hosts_done, hosts;
	uint64_t sent; /* packets so far */
	/* Hosts that are asked on beyond the attempts of all, and in which round; 0: UDP, slowly.
	 */
	uint32_t asked_hosts, asked_round;
	bool stopping; /* answers are waited for, nothing more is sent */
};

struct progress {
	struct progress_conf conf;
	uint64_t start_ns;
	uint64_t shown_ns; /* when the last line was written */
	uint64_t rated_ns; /* since when packets are counted for the rate */
	uint64_t rated_sent;
	double rate_pps; /* smoothed */
	bool on_screen;	 /* a line stands that the next one overwrites */
};

/* Time is the caller's monotonic clock. */
void progress_init(struct progress *p, const struct progress_conf *conf, uint64_t now_ns);

/* Whether progress_show would write a line now. */
bool progress_due(const struct progress *p, uint64_t now_ns);

/*
 * Writes a line if one is due: on a terminal five times a second from half a second on, elsewhere
 * every `every_ns`. With every_ns on a terminal: lines of their own, as often. Cheap otherwise.
 */
void progress_show(struct progress *p, const struct progress_state *state, uint64_t now_ns);

/* Takes the line off the screen: before anything else is written there, and at the end. */
void progress_clear(struct progress *p);

/* The line itself, without newline, at most size - 1 bytes. Returns `text`. */
const char *progress_line(const struct progress *p, const struct progress_state *state,
			  uint64_t now_ns, char *text, size_t size);

#endif
