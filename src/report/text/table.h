/* table: the body that the table on stdout and the normal file (-oN) share. */
#ifndef PORTLIGHT_REPORT_TEXT_TABLE_H
#define PORTLIGHT_REPORT_TEXT_TABLE_H

#include "report/report.h"

/* Writes one host. merge: one line per port instead of one per port and technique. */
void table_write_host(struct report *r, const struct host_report *host, bool merge);

/* Writes the lines about hosts that are not listed, and how sure the result is; each starts with
 * `prefix`. */
void table_write_remarks(struct report *r, const struct run_summary *summary, const char *prefix);

#endif
