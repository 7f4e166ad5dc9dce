/* event_sink: events out: to people, NDJSON readers, journald, or a syslog that fail2ban reads. */
#ifndef PORTLIGHT_REPORT_EVENT_EVENT_SINK_H
#define PORTLIGHT_REPORT_EVENT_EVENT_SINK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "address/ranges.h"
#include "result/event.h"

struct event_sink_conf {
	FILE *out;	  /* streams: written to, never closed */
	const char *path; /* sockets: NULL is the system's own. Outlives the sink */
	const char *tag;  /* syslog: program name of the line; NULL: "scanlogd", which the filter of
			     fail2ban wants. Outlives the sink */
	bool colour;	  /* text */
	bool proven_only; /* syslog: only sources that no stranger can have forged, so that a
			     reader that bans cannot be made to ban a third party */
	const struct ranges *home; /* a source outside is external; NULL: one whose address is not
				      private is. Outlives the sink */
};

struct event_sink;

/* What a format is: it composes, event_sink.c delivers. */
struct event_sink_ops {
	const char *name; /* "text", "ndjson", "journal", "syslog" */
	const char
		*socket; /* path of a datagram socket that takes one event each; NULL: a stream */
	/* Writes one event, a whole line or datagram, to `out` (in memory). Nothing, if the event
	 * is none for this sink. */
	void (*event)(const struct event_sink *s, FILE *out, const struct event *e);
};

struct event_sink {
	const struct event_sink_ops *ops;
	struct event_sink_conf conf;
	int fd;		      /* of the socket, or -1 */
	int pid;	      /* ours, for syslog */
	int error;	      /* errno: the latest, while it still fails; 0 while all is well */
	int failed;	      /* errno: the latest that there was, or 0 */
	bool torn;	      /* streams: half a line was written */
	uint64_t delivered;   /* events delivered */
	uint64_t undelivered; /* events that could not be */
};

extern const struct event_sink_ops event_text, event_ndjson, event_journal, event_syslog;

/*
 * Opens the socket, if it is one, and reads the time zone, so that event_sink_event can run in a
 * cage: there it needs write or send, and connect after the receiver was restarted (a cage may
 * refuse that with an errno). Returns 0, or -errno and *s holds nothing.
 */
int event_sink_open(struct event_sink *s, const struct event_sink_ops *ops,
		    const struct event_sink_conf *conf);

/*
 * Delivers one event in one write or datagram. A stream that fails is tried again with the next
 * event, as a disk may have room again, unless nobody reads it any more. What a socket's receiver
 * does not take within EVENT_SINK_WAIT_MS is counted in s->undelivered; a later event may get
 * through again. The wait is there because the kernel queues no more than 10 datagrams
 * (net.unix.max_dgram_qlen); it is short because the capture waits as well.
 */
#define EVENT_SINK_WAIT_MS 100

void event_sink_event(struct event_sink *s, const struct event *e);

/* Closes the socket. Returns -s->error; of a stream -s->failed, since what it lacks stays lost. */
int event_sink_close(struct event_sink *s);

#endif
