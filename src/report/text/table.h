/* table: the body that the table on stdout and the normal file (-oN) share. */
#ifndef PORTLIGHT_REPORT_TEXT_TABLE_H
#define PORTLIGHT_REPORT_TEXT_TABLE_H

#include "report/report.h"

/* One host as people read it. merge: one line a port instead of one a port and technique. */
void table_write_host(struct report *r, const struct host_report *host, bool merge);

/* The lines about hosts that are not listed, each starting with `prefix`. */
void table_write_hidden(struct report *r, const struct run_summary *summary, const char *prefix);

#endif
