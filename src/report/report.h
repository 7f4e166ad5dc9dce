/* report: the sink that writes a run's records in one of the file formats. */
#ifndef PORTLIGHT_REPORT_REPORT_H
#define PORTLIGHT_REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "result/sink.h"
#include "result/trace.h"

struct report_conf {
	bool all_ports; /* list each port, summarise none (result/extraports.h) */
	bool open_only; /* --open: only open and open|filtered ports and hosts that have one */
	bool reasons;	/* --reason column */
	bool colour;
	unsigned columns; /* width that prose is wrapped to; 0: PHRASE_COLUMNS */
	int verbose;
	uint32_t max_open;	   /* --max-open: hosts with more open ports are summed up */
	bool all_hosts;		   /* also list hosts that did not answer */
	const struct trace *trace; /* explain only */
	/* Service name of a port from /etc/services or NULL; may be NULL itself. */
	const char *(*service)(void *context, uint16_t port, uint8_t proto);
	void *service_context;
};

struct report;

/* A format. Each function writes to r->out with every write checked. */
struct report_ops {
	const char *name; /* "table", "normal", "xml", "grepable", "ndjson", "explain" */
	void (*begin)(struct report *r, const struct run_info *run);
	void (*host)(struct report *r, const struct host_report *host);
	void (*end)(struct report *r, const struct run_summary *summary);
};

struct report {
	struct sink sink; /* the sink that the records go to */
	const struct report_ops *ops;
	FILE *out;
	struct report_conf conf;
	const struct run_info *run; /* set by begin; outlives the report */
	uint64_t hidden_hosts;	    /* hosts not shown because nothing answered */
	uint64_t shut_hosts;	    /* open_only: hosts not shown because no port is open */
	int error;		    /* first errno of a failed write, or 0 */
	/* The page: a buffer for the text of one host. */
	FILE *page;
	char *page_text;
	size_t page_length;
};

extern const struct report_ops report_table, report_normal, report_xml, report_grepable,
	report_ndjson, report_explain;

/*
 * Makes *r a sink that writes the format `ops` to `out`, which the caller closes. The text of each
 * call of the sink is built in memory and written at once, so that a killed run leaves complete
 * hosts. After an error no more is written, and r->error holds it. Hosts that did not answer, not
 * even ARP or NDP, are counted instead of shown, in all formats alike; all_hosts shows all hosts,
 * and HOST_NAMED hosts are shown even if they did not answer. With open_only, only hosts with an
 * open or open|filtered port are shown. These formats have no events. The sink's destination is
 * the format's name; a caller that opened a file knows a better one.
 */
void report_init(struct report *r, const struct report_ops *ops, FILE *out,
		 const struct report_conf *conf);
/* Frees what a report that may not have ended still holds. */
void report_fini(struct report *r);

#endif
