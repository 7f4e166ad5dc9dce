/* scan: the pure part of a scan's main loop: which window sends, how fast, and when to give up. */
#ifndef PORTLIGHT_SCAN_SCAN_H
#define PORTLIGHT_SCAN_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/plan.h"
#include "result/finding.h"
#include "result/record.h"
#include "scan/confidence.h"
#include "scan/outage.h"
#include "scan/pacer.h"
#include "scan/recapture.h"
#include "scan/rtt.h"
#include "scan/sheet.h"
#include "scan/tempo.h"
#include "scan/walk.h"

/*
 * The loop around it belongs to the caller, which has the engine and the clock (CLOCK_MONOTONIC, as
 * now_ns): open windows and prepare them (scan_open), send what is due (scan_turn, scan_sent), wait
 * for answers (scan_wait_ns) and record them (scan_answer), read out and close what is finished
 * (scan_ready, scan_close), until scan_over.
 */
struct scan_conf {
	struct pacer_conf pace;
	struct rtt_conf rtt;
	uint64_t first, last;	   /* index range of the plan: all of it, or a shard */
	uint8_t tries[TECHNIQUES]; /* attempts at most, first included, 1..16 */
	uint64_t host_timeout_ns;  /* from the first probe of its window; 0: none */
	uint32_t max_open;	 /* a host with more open ports is probed no further; 0: no limit */
	bool mac_settles;	 /* a plan by slot: an answer to ARP or NDP is one (walk.h) */
	bool probe_again;	 /* some ports that have answered (recapture.h) */
	bool rst_retries;	 /* rounds of retransmissions beyond that (rst_retry.h) */
	uint64_t wall_offset_ns; /* wall clock minus the scan's clock */
};

/* A part of a pass, whose answered share is judged once its answers had their time. */
struct scan_epoch {
	uint32_t first, last;	   /* positions */
	uint64_t begin_ns, end_ns; /* end_ns 0: probes of it are still being sent */
};

/* A place is an index of sheet[] and walk[]. */
struct scan {
	const struct plan *plan;
	struct scan_conf conf;
	struct pacer pacer;
	struct rtt rtt;
	struct sheet *sheet[SHEETS]; /* NULL where no window is open */
	struct walk walk[SHEETS];
	uint64_t window_next, window_last; /* windows not opened yet: [next, last) */
	bool stopping;
	uint64_t stop_ns;    /* if stopping: until when answers are still taken */
	uint64_t cells_done; /* of closed windows */
	uint64_t cells_all;  /* of the whole run */
	uint64_t sent, resent, valid, duplicate, stray;
	unsigned rounds_seen[SHEETS]; /* of walk[].rounds */
	uint64_t resent_seen[SHEETS]; /* of walk[].resent, already in `resent` */
	struct walk *passing;	      /* an engine sends its pass by itself; NULL: none */
	uint32_t pass_from;	      /* position where that began */
	uint64_t sent_seen;	      /* of passing->sent, already in `sent` */
	uint64_t pass_first;	      /* passing->sent when the pass began */
	uint32_t answered_seen;	      /* sheet_answered() when last looked at in the pass */
	uint32_t pass_answered;	      /* answered during the pass */
	uint64_t pass_sent;	      /* of `sent`, by passes */
	struct scan_epoch epoch;
	struct tempo tempo, pass_tempo; /* rates: of probe by probe, and of passes */
	struct outage outage;
	bool unproven;	    /* the oldest window could be closed, if the path works */
	uint64_t withdrawn; /* probes that were sent into an outage, and are sent again */
	/* Neither is in a snapshot: in a restored scan both samples are of what follows. */
	struct confidence confidence;
	struct recapture recapture;
};

/* Caller's storage. *plan outlives the scan. */
void scan_init(struct scan *s, const struct plan *plan, const struct scan_conf *conf,
	       uint64_t now_ns);
/* Frees the sheets that are still open. */
void scan_fini(struct scan *s);

/*
 * Opens the next window if there is one and a place is free: returns its place, -1 if none may be
 * opened now, or -2 out of memory. The engine prepares it (engine_ops.prepare) before anything else
 * is called.
 */
int scan_open(struct scan *s, uint64_t now_ns);
/* Opens that window in a free place without regard to order, for scan_snapshot.c. False out of
 * memory. */
bool scan_open_window(struct scan *s, unsigned place, uint64_t window, uint64_t now_ns);

/* The walk to send from now, and in *budget how many probes at most; NULL if nothing may be sent.
 */
struct walk *scan_turn(struct scan *s, uint64_t now_ns, unsigned *budget);

/* After sending from that walk: `count` probes went, and the kernel refused `refused`. */
void scan_sent(struct scan *s, struct walk *walk, unsigned count, uint64_t refused,
	       uint64_t now_ns);

/*
 * An engine sends the rest of that walk's pass by itself. From scan_pass_begun to scan_pass_over
 * nothing else is sent. scan_passing, from time to time, and at last scan_pass_over take over what
 * the walk has counted since, and adjust the rate; `refused`: refusals of the kernel since then.
 */
void scan_pass_begun(struct scan *s, struct walk *walk, uint64_t now_ns);
void scan_passing(struct scan *s, uint64_t refused, uint64_t now_ns);
void scan_pass_over(struct scan *s, uint64_t refused, uint64_t now_ns);

/* Records an answer. Returns the sheet it belongs to, with *cell set, if it is the first or a
 * stronger one; NULL if it is a duplicate or stray. */
struct sheet *scan_answer(struct scan *s, const struct answer *answer, uint32_t *cell);

/* How long to wait for answers before something else is due. */
uint64_t scan_wait_ns(const struct scan *s, uint64_t now_ns);

/* A window that is finished: its place, or -1. Windows finish in order. The caller reads it out
 * (verdict.h), then calls scan_close. */
int scan_ready(struct scan *s, uint64_t now_ns);
void scan_close(struct scan *s, int place);

/*
 * The engine has lost the path to the targets (engine_ops.path), and has it again. In between
 * nothing is sent, no window opens and none is ready. What was in flight does not count as an
 * attempt, and is sent again at the rate that worked. Both may be called again without effect.
 * scan_changed: the path is another one, so what was in flight may be lost.
 */
void scan_lost(struct scan *s, uint64_t now_ns);
void scan_restored(struct scan *s, uint64_t now_ns);
void scan_changed(struct scan *s, uint64_t now_ns);
/* Since when nothing is sent, or only a few probes to see whether the path is back. */
struct scan_hold {
	bool lost;	   /* as the engine reports it */
	bool silent;	   /* nothing answers any more: a pass is to be stopped, and none begun */
	bool gone;	   /* and will not: the scan is to be abandoned */
	uint64_t begun_ns; /* of the present or the last one */
	unsigned count;	   /* holds for silence so far */
	uint64_t withdrawn;
};
struct scan_hold scan_hold(const struct scan *s);

/* Stops early: no further probe is sent, answers are taken for a round trip longer. */
void scan_stop(struct scan *s, uint64_t now_ns);
/* Whether every window is closed and none is left to open. */
bool scan_over(const struct scan *s);

/* Ends at once, after the end of any pass of the engine's own: no answer is waited for, and each
 * open window is ready. */
void scan_abandon(struct scan *s);

/* Whether the scan was stopped; an engine sends a pass by itself; windows are still to be opened.
 */
bool scan_stopping(const struct scan *s);
bool scan_in_pass(const struct scan *s);
/* Whether the time of the hosts in that pass is over. */
bool scan_pass_expired(const struct scan *s, uint64_t now_ns);
bool scan_has_windows(const struct scan *s);

/* Packets a second that may be sent now. */
double scan_rate_pps(const struct scan *s);
/* The engine's own receive ring has lost answers: the rate is lowered. */
void scan_dropped(struct scan *s, uint64_t now_ns);

/* The window at a place that scan_open or scan_ready returned: the sheet to prepare, its number of
 * hosts, and whether every probe of it is answered. */
struct sheet *scan_sheet(const struct scan *s, int place);
uint32_t scan_hosts(const struct scan *s, int place);
/* Rank in the plan of one of its hosts. */
uint64_t scan_rank(const struct scan *s, int place, uint32_t host);
bool scan_answered(const struct scan *s, int place);
/* Reads out one host of it: verdict_host. `complete`: the scan was not stopped. */
void scan_read(struct scan *s, int place, uint32_t host, bool complete, struct finding *findings,
	       struct host_report *out);

/* Counters since scan_init. */
struct scan_counts {
	uint64_t sent, resent; /* the second are part of the first */
	uint64_t valid, duplicate, stray;
};
struct scan_counts scan_counts(const struct scan *s);

/* A host that scan_read() gave is reported: its ports count for scan_confidence(). */
void scan_reported(struct scan *s, const struct host_report *host);
/* How far losses may have falsified what was reported so far. */
struct run_confidence scan_confidence(const struct scan *s);

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
/* For progress: cells that have their answer or have used up their attempts, of cells_all. */
uint64_t scan_cells_settled(const struct scan *s);
/* For progress: hosts that are paced after the passes. */
struct paced_status scan_asked_on(const struct scan *s);

#endif
