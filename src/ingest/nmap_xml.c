/* nmap_xml: the source that reads nmap's XML, and portlight's, which has the same form. */
#include <errno.h>
#include <expat.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/builder.h"
#include "ingest/refuse.h"
#include "ingest/source.h"
#include "ingest/words.h"
#include "plan/ports.h"

#define CHUNK	      65536
#define TAG_BYTES     (16 << 20) /* the longest tag; one with a list of ports has some 400 KiB */
#define DEPTH	      256	 /* of elements in one another */
#define SCANS	      16	 /* scaninfo elements; nmap has up to four */
#define SECONDS_MOST  (UINT64_MAX / 1000000000 - 1)
#define NS_PER_SECOND UINT64_C(1000000000)

/* Elements that matter; everything else, with what is in it, is passed over. */
enum element {
	ELEMENT_DOCUMENT,
	ELEMENT_NMAPRUN,
	ELEMENT_SCANINFO,
	ELEMENT_HOST,
	ELEMENT_STATUS,
	ELEMENT_ADDRESS,
	ELEMENT_HOSTNAMES,
	ELEMENT_HOSTNAME,
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
	struct finding finding; /* what all have in common */
	size_t from;
	uint64_t count;		      /* as the element says */
	uint64_t reasons[2][REASONS]; /* how many of each, of TCP and UDP */
	struct port_set seen[2];
	bool shared; /* a list is longer than its number: which port has which reason is open */
};

struct source_xml {
	struct source source;
	FILE *in;
	struct refuse where;
	XML_Parser parser;
	struct failure *f;			  /* of the call that goes on */
	bool failed, suspended, fed_last, parsed; /* parsed: to the end of the file */
	bool run_ready, host_ready, host_given, finished;
	uint64_t fed_bytes;

	uint8_t stack[ELEMENTS];
	unsigned depth;	  /* of the stack */
	unsigned passing; /* elements that are passed over, in one another */

	struct run_info run;
	uint8_t techniques[SCANS];
	const char *port_lists[SCANS];
	uint32_t port_counts[SCANS];
	char *version, *args, *stopped_why;
	uint8_t of_proto[2]; /* the first technique of TCP, of UDP */

	struct builder host;
	bool in_host, has_address, user_name;
	struct finding port;
	bool has_state;
	struct xml_extraports extra;
};

static void stop(struct source_xml *x, const char *what, const char *text)
{
	if (x->failed)
		return;
	x->failed = true;
	x->where.line = XML_GetCurrentLineNumber(x->parser);
	refuse_input(&x->where, x->f, what, text);
	(void)XML_StopParser(x->parser, XML_FALSE);
}

/* The value of an attribute, or NULL. */
static const char *attribute(const char **attributes, const char *name)
{
	for (size_t i = 0; attributes[i]; i += 2)
		if (strcmp(attributes[i], name) == 0)
			return attributes[i + 1];
	return NULL;
}

/* The same, "" and a failure if there is none. */
static const char *required(struct source_xml *x, const char **attributes, const char *name)
{
	const char *value = attribute(attributes, name);

	if (!value)
		stop(x, "an element without its attribute", name);
	return value ? value : "";
}

/* A number; where there is no such attribute, 0. */
static uint64_t number(struct source_xml *x, const char **attributes, const char *name,
		       uint64_t most)
{
	const char *value = attribute(attributes, name);
	uint64_t n = 0;

	if (value && !words_number(value, most, &n))
		stop(x, "not a number, or too large", value);
	return n;
}

static char *copy(struct source_xml *x, const char *text)
{
	char *copied = strdup(text);

	if (!copied)
		stop(x, "out of memory", NULL);
	return copied;
}

static const char *host_text(struct source_xml *x, const char *text)
{
	const char *copied = builder_text(&x->host, text);

	if (!copied)
		stop(x, "more text than a host can have, or than memory", NULL);
	return copied;
}

static void start_nmaprun(struct source_xml *x, const char **attributes)
{
	const char *args = attribute(attributes, "args");
	const char *version = attribute(attributes, "version");

	if (strcmp(required(x, attributes, "scanner"), "nmap") != 0)
		stop(x, "not by nmap or portlight", attribute(attributes, "scanner"));
	x->args = copy(x, args ? args : "");
	x->version = copy(x, version ? version : "unknown");
	x->run.args = x->args;
	x->run.version = x->version;
	/* Portlight's file names nmap as the scanner, which the DTD wants. */
	x->run.program = args && strncmp(args, "portlight", 9) == 0 ? "portlight" : "nmap";
	x->run.engine = "unknown";
	x->run.start_ns = number(x, attributes, "start", SECONDS_MOST) * NS_PER_SECOND;
}

static bool scan_proto(struct source_xml *x, const char **attributes, const char *name,
		       uint8_t *proto)
{
	const char *text = required(x, attributes, name);

	if (words_proto(text, proto))
		return true;
	stop(x, "a protocol that portlight has no records for", text);
	return false;
}

static void start_scaninfo(struct source_xml *x, const char **attributes)
{
	const char *type = required(x, attributes, "type");
	const char *list = required(x, attributes, "services");
	const int technique = technique_by_name(type, strlen(type));
	const size_t i = x->run.technique_count;
	uint64_t count;
	uint8_t proto;

	if (x->failed || !scan_proto(x, attributes, "protocol", &proto))
		return;
	if (technique < 0 || finding_proto((unsigned)technique) != proto)
		return stop(x, "a type of scan that portlight has no technique for", type);
	if (x->run_ready || i == SCANS)
		return stop(x, "a scaninfo too many", type);
	if (!words_port_count(list, &count))
		return stop(x, "not a list of ports", list);
	x->techniques[i] = (uint8_t)technique;
	x->port_counts[i] = (uint32_t)number(x, attributes, "numservices", UINT32_MAX);
	x->port_lists[i] = copy(x, list);
	x->run.technique_count++;
	if (x->of_proto[proto == IPPROTO_UDP] == TECHNIQUES)
		x->of_proto[proto == IPPROTO_UDP] = (uint8_t)technique;
}

static void start_verbose(struct source_xml *x, const char **attributes)
{
	x->run.verbose = (int)number(x, attributes, "level", 1000);
}

static void start_host(struct source_xml *x, const char **attributes)
{
	const char *comment = attribute(attributes, "comment");
	struct host_report *host = &x->host.host;

	builder_reset(&x->host);
	x->run_ready = true;
	x->in_host = true;
	x->has_address = x->user_name = false;
	host->start_ns = number(x, attributes, "starttime", SECONDS_MOST) * NS_PER_SECOND;
	host->end_ns = number(x, attributes, "endtime", SECONDS_MOST) * NS_PER_SECOND;
	if (host->start_ns == 0)
		host->start_ns = x->run.start_ns;
	if (host->end_ns == 0)
		host->end_ns = host->start_ns;
	if (comment && strcmp(comment, "partial") == 0)
		host->notes |= HOST_PARTIAL;
}

static void start_status(struct source_xml *x, const char **attributes)
{
	const char *state = required(x, attributes, "state");
	const char *reason = attribute(attributes, "reason");
	struct host_status *status = &x->host.status;

	/* nmap skips hosts of an earlier, resumed run. */
	if (strcmp(state, "skipped") != 0 && !words_host_state(state, &status->state))
		return stop(x, "no status of a host", state);
	status->reason = host_text(x, reason ? reason : "unknown-response");
	status->ttl = (uint8_t)number(x, attributes, "reason_ttl", 255);
	x->host.host.status = status;
}

static void start_address(struct source_xml *x, const char **attributes)
{
	const char *text = required(x, attributes, "addr");
	const char *type = attribute(attributes, "addrtype");
	struct host_report *host = &x->host.host;

	if (x->failed)
		return;
	if (type && strcmp(type, "mac") == 0) {
		if (!words_mac(text, host->mac))
			return stop(x, "not a MAC address", text);
		host->notes |= HOST_MAC;
		return;
	}
	if (addr_parse(text, strlen(text), &host->addr) < 0)
		return stop(x, "not an address", text);
	x->has_address = true;
}

/* The name that the user gave, or else the first that the address has. */
static void start_hostname(struct source_xml *x, const char **attributes)
{
	const char *name = attribute(attributes, "name");
	const char *type = attribute(attributes, "type");
	const bool user = type && strcmp(type, "user") == 0;

	if (!name || !*name || x->user_name || (x->host.host.name && !user))
		return;
	x->host.host.name = host_text(x, name);
	x->user_name = user;
}

static void start_extraports(struct source_xml *x, const char **attributes)
{
	const char *state = required(x, attributes, "state");

	x->extra =
		(struct xml_extraports){.from = x->host.count, .finding.has = FINDING_SUMMARISED};
	x->extra.count = number(x, attributes, "count", BUILDER_FINDINGS);
	if (!x->failed && !words_state(state, &x->extra.finding.state))
		stop(x, "no state of a port", state);
}

/* A word of nmap's that is none of ours is no error: why is told in no other place. */
static uint8_t reason_of(const char *text)
{
	uint8_t reason = REASON_UNKNOWN;

	(void)words_reason(text, &reason);
	return reason;
}

/* The technique of the ports of a protocol: several are merged into the first. */
static uint8_t technique_of(struct source_xml *x, bool udp)
{
	if (x->of_proto[udp] < TECHNIQUES)
		return x->of_proto[udp];
	stop(x, "ports of a protocol without a scaninfo", udp ? "udp" : "tcp");
	return udp ? TECH_UDP : TECH_CONNECT;
}

/* Several reasons may name the same list (see FINDING_REASON_SHARED). */
static void extra_add(struct source_xml *x, struct port_set *seen, unsigned port)
{
	struct finding *p = &x->extra.finding;

	if (port_set_has(seen, port))
		return;
	port_set_add(seen, port);
	p->port = (uint16_t)port;
	if (!builder_add(&x->host, p))
		stop(x, "more ports than a host can have, or than memory", NULL);
}

static void start_extrareasons(struct source_xml *x, const char **attributes)
{
	struct xml_extraports *extra = &x->extra;
	const char *list = attribute(attributes, "ports");
	const uint64_t count = number(x, attributes, "count", BUILDER_FINDINGS);
	const uint8_t reason = reason_of(required(x, attributes, "reason"));
	uint64_t listed = 0;
	unsigned first, last;
	uint8_t proto;

	if (!list)
		stop(x, "summarised ports that are not named (nmap names them since 7.90)", NULL);
	if (x->failed || !scan_proto(x, attributes, "proto", &proto))
		return;
	const bool udp = proto == IPPROTO_UDP;

	extra->finding.technique = technique_of(x, udp);
	extra->finding.reason = reason;
	for (; *list && !x->failed; listed += last - first + 1) {
		if (!words_port_range(&list, &first, &last))
			return stop(x, "not a list of ports", list);
		for (unsigned port = first; port <= last; port++)
			extra_add(x, &extra->seen[udp], port);
	}
	extra->reasons[udp][reason] += count;
	extra->shared |= listed != count;
}

static void end_extraports(struct source_xml *x)
{
	struct xml_extraports *extra = &x->extra;
	uint64_t sum = 0;

	for (int udp = 0; udp < 2; udp++) {
		uint64_t of_proto = 0;

		for (unsigned i = 0; i < REASONS; i++)
			of_proto += extra->reasons[udp][i];
		if (of_proto != port_set_size(&extra->seen[udp]))
			return stop(x, "not as many summarised ports as it says", NULL);
		sum += of_proto;
		builder_share_reasons(&x->host, extra->from, udp ? IPPROTO_UDP : IPPROTO_TCP,
				      extra->shared ? extra->reasons[udp] : NULL);
	}
	if (sum != extra->count)
		stop(x, "not as many summarised ports as it says", NULL);
}

static void start_port(struct source_xml *x, const char **attributes)
{
	uint8_t proto;

	x->port = (struct finding){0};
	x->has_state = false;
	if (x->failed || !scan_proto(x, attributes, "protocol", &proto))
		return;
	x->port.port = (uint16_t)number(x, attributes, "portid", 65535);
	if (!*required(x, attributes, "portid"))
		stop(x, "not a number, or too large", "");
	x->port.technique = technique_of(x, proto == IPPROTO_UDP);
}

static void start_state(struct source_xml *x, const char **attributes)
{
	const char *state = required(x, attributes, "state");
	const char *from = attribute(attributes, "reason_ip");
	struct finding *p = &x->port;

	if (x->failed)
		return;
	if (!words_state(state, &p->state))
		return stop(x, "no state of a port", state);
	p->reason = reason_of(required(x, attributes, "reason"));
	p->reply = (uint8_t)finding_reply(p->technique, p->state, p->reason);
	p->ttl = (uint8_t)number(x, attributes, "reason_ttl", 255);
	if (p->ttl)
		p->has |= FINDING_TTL;
	if (from && addr_parse(from, strlen(from), &p->from) < 0)
		return stop(x, "not an address", from);
	if (from)
		p->has |= FINDING_FROM;
	x->has_state = true;
}

static void start_service(struct source_xml *x, const char **attributes)
{
	const char *name = attribute(attributes, "name");

	if (name)
		x->port.service = host_text(x, name);
}

static void end_port(struct source_xml *x)
{
	if (!x->has_state)
		return stop(x, "a port without a state", NULL);
	if (!builder_add(&x->host, &x->port))
		stop(x, "more ports than a host can have, or than memory", NULL);
}

static void end_host(struct source_xml *x)
{
	struct run_summary *sum = &x->source.summary;
	const uint8_t state = x->host.status.state;
	struct finding twice;

	if (!x->has_address)
		return stop(x, "a host without an address", NULL);
	if (!builder_finish(&x->host, &twice))
		return stop(x, "a host with a port that is given twice", NULL);
	sum->hosts_total++;
	*(state == STATUS_UP	 ? &sum->hosts_up
	  : state == STATUS_DOWN ? &sum->hosts_down
				 : &sum->hosts_silent) += 1;
	if (x->host.host.end_ns > sum->end_ns)
		sum->end_ns = x->host.host.end_ns;
	x->in_host = false;
	x->host_ready = true;
	(void)XML_StopParser(x->parser, XML_TRUE);
}

static void start_runstats(struct source_xml *x, const char **attributes)
{
	(void)attributes;
	x->run_ready = true;
}

static void start_finished(struct source_xml *x, const char **attributes)
{
	struct run_summary *sum = &x->source.summary;
	const char *elapsed = attribute(attributes, "elapsed");
	const char *how = attribute(attributes, "exit"), *why = attribute(attributes, "errormsg");

	sum->end_ns = number(x, attributes, "time", SECONDS_MOST) * NS_PER_SECOND;
	if (elapsed && !words_seconds(elapsed, &sum->elapsed_ns))
		stop(x, "not a number of seconds", elapsed);
	sum->partial = how && strcmp(how, "success") != 0;
	if (why && !x->stopped_why)
		x->stopped_why = copy(x, why);
	sum->stopped_why = x->stopped_why;
	x->finished = true;
}

/* Hosts that are counted and were not listed: nmap leaves those out that are down. */
static void start_hosts(struct source_xml *x, const char **attributes)
{
	struct run_summary *sum = &x->source.summary;
	const uint64_t listed = sum->hosts_total;

	sum->hosts_up = number(x, attributes, "up", UINT32_MAX);
	sum->hosts_down = number(x, attributes, "down", UINT32_MAX);
	sum->hosts_total = number(x, attributes, "total", UINT32_MAX);
	if (x->failed)
		return;
	if (sum->hosts_total < listed || sum->hosts_total < sum->hosts_up + sum->hosts_down)
		return stop(x, "fewer hosts than there are", NULL);
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
	[ELEMENT_HOST] = {"host", ELEMENT_NMAPRUN, start_host, end_host},
	[ELEMENT_STATUS] = {"status", ELEMENT_HOST, start_status, NULL},
	[ELEMENT_ADDRESS] = {"address", ELEMENT_HOST, start_address, NULL},
	[ELEMENT_HOSTNAMES] = {"hostnames", ELEMENT_HOST, NULL, NULL},
	[ELEMENT_HOSTNAME] = {"hostname", ELEMENT_HOSTNAMES, start_hostname, NULL},
	[ELEMENT_PORTS] = {"ports", ELEMENT_HOST, NULL, NULL},
	[ELEMENT_EXTRAPORTS] = {"extraports", ELEMENT_PORTS, start_extraports, end_extraports},
	[ELEMENT_EXTRAREASONS] = {"extrareasons", ELEMENT_EXTRAPORTS, start_extrareasons, NULL},
	[ELEMENT_PORT] = {"port", ELEMENT_PORTS, start_port, end_port},
	[ELEMENT_STATE] = {"state", ELEMENT_PORT, start_state, NULL},
	[ELEMENT_SERVICE] = {"service", ELEMENT_PORT, start_service, NULL},
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
		return stop(x, "not nmap's XML: the outermost element is", name);
	if (++x->passing > DEPTH)
		stop(x, "elements too deep in one another", name);
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

/* nmap declares none; without them no text can grow. */
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
	stop(context, "an entity declaration", name);
}

/* The next bytes of the file into the parser. */
static enum XML_Status feed(struct source_xml *x)
{
	const XML_Index at = XML_GetCurrentByteIndex(x->parser);
	void *buffer;
	size_t got;

	if (at >= 0 && x->fed_bytes - (uint64_t)at > TAG_BYTES) {
		stop(x, "a tag longer than 16 MiB", NULL);
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

/* An error of the parser: the file ends too early, or is not XML. */
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
	stop(x, "not well-formed XML", XML_ErrorString(error));
}

/* Parses on until the run is known, a host is complete, the file is through or wrong. */
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

/* The file ends before its summary. Of a host that is not complete there is what was read. */
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
	x->host.host.notes |= HOST_PARTIAL;
	sum->hosts_silent++;
	sum->hosts_total++;
	*record = (struct record){.kind = RECORD_HOST, .host = &x->host.host};
	return 1;
}

static int xml_next(struct source *source, struct record *record, struct failure *f)
{
	struct source_xml *x = (struct source_xml *)source;

	/* The first may be complete already: the run is known only when its host begins. */
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
