/* test_report: goldens of the text formats, escaping, full disks, progress. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/escape.h"
#include "report/icmp.h"
#include "report/phrase.h"
#include "report/progress.h"
#include "report/text/sequence.h"
#include "report/text/techniques.h"
#include "report/view.h"
#include "report_checks.h"
#include "report_samples.h"
#include "result/host.h"

static void test_table(void **state)
{
	(void)state;
	check_golden(
		sample_basic(false), &report_table,
		"portlight report for web.example (192.0.2.5)\n"
		"Host is up (reset ttl 64, round trip 0.321 ms).\n"
		"Not shown: 997 closed tcp ports (reset)\n"
		"PORT     STATE     SERVICE\n"
		"22/tcp   open      ssh\n"
		"80/tcp   open      http\n"
		"443/tcp  filtered  unknown\n"
		"\n"
		"portlight done: 1 host (1 up) in 2.34 s, 1001 probes sent, 1 retransmission\n");
}

static void test_table_reasons_and_colour(void **state)
{
	struct sample *s = sample_basic(false);

	(void)state;
	s->conf.reasons = true;
	s->conf.colour = true;
	check_has(s, &report_table,
		  "PORT     STATE     SERVICE  REASON\n"
		  "22/tcp   \x1b[32mopen\x1b[0m      ssh      syn-ack ttl 64\n"
		  "80/tcp   \x1b[32mopen\x1b[0m      http     syn-ack ttl 64\n"
		  "443/tcp  \x1b[33mfiltered\x1b[0m  unknown  "
		  "admin-prohibited from 192.0.2.1 ttl 63\n");
	s = sample_basic(false);
	s->conf.colour = true;
	char *text = render(s, &report_normal);

	assert_null(strchr(text, '\x1b'));
	free(text);
	sample_free(s);
}

static void test_table_merged(void **state)
{
	(void)state;
	check_has(sample_merged(), &report_table,
		  "22/tcp  open      ssh      syn-ack ttl 64  syn\n"
		  "22/tcp  closed    ssh      reset ttl 64    fin\n");
	check_has(sample_merged(), &report_table,
		  "Note: This host sends a RST to FIN, NULL and Xmas probes even from");
	/* A closed that says nothing must not beat filtered; nor a heuristic open a closed. */
	check_has(sample_merged(), &report_normal,
		  "PORT    STATE     SERVICE  REASON\n"
		  "22/tcp  open      ssh      syn-ack ttl 64\n"
		  "23/tcp  closed    unknown  reset ttl 64\n"
		  "24/tcp  filtered  unknown  no-response\n"
		  "25/tcp  closed    unknown  reset ttl 64\n");
}

static void test_table_silent_hosts(void **state)
{
	struct sample *s = sample_empty(true);

	(void)state;
	check_golden(s, &report_table,
		     "Not listed: 2 hosts that did not answer.\n"
		     "portlight done: 2 hosts (0 up, 2 silent) in 2.34 s, 1001 probes sent, "
		     "1 retransmission\n");
	s = sample_empty(true);
	s->host[0].notes |= HOST_NAMED;
	check_has(s, &report_table,
		  "portlight report for 192.0.2.5\n"
		  "Host did not answer: it is behind a packet filter, or not there.\n"
		  "PORT    STATE     SERVICE\n"
		  "22/tcp  filtered  ssh\n"
		  "\n"
		  "Not listed: 1 host that did not answer.\n");
	s = sample_empty(true);
	s->conf.all_hosts = true;
	check_has(s, &report_table, "Note: The host is down: no host on the link answered");
}

static void test_confidence(void **state)
{
	struct sample *s = sample_basic(false);

	(void)state;
	s->summary.confidence = (struct run_confidence){.known = true};
	s->summary.confidence.wrong[CONFIDENCE_OPEN].known = true;
	check_has(s, &report_table,
		  "\nConfidence: no loss seen; open ports missed: none (95 %)\n"
		  "portlight done: 1 host");
	s = sample_basic(false);
	s->summary.confidence = (struct run_confidence){.known = true, .again = 1000};
	s->summary.confidence.wrong[CONFIDENCE_OPEN].known = true;
	check_has(s, &report_table,
		  "\nConfidence: no loss at 1000 ports probed again; open ports missed: none (95 "
		  "%)\n");
	s = sample_basic(false);
	s->summary.confidence =
		(struct run_confidence){.known = true, .loss_ppm = 100, .again = 1000};
	check_has(s, &report_table,
		  "\nConfidence: loss 0.01 % there or back, none at 1000 ports probed again\n");
	s = sample_basic(false);
	s->summary.confidence = (struct run_confidence){
		.known = true, .loss_ppm = 21000, .again = 1000, .again_mute = 22};
	s->summary.confidence.wrong[CONFIDENCE_OPEN].known = true;
	s->summary.confidence.wrong[CONFIDENCE_OPEN].milli = 340;
	s->summary.confidence.wrong[CONFIDENCE_OPEN].most = 3;
	s->summary.confidence.wrong[CONFIDENCE_SILENCE].known = true;
	s->summary.confidence.wrong[CONFIDENCE_SILENCE].milli = 12000;
	s->summary.confidence.wrong[CONFIDENCE_SILENCE].most = 20;
	char *text = render(s, &report_normal);

	assert_non_null(strstr(text, "\n# Confidence: loss 2.10 % there or back (1000 ports probed "
				     "again, 22 without answer); open ports missed: 0.3 expected, "
				     "at most 3 (95 %); ports silent only by loss: 12.0 expected, "
				     "at most 20 (95 %)\n# portlight done"));
	free(text);
	text = render(s, &report_xml);
	assert_non_null(strstr(text, "1 retransmission; loss 2.10 % there or back (1000"));
	free(text);
	check_has(s, &report_ndjson,
		  "\"confidence\":{\"loss_ppm\":21000,\"probed_again\":1000,\"unanswered\":22,"
		  "\"open_missed\":{\"expected_milli\":340,\"at_most\":3},"
		  "\"silent_by_loss\":{\"expected_milli\":12000,\"at_most\":20}}");
}

/* Silence of everything is no result that stands for itself. */
static void test_no_answer_at_all(void **state)
{
	struct sample *s = sample_empty(true);

	(void)state;
	s->summary.replies_valid = 0;
	check_has(s, &report_table,
		  "Not listed: 2 hosts that did not answer.\n"
		  "Confidence: no answer at all from 2 hosts with a route and a neighbour; 1001\n"
		  "            probes left, none was refused by this machine; a firewall drops\n"
		  "            probes or answers, or the hosts are not there\n"
		  "portlight done: 2 hosts");
}

static void test_table_stopped(void **state)
{
	(void)state;
	check_has(sample_partial(), &report_table,
		  "portlight stopped (interrupted), results are partial: 1 host (1 up) in 2.34 s, "
		  "1001 probes sent, 1 retransmission, 3 refused by the kernel and retried, "
		  "5 answers lost in our own receive ring\n");
	check_has(sample_partial(), &report_table, "Note: Partial: the scan was stopped before");
}

static void test_normal(void **state)
{
	(void)state;
	check_golden(sample_open_only(), &report_normal,
		     "# portlight 0.1.0 scan started 2026-09-21T14:13:20Z as: "
		     "portlight scan -sS 192.0.2.5\n"
		     "portlight report for web.example (192.0.2.5)\n"
		     "Host is up (reset ttl 64, round trip 0.321 ms).\n"
		     "Not shown: 997 closed tcp ports (reset)\n"
		     "Not shown: 1 filtered tcp port (admin-prohibited)\n"
		     "PORT    STATE  SERVICE\n"
		     "22/tcp  open   ssh\n"
		     "80/tcp  open   http\n"
		     "\n"
		     "# portlight done 2026-09-21T14:13:22Z: 1 host (1 up) in 2.34 s, "
		     "1001 probes sent, 1 retransmission\n");
}

static void test_grepable(void **state)
{
	(void)state;
	check_golden(sample_basic(false), &report_grepable,
		     "# portlight 0.1.0 scan started 2026-09-21T14:13:20Z as: "
		     "portlight scan -sS 192.0.2.5\n"
		     "Host: 192.0.2.5 (web.example)\tStatus: Up\n"
		     "Host: 192.0.2.5 (web.example)\tPorts: 22/open/tcp//ssh///, "
		     "80/open/tcp//http///, 443/filtered/tcp/////\tIgnored State: closed (997)\n"
		     "# portlight done at 2026-09-21T14:13:22Z -- 1 host (1 up) in 2.34 s, "
		     "1001 probes sent, 1 retransmission\n");
	/* Both protocols' closed ports are one ignored state; the separators stay separators. */
	check_has(sample_hostile(), &report_grepable,
		  "\tPorts: 666/open/tcp//a|b|<\\x1b[2J>\"&\\xff///, 53/open/udp//domain///, "
		  "123/open|filtered/udp/////\tIgnored State: closed (62)\n");
}

static void test_explain(void **state)
{
	(void)state;
	check_has(
		sample_basic(false), &report_explain,
		"22/tcp by syn\n"
		"time in ms  we send                              192.0.2.5 sends\n"
		"     0.000  SYN 61001>22 seq=2882343476     --->\n"
		"            ttl=64 win=1024\n"
		"     0.321                                  <--- SYN+ACK 22>61001 seq=4294967295\n"
		"                                                 ack=2882343477 ttl=64 win=64240\n"
		"     0.321  RST 61001>22 seq=2882343477     --->\n"
		"            ttl=64 win=0\n"
		"  Rule    A socket listens: it accepts the SYN and acknowledges it with its own.\n"
		"  Source  RFC 9293, 3.10.7.2\n"
		"  State   22/tcp is open (syn-ack ttl 64)\n");
	check_has(sample_basic(false), &report_explain, "<--- ICMP destination unreachable:\n");
	/* Of the bulk one example, then how many more; with all_ports each. */
	check_has(sample_basic(false), &report_explain,
		  "1/tcp is closed (reset ttl 64)\n\n"
		  "The other 996 ports that syn found closed by reset had the same sequence.\n"
		  "  All     1-21, 23-79, 81-442, 444-1000\n");
	check_has(sample_all_ports(), &report_explain, "  State   1000/tcp is closed");
	/* On a host where the technique is mute its caveat stands with the verdict. */
	check_has(sample_merged(), &report_explain,
		  "  State   22/tcp is closed (reset ttl 64)\n"
		  "  But     Hosts that answer RST whether the port is open or closed");
	check_has(sample_merged(), &report_explain,
		  "  State   22/tcp is open (syn-ack ttl 64)\n\n");

	struct sample *s = sample_empty(true);

	s->conf.all_hosts = true;
	check_has(s, &report_explain, "(silence: no answer came)\n");
}

/* A UDP port that answered from another port, or from another address as well. */
static struct sample *sample_elsewhere(bool other_address)
{
	struct sample *s = sample_empty(true);
	struct finding *f;

	sample_add_host(s, SAMPLE_TARGET, NULL, HOST_ANSWERED | HOST_NAMED);
	f = sample_add(s, TECH_UDP, 69, REPLY_DATA);
	f->has |= (other_address ? FINDING_FROM : 0) | FINDING_FROM_PORT;
	f->from = SAMPLE_ROUTER;
	f->from_port = 40069;
	return s;
}

static void test_explain_elsewhere(void **state)
{
	(void)state;
	check_has(sample_elsewhere(true), &report_explain,
		  "69/udp is open (udp-response from 192.0.2.1 port 40069 ttl 64)\n"
		  "  Note    The answer did not come from the probed address and port.");
	check_has(sample_elsewhere(false), &report_explain,
		  "69/udp is open (udp-response from port 40069 ttl 64)\n  Note");
	check_has(sample_elsewhere(true), &report_ndjson,
		  "\"from\":\"192.0.2.1\",\"from_port\":40069,");
}

static void test_explain_calls(void **state)
{
	struct trace_event event = {.kind = TRACE_CALL, .error = EINPROGRESS, .call = "connect"};
	char text[SEQUENCE_TEXT];

	(void)state;
	assert_string_equal(sequence_describe(&event, SAMPLE_TARGET, text),
			    "system call connect: EINPROGRESS (Operation now in progress)");
	event.attempt = 1;
	event.error = 0;
	assert_string_equal(sequence_describe(&event, SAMPLE_TARGET, text),
			    "system call connect: done (attempt 2)");
	event = (struct trace_event){
		.kind = TRACE_RESULT, .error = ECONNREFUSED, .call = "connect"};
	assert_string_equal(sequence_describe(&event, SAMPLE_TARGET, text),
			    "our kernel reports for connect: ECONNREFUSED (Connection refused)");
	event.error = 1 << 30; /* no such errno */
	assert_string_equal(sequence_describe(&event, SAMPLE_TARGET, text),
			    "our kernel reports for connect: error (unknown)");
}

/* Every event that could be: the text fits, and no line is longer than promised. */
static void test_explain_widest(void **state)
{
	struct trace_event event = {.t_ns = UINT64_MAX, .attempt = 15};
	const struct finding finding = {.reply = REPLY_SILENCE, .has = FINDING_LOCAL};
	char *text = NULL, *line;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	(void)state;
	assert_non_null(out);
	event.packet =
		(struct packet){.has = PACKET_IP | PACKET_TCP | PACKET_TRUNCATED | PACKET_SUM_BAD,
				.src = {UINT64_MAX, UINT64_MAX},
				.sport = 65535,
				.dport = 65535,
				.seq = UINT32_MAX,
				.ack = UINT32_MAX,
				.flags = 0xff,
				.window = 65535,
				.ttl = 255,
				.payload_bytes = UINT32_MAX};
	for (event.kind = TRACE_SENT; event.kind <= TRACE_RESULT; event.kind++)
		sequence_write(out, SAMPLE_V6, &finding, &event, 1);
	event.kind = TRACE_RECEIVED;
	event.packet.has = PACKET_IP | PACKET_ICMP | PACKET_QUOTE | PACKET_TRUNCATED;
	for (unsigned family = 4; family <= 6; family += 2) {
		if (family == 4)
			event.packet.src = SAMPLE_ROUTER;
		else
			event.packet.src = (struct addr){UINT64_MAX, UINT64_MAX};
		for (unsigned word = 0; word < 65536; word++) {
			event.packet.icmp_type = (uint8_t)(word >> 8);
			event.packet.icmp_code = (uint8_t)word;
			sequence_write(out, SAMPLE_V6, &finding, &event, 1);
		}
	}
	assert_int_equal(fclose(out), 0);
	for (line = text; *line; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\n"), 1, PHRASE_COLUMNS);
	free(text);
}

static void test_open_only_hosts(void **state)
{
	struct sample *s = sample_basic(false);

	(void)state;
	s->conf.open_only = true;
	s->host[0].findings += 99; /* ports 100 to 1000: none open */
	s->host[0].count = 901;
	check_has(s, &report_table, "Not listed: 1 host without an open port.\n");
}

static void test_escape(void **state)
{
	char bytes[256], *json = NULL, *xml = NULL, *plain = NULL;
	size_t length[3];
	FILE *out;

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		bytes[i] = (char)i;
	out = open_memstream(&json, &length[0]);
	escape_json(out, bytes, 0x30);
	escape_json(out, "[\\]~\x7f", 5);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(json, "\\u0000\\u0001"));
	assert_non_null(strstr(json, "\\u001f !\\\"#$%&'()*+,-./[\\\\]~\\u007f"));
	out = open_memstream(&xml, &length[1]);
	escape_xml(out, "<a b='--->]]>\"&\x7f\xff", 17);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(xml, "&lt;a b=&#39;-&#45;&#45;&gt;]]&gt;&quot;&amp;\\x7f\\xff");
	out = open_memstream(&plain, &length[2]);
	escape_text(out, "a\\\x1b[2J\n~", 8);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(plain, "a\\\\x1b[2J\\x0a~");
	free(json);
	free(xml);
	free(plain);
}

/* A full disk is seen by every format, at once or at the end, and is never written to again. */
static void test_full_disk(void **state)
{
	static const struct report_ops *const formats[] = {&report_table,  &report_normal,
							   &report_xml,	   &report_grepable,
							   &report_ndjson, &report_explain};

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct sample *s = sample_all_ports();
		FILE *out = fopen("/dev/full", "w");

		assert_non_null(out);
		assert_int_equal(sample_write(s, formats[i], out), ENOSPC);
		(void)fclose(out);
		sample_free(s);
	}
	FILE *out = fopen("/dev/full", "w");

	assert_non_null(out);
	assert_int_equal(report_techniques(out, true), -ENOSPC);
	(void)fclose(out);
}

/* Counts the writes that reach the file. */
static ssize_t count_write(void *cookie, const char *bytes, size_t length)
{
	(void)bytes;
	++*(unsigned *)cookie;
	return (ssize_t)length;
}

/* A host leaves whole or not at all. */
static void test_one_write_a_host(void **state)
{
	unsigned writes = 0;
	struct sample *s = sample_all_ports();
	FILE *out = fopencookie(&writes, "w", (cookie_io_functions_t){.write = count_write});
	struct report r;

	(void)state;
	assert_non_null(out);
	report_init(&r, &report_xml, out, &s->conf);
	(void)setvbuf(out, NULL, _IONBF, 0);
	assert_int_equal(sink_begin(&r.sink, &s->run), 0);
	assert_int_equal(writes, 1);
	assert_int_equal(sink_host(&r.sink, &s->host[0]), 0);
	assert_int_equal(writes, 2);
	/* No part of these formats, and no error of theirs. */
	assert_int_equal(sink_record(&r.sink, &(struct record){.kind = RECORD_EVENT}), 0);
	assert_int_equal(writes, 2);
	assert_int_equal(sink_end(&r.sink, &s->summary), 0);
	assert_int_equal(writes, 3);
	assert_int_equal(r.error, 0);
	assert_ptr_equal(r.out, out);
	(void)fclose(out);
	sample_free(s);
}

static void test_trace(void **state)
{
	struct trace *trace = trace_new(5);
	const struct trace_event *first = NULL;
	static const struct {
		uint32_t cell;
		uint64_t t_ns;
		uint8_t attempt;
	} adds[] = {{9, 50, 0}, {7, 20, 1}, {7, 20, 2}, {8, 10, 0}, {7, 10, 0}, {7, 1, 0}};

	(void)state;
	assert_non_null(trace);
	for (size_t i = 0; i < 6; i++)
		trace_add(trace, &(struct trace_event){.cell = adds[i].cell,
						       .t_ns = adds[i].t_ns,
						       .attempt = adds[i].attempt});
	trace_add(NULL, &(struct trace_event){0});
	assert_int_equal(trace->count, 5);
	assert_int_equal(trace->lost, 1);
	trace_sort(trace);
	assert_int_equal(trace_find(trace, 7, &first), 3);
	assert_int_equal(first[0].t_ns, 10);
	assert_int_equal(first[1].attempt, 1); /* same moment: in the order of adding */
	assert_int_equal(first[2].attempt, 2);
	assert_int_equal(trace_find(trace, 9, &first), 1);
	assert_int_equal(trace_find(trace, 6, &first), 0);
	assert_int_equal(trace_find(trace, 10, &first), 0);
	assert_int_equal(trace_find(NULL, 7, &first), 0);
	trace_free(trace);
	trace_free(NULL);
	trace = trace_new(0);
	trace_add(trace, &(struct trace_event){0});
	assert_int_equal(trace->lost, 1);
	trace_free(trace);
	assert_null(trace_new(SIZE_MAX / 2));
}

#define SECOND UINT64_C(1000000000)

static void test_progress(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	struct progress_conf conf = {.out = out, .terminal = true, .columns = 40};
	struct progress_state now = {.settled = 250, .total = 1000, .hosts = 4, .sent = 3000};
	struct progress p;
	char line[256];

	(void)state;
	assert_non_null(out);
	progress_init(&p, &conf, 100 * SECOND);
	progress_show(&p, &now, 100 * SECOND + 1); /* too early */
	assert_int_equal(fflush(out), 0);
	assert_int_equal(length, 0);
	progress_clear(&p);
	progress_show(&p, &now, 130 * SECOND);
	assert_string_equal(text, "\rportlight: 25.0% done, ETA 1:30, 0 of 4\x1b[K");
	progress_clear(&p);
	assert_string_equal(text + length - 4, "\r\x1b[K");
	assert_string_equal(progress_line(&p, &now, 130 * SECOND, line, sizeof(line)),
			    "portlight: 25.0% done, ETA 1:30, 0 of 4 hosts, 100/s, 0:30 gone");
	now.asked_hosts = 1;
	assert_string_equal(progress_line(&p, &now, 130 * SECOND, line, sizeof(line)),
			    "portlight: 25.0% done, 0 of 4 hosts, 100/s, 0:30 gone, "
			    "1 rate-limited host");
	now.asked_hosts = 2;
	now.asked_round = 3;
	assert_string_equal(progress_line(&p, &now, 130 * SECOND, line, sizeof(line)),
			    "portlight: 25.0% done, 0 of 4 hosts, 100/s, 0:30 gone, "
			    "extra round 3 for 2 hosts");
	now.settled = 999; /* not yet 100 */
	now.total = 1000000;
	now.hosts_done = 1;
	now.stopping = true;
	assert_string_equal(progress_line(&p, &now, 3830 * SECOND, line, sizeof(line)),
			    "portlight: 0.0% done, 1 of 4 hosts, 100/s, 1:02:10 gone, stopping");
	now.total = 0;
	now.settled = 0; /* no division by nothing */
	(void)progress_line(&p, &now, 0, line, sizeof(line));
	(void)progress_line(&p, &now, 0, line, 10);
	assert_string_equal(line, "portlight");
	assert_int_equal(fclose(out), 0);
	free(text);
}

static void test_progress_in_a_pipe(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	struct progress_conf conf = {.out = out, .columns = 80};
	struct progress_state now = {.settled = 1, .total = 2, .hosts = 1};
	struct progress p;

	(void)state;
	assert_non_null(out);
	progress_init(&p, &conf, 0);
	progress_show(&p, &now, 100 * SECOND);
	assert_int_equal(fflush(out), 0);
	assert_int_equal(length, 0); /* silent without --stats-every */
	conf.every_ns = 10 * SECOND;
	progress_init(&p, &conf, 0);
	for (uint64_t t = 1; t <= 30; t++)
		progress_show(&p, &now, t * SECOND);
	progress_clear(&p);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "portlight: 50.0% done, ETA 0:10, 0 of 1 host, 0/s, 0:10 gone\n"
				  "portlight: 50.0% done, ETA 0:20, 0 of 1 host, 0/s, 0:20 gone\n"
				  "portlight: 50.0% done, ETA 0:30, 0 of 1 host, 0/s, 0:30 gone\n");
	free(text);
}

static void test_phrases(void **state)
{
	char text[PHRASE_TIME], seconds[PHRASE_SECONDS];

	(void)state;
	assert_string_equal(phrase_time(0, text), "1970-01-01T00:00:00.000000000Z");
	assert_string_equal(phrase_time(SAMPLE_START, text), "2026-09-21T14:13:20.123456789Z");
	assert_string_equal(phrase_time(UINT64_MAX, text), "2554-07-21T23:34:33.709551615Z");
	assert_string_equal(phrase_seconds(UINT64_C(12340000000), seconds), "12.34");
	assert_string_equal(icmp_type_name(4, 3), "destination unreachable");
	assert_string_equal(icmp_code_name(6, 1, 4), "port unreachable");
	assert_string_equal(icmp_code_name(4, 3, 77), "");
	assert_string_equal(icmp_type_name(6, 250), "message");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_reasons_and_colour),
		cmocka_unit_test(test_table_merged),
		cmocka_unit_test(test_table_silent_hosts),
		cmocka_unit_test(test_confidence),
		cmocka_unit_test(test_no_answer_at_all),
		cmocka_unit_test(test_table_stopped),
		cmocka_unit_test(test_normal),
		cmocka_unit_test(test_grepable),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_explain_elsewhere),
		cmocka_unit_test(test_explain_calls),
		cmocka_unit_test(test_explain_widest),
		cmocka_unit_test(test_open_only_hosts),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_one_write_a_host),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_progress_in_a_pipe),
		cmocka_unit_test(test_phrases),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
