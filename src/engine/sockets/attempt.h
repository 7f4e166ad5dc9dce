/* attempt: one probe on one kernel socket: started, asked how it went, let go. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_ATTEMPT_H
#define PORTLIGHT_ENGINE_SOCKETS_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/failure.h"
#include "result/trace.h"
#include "scan/probe.h"

/* What kind of socket. IPv6 is the odd ones. */
enum attempt_kind {
	ATTEMPT_TCP4,
	ATTEMPT_TCP6,
	ATTEMPT_UDP4,
	ATTEMPT_UDP6,
	ATTEMPT_KINDS,
};

enum attempt_state {
	ATTEMPT_IDLE,	  /* no probe; the socket (if fd >= 0) can be used for the next */
	ATTEMPT_PENDING,  /* under way, no answer yet */
	ATTEMPT_ANSWERED, /* `answer` is set; the socket is free for the next probe */
	ATTEMPT_REFUSED,  /* a local shortage, `error` says which: says nothing about the port */
	ATTEMPT_VOID,	  /* over without an answer: the kernel gave up */
};

/*
 * A socket is kept and used again, as a fresh one costs 40 % more (16.7 against 10.1 us a probe
 * where a closed port answers at once): connect(2) to AF_UNSPEC takes it off its probe, with a RST
 * if the connection stood, and gives up its port unless -g bound it.
 */
struct attempt {
	struct probe probe;
	struct answer answer;
	uint64_t sent_ns;
	uint64_t deadline_ns;
	uint32_t number;     /* its index in the engine's array: what epoll gives back */
	uint32_t next, prev; /* the engine's lists, by number */
	int fd;		     /* -1: none */
	int error;	     /* of the call that started it: 0 or errno */
	int result;	     /* the kernel's word later on: 0 or errno */
	uint8_t kind;	     /* enum attempt_kind */
	uint8_t state;	     /* enum attempt_state */
	bool watched;	     /* registered with epoll */
	bool late;	 /* UDP past its deadline, heard on as long as its socket is not needed */
	uint8_t selves;	 /* how often it met itself, see attempt.c */
	uint8_t invalid; /* records and datagrams that were not this probe's */
	uint8_t other;	 /* ICMP errors that say nothing about the port */
};

/* What all sockets of an engine have in common. */
struct attempt_conf {
	int epoll;
	unsigned zone;	       /* interface index for link-local targets */
	const char *interface; /* or NULL */
	bool has_source, has_source_port;
	struct addr source;
	uint16_t source_port;
	uint8_t ttl; /* 0: the kernel's default */
};

enum attempt_kind attempt_kind_of(const struct probe *probe);

/* A shortage on this machine (files, ports, memory, queue): tells nothing about the target. */
bool attempt_is_shortage(int error);

/*
 * Makes an attempt ANSWERED by our own kernel: `error` says that it has no way to the target. The
 * answer carries ANSWER_LOCAL, and as type and code the ICMP error that says the same.
 */
void attempt_answer_local(struct attempt *a, int error);

/*
 * Makes the socket of an attempt that has none. Returns 0, or -errno with fd still -1 and *step
 * naming what failed ("socket", "bind", ...).
 */
int attempt_open(struct attempt *a, enum attempt_kind kind, const struct attempt_conf *conf,
		 const char **step);
/* Closes its socket if it has one; epoll forgets it. */
void attempt_close(struct attempt *a);

/*
 * Starts a->probe on a->fd (without one: this machine lacks the family, and the answer is a local
 * one); sent_ns and deadline_ns are set. With `ask`, looks right away whether
 * the answer is in, which on one machine it is. The state is PENDING (and epoll will tell),
 * ANSWERED, REFUSED or VOID. Touches nothing but *a: attempts may be started in parallel.
 */
void attempt_start(struct attempt *a, const struct attempt_conf *conf, bool ask);

/* Looks whether a pending attempt is answered by now; leaves it PENDING, ANSWERED or VOID. */
void attempt_ask(struct attempt *a, const struct attempt_conf *conf);

/* Gives a pending attempt up, so that its socket can be used again. Its state is IDLE then. */
void attempt_abandon(struct attempt *a);

/* Tells the trace what was called, and, once ANSWERED, what came back. A NULL trace is fine. */
void attempt_trace_call(const struct attempt *a, struct trace *trace);
void attempt_trace_result(const struct attempt *a, struct trace *trace);

#endif
