/* scan: the loop's brain. Which window sends, how fast, when silence is silence. Pure. */
#ifndef PORTLIGHT_SCAN_SCAN_H
#define PORTLIGHT_SCAN_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/plan.h"
#include "result/finding.h"
#include "result/record.h"
#include "scan/outage.h"
#include "scan/pacer.h"
#include "scan/rtt.h"
#include "scan/sheet.h"
#include "scan/tempo.h"
#include "scan/walk.h"

struct scan_conf {
	struct pacer_conf pace;
	struct rtt_conf rtt;
	uint64_t first, last;	   /* index range of the plan: all of it, or a shard */
	uint8_t tries[TECHNIQUES]; /* attempts at most, first included, 1..16 */
	bool rst_retries;	   /* more where late ones bring answers (rst_retry.h) */
	uint64_t wall_offset_ns;   /* wall clock minus the scan's clock */
};

/* What a pass has sent since some moment, to be judged once its answers are in. */
struct scan_epoch {
	uint32_t first, last;	   /* positions */
	uint64_t begin_ns, end_ns; /* end_ns 0: it goes on */
};

struct scan {
	const struct plan *plan;
	struct scan_conf conf;
	struct pacer pacer;
	struct rtt rtt;
	struct sheet *sheet[SHEETS]; /* NULL where none is open */
	struct walk walk[SHEETS];
	uint64_t window_next, window_last; /* windows still to open: [next, last) */
	bool stopping;
	uint64_t stop_ns;    /* when stopping: answers are still taken until then */
	uint64_t cells_done; /* of closed windows */
	uint64_t cells_all;  /* of the whole run */
	uint64_t sent, resent, valid, duplicate, stray;
	uint64_t resent_seen[SHEETS]; /* of walk[].resent, already in `resent` */
	struct walk *passing;	      /* an engine sends its pass by itself; NULL: none */
	uint64_t sent_seen;	      /* of passing->sent, already in `sent` */
	uint64_t pass_sent;	      /* of `sent`, by passes */
	struct scan_epoch epoch;
	struct tempo tempo, pass_tempo; /* of turns, and of passes */
	struct outage outage;
	uint64_t withdrawn; /* probes that were sent into an outage, and are sent again */
};

/* Caller's storage. *plan outlives the scan. */
void scan_init(struct scan *s, const struct plan *plan, const struct scan_conf *conf,
	       uint64_t now_ns);
/* Frees the sheets that are still open. */
void scan_fini(struct scan *s);

/*
 * Opens the next window if there is one and a place for it: its place, or -1 if none; -2 out of
 * memory. The engine prepares it before anything else is called.
 */
int scan_open(struct scan *s, uint64_t now_ns);

/* The walk that may send now and how many probes; NULL if none may. */
struct walk *scan_turn(struct scan *s, uint64_t now_ns, unsigned *budget);

/* After a send of that walk: how many went, and how often the kernel pushed back. */
void scan_sent(struct scan *s, struct walk *walk, unsigned count, uint64_t refused,
	       uint64_t now_ns);

/*
 * An engine sends the rest of that walk's pass by itself: until scan_pass_over nothing else is to
 * be sent. scan_passing, and at last scan_pass_over, takes what the walk has been told of since,
 * and moves the rate by it; `refused` is what the kernel pushed back in that time.
 */
void scan_pass_begun(struct scan *s, struct walk *walk, uint64_t now_ns);
void scan_passing(struct scan *s, uint64_t refused, uint64_t now_ns);
void scan_pass_over(struct scan *s, uint64_t refused, uint64_t now_ns);

/* Notes an answer. Returns the sheet it belongs to, and its cell, if it is the first or a stronger
 * one; NULL otherwise. */
struct sheet *scan_answer(struct scan *s, const struct answer *answer, uint32_t *cell);

/* How long may be waited for answers before something else is due. */
uint64_t scan_wait_ns(const struct scan *s, uint64_t now_ns);

/* A window whose last answers are in or given up: its place, or -1. Read it out (verdict.h), then
 * scan_close it. */
int scan_ready(struct scan *s, uint64_t now_ns);
void scan_close(struct scan *s, int place);

/*
 * The engine has lost the path to the targets (engine_ops.path), and has it again. In between
 * nothing is sent, no window opens and none is ready. What was in flight does not count as an
 * attempt, and goes again at the rate that worked. Both may be called again without effect.
 * scan_changed: the path is another one, so what was in flight may be lost.
 */
void scan_lost(struct scan *s, uint64_t now_ns);
void scan_restored(struct scan *s, uint64_t now_ns);
void scan_changed(struct scan *s, uint64_t now_ns);
/* Since when nothing is sent, or only a few probes to see whether the path is back. */
struct scan_hold {
	bool lost;	   /* by the engine's word */
	bool silent;	   /* nothing answers any more */
	uint64_t begun_ns; /* of the present or the last one */
	unsigned count;	   /* holds for silence so far */
	uint64_t withdrawn;
};
struct scan_hold scan_hold(const struct scan *s);

/* Ctrl-C: nothing more is sent, answers are waited for a round trip longer. */
void scan_stop(struct scan *s, uint64_t now_ns);
bool scan_over(const struct scan *s);

/* The second Ctrl-C, after the end of a pass of the engine's own: nothing is waited for either, and
 * each open window is ready. */
void scan_abandon(struct scan *s);

/* No more is sent; an engine sends a pass by itself; windows are still to be opened. */
bool scan_stopping(const struct scan *s);
bool scan_in_pass(const struct scan *s);
bool scan_has_windows(const struct scan *s);

/* Packets a second that may be sent now. */
double scan_rate_pps(const struct scan *s);
/* The engine's own receive ring has lost answers: the rate is lowered. */
void scan_dropped(struct scan *s, uint64_t now_ns);

/* The window at a place that scan_open or scan_ready gave: what the engine prepares, its hosts, and
 * whether every probe of it is answered. */
struct sheet *scan_sheet(const struct scan *s, int place);
uint32_t scan_hosts(const struct scan *s, int place);
bool scan_answered(const struct scan *s, int place);
/* Reads out one host of it: verdict_host. `complete`: the scan was not stopped. */
void scan_read(struct scan *s, int place, uint32_t host, bool complete, struct finding *findings,
	       struct host_report *out);

/* What happened so far. */
struct scan_counts {
	uint64_t sent, resent; /* the second are part of the first */
	uint64_t valid, duplicate, stray;
};
struct scan_counts scan_counts(const struct scan *s);

struct scan_pace {
	double rate_pps;
	uint64_t backoffs;		  /* how often the rate was lowered */
	uint64_t smoothed_ns, timeout_ns; /* of the round trip */
	struct tempo tempo, pass_tempo;	  /* of turns, and of passes */
	uint64_t pass_sent;		  /* packets that passes sent */
};
struct scan_pace scan_pace(const struct scan *s);

/* Probes of the whole run. */
uint64_t scan_cells(const struct scan *s);
/* For progress: cells that have their answer or have used up their attempts, of all. */
uint64_t scan_cells_settled(const struct scan *s);
/* Who is asked on after the passes. */
struct paced_status scan_asked_on(const struct scan *s);

#endif
