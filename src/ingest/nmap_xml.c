/* nmap_xml: the source that reads nmap's XML, and portlight's, which has the same form. */
#include "ingest/nmap_xml.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/words.h"

#define CHUNK	  65536
#define TAG_BYTES (16 << 20) /* longest tag; a tag with a list of ports has some 400 KiB */
#define DEPTH	  256	     /* depth of nested elements */

void nmap_xml_stop(struct source_xml *x, const char *what, const char *text)
{
	if (x->failed)
		return;
	x->failed = true;
	x->where.line = XML_GetCurrentLineNumber(x->parser);
	refuse_input(&x->where, x->f, what, text);
	(void)XML_StopParser(x->parser, XML_FALSE);
}

const char *nmap_xml_attribute(const char **attributes, const char *name)
{
	for (size_t i = 0; attributes[i]; i += 2)
		if (strcmp(attributes[i], name) == 0)
			return attributes[i + 1];
	return NULL;
}

const char *nmap_xml_required(struct source_xml *x, const char **attributes, const char *name)
{
	const char *value = nmap_xml_attribute(attributes, name);

	if (!value)
		nmap_xml_stop(x, "an element lacks its attribute", name);
	return value ? value : "";
}

uint64_t nmap_xml_number(struct source_xml *x, const char **attributes, const char *name,
			 uint64_t most)
{
	const char *value = nmap_xml_attribute(attributes, name);
	uint64_t n = 0;

	if (value && !words_number(value, most, &n))
		nmap_xml_stop(x, "not a number, or too large", value);
	return n;
}

static char *copy(struct source_xml *x, const char *text)
{
	char *copied = strdup(text);

	if (!copied)
		nmap_xml_stop(x, "out of memory", NULL);
	return copied;
}

static void start_nmaprun(struct source_xml *x, const char **attributes)
{
	const char *args = nmap_xml_attribute(attributes, "args");
	const char *version = nmap_xml_attribute(attributes, "version");

	if (strcmp(nmap_xml_required(x, attributes, "scanner"), "nmap") != 0)
		nmap_xml_stop(x, "not written by nmap or portlight",
			      nmap_xml_attribute(attributes, "scanner"));
	x->args = copy(x, args ? args : "");
	x->version = copy(x, version ? version : "unknown");
	x->run.args = x->args;
	x->run.version = x->version;
	/* Portlight's file also names nmap as the scanner, as the DTD requires. */
	x->run.program = args && strncmp(args, "portlight", 9) == 0 ? "portlight" : "nmap";
	x->run.engine = "unknown";
	x->run.start_ns = nmap_xml_number(x, attributes, "start", SECONDS_MOST) * NS_PER_SECOND;
}

bool nmap_xml_scan_proto(struct source_xml *x, const char **attributes, const char *name,
			 uint8_t *proto)
{
	const char *text = nmap_xml_required(x, attributes, name);

	if (words_proto(text, proto))
		return true;
	nmap_xml_stop(x, "a protocol that portlight has no records for", text);
	return false;
}

static bool has_technique(const struct source_xml *x, unsigned technique)
{
	for (size_t i = 0; i < x->run.technique_count; i++)
		if (x->techniques[i] == technique)
			return true;
	return false;
}

/* A type that comes again stands for a technique that sends the same packets and has no letter, and
 * so no name in the DTD. */
static int next_of_type(const struct source_xml *x, unsigned technique)
{
	const struct technique *row = &technique_table[technique];

	for (unsigned t = 0; t < TECHNIQUES && has_technique(x, technique); t++)
		if (!technique_table[t].letter && technique_table[t].proto == row->proto &&
		    technique_table[t].flags == row->flags &&
		    technique_table[t].needs == row->needs && !has_technique(x, t))
			return (int)t;
	return (int)technique;
}

static void start_scaninfo(struct source_xml *x, const char **attributes)
{
	const char *type = nmap_xml_required(x, attributes, "type");
	const char *list = nmap_xml_required(x, attributes, "services");
	int technique = technique_by_name(type, strlen(type));
	const size_t i = x->run.technique_count;
	uint64_t count;
	uint8_t proto;

	if (x->failed || !nmap_xml_scan_proto(x, attributes, "protocol", &proto))
		return;
	if (technique < 0 || finding_proto((unsigned)technique) != proto)
		return nmap_xml_stop(x, "a scan type for which portlight has no technique", type);
	if (x->run_ready || i == NMAP_XML_SCANS)
		return nmap_xml_stop(x, "too many scaninfo elements", type);
	if (!words_port_count(list, &count))
		return nmap_xml_stop(x, "not a list of ports", list);
	technique = next_of_type(x, (unsigned)technique);
	x->techniques[i] = (uint8_t)technique;
	x->port_counts[i] = (uint32_t)nmap_xml_number(x, attributes, "numservices", UINT32_MAX);
	x->port_lists[i] = copy(x, list);
	x->run.technique_count++;
	if (x->of_proto[proto == IPPROTO_UDP] == TECHNIQUES)
		x->of_proto[proto == IPPROTO_UDP] = (uint8_t)technique;
}

static void start_verbose(struct source_xml *x, const char **attributes)
{
	x->run.verbose = (int)nmap_xml_number(x, attributes, "level", 1000);
}

static void start_runstats(struct source_xml *x, const char **attributes)
{
	(void)attributes;
	x->run_ready = true;
}

static void start_finished(struct source_xml *x, const char **attributes)
{
	struct run_summary *sum = &x->source.summary;
	const char *elapsed = nmap_xml_attribute(attributes, "elapsed");
	const char *how = nmap_xml_attribute(attributes, "exit"),
		   *why = nmap_xml_attribute(attributes, "errormsg");

	sum->end_ns = nmap_xml_number(x, attributes, "time", SECONDS_MOST) * NS_PER_SECOND;
	if (elapsed && !words_seconds(elapsed, &sum->elapsed_ns))
		nmap_xml_stop(x, "not a number of seconds", elapsed);
	sum->partial = how && strcmp(how, "success") != 0;
	if (why && !x->stopped_why)
		x->stopped_why = copy(x, why);
	sum->stopped_why = x->stopped_why;
	x->finished = true;
}

/* Hosts that are counted but not listed: nmap does not list hosts that are down. */
static void start_hosts(struct source_xml *x, const char **attributes)
{
	struct run_summary *sum = &x->source.summary;
	const uint64_t listed = sum->hosts_total;

	sum->hosts_up = nmap_xml_number(x, attributes, "up", UINT32_MAX);
	sum->hosts_down = nmap_xml_number(x, attributes, "down", UINT32_MAX);
	sum->hosts_total = nmap_xml_number(x, attributes, "total", UINT32_MAX);
	if (x->failed)
		return;
	if (sum->hosts_total < listed || sum->hosts_total < sum->hosts_up + sum->hosts_down)
		return nmap_xml_stop(
			x, "the stated number of hosts is below the number of hosts listed", NULL);
	sum->hosts_silent = sum->hosts_total - sum->hosts_up - sum->hosts_down;
	sum->hosts_hidden = sum->hosts_total - listed;
}

static const struct {
	const char *name;
	uint8_t parent; /* enum element */
	void (*start)(struct source_xml *x, const char **attributes);
	void (*end)(struct source_xml *x);
} elements[ELEMENTS] = {
	[ELEMENT_NMAPRUN] = {"nmaprun", ELEMENT_DOCUMENT, start_nmaprun, NULL},
	[ELEMENT_SCANINFO] = {"scaninfo", ELEMENT_NMAPRUN, start_scaninfo, NULL},
	[ELEMENT_VERBOSE] = {"verbose", ELEMENT_NMAPRUN, start_verbose, NULL},
	[ELEMENT_HOST] = {"host", ELEMENT_NMAPRUN, nmap_xml_start_host, nmap_xml_end_host},
	[ELEMENT_STATUS] = {"status", ELEMENT_HOST, nmap_xml_start_status, NULL},
	[ELEMENT_ADDRESS] = {"address", ELEMENT_HOST, nmap_xml_start_address, NULL},
	[ELEMENT_HOSTNAMES] = {"hostnames", ELEMENT_HOST, NULL, NULL},
	[ELEMENT_HOSTNAME] = {"hostname", ELEMENT_HOSTNAMES, nmap_xml_start_hostname, NULL},
	[ELEMENT_HOSTSCRIPT] = {"hostscript", ELEMENT_HOST, NULL, NULL},
	[ELEMENT_SCRIPT] = {"script", ELEMENT_HOSTSCRIPT, nmap_xml_start_script, NULL},
	[ELEMENT_PORTS] = {"ports", ELEMENT_HOST, NULL, NULL},
	[ELEMENT_EXTRAPORTS] = {"extraports", ELEMENT_PORTS, nmap_xml_start_extraports,
				nmap_xml_end_extraports},
	[ELEMENT_EXTRAREASONS] = {"extrareasons", ELEMENT_EXTRAPORTS, nmap_xml_start_extrareasons,
				  NULL},
	[ELEMENT_PORT] = {"port", ELEMENT_PORTS, nmap_xml_start_port, nmap_xml_end_port},
	[ELEMENT_STATE] = {"state", ELEMENT_PORT, nmap_xml_start_state, NULL},
	[ELEMENT_SERVICE] = {"service", ELEMENT_PORT, nmap_xml_start_service, NULL},
	[ELEMENT_RUNSTATS] = {"runstats", ELEMENT_NMAPRUN, start_runstats, NULL},
	[ELEMENT_FINISHED] = {"finished", ELEMENT_RUNSTATS, start_finished, NULL},
	[ELEMENT_HOSTS] = {"hosts", ELEMENT_RUNSTATS, start_hosts, NULL},
};

static void XMLCALL on_start(void *context, const char *name, const char **attributes)
{
	struct source_xml *x = context;
	const uint8_t parent = x->depth ? x->stack[x->depth - 1] : ELEMENT_DOCUMENT;

	if (x->failed)
		return;
	for (uint8_t i = ELEMENT_NMAPRUN; i < ELEMENTS && !x->passing; i++)
		if (elements[i].parent == parent && strcmp(elements[i].name, name) == 0) {
			x->stack[x->depth++] = i;
			if (elements[i].start)
				elements[i].start(x, attributes);
			return;
		}
	if (x->depth == 0)
		return nmap_xml_stop(x, "not nmap's XML: the outermost element is", name);
	if (++x->passing > DEPTH)
		nmap_xml_stop(x, "elements nested too deeply", name);
}

static void XMLCALL on_end(void *context, const char *name)
{
	struct source_xml *x = context;

	(void)name; /* expat has compared it */
	if (x->failed)
		return;
	if (x->passing) {
		x->passing--;
		return;
	}
	const uint8_t element = x->stack[--x->depth];

	if (elements[element].end)
		elements[element].end(x);
}

/* nmap declares no entities; without them no text can expand. */
static void XMLCALL on_entity(void *context, const char *name, int is_parameter, const char *value,
			      int length, const char *base, const char *system, const char *public,
			      const char *notation)
{
	(void)is_parameter;
	(void)value;
	(void)length;
	(void)base;
	(void)system;
	(void)public;
	(void)notation;
	nmap_xml_stop(context, "an entity declaration", name);
}

/* Passes the next bytes of the file to the parser. */
static enum XML_Status feed(struct source_xml *x)
{
	const XML_Index at = XML_GetCurrentByteIndex(x->parser);
	void *buffer;
	size_t got;

	if (at >= 0 && x->fed_bytes - (uint64_t)at > TAG_BYTES) {
		nmap_xml_stop(x, "a tag longer than 16 MiB", NULL);
		return XML_STATUS_ERROR;
	}
	buffer = XML_GetBuffer(x->parser, CHUNK);
	if (!buffer)
		return XML_STATUS_ERROR;
	got = fread(buffer, 1, CHUNK, x->in);
	if (got < CHUNK && ferror(x->in)) {
		x->failed = true;
		refuse_read(&x->where, errno, x->f);
		return XML_STATUS_ERROR;
	}
	x->fed_bytes += got;
	x->fed_last = got < CHUNK;
	return XML_ParseBuffer(x->parser, (int)got, x->fed_last);
}

/* Reports a parser error: the file ends too early, or is not XML. */
static void parser_failed(struct source_xml *x)
{
	const enum XML_Error error = XML_GetErrorCode(x->parser);
	const bool at_end = error == XML_ERROR_NO_ELEMENTS || error == XML_ERROR_UNCLOSED_TOKEN ||
			    error == XML_ERROR_PARTIAL_CHAR;

	if (x->failed)
		return;
	if (at_end && x->fed_last && x->depth) {
		x->parsed = true;
		x->run_ready = true;
		return;
	}
	nmap_xml_stop(x, "not well-formed XML", XML_ErrorString(error));
}

/* Parses until the run is known, a host is complete, the file ends or is invalid. */
static int parse_on(struct source_xml *x, const bool *until, struct failure *f)
{
	x->f = f;
	while (!*until && !x->parsed && !x->failed) {
		const enum XML_Status status = x->suspended ? XML_ResumeParser(x->parser) : feed(x);

		x->suspended = status == XML_STATUS_SUSPENDED;
		if (status == XML_STATUS_ERROR)
			parser_failed(x);
		else if (status == XML_STATUS_OK && x->fed_last)
			x->parsed = true;
	}
	return x->failed ? -1 : 0;
}

static const struct run_info *xml_begin(struct source *source, struct failure *f)
{
	struct source_xml *x = (struct source_xml *)source;

	return parse_on(x, &x->run_ready, f) < 0 ? NULL : &x->run;
}

/* Ends a file without a summary. An incomplete host is returned with what was read. */
static int end_early(struct source_xml *x, struct record *record, struct failure *f)
{
	struct run_summary *sum = &x->source.summary;
	struct finding twice;

	sum->partial = true;
	sum->stopped_why = "the input ends before its summary";
	if (sum->end_ns == 0)
		sum->end_ns = x->run.start_ns;
	sum->elapsed_ns = sum->end_ns > x->run.start_ns ? sum->end_ns - x->run.start_ns : 0;
	if (!x->in_host || !x->has_address)
		return 0;
	x->in_host = false;
	if (!builder_finish(&x->host, &twice))
		return refuse_input(&x->where, f, "a host with a port that is given twice", NULL);
	nmap_xml_techniques(x);
	if (x->failed)
		return -1;
	x->host.host.notes |= HOST_PARTIAL;
	sum->hosts_silent++;
	sum->hosts_total++;
	*record = (struct record){.kind = RECORD_HOST, .host = &x->host.host};
	return 1;
}

static int xml_next(struct source *source, struct record *record, struct failure *f)
{
	struct source_xml *x = (struct source_xml *)source;

	/* The first host may be complete already: the run is known only when its host element
	 * begins. */
	x->host_ready &= !x->host_given;
	if (parse_on(x, &x->host_ready, f) < 0)
		return -1;
	x->host_given = x->host_ready;
	if (x->host_ready) {
		*record = (struct record){.kind = RECORD_HOST, .host = &x->host.host};
		return 1;
	}
	x->source.summary.no_counts = true;
	if (x->finished)
		return 0;
	x->source.cut_off = true;
	return end_early(x, record, f);
}

static void xml_close(struct source *source)
{
	struct source_xml *x = (struct source_xml *)source;

	XML_ParserFree(x->parser);
	builder_fini(&x->host);
	builder_fini(&x->results);
	for (size_t i = 0; i < x->run.technique_count; i++)
		free((void *)x->port_lists[i]);
	free(x->version);
	free(x->args);
	free(x->stopped_why);
	free(x);
}

static struct source *xml_open(FILE *in, const char *name, struct failure *f)
{
	struct source_xml *x = calloc(1, sizeof(*x));

	if (!x || !(x->parser = XML_ParserCreate(NULL))) {
		free(x);
		failure_set(f, EXIT_SOFTWARE, "out of memory");
		return NULL;
	}
	x->source.ops = &source_nmap_xml;
	x->in = in;
	x->where = (struct refuse){name, 1};
	x->of_proto[0] = x->of_proto[1] = TECHNIQUES;
	x->run.techniques = x->techniques;
	x->run.port_lists = x->port_lists;
	x->run.port_counts = x->port_counts;
	XML_SetUserData(x->parser, x);
	XML_SetElementHandler(x->parser, on_start, on_end);
	XML_SetEntityDeclHandler(x->parser, on_entity);
	return &x->source;
}

const struct source_ops source_nmap_xml = {"nmap's XML", '<',	   xml_open,
					   xml_begin,	 xml_next, xml_close};
