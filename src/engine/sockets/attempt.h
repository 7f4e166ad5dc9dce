/* attempt: one probe on one kernel socket: starts it, reads its result, frees the socket. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_ATTEMPT_H
#define PORTLIGHT_ENGINE_SOCKETS_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/failure.h"
#include "result/trace.h"
#include "scan/probe.h"
#include "technique/payload_echo.h"

/* Kind of socket. Odd numbers are IPv6. */
enum attempt_kind {
	ATTEMPT_TCP4,
	ATTEMPT_TCP6,
	ATTEMPT_UDP4,
	ATTEMPT_UDP6,
	ATTEMPT_KINDS,
};

enum attempt_state {
	ATTEMPT_IDLE,	  /* no probe; the socket (if fd >= 0) can be used for the next */
	ATTEMPT_PENDING,  /* started, no answer yet */
	ATTEMPT_ANSWERED, /* `answer` is set; the socket is free for the next probe */
	ATTEMPT_REFUSED,  /* not sent for a local shortage, `error`: the port's state is unknown */
	ATTEMPT_VOID,	  /* ended without an answer: the kernel gave up */
};

/*
 * Sockets are reused: a new one costs 40 % more time (16.7 us a probe against 10.1, where a closed
 * port answers at once). connect(2) to AF_UNSPEC dissolves the association with the target, sends a
 * RST if a connection was established, and releases the port unless it was bound for -g.
 */
struct attempt {
	struct probe probe;
	struct answer answer;
	uint64_t sent_ns;
	uint64_t deadline_ns;
	uint32_t number;     /* its index in the engine's array, and its epoll data */
	uint32_t next, prev; /* neighbours in a list (pool.h), by number */
	int fd;		     /* -1: none */
	int error;	     /* of the call that started it: 0 or errno */
	int result;	     /* the result that the kernel gave later: 0 or errno */
	uint8_t kind;	     /* enum attempt_kind */
	uint8_t state;	     /* enum attempt_state */
	bool watched;	     /* registered with epoll */
	bool late; /* UDP past its deadline; may still get an answer until the socket is reused */
	uint8_t selves;	 /* times it connected to itself, see attempt.c */
	uint8_t invalid; /* error records and datagrams received that do not match this probe */
	uint8_t other;	 /* ICMP errors that do not tell the port's state */
	bool once;	 /* its socket cannot be used again: closed when the probe ends */
	/* UDP: the socket takes datagrams of the target's port only. Not where answers may come
	 * from elsewhere; but all sockets of -g have one port, and one that takes datagrams of all
	 * would take probes to a target that is this machine. */
	bool connected;
	uint8_t cookie[PAYLOAD_ECHO]; /* UDP: of the payload (scan/echo.h) */
};

/* Settings of all sockets of an engine. */
struct attempt_conf {
	int epoll;
	unsigned zone;	       /* interface index for link-local targets */
	const char *interface; /* or NULL */
	bool has_source, has_source_port;
	struct addr source;
	uint16_t source_port;
	uint8_t ttl; /* 0: the kernel's default */
};

/* The kind of socket that a probe needs. */
enum attempt_kind attempt_kind_of(const struct probe *probe);

/* Whether an errno is a shortage of this machine (files, ports, memory, queue), which says nothing
 * about the target. */
bool attempt_is_shortage(int error);

/*
 * Ends an attempt as ANSWERED by our own kernel, which cannot reach the target for `error` (errno).
 * The answer has ANSWER_LOCAL, and the type and code of the ICMP error with the same meaning.
 */
void attempt_answer_local(struct attempt *a, int error);

/*
 * Opens the socket of an attempt that has none. Returns 0, or -errno with fd still -1 and *step
 * naming the call that failed ("socket", "bind", ...; static).
 */
int attempt_open(struct attempt *a, enum attempt_kind kind, const struct attempt_conf *conf,
		 const char **step);
/* Closes its socket if it has one, which also removes it from epoll. */
void attempt_close(struct attempt *a);

/*
 * Sends a->probe on a->fd and sets sent_ns and deadline_ns. Without a socket (this machine lacks
 * the address family) the answer is a local one. With `ask`, checks at once for an answer, as there
 * is if the target is this machine. The state is PENDING (epoll reports the answer), ANSWERED,
 * REFUSED or VOID afterwards. Changes nothing but *a: attempts may be started in parallel.
 */
void attempt_start(struct attempt *a, const struct attempt_conf *conf, bool ask);

/* Checks whether a pending attempt has an answer. The state is PENDING, ANSWERED or VOID
 * afterwards. */
void attempt_ask(struct attempt *a, const struct attempt_conf *conf);

/* Ends a pending attempt without an answer. Its state is IDLE and its socket is free afterwards. */
void attempt_abandon(struct attempt *a);

/* Add to the trace: the system call that sent the probe, and its result once ANSWERED. `trace` may
 * be NULL. */
void attempt_trace_call(const struct attempt *a, struct trace *trace);
void attempt_trace_result(const struct attempt *a, struct trace *trace);

#endif
