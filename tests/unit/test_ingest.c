/* test_ingest: what a sink wrote, a source gives back; what is no report is refused in one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ingest/source.h"
#include "ingest/words.h"
#include "recording_sink.h"
#include "report_samples.h"
#include "result/extraports.h"

/* A fixed generator of numbers: the same reports each time. */
static uint64_t numbers = 1;

static unsigned pick(unsigned below)
{
	numbers = numbers * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(numbers >> 33) % below;
}

/* The records of `text` into `sink`: 0; 1 if it is cut off; -1 with *f. */
static int read_into(const char *text, size_t length, struct sink *sink, struct failure *f)
{
	FILE *in = fmemopen((void *)text, length, "r");
	struct source *source;
	struct record record;
	int got = -1;

	assert_non_null(in);
	source = source_open(in, "x", f);
	if (source) {
		const struct run_info *run = source->ops->begin(source, f);

		if (run)
			assert_int_equal(sink_begin(sink, run), 0);
		while (run && (got = source->ops->next(source, &record, f)) > 0)
			assert_int_equal(sink_record(sink, &record), 0);
		if (got == 0) {
			assert_int_equal(sink_end(sink, &source->summary), 0);
			got = source->cut_off;
		}
		source->ops->close(source);
	}
	(void)fclose(in);
	return got;
}

/* A report in another format, or the same; freed by the caller. */
static char *convert(const char *text, const struct report_ops *ops, int expected)
{
	const struct report_conf conf = {.all_ports = true, .all_hosts = true};
	struct failure f = {0};
	struct report report;
	char *made = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&made, &length);

	assert_non_null(out);
	report_init(&report, ops, out, &conf);
	int got = read_into(text, strlen(text), &report.sink, &f);

	report_fini(&report);
	assert_int_equal(fclose(out), 0);
	if (got != expected)
		fail_msg("%d: %s", got, f.text);
	return made;
}

/* Inlined, gcc 12 takes its result for a pointer to a local variable. */
__attribute__((noinline)) static char *render(const struct sample *s, const struct report_ops *ops)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	assert_int_equal(sample_write(s, ops, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void vary_finding(struct finding *f)
{
	f->reason = (uint8_t)pick(REASONS);
	f->has = (uint16_t)(pick(FINDING_LOCAL * 2) | pick(2) * FINDING_FROM_PORT);
	f->from_port = (uint16_t)pick(65536);
	f->ttl = (uint8_t)pick(256);
	f->window = (uint16_t)pick(65536);
	f->rtt_us = pick(1u << 31);
	f->t_ns = SAMPLE_START + pick(1u << 31);
	f->attempt = (uint8_t)pick(255);
	f->from = pick(2) ? SAMPLE_ROUTER : SAMPLE_V6;
	f->icmp_type = (uint8_t)pick(256);
	f->icmp_code = (uint8_t)pick(256);
}

static void vary_confidence(struct run_confidence *c)
{
	c->known = true;
	c->loss_ppm = pick(1000001);
	c->again = pick(1000);
	c->again_mute = pick(1000);
	for (unsigned kind = 0; kind < CONFIDENCE_KINDS; kind++) {
		c->wrong[kind].known = pick(2);
		c->wrong[kind].milli = pick(1u << 30);
		c->wrong[kind].most = pick(1u << 30);
	}
}

/* Hosts, techniques, ports, states, evidence, notes and options by chance. */
static struct sample *random_sample(void)
{
	static uint8_t techniques[PORT_TECHNIQUES];
	static const char *lists[PORT_TECHNIQUES];
	static uint32_t counts[PORT_TECHNIQUES];
	static const char *const names[] = {NULL, "a.example", "\x01\xff\"\\\x7f\x80/"};
	size_t count = 0;

	for (uint8_t t = 0; t < PORT_TECHNIQUES; t++)
		if (pick(3) == 0) {
			techniques[count] = t;
			lists[count] = "7,9-12";
			counts[count++] = 5;
		}
	struct sample *s = sample_new("random", techniques, count, lists, counts);

	s->conf.all_hosts = pick(2);
	s->conf.open_only = pick(4) == 0;
	s->conf.all_ports = pick(4) == 0;
	s->conf.verbose = (int)pick(3);
	s->summary.stopped_why = names[pick(3)];
	s->summary.partial = pick(2);
	s->summary.elapsed_ns = (uint64_t)pick(1u << 30) * 1000;
	s->summary.ring_drops = pick(9);
	if (pick(2))
		vary_confidence(&s->summary.confidence);
	for (unsigned hosts = pick(4); hosts > 0; hosts--) {
		const unsigned ports = pick(70), states = 1 + pick(PORT_STATES - 1);

		sample_add_host(s, pick(2) ? SAMPLE_TARGET : SAMPLE_V6, names[pick(3)],
				pick(HOST_NAMED * 2) | pick(2) * HOST_CHALLENGED);
		s->host[s->hosts - 1].other_names = pick(3) ? NULL : "b.example,c.example";
		s->host[s->hosts - 1].reverse_name = names[pick(3)];
		s->host[s->hosts - 1].zone = pick(3) ? NULL : "eth0\"<\\";
		for (unsigned i = 0; i < 2 * ports; i++)
			for (size_t t = 0; t < count && ports; t++) {
				const bool udp = techniques[t] == TECH_UDP;

				/* TCP's come first. */
				if (udp != (i >= ports) || pick(10) == 0)
					continue;
				struct finding *f = sample_add(
					s, techniques[t], (uint16_t)(i % ports * 3), REPLY_RST);

				vary_finding(f);
				f->state = (uint8_t)(1 + pick(states));
			}
	}
	return s;
}

static void test_ndjson_is_the_same_again(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		struct sample *s = random_sample();
		char *text = render(s, &report_ndjson), *again = convert(text, &report_ndjson, 0);

		assert_string_equal(text, again);
		free(text);
		free(again);
		sample_free(s);
	}
}

/* Of XML all but what the packets were counts: the words behind the elapsed time. */
static void test_xml_is_the_same_again(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		struct sample *s = random_sample();

		s->summary.elapsed_ns -= s->summary.elapsed_ns % 10000000;
		s->summary.no_counts = true;
		s->summary.confidence.known = false;
		/* \xHH is what is left of a foreign byte, and hosts that are down have no third
		 * kind of silence. */
		s->summary.hosts_total = 0;
		s->summary.hosts_up = 0;
		s->conf.all_hosts = true;
		for (size_t h = 0; h < s->hosts; h++)
			s->summary.hosts_total++;
		s->summary.hosts_silent = s->summary.hosts_total;
		char *text = render(s, &report_xml), *again = convert(text, &report_xml, 0);

		assert_string_equal(text, again);
		free(text);
		free(again);
		sample_free(s);
	}
}

/* The same with more ports than are listed. */
static struct sample *sample_merged_long(void)
{
	static const uint8_t techniques[] = {TECH_SYN, TECH_FIN, TECH_ACK, TECH_TTL};
	static const char *const lists[] = {"1-60", "1-60", "1-60", "1-60"};
	static const uint32_t counts[] = {60, 60, 60, 60};
	struct sample *s = sample_new("long", techniques, 4, lists, counts);

	sample_add_host(s, SAMPLE_TARGET, NULL, HOST_ANSWERED);
	for (uint16_t port = 1; port <= 60; port++)
		for (unsigned t = 0; t < 4; t++)
			sample_add(s, (enum technique_id)techniques[t], port,
				   t == 0 && port == 22 ? REPLY_SYN_ACK
				   : port > 40		? REPLY_SILENCE
							: REPLY_RST);
	return s;
}

/* What each technique found passes through XML and NDJSON; only the evidence of those whose verdict
 * was not the merged one is lost. */
static void test_xml_techniques(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct sample *s = i ? sample_merged() : sample_merged_long();
		char *xml, *ndjson, *xml_again, *ndjson_again;

		s->summary.no_counts = true;
		xml = render(s, &report_xml);
		ndjson = convert(xml, &report_ndjson, 0);
		xml_again = convert(ndjson, &report_xml, 0);
		ndjson_again = convert(xml_again, &report_ndjson, 0);
		assert_non_null(strstr(ndjson, "\"technique\":\"fin\""));
		assert_non_null(strstr(ndjson, "\"technique\":\"ttl\""));
		assert_non_null(strstr(xml, "&#xa;ttl "));
		/* NDJSON has no TTL of a host's status, and XML no counts of packets. */
		xml[strlen(xml) - strlen(strstr(xml, "<runstats>"))] = '\0';
		xml_again[strlen(xml_again) - strlen(strstr(xml_again, "<runstats>"))] = '\0';
		assert_string_equal(strstr(xml, "<hostnames>"), strstr(xml_again, "<hostnames>"));
		assert_string_equal(ndjson, ndjson_again);
		free(ndjson_again);
		free(xml_again);
		free(ndjson);
		free(xml);
		sample_free(s);
	}
}

/* A list with two reasons: how many have each stays, over XML as well; which ones is left open. */
static void test_shared_reasons(void **state)
{
	static const uint8_t techniques[] = {TECH_SYN};
	static const char *const lists[] = {"1-40"};
	static const uint32_t counts[] = {40};
	struct sample *s = sample_new("shared", techniques, 1, lists, counts);
	struct recording_sink got = {{&recording_ops}};
	struct failure f = {0};
	char *lines, *xml, *again;
	unsigned prohibited = 0;

	(void)state;
	sample_add_host(s, SAMPLE_TARGET, NULL, HOST_ANSWERED);
	for (uint16_t port = 1; port <= 40; port++)
		if (port % 4)
			sample_add(s, TECH_SYN, port, REPLY_SILENCE)->state = PORT_FILTERED;
		else
			sample_add_prohibited(s, TECH_SYN, port, SAMPLE_ROUTER);
	lines = render(s, &report_ndjson);
	assert_non_null(strstr(lines, "{\"no-response\":30,\"admin-prohibited\":10}"));
	assert_int_equal(read_into(lines, strlen(lines), &got.sink, &f), 0);
	assert_int_equal(got.host[0].count, 40);
	for (size_t i = 0; i < 40; i++) {
		const struct finding *p = &got.host[0].findings[i];

		assert_int_equal(p->port, i + 1);
		assert_int_equal(p->state, PORT_FILTERED);
		assert_int_equal(p->has, FINDING_SUMMARISED | FINDING_REASON_SHARED);
		prohibited += p->reason == REASON_ADMIN_PROHIBITED;
	}
	assert_int_equal(prohibited, 10);
	xml = convert(lines, &report_xml, 0);
	assert_non_null(strstr(xml,
			       "<extrareasons reason=\"no-response\" count=\"30\" proto=\"tcp\" "
			       "ports=\"1-40\"/>"));
	again = convert(xml, &report_ndjson, 0);
	assert_non_null(strstr(again, "\"count\":40,\"reasons\":{\"no-response\":30,"
				      "\"admin-prohibited\":10},\"ports\":\"1-40\"}"));
	free(lines);
	free(xml);
	free(again);
	recording_sink_fini(&got);
	sample_free(s);
}

/* The text with its first `from` replaced. */
static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *made;

	assert_non_null(at);
	assert_true(asprintf(&made, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
	return made;
}

static void check_refused(char *text, const char *what)
{
	struct recording_sink got = {{&recording_ops}};
	struct failure f = {0};

	assert_int_equal(read_into(text, strlen(text), &got.sink, &f), -1);
	assert_int_equal(f.exit_code, EXIT_DATA);
	assert_string_equal(f.text, what);
	recording_sink_fini(&got);
	free(text);
}

static void test_ndjson_refused(void **state)
{
	static const struct {
		const char *from, *to, *what;
	} damages[] = {
		{"{\"type\":\"run\"", "{\"type\":\"walk\"",
		 "x:1: not portlight's NDJSON: the first record is not of type run: "
		 "\"{\"type\":\"walk\""},
		{"portlight/1", "portlight/9",
		 "x:1: a schema that this version does not know: \"portlight/9\""},
		{"\"hosts\":1,", "", "x:1: a member is missing: \"hosts\""},
		{"\"hosts\":1,", "\"hosts\":1,\"hosts\":1,",
		 "x:1: a member given twice: \"hosts\""},
		{"\"hosts\":1,", "\"guests\":1,",
		 "x:1: a member that portlight does not write: \"guests\""},
		{"\"hosts\":1,", "\"hosts\":-1,", "x:1: not a whole number: \"hosts\""},
		{"\"hosts\":1,", "\"hosts\":1.5,", "x:1: not a whole number: \"hosts\""},
		{"\"hosts\":1,", "\"hosts\":18446744073709551616,",
		 "x:1: number too large: \"hosts\""},
		{"\"count\":1000", "\"count\":999",
		 "x:1: the number of ports differs from the stated one: \"syn\""},
		{"\"hash\":\"0123456789abcdef\"", "\"hash\":\"0123456789abcdeg\"",
		 "x:1: a plan that is none: \"0123456789abcdeg\""},
		{"\"last\":2000", "\"last\":1000",
		 "x:1: a plan that is none: \"0123456789abcdef\""},
		{"\"last\":2000", "\"last\":3001",
		 "x:1: a plan that is none: \"0123456789abcdef\""},
		{"\"ranges\":300", "\"ranges\":299",
		 "x:3: more ranges than the plan states: \"198.18.2.86\""},
		{"\"ranges\":300", "\"ranges\":301", "x:4: targets of the plan are missing"},
		{"\"198.18.0.2\"", "\"198.18.0.1\"", "x:3: targets of a plan that overlap"},
		{"\"198.18.0.2\"", "\"host.example\"",
		 "x:2: not a range of addresses: \"host.example\""},
		{"{\"type\":\"targets\",\"ranges\"", "{\"type\":\"targets\",\"range\"",
		 "x:2: a member is missing: \"ranges\""},
		{"\"finished\":1000", "\"finished\":1001",
		 "x:9: finished probes that are not of the plan"},
		{",\"finished\":1000", "", "x:9: finished probes that are not of the plan"},
		{"\"port\":22", "\"port\":65536", "x:4: number too large: \"port\""},
		{"\"ip\":\"192.0.2.5\"", "\"ip\":\"192.0.2.500\"",
		 "x:4: not an address: \"192.0.2.500\""},
		{"\"state\":\"open\"", "\"state\":\"ajar\"", "x:4: unknown port state: \"ajar\""},
		{"\"proto\":\"tcp\",\"port\"", "\"proto\":\"udp\",\"port\"",
		 "x:4: not the protocol of the technique: \"udp\""},
		{"\"t\":\"2026-09-21", "\"t\":\"2026-09-31",
		 "x:4: not a time: \"2026-09-31T14:13:20.123477789Z\""},
		{"\"port\":80", "\"port\":22",
		 "x:8: a host with two verdicts of one technique on one port: \"192.0.2.5\""},
		{"\"count\":997", "\"count\":996",
		 "x:7: the number of ports differs from the stated one: "
		 "\"1-21,23-79,81-442,444-1000\""},
		{"\"results\":1000", "\"results\":999",
		 "x:8: the ports of the host differ from its counts: \"192.0.2.5\""},
		{"\"status\":\"up\"", "\"status\":\"\\u0101\"",
		 "x:8: a string with a character that portlight does not write: \"status\""},
		{"\"type\":\"summary\"", "\"type\":\"surprise\"",
		 "x:9: a record of a type that this version does not know: \"surprise\""},
	};
	struct sample *s = sample_basic(false);
	char *text = render(s, &report_ndjson);

	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct recording_sink got = {{&recording_ops}};
		struct failure f = {0};
		char *damaged = replaced(text, damages[i].from, damages[i].to);

		assert_int_equal(read_into(damaged, strlen(damaged), &got.sink, &f), -1);
		assert_int_equal(f.exit_code, EXIT_DATA);
		if (strncmp(f.text, damages[i].what, strlen(damages[i].what)) != 0)
			fail_msg("%s\ninstead of %s", f.text, damages[i].what);
		recording_sink_fini(&got);
		free(damaged);
	}
	check_refused(strdup("?"),
		      "x:1: neither portlight's NDJSON nor nmap's XML; it begins with: "
		      "\"?\"");
	check_refused(strdup("  \n"), "x:1: an empty file");
	char *twice;

	assert_true(asprintf(&twice, "%s%s", text, "{}\n") > 0);
	check_refused(twice, "x:10: data after the summary: \"{}\"");
	free(text);
	sample_free(s);
}

/* Wherever the file ends: what is complete is given, or a line says what is wrong. */
static void test_ndjson_cut_anywhere(void **state)
{
	struct sample *s = sample_basic(false);
	char *text = render(s, &report_ndjson);
	const size_t length = strlen(text), first = strcspn(text, "\n");

	(void)state;
	for (size_t cut = first; cut < length; cut++) {
		struct recording_sink got = {{&recording_ops}};
		struct failure f = {0};
		int result = read_into(text, cut, &got.sink, &f);

		/* But for its newline the summary is there. */
		if (result != (cut < length - 1) && result != -1)
			fail_msg("cut at %zu: %d", cut, result);
		if (result == 1 && cut > first + 1)
			assert_true(got.summary.partial);
		if (result == -1)
			assert_int_equal(f.exit_code, EXIT_DATA);
		recording_sink_fini(&got);
	}
	free(text);
	sample_free(s);
}

#define HEAD                                                                                       \
	"<?xml version=\"1.0\"?>\n<nmaprun scanner=\"nmap\" args=\"nmap x\" version=\"7.93\">\n"   \
	"<scaninfo type=\"syn\" protocol=\"tcp\" numservices=\"2\" services=\"22,80\"/>\n"
#define HOST                                                                                       \
	"<host><status state=\"up\" reason=\"echo-reply\" reason_ttl=\"61\"/>"                     \
	"<address addr=\"192.0.2.9\" addrtype=\"ipv4\"/><ports>"
#define TAIL                                                                                       \
	"</ports></host><runstats><finished time=\"5\" elapsed=\"1.5\"/>"                          \
	"<hosts up=\"1\" down=\"2\" total=\"3\"/></runstats></nmaprun>"
#define PORT                                                                                       \
	"<port protocol=\"tcp\" portid=\"22\"><state state=\"open\" reason=\"syn-ack\"/></port>"

static void test_xml(void **state)
{
	static const char text[] = HEAD
		"<hosthint><status state=\"down\"/><address addr=\"192.0.2.8\"/></hosthint>" HOST
		"<extraports state=\"closed\" count=\"1\"><extrareasons reason=\"perm-denied\" "
		"count=\"1\" proto=\"tcp\" ports=\"80\"/></extraports>"
		"<port protocol=\"tcp\" portid=\"22\"><state state=\"open\" reason=\"syn-ack\" "
		"reason_ttl=\"60\"/><service name=\"ssh\"><cpe>x</cpe></service>"
		"<script id=\"s\" output=\"o\"><table><elem key=\"k\">v</elem>"
		"<port><state/></port></table></script></port>" TAIL;
	struct recording_sink got = {{&recording_ops}};
	struct failure f = {0};

	(void)state;
	assert_int_equal(read_into(text, sizeof(text) - 1, &got.sink, &f), 0);
	assert_int_equal(got.hosts, 1);
	assert_int_equal(got.host[0].count, 2);
	assert_int_equal(got.host[0].findings[0].state, PORT_OPEN);
	assert_int_equal(got.host[0].findings[0].ttl, 60);
	assert_int_equal(got.host[0].findings[0].reply, REPLY_SYN_ACK);
	assert_int_equal(got.host[0].findings[1].port, 80);
	assert_int_equal(got.host[0].findings[1].reason, REASON_UNKNOWN);
	assert_int_equal(got.host[0].findings[1].has, FINDING_SUMMARISED);
	assert_int_equal(got.summary.hosts_hidden, 2);
	assert_int_equal(got.summary.elapsed_ns, 1500000000);
	recording_sink_fini(&got);
}

static void test_xml_refused(void **state)
{
	char *deep = calloc(1, 300 * 3 + 200);

	(void)state;
	check_refused(strdup("<x/>"), "x:1: not nmap's XML: the outermost element is: \"x\"");
	check_refused(strdup(HEAD "</host>"), "x:4: not well-formed XML: \"mismatched tag\"");
	check_refused(strdup(HEAD "<scaninfo type=\"sctpinit\" protocol=\"sctp\" services=\"1\"/>"),
		      "x:4: a protocol that portlight has no records for: \"sctp\"");
	check_refused(strdup(HEAD HOST PORT PORT TAIL),
		      "x:4: a host with a port that is given twice");
	check_refused(strdup(HEAD HOST "<port protocol=\"tcp\" portid=\"1\"/>" TAIL),
		      "x:4: a port without a state");
	check_refused(strdup(HEAD HOST "<extraports state=\"closed\" count=\"2\"><extrareasons "
				       "reason=\"reset\" count=\"2\"/></extraports>" TAIL),
		      "x:4: summarised ports that are not named (nmap names them since 7.90)");
	check_refused(strdup(HEAD HOST "<extraports state=\"closed\" count=\"2\"><extrareasons "
				       "reason=\"reset\" count=\"1\" proto=\"tcp\" ports=\"1\"/>"
				       "</extraports>" TAIL),
		      "x:4: the number of summarised ports differs from the stated one");
	check_refused(strdup("<!DOCTYPE n [<!ENTITY a \"b\">]><nmaprun/>"),
		      "x:1: an entity declaration: \"a\"");
	assert_non_null(deep);
	strcpy(deep, HEAD);
	for (int i = 0; i < 300; i++)
		strcat(deep, "<a>");
	check_refused(deep, "x:4: elements nested too deeply: \"a\"");
}

static void test_xml_cut_anywhere(void **state)
{
	static const char text[] = HEAD HOST PORT TAIL;
	const size_t run = strlen(HEAD), host = strlen(HEAD HOST PORT);

	(void)state;
	for (size_t cut = run; cut < sizeof(text) - 1; cut++) {
		struct recording_sink got = {{&recording_ops}};
		struct failure f = {0};

		assert_int_equal(read_into(text, cut, &got.sink, &f),
				 strstr(text, "<hosts up") - text > (long)cut);
		if (cut >= host) {
			assert_int_equal(got.hosts, 1);
			assert_int_equal(got.host[0].count, 1);
		}
		recording_sink_fini(&got);
	}
}

static void test_words(void **state)
{
	uint64_t value = 7;
	const char *list = "1-2,x";
	unsigned first, last;

	(void)state;
	assert_true(words_number("18446744073709551615", UINT64_MAX, &value));
	assert_true(value == UINT64_MAX);
	assert_false(words_number("18446744073709551616", UINT64_MAX, &value));
	assert_false(words_number("01", 9, &value));
	assert_false(words_number("", 9, &value));
	assert_false(words_number("10", 9, &value));
	assert_true(words_time("2000-02-29T23:59:59.999999999Z", &value));
	assert_true(value == UINT64_C(951868799999999999));
	assert_false(words_time("2001-02-29T23:59:59.999999999Z", &value));
	assert_true(words_time("1970-01-01T00:00:00.000000000Z", &value));
	assert_int_equal(value, 0);
	assert_true(words_seconds("2.34", &value));
	assert_int_equal(value, 2340000000);
	assert_false(words_seconds("2.3x", &value));
	assert_true(words_port_count("", &value));
	assert_int_equal(value, 0);
	assert_true(words_port_count("0-65535", &value));
	assert_int_equal(value, 65536);
	assert_false(words_port_count("3-2", &value));
	assert_false(words_port_count("1,", &value));
	assert_false(words_port_range(&list, &first, &last) && *list != 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ndjson_is_the_same_again),
		cmocka_unit_test(test_xml_is_the_same_again),
		cmocka_unit_test(test_xml_techniques),
		cmocka_unit_test(test_shared_reasons),
		cmocka_unit_test(test_ndjson_refused),
		cmocka_unit_test(test_ndjson_cut_anywhere),
		cmocka_unit_test(test_xml),
		cmocka_unit_test(test_xml_refused),
		cmocka_unit_test(test_xml_cut_anywhere),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
