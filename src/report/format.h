/* format: the table of file formats, from which options, converter, help and manual page are
 * made. */
#ifndef PORTLIGHT_REPORT_FORMAT_H
#define PORTLIGHT_REPORT_FORMAT_H

#include "report/report.h"

/*
 * One row per format: X(identifier, name, option of scan, suffix of a file of -oA, help, ops). The
 * table is a macro, because option tables need constants.
 */
// clang-format off
#define FORMAT_ROWS(X)                                                                             \
	X(FORMAT_NORMAL, "normal", "-oN", ".nmap", "the table, as on the terminal", report_normal) \
	X(FORMAT_XML, "xml", "-oX", ".xml", "XML, valid by nmap.dtd", report_xml)                  \
	X(FORMAT_GREPABLE, "grepable", "-oG", ".gnmap", "one line a host, for grep",     \
	  report_grepable)                                                                         \
	X(FORMAT_NDJSON, "json", "-oD", ".ndjson",                                                 \
	  "NDJSON: one object a line (docs/portlight.schema.json)", report_ndjson)

#define FORMAT_ID(id, name, option, suffix, help, ops) id,
enum format_id { FORMAT_ROWS(FORMAT_ID) FORMATS };
#undef FORMAT_ID
// clang-format on

struct format {
	const char *name;   /* "xml": convert --to */
	const char *option; /* "-oX" */
	const char *suffix; /* ".xml" */
	const char *help;
	const struct report_ops *ops;
};

extern const struct format format_table[FORMATS];

/* The row with that name, or with the name that other programs use ("ndjson"); -1 if there is
 * none. */
int format_by_name(const char *name);

#endif
