/* nmap_xml_host: the elements of a host in nmap's XML: status, addresses, names, ports. */
#include "ingest/nmap_xml.h"

#include <netinet/in.h>
#include <string.h>

#include "ingest/words.h"

static const char *host_text(struct source_xml *x, const char *text)
{
	const char *copied = builder_text(&x->host, text);

	if (!copied)
		nmap_xml_stop(x, "more text than a host can have, or out of memory", NULL);
	return copied;
}

void nmap_xml_start_host(struct source_xml *x, const char **attributes)
{
	const char *comment = nmap_xml_attribute(attributes, "comment");
	struct host_report *host = &x->host.host;

	builder_reset(&x->host);
	x->run_ready = true;
	x->in_host = true;
	x->has_address = false;
	host->start_ns = nmap_xml_number(x, attributes, "starttime", SECONDS_MOST) * NS_PER_SECOND;
	host->end_ns = nmap_xml_number(x, attributes, "endtime", SECONDS_MOST) * NS_PER_SECOND;
	if (host->start_ns == 0)
		host->start_ns = x->run.start_ns;
	if (host->end_ns == 0)
		host->end_ns = host->start_ns;
	if (comment && strcmp(comment, "partial") == 0)
		host->notes |= HOST_PARTIAL;
}

void nmap_xml_start_status(struct source_xml *x, const char **attributes)
{
	const char *state = nmap_xml_required(x, attributes, "state");
	const char *reason = nmap_xml_attribute(attributes, "reason");
	struct host_status *status = &x->host.status;

	/* nmap skips hosts of an earlier, resumed run. */
	if (strcmp(state, "skipped") != 0 && !words_host_state(state, &status->state))
		return nmap_xml_stop(x, "unknown host status", state);
	status->reason = host_text(x, reason ? reason : "unknown-response");
	status->ttl = (uint8_t)nmap_xml_number(x, attributes, "reason_ttl", 255);
	x->host.host.status = status;
}

void nmap_xml_start_address(struct source_xml *x, const char **attributes)
{
	const char *text = nmap_xml_required(x, attributes, "addr");
	const char *type = nmap_xml_attribute(attributes, "addrtype");
	struct host_report *host = &x->host.host;

	if (x->failed)
		return;
	if (type && strcmp(type, "mac") == 0) {
		if (!words_mac(text, host->mac))
			return nmap_xml_stop(x, "not a MAC address", text);
		host->notes |= HOST_MAC;
		return;
	}
	const size_t length = strcspn(text, "%");

	if (addr_parse(text, length, &host->addr) < 0)
		return nmap_xml_stop(x, "not an address", text);
	host->zone = text[length] && text[length + 1] ? host_text(x, text + length + 1) : NULL;
	x->has_address = true;
}

/* Scripts are left out, but for the place where portlight keeps the results of each technique. */
void nmap_xml_start_script(struct source_xml *x, const char **attributes)
{
	const char *id = nmap_xml_attribute(attributes, "id");
	const char *output = nmap_xml_attribute(attributes, "output");

	if (id && output && strcmp(id, "portlight-techniques") == 0)
		x->host.host.technique_results = host_text(x, output);
}

static void add_other_name(struct source_xml *x, const char *name)
{
	const char *before = x->host.host.other_names;
	char *joined;

	if (asprintf(&joined, "%s%s%s", before ? before : "", before ? "," : "", name) < 0)
		return nmap_xml_stop(x, "out of memory for names", NULL);
	x->host.host.other_names = host_text(x, joined);
	free(joined);
}

/* Names of other types than PTR are the user's. */
void nmap_xml_start_hostname(struct source_xml *x, const char **attributes)
{
	const char *name = nmap_xml_attribute(attributes, "name");
	const char *type = nmap_xml_attribute(attributes, "type");
	struct host_report *host = &x->host.host;

	if (!name || !*name)
		return;
	if (type && strcmp(type, "PTR") == 0)
		host->reverse_name = host->reverse_name ? host->reverse_name : host_text(x, name);
	else if (host->name)
		add_other_name(x, name);
	else
		host->name = host_text(x, name);
}

void nmap_xml_start_extraports(struct source_xml *x, const char **attributes)
{
	const char *state = nmap_xml_required(x, attributes, "state");

	x->extra =
		(struct xml_extraports){.from = x->host.count, .finding.has = FINDING_SUMMARISED};
	x->extra.count = nmap_xml_number(x, attributes, "count", BUILDER_FINDINGS);
	if (!x->failed && !words_state(state, &x->extra.finding.state))
		nmap_xml_stop(x, "unknown port state", state);
}

/* An unknown reason is not an error: no other record depends on it. */
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
	nmap_xml_stop(x, "ports of a protocol without a scaninfo", udp ? "udp" : "tcp");
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
		nmap_xml_stop(x, "more ports than a host can have, or out of memory", NULL);
}

void nmap_xml_start_extrareasons(struct source_xml *x, const char **attributes)
{
	struct xml_extraports *extra = &x->extra;
	const char *list = nmap_xml_attribute(attributes, "ports");
	const uint64_t count = nmap_xml_number(x, attributes, "count", BUILDER_FINDINGS);
	const uint8_t reason = reason_of(nmap_xml_required(x, attributes, "reason"));
	uint64_t listed = 0;
	unsigned first, last;
	uint8_t proto;

	if (!list)
		nmap_xml_stop(x, "summarised ports that are not named (nmap names them since 7.90)",
			      NULL);
	if (x->failed || !nmap_xml_scan_proto(x, attributes, "proto", &proto))
		return;
	const bool udp = proto == IPPROTO_UDP;

	extra->finding.technique = technique_of(x, udp);
	extra->finding.reason = reason;
	for (; *list && !x->failed; listed += last - first + 1) {
		if (!words_port_range(&list, &first, &last))
			return nmap_xml_stop(x, "not a list of ports", list);
		for (unsigned port = first; port <= last; port++)
			extra_add(x, &extra->seen[udp], port);
	}
	extra->reasons[udp][reason] += count;
	extra->shared |= listed != count;
}

void nmap_xml_end_extraports(struct source_xml *x)
{
	struct xml_extraports *extra = &x->extra;
	uint64_t sum = 0;

	for (int udp = 0; udp < 2; udp++) {
		uint64_t of_proto = 0;

		for (unsigned i = 0; i < REASONS; i++)
			of_proto += extra->reasons[udp][i];
		if (of_proto != port_set_size(&extra->seen[udp]))
			return nmap_xml_stop(
				x, "the number of summarised ports differs from the stated one",
				NULL);
		sum += of_proto;
		builder_share_reasons(&x->host, extra->from, udp ? IPPROTO_UDP : IPPROTO_TCP,
				      extra->shared ? extra->reasons[udp] : NULL);
	}
	if (sum != extra->count)
		nmap_xml_stop(x, "the number of summarised ports differs from the stated one",
			      NULL);
}

void nmap_xml_start_port(struct source_xml *x, const char **attributes)
{
	uint8_t proto;

	x->port = (struct finding){0};
	x->has_state = false;
	if (x->failed || !nmap_xml_scan_proto(x, attributes, "protocol", &proto))
		return;
	x->port.port = (uint16_t)nmap_xml_number(x, attributes, "portid", 65535);
	if (!*nmap_xml_required(x, attributes, "portid"))
		nmap_xml_stop(x, "not a number, or too large", "");
	x->port.technique = technique_of(x, proto == IPPROTO_UDP);
}

void nmap_xml_start_state(struct source_xml *x, const char **attributes)
{
	const char *state = nmap_xml_required(x, attributes, "state");
	const char *from = nmap_xml_attribute(attributes, "reason_ip");
	struct finding *p = &x->port;

	if (x->failed)
		return;
	if (!words_state(state, &p->state))
		return nmap_xml_stop(x, "unknown port state", state);
	p->reason = reason_of(nmap_xml_required(x, attributes, "reason"));
	p->reply = (uint8_t)finding_reply(p->technique, p->state, p->reason);
	p->ttl = (uint8_t)nmap_xml_number(x, attributes, "reason_ttl", 255);
	if (p->ttl)
		p->has |= FINDING_TTL;
	if (from && addr_parse(from, strlen(from), &p->from) < 0)
		return nmap_xml_stop(x, "not an address", from);
	if (from)
		p->has |= FINDING_FROM;
	x->has_state = true;
}

void nmap_xml_start_service(struct source_xml *x, const char **attributes)
{
	const char *name = nmap_xml_attribute(attributes, "name");

	if (name)
		x->port.service = host_text(x, name);
}

void nmap_xml_end_port(struct source_xml *x)
{
	if (!x->has_state)
		return nmap_xml_stop(x, "a port without a state", NULL);
	if (!builder_add(&x->host, &x->port))
		nmap_xml_stop(x, "more ports than a host can have, or out of memory", NULL);
}

void nmap_xml_end_host(struct source_xml *x)
{
	struct run_summary *sum = &x->source.summary;
	const uint8_t state = x->host.status.state;
	struct finding twice;

	if (!x->has_address)
		return nmap_xml_stop(x, "a host without an address", NULL);
	if (!builder_finish(&x->host, &twice))
		return nmap_xml_stop(x, "a host with a port that is given twice", NULL);
	nmap_xml_techniques(x);
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
