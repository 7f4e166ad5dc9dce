/* nmap_xml: declarations that the two files of the XML source share. */
#ifndef PORTLIGHT_INGEST_NMAP_XML_H
#define PORTLIGHT_INGEST_NMAP_XML_H

#include <expat.h>

#include "ingest/builder.h"
#include "ingest/refuse.h"
#include "ingest/source.h"
#include "plan/ports.h"

#define NMAP_XML_SCANS 16 /* scaninfo elements; nmap has up to four */
#define SECONDS_MOST   (UINT64_MAX / 1000000000 - 1)
#define NS_PER_SECOND  UINT64_C(1000000000)

/* Elements that are read; all others are skipped with their content. */
enum element {
	ELEMENT_DOCUMENT,
	ELEMENT_NMAPRUN,
	ELEMENT_SCANINFO,
	ELEMENT_HOST,
	ELEMENT_STATUS,
	ELEMENT_ADDRESS,
	ELEMENT_HOSTNAMES,
	ELEMENT_HOSTNAME,
	ELEMENT_HOSTSCRIPT,
	ELEMENT_SCRIPT,
	ELEMENT_PORTS,
	ELEMENT_EXTRAPORTS,
	ELEMENT_EXTRAREASONS,
	ELEMENT_PORT,
	ELEMENT_STATE,
	ELEMENT_SERVICE,
	ELEMENT_VERBOSE,
	ELEMENT_RUNSTATS,
	ELEMENT_FINISHED,
	ELEMENT_HOSTS,
	ELEMENTS,
};

/* One extraports element: its findings are those of the builder from `from` on. */
struct xml_extraports {
	struct finding finding; /* fields that all its findings share */
	size_t from;
	uint64_t count;		      /* the count in the element */
	uint64_t reasons[2][REASONS]; /* number of ports with each reason, of TCP and UDP */
	struct port_set seen[2];
	bool shared; /* a list has more ports than its count: which port has which reason is unknown
		      */
};

struct source_xml {
	struct source source;
	FILE *in;
	struct refuse where;
	XML_Parser parser;
	struct failure *f;			  /* failure of the call in progress */
	bool failed, suspended, fed_last, parsed; /* parsed: to the end of the file */
	bool run_ready, host_ready, host_given, finished;
	uint64_t fed_bytes;

	uint8_t stack[ELEMENTS];
	unsigned depth;	  /* of the stack */
	unsigned passing; /* depth inside skipped elements */

	struct run_info run;
	uint8_t techniques[NMAP_XML_SCANS];
	const char *port_lists[NMAP_XML_SCANS];
	uint32_t port_counts[NMAP_XML_SCANS];
	char *version, *args, *stopped_why;
	uint8_t of_proto[2]; /* the first technique of TCP, of UDP */

	struct builder host;
	struct builder results; /* what each technique found at it */
	bool in_host, has_address;
	struct finding port;
	bool has_state;
	struct xml_extraports extra;
};

/* Refuses the file at the parser's position, and stops the parser. The first failure is the one
 * reported. */
void nmap_xml_stop(struct source_xml *x, const char *what, const char *text);

/* The value of an attribute, or NULL. */
const char *nmap_xml_attribute(const char **attributes, const char *name);
/* The same, but a missing attribute is a failure, and returns "". */
const char *nmap_xml_required(struct source_xml *x, const char **attributes, const char *name);
/* A number; 0 if there is no such attribute. */
uint64_t nmap_xml_number(struct source_xml *x, const char **attributes, const char *name,
			 uint64_t most);
/* The protocol that an attribute names, TCP or UDP; false and a failure otherwise. */
bool nmap_xml_scan_proto(struct source_xml *x, const char **attributes, const char *name,
			 uint8_t *proto);

/* Begin and end of the elements of a host. */
void nmap_xml_start_host(struct source_xml *x, const char **attributes);
void nmap_xml_start_status(struct source_xml *x, const char **attributes);
void nmap_xml_start_address(struct source_xml *x, const char **attributes);
void nmap_xml_start_hostname(struct source_xml *x, const char **attributes);
void nmap_xml_start_script(struct source_xml *x, const char **attributes);
void nmap_xml_start_extraports(struct source_xml *x, const char **attributes);
void nmap_xml_start_extrareasons(struct source_xml *x, const char **attributes);
void nmap_xml_end_extraports(struct source_xml *x);
void nmap_xml_start_port(struct source_xml *x, const char **attributes);
void nmap_xml_start_state(struct source_xml *x, const char **attributes);
void nmap_xml_start_service(struct source_xml *x, const char **attributes);
void nmap_xml_end_port(struct source_xml *x);
void nmap_xml_end_host(struct source_xml *x);

/*
 * Of a complete host with the lines of each technique's results, as portlight writes them: replaces
 * its merged findings by those of each technique, and removes the lines. The evidence of a merged
 * finding goes to the technique whose verdict it was; of the others only the reason is known where
 * the technique has but one for that state. Lines that are something else, or contradict the
 * findings, stay text.
 */
void nmap_xml_techniques(struct source_xml *x);

#endif
