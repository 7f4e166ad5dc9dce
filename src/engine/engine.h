/* engine: sends the probes of a walk and returns the answers; sockets, frames, xdp. */
#ifndef PORTLIGHT_ENGINE_ENGINE_H
#define PORTLIGHT_ENGINE_ENGINE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "base/siphash.h"
#include "net/path.h"
#include "plan/plan.h"
#include "result/trace.h"
#include "scan/probe.h"
#include "scan/sheet.h"
#include "scan/walk.h"

struct engine;

/* What an engine is opened with. */
struct engine_conf {
	const struct plan *plan;
	struct siphash_key key; /* secret of this run, for cookies (scan/cookie.h) */
	/* SHEETS entries, NULL where no window is open. They change between two calls, as windows
	 * open and close; a sheet stays during a call, and during a pass of its walk. */
	struct sheet *const *sheets;
	struct trace *trace;   /* NULL, or takes each packet sent and received (trace_add) */
	const char *interface; /* -e: only this one; NULL: by route */
	bool has_source;       /* -S: source address (one of ours) */
	struct addr source;
	bool has_source_port; /* -g: fixed source port */
	uint16_t source_port;
	unsigned zone;	   /* interface index for link-local IPv6 targets, 0 if none */
	uint8_t ttl;	   /* --ttl; 0 for the default of 64 */
	unsigned max_open; /* sockets: how many at once at most; 0 for what the limit allows */
	double most_pps;   /* ARP and NDP requests per second at most; 0: as the link bears */
	/* Frames may leave past the kernel's queueing disciplines, and past packet captures of this
	 * machine: faster. */
	bool bypass;
	bool bad_sum; /* --badsum: wrong checksums on purpose (finds firewalls) */
	bool forced;  /* asked for by name: used also where another would be better */
	bool generic; /* xdp: its hook is in the kernel's stack, not in the driver */
	/* Not 0 once the user asked for the end: prepare then returns early, and leaves hosts that
	 * it has not found yet unmarked. NULL: never. */
	const volatile sig_atomic_t *stop;
};

/* Counters since the engine was opened, but for refused_burst. */
struct engine_stats {
	uint64_t sent;		/* probes that the kernel took */
	uint64_t send_errors;	/* refused by it; such probes are sent again */
	uint64_t refused_burst; /* ENOBUFS and the like since stats was called last: the pacer's
				   sign to slow down */
	uint64_t received;	/* frames or socket events looked at */
	uint64_t invalid;	/* cookie, address, port or checksum did not fit */
	uint64_t other;		/* well-formed, but no answer to any technique in use */
	uint64_t ring_drops;	/* lost in our own receive ring, as the kernel counts them */
	uint64_t judged;	/* answers that the engine has marked in the sheets by itself */
	uint64_t duplicate;	/* repeated answers to those */
};

/*
 * An engine is called from one thread, by the driver of a scan (run/scan_driver.h):
 *
 *   1. Its row of the registry opens it (registry.h).
 *   2. prepare, once for each window, before its walk sends.
 *   3. Turns: path, then send (or pass_begin, or during a pass pass_poll), stats, news, then
 *      receive until it returns less than `max` answers. prepare of the next windows comes between
 *      turns.
 *   4. close.
 *
 * A turn may be without send: where the rate allows no probe, nothing is due, or the scan was
 * stopped. After a call that failed only pass_stop, pass_poll, receive, stats and close follow.
 *
 * Every now_ns and t_ns is CLOCK_MONOTONIC in ns (a simulated engine: the caller's clock); now_ns
 * is passed in so that one turn has one time. Failures are -errno with *f filled, and end the
 * scan. prepare, send, receive, stats and close must be there; the others may be NULL. Where
 * packets cannot leave, send returns what went before, and path tells.
 */
struct engine_ops {
	const char *name; /* as in its row */
	/*
	 * A window opens: finds routes and on-link neighbours of the sheet's hosts, and records in
	 * the sheet what is known of a host (enum host_note of result/record.h: no neighbour, no
	 * route, local; the MAC). Nothing is sent to hosts without neighbour or route. Takes some
	 * two seconds at most, or longer where most_pps makes it so. An engine that needs none of
	 * this returns 0.
	 */
	int (*prepare)(struct engine *e, struct sheet *sheet, struct failure *f);
	/*
	 * Sends up to `budget` probes: takes each by walk_next(walk, now_ns), and calls walk_sent
	 * with the time at which the kernel took it. A probe taken from the walk and not sent is
	 * given back by walk_unsent, so that it comes again; it does not count. No
	 * other fields or functions of the walk are needed. Returns how many were sent: fewer than
	 * `budget` if walk_next had no more or the kernel pushes back, which stats then reports as
	 * refused_burst. Does not wait.
	 */
	int (*send)(struct engine *e, struct walk *walk, uint64_t now_ns, unsigned budget,
		    struct failure *f);
	/*
	 * Waits up to timeout_ns for answers and returns up to `max` of them, as soon as there is
	 * one; 0 if none came or a signal ended the wait. `max` answers mean that there may be
	 * more. Of each answer:
	 *   - it is validated: by the cookie, or by the kernel's own state;
	 *   - cell is that of the probe (with the tag of its window; the caller drops answers to
	 *     windows that are closed), reply the enum reply by technique.h, t_ns its arrival;
	 *   - has says which of the other fields are set. ANSWER_ATTEMPT only where it is certain
	 *     which attempt was answered: the round trip is measured by it.
	 * Repeated and weaker answers may be returned: the sheet keeps the strongest. Silence is
	 * not reported.
	 */
	int (*receive)(struct engine *e, struct answer *answers, unsigned max, uint64_t timeout_ns,
		       struct failure *f);
	/*
	 * NULL, or called before a window without unanswered probes is read out: notes in its sheet
	 * what the engine knows of its hosts besides answers. True: call again, more may become
	 * known soon.
	 */
	bool (*finish)(struct engine *e, struct sheet *sheet, uint64_t now_ns);
	/* Fills *out; refused_burst is reset. */
	void (*stats)(struct engine *e, struct engine_stats *out);
	/*
	 * The next three are NULL unless the engine can send the rest of a pass by itself,
	 * concurrently with the caller's turns. The functions of the walk for it are
	 * walk_pass_begin, walk_passed and walk_pass_end (walk.h).
	 *
	 * pass_begin is called in place of send. PASS_BEGUN: the pass continues until pass_poll
	 * returns 0, and until then neither send nor pass_begin is called and the sheet stays open.
	 * PASS_SEND: send is the better tool for what comes next, and is called at once.
	 * PASS_LATER: nothing is due before walk->due_ns.
	 */
	int (*pass_begin)(struct engine *e, struct walk *walk, uint64_t now_ns, double rate_pps,
			  struct failure *f);
	/* Reports to the walk what was sent since, and sets the rate. 1 while it continues; 0
	 * when it is over: walk_pass_end was called, unsent probes were given back. */
	int (*pass_poll)(struct engine *e, uint64_t now_ns, double rate_pps, struct failure *f);
	/* Asks for its end, early; may be called again. pass_poll returns 0 soon after. */
	void (*pass_stop)(struct engine *e);
	/*
	 * Whether packets can leave for the targets; called between turns, and before a window is
	 * sent. Does not wait, except with `doubt`: nothing answers any more, so the engine finds
	 * out by itself, for a second at most, what the kernel may not have reported. *why is set
	 * after PATH_CHANGED and PATH_LOST: one line, safe for a terminal, valid until the next
	 * call. PATH_CHANGED: probes go another way from now on, and what was sent before may be
	 * lost. PATH_LOST: send is not called until it is there again; answers that only tell that
	 * packets could not leave are not returned by receive. NULL: the path is always there.
	 */
	enum path_state (*path)(struct engine *e, bool doubt, const char **why);
	/* A line for the user, not reported before, safe for a terminal and valid until the next
	 * call of the engine; or NULL. */
	const char *(*news)(struct engine *e);
	/* Gives everything back, also in the middle of a pass; answers not fetched are lost. NULL
	 * is fine. */
	void (*close)(struct engine *e);
};

enum engine_pass { PASS_SEND, PASS_BEGUN, PASS_LATER };

/* Every engine's struct starts with this. */
struct engine {
	const struct engine_ops *ops;
};

/* Each opens its engine: NULL with *f on failure. *conf is copied; what it points to outlives the
 * engine. */
struct engine *engine_sockets_open(const struct engine_conf *conf, struct failure *f);
struct engine *engine_frames_open(const struct engine_conf *conf, struct failure *f);
/* Sends and judges inside the kernel what it can, and all else as frames does. It needs root and a
 * device that can; *f says what was missing. Never with a trace. */
struct engine *engine_xdp_open(const struct engine_conf *conf, struct failure *f);

#endif
