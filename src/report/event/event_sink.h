/* event_sink: writes events as text or NDJSON, to journald, or to a syslog that fail2ban reads. */
#ifndef PORTLIGHT_REPORT_EVENT_EVENT_SINK_H
#define PORTLIGHT_REPORT_EVENT_EVENT_SINK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "address/ranges.h"
#include "result/event.h"

struct event_sink_conf {
	FILE *out;	  /* streams: borrowed, written to, not closed */
	const char *path; /* sockets: path; NULL: the system's default. Outlives the sink */
	const char *tag; /* syslog: program name of the line; NULL: "scanlogd", as fail2ban's filter
			    expects. Outlives the sink */
	bool colour;	 /* text */
	bool proven_only; /* syslog: only sources whose address is proven, so that spoofed packets
			     cannot make fail2ban ban a third party */
	const struct ranges *home; /* see event_phrase_is_external. Outlives the sink */
};

struct event_sink;

/* A format. It builds the bytes, and event_sink.c delivers them. */
struct event_sink_ops {
	const char *name;   /* "text", "ndjson", "journal", "syslog" */
	const char *socket; /* path of a datagram socket, one datagram per event; NULL: a stream */
	/* Writes one event, a whole line or datagram, to `out` (in memory). Writes nothing if the
	 * format has no form for the event. */
	void (*event)(const struct event_sink *s, FILE *out, const struct event *e);
};

struct event_sink {
	const struct event_sink_ops *ops;
	struct event_sink_conf conf;
	int fd;		      /* descriptor of the socket, or -1 */
	int pid;	      /* our process id, for syslog */
	int error;	      /* errno of the latest delivery; 0 if it succeeded */
	int failed;	      /* errno of the latest delivery that failed, or 0 */
	bool torn;	      /* streams: the last write was incomplete */
	uint64_t delivered;   /* events delivered */
	uint64_t undelivered; /* events that could not be delivered */
};

extern const struct event_sink_ops event_text, event_ndjson, event_journal, event_syslog;

/*
 * Opens the socket, if the format has one, and reads the time zone, so that event_sink_event can
 * run in the cage. There it needs write or send, and connect after the receiver was restarted
 * (which the cage may refuse with an errno). Returns 0; or -errno, and *s holds nothing to close.
 */
int event_sink_open(struct event_sink *s, const struct event_sink_ops *ops,
		    const struct event_sink_conf *conf);

/*
 * Delivers one event in one write or datagram. After a failure on a stream the next event is
 * tried, since the disk may have room again, except after EPIPE. An event that a socket's receiver
 * does not take within EVENT_SINK_WAIT_MS is counted in s->undelivered; the next one is tried. The
 * wait covers a full queue in the kernel, which holds 10 datagrams (net.unix.max_dgram_qlen); it
 * is short because the capture waits meanwhile.
 */
#define EVENT_SINK_WAIT_MS 100

void event_sink_event(struct event_sink *s, const struct event *e);

/* Closes the socket. Returns -s->error; for a stream -s->failed, since lost events leave a gap in
 * the file. */
int event_sink_close(struct event_sink *s);

#endif
