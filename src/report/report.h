/* report: a run's records as text: the sink that writes one of the file formats. */
#ifndef PORTLIGHT_REPORT_REPORT_H
#define PORTLIGHT_REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "result/sink.h"
#include "result/trace.h"

struct report_conf {
	bool all_ports; /* list each port: no summarising (result/extraports.h) */
	bool open_only; /* --open: only open and open|filtered ports and hosts that have one */
	bool reasons;	/* --reason column */
	bool colour;
	int verbose;
	bool all_hosts;		   /* list hosts that answered nothing as well */
	const struct trace *trace; /* explain only */
	/* Service name of a port from /etc/services or NULL; may be NULL itself. */
	const char *(*service)(void *context, uint16_t port, uint8_t proto);
	void *service_context;
};

struct report;

/* What a format is. Each writes to its FILE with every write checked. */
struct report_ops {
	const char *name; /* "table", "normal", "xml", "grepable", "ndjson", "explain" */
	void (*begin)(struct report *r, const struct run_info *run);
	void (*host)(struct report *r, const struct host_report *host);
	void (*end)(struct report *r, const struct run_summary *summary);
};

struct report {
	struct sink sink; /* what feeds it */
	const struct report_ops *ops;
	FILE *out;
	struct report_conf conf;
	const struct run_info *run; /* set by begin; outlives the report */
	uint64_t hidden_hosts;	    /* hosts not shown because nothing answered */
	uint64_t shut_hosts;	    /* open_only: hosts not shown because no port is open */
	int error;		    /* first errno of a failed write, or 0 */
	/* What a host is made in, from the first to the end. */
	FILE *page;
	char *page_text;
	size_t page_length;
};

extern const struct report_ops report_table, report_normal, report_xml, report_grepable,
	report_ndjson, report_explain;

/*
 * Makes *r a sink that writes the format `ops` to `out`, which stays the caller's to close. Each
 * call of the sink is made in memory and leaves in one write, so that a killed run leaves whole
 * hosts; after an error nothing more is written, and r->error holds it. Hosts that answered
 * nothing, not even ARP or NDP, are counted instead of shown, in every format alike; all_hosts
 * shows all, HOST_NAMED those that answered nothing. With open_only, hosts with an open or
 * open|filtered port are shown, and no others. Events are no part of these formats. The sink's
 * destination is the format's name: who opened the file knows a better.
 */
void report_init(struct report *r, const struct report_ops *ops, FILE *out,
		 const struct report_conf *conf);
/* Of one that may not have got to its end. */
void report_fini(struct report *r);

#endif
