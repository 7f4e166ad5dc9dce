/* test_event_sinks: goldens of the detector's formats; sockets and disks that fail. */
#include "report/event/event_sink.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "event_samples.h"
#include "place.h"

static int receiver_open(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && strlen(path) < sizeof(address.sun_path));
	(void)strcpy(address.sun_path, path);
	(void)unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* The next datagram as text, in a buffer that the next call uses again; NULL if there is none. */
static const char *receive(int fd)
{
	static char text[1 << 18];
	ssize_t length = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (length < 0)
		return NULL;
	text[length] = '\0';
	assert_int_equal(strlen(text), (size_t)length);
	return text;
}

/* One event as a stream's text, freed by the caller. */
static char *render(const struct event_sink_ops *ops, const struct event_sink_conf *base,
		    const struct event *e)
{
	struct event_sink_conf conf = base ? *base : (struct event_sink_conf){0};
	struct event_sink sink;
	char *text = NULL;
	size_t length = 0;

	conf.out = open_memstream(&text, &length);
	assert_non_null(conf.out);
	assert_int_equal(event_sink_open(&sink, ops, &conf), 0);
	event_sink_event(&sink, e);
	assert_int_equal(sink.delivered, 1);
	assert_int_equal(event_sink_close(&sink), 0);
	assert_int_equal(fclose(conf.out), 0);
	assert_int_equal(strlen(text), length);
	return text;
}

static void check_stream(const struct event_sink_ops *ops, const struct event_sink_conf *conf,
			 const struct event *e, const char *golden)
{
	char *text = render(ops, conf, e);

	assert_string_equal(text, golden);
	free(text);
}

static void check_has(const struct event_sink_ops *ops, const struct event_sink_conf *conf,
		      const struct event *e, const char *part)
{
	char *text = render(ops, conf, e);

	if (!strstr(text, part))
		fail_msg("no %s in:\n%s", part, text);
	free(text);
}

static void test_text(void **state)
{
	static const struct {
		enum sample_name sample;
		const char *golden;
	} lines[] = {
		{SAMPLE_OPEN,
		 "2026-11-23T07:30:23Z  #12 Port scan of 198.51.100.1 by 192.0.2.7: syn|connect, "
		 "1001 ports (tcp 1-1000,8080), since 07:30:20Z, 1010 packets at 404/s, answered "
		 "open: 22,80, source may be spoofed, tool: nmap (95 %), seen on eth0\n"},
		{SAMPLE_UPDATE,
		 "2026-11-23T07:30:24Z    + #12 Port scan of 198.51.100.1 by 192.0.2.7 goes on: "
		 "connect udp, 1004 ports (tcp 1-1000,8080; udp 53,123-124), since 07:30:20Z, "
		 "10100 packets at 2525/s, answered open: 22,80, source proven by a handshake, "
		 "tool: nmap (95 %), the capture lost 1 packet, seen on eth0\n"},
		{SAMPLE_CLOSE,
		 "2026-11-23T07:35:30Z    . #12 Port scan of 198.51.100.1 by 192.0.2.7 is over: "
		 "connect udp, 1004 ports (tcp 1-1000,8080; udp 53,123-124), 07:30:20Z to "
		 "07:30:30Z, 10200 packets at 1020/s, answered open: 22,80, source proven by a "
		 "handshake, tool: nmap (95 %), seen on eth0\n"},
		{SAMPLE_PING,
		 "2026-11-23T07:30:20Z  #13 Network sweep of at least 254 hosts by 10.0.0.5: icmp, "
		 "since 07:30:19Z, 254 packets at 254/s, 4 answered, source may be spoofed\n"},
		{SAMPLE_DISTRIBUTED,
		 "2026-11-23T07:30:20Z  #15 Distributed scan of 198.51.100.1 by at least 50 "
		 "sources: syn, 1001 ports (tcp 1-1000,8080), since 07:30:11Z, 1001 packets at "
		 "111/s, nothing answered open, tool: masscan (80 %)\n"},
		{SAMPLE_ODD,
		 "2026-11-23T07:30:20Z  #19 Port scan of 198.51.100.1 by 203.0.113.10: xmas odd, "
		 "1 port (tcp 80), since 07:30:20Z, 7 packets, nothing answered open, source may "
		 "be spoofed, tool: hping (60 %)\n"},
		{SAMPLE_FLOOD,
		 "2026-11-23T07:30:20Z  #20 SYN flood on 198.51.100.1 by at least 65536 sources: "
		 "syn|connect, 1 port (tcp 80), since 07:30:19Z, 500000 packets at 500000/s, 4 "
		 "sources that may each be a scanner: 192.0.2.7 (993 ports), 2001:db8::7 (900 "
		 "ports), 192.0.2.8 (20 ports) and 1 more, seen on eth0\n"},
		{SAMPLE_BACKSCATTER, "2026-11-23T07:30:20Z  #21 Backscatter from 203.0.113.77 to "
				     "200 hosts, since 07:30:19Z, 300 packets at 300/s\n"},
		{SAMPLE_BLIND, "2026-11-23T07:30:20Z  #23 Blind spot: the capture lost 1234 "
			       "packets, 56 evidence records were evicted, seen on eth0\n"},
		{SAMPLE_SUPPRESSED, "2026-11-23T07:30:20Z  #24 1 event suppressed "
				    "(rate limit)\n"},
	};
	const struct event *events = sample_events();

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		check_stream(&event_text, NULL, &events[lines[i].sample], lines[i].golden);
	/* A scan that began on another day says which. */
	struct event yesterday = events[SAMPLE_PING];

	yesterday.first_ns -= 86400 * SAMPLE_SECOND;
	check_has(&event_text, NULL, &yesterday, "since 2026-11-22T07:30:19Z, ");
}

static void test_text_colour(void **state)
{
	const struct event_sink_conf colour = {.colour = true};
	const struct event *events = sample_events();

	(void)state;
	check_has(&event_text, &colour, &events[SAMPLE_OPEN],
		  "2026-11-23T07:30:23Z  \x1b[1;31m#12 Port scan of");
	check_has(&event_text, &colour, &events[SAMPLE_OPEN], "seen on eth0\x1b[0m\n");
	check_has(&event_text, &colour, &events[SAMPLE_UPDATE], "  \x1b[2m  + #12 Port scan of");
	check_has(&event_text, &colour, &events[SAMPLE_FLOOD], "  \x1b[33m#20 SYN flood on");
	/* Only we may send an escape sequence. */
	char *text = render(&event_text, NULL, &events[SAMPLE_HOSTILE]);

	assert_null(strchr(text, '\x1b'));
	assert_non_null(strstr(text, "seen on \"\\\\x1b[2J\\x0a<&>\\xff=%s\\x0d'\n"));
	free(text);
}

static void test_ndjson(void **state)
{
	const struct event *events = sample_events();

	(void)state;
	check_stream(
		&event_ndjson, NULL, &events[SAMPLE_OPEN],
		"{\"@timestamp\":\"2026-11-23T07:30:23.000000000Z\",\"ecs\":{\"version\":\"9.0.0\"}"
		",\"message\":\"Port scan of 198.51.100.1 by 192.0.2.7: syn|connect, 1001 ports "
		"(tcp 1-1000,8080), since 07:30:20Z, 1010 packets at 404/s, answered open: 22,80, "
		"source may be spoofed, tool: nmap (95 %)\",\"event\":{\"kind\":\"alert\","
		"\"category\":[\"network\",\"intrusion_detection\"],\"type\":[\"info\"],\"action\":"
		"\"port_scan\",\"id\":\"12\",\"start\":\"2026-11-23T07:30:20.000000000Z\",\"end\":"
		"\"2026-11-23T07:30:22.500000000Z\",\"duration\":2500000000,\"severity\":73,"
		"\"reason\":\"999 first contacts failed, 2 were answered; confidence 0.999999999\"}"
		",\"source\":{\"ip\":\"192.0.2.7\",\"packets\":1010},\"destination\":{\"ip\":"
		"\"198.51.100.1\"},\"network\":{\"transport\":\"tcp\",\"type\":\"ipv4\"},\"rule\":"
		"{\"name\":\"Port scan\"},\"threat\":{\"framework\":\"MITRE ATT&CK\",\"tactic\":{"
		"\"id\":[\"TA0007\",\"TA0043\"],\"name\":[\"Discovery\",\"Reconnaissance\"]},"
		"\"technique\":{\"id\":[\"T1046\",\"T1595.001\"],\"name\":[\"Network Service "
		"Discovery\",\"Scanning IP Blocks\"]}},\"observer\":{\"vendor\":\"portlight\","
		"\"product\":\"portlight\",\"type\":\"ids\",\"version\":\"" PORTLIGHT_VERSION
		"\",\"ingress\":{\"interface\":{\"name\":\"eth0\"}}},\"portlight\":{\"techniques\":"
		"[\"connect\",\"syn\"],\"technique_sets\":[\"syn|connect\"],\"shape\":\"vertical\","
		"\"phase\":\"open\",\"ports\":{\"tcp\":\"1-1000,8080\",\"udp\":\"\"},"
		"\"port_count\":1001,\"hosts\":1,\"hosts_at_least\":false,\"sources\":1,"
		"\"sources_at_least\":false,\"protocols\":0,\"tool\":\"nmap\","
		"\"tool_confidence\":0.95,\"confidence\":0.999999999,\"spoofable\":true,"
		"\"handshake\":false,\"answered_open\":\"22,80\",\"failed\":999,\"answered\":2,"
		"\"packets\":1010,\"rate_pps\":404,\"lost\":0,\"suppressed\":0,\"updates\":0,"
		"\"suspects\":[]}}\n");
}

static void test_ndjson_parts(void **state)
{
	static const struct {
		enum sample_name sample;
		const char *part;
	} parts[] = {
		{SAMPLE_PING, "\"network\":{\"transport\":\"icmp\",\"type\":\"ipv4\"}"},
		{SAMPLE_PING, "\"technique\":{\"id\":[\"T1018\"],\"name\":[\"Remote System "
			      "Discovery\"]}"},
		{SAMPLE_PING, "\"tactic\":{\"id\":[\"TA0007\"],\"name\":[\"Discovery\"]}"},
		{SAMPLE_ARP, "\"network\":{\"type\":\"arp\"}"},
		{SAMPLE_BLOCK, "\"network\":{\"type\":\"ipv6\"}"},
		{SAMPLE_BLOCK, "\"ports\":{\"tcp\":\"21-25,80,443\",\"udp\":\"53,123-124\"}"},
		{SAMPLE_DISTRIBUTED, "},\"source\":{\"packets\":1001},\"destination\":"},
		{SAMPLE_DISTRIBUTED, "\"technique\":{\"id\":[\"T1046\"],"},
		{SAMPLE_ACK, "\"techniques\":[\"ack\",\"window\",\"ttl\"],\"technique_sets\":["
			     "\"ack|window|ttl\"]"},
		{SAMPLE_IPPROTO, "\"network\":{\"type\":\"ipv4\"}"},
		{SAMPLE_FLOOD, "\"kind\":\"event\",\"category\":[\"network\"],\"type\":[\"info\"],"
			       "\"action\":\"syn_flood\""},
		{SAMPLE_FLOOD, "\"rule\":{\"name\":\"SYN flood\"},\"observer\":"},
		{SAMPLE_FLOOD, "\"related\":{\"ip\":[\"192.0.2.7\",\"2001:db8::7\",\"192.0.2.8\","
			       "\"192.0.2.9\"]},"},
		{SAMPLE_FLOOD, "\"suspects\":[{\"ip\":\"192.0.2.7\",\"failed\":1000,\"ports\":993},"
			       "{\"ip\":\"2001:db8::7\",\"failed\":900,\"ports\":900},"},
		{SAMPLE_REFLECTION, "\"network\":{\"transport\":\"udp\",\"type\":\"ipv6\"}"},
		{SAMPLE_BLIND, "evicted\",\"event\":"},
		{SAMPLE_BLIND, "so scans may be missed\"},\"rule\":{\"name\":\"Blind spot\"}"},
		{SAMPLE_HOSTILE, "\"interface\":{\"name\":\"\\\"\\\\\\u001b[2J\\u000a<&>\\u00ff=%s"
				 "\\u000d'\"}"},
		{SAMPLE_HOSTILE, "\"duration\":0,"},
		{SAMPLE_HOSTILE, "\"tool_confidence\":0,\"confidence\":0,"},
		{SAMPLE_HOSTILE, "\"rate_pps\":1000000000,"},
		{SAMPLE_WIDE, ",65532,65534\",\"udp\":\"0,2,4,"},
	};
	const struct event *events = sample_events();

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		check_has(&event_ndjson, NULL, &events[parts[i].sample], parts[i].part);
}

/* What scanlogd(8) would have said; NULL: nothing. <25> is daemon.alert. */
static const char *const syslog_lines[SAMPLES] = {
	[SAMPLE_OPEN] = "192.0.2.7 to 198.51.100.1 ports 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "
			"13, 14, 15, 16, 17, 18, 19, 20, ..., fSrpauxy @07:30:20",
	[SAMPLE_UPDATE] = "192.0.2.7 to 198.51.100.1 ports 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "
			  "13, 14, 15, 16, 17, 18, 19, 20, ..., fSrpauxy @07:30:20",
	[SAMPLE_PING] = "10.0.0.5 to 0.0.0.0 ports none, icmp @07:30:19",
	[SAMPLE_BLOCK] = "2001:db8::7 to :: ports 21, 22, 23, 24, 25, 80, 443, 53, 123, 124, ..., "
			 "Fsrpauxy @07:29:20",
	[SAMPLE_ARP] = "192.168.1.9 to 0.0.0.0 ports none, arp @07:30:18",
	[SAMPLE_IPPROTO] = "203.0.113.9 to 198.51.100.1 ports none, ipproto @07:30:18",
	[SAMPLE_ACK] = "2001:db8::8 to 2001:db8::1 ports 21, 22, 23, 24, 25, 80, 443, ..., "
		       "fsrpAuxy @07:30:18",
	[SAMPLE_ODD] = "203.0.113.10 to 198.51.100.1 ports 80, ..., ???????? @07:30:20",
	[SAMPLE_HOSTILE] = "2001:db8::ffff:ffff:ffff:ffff to 2001:db8::ffff:ffff:ffff:ffff ports "
			   "80, 80, ..., ???????? @23:34:33",
	[SAMPLE_WIDE] = "203.0.113.200 to 198.51.100.1 ports 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, "
			"20, 22, 24, 26, 28, 30, 32, 34, 36, 38, ..., fSrpauxy @07:30:20",
};

static void test_syslog(void **state)
{
	const struct place *p = *state;
	const struct event *events = sample_events();
	int receiver = receiver_open(p->path);
	struct event_sink sink;
	uint64_t told = 0;

	assert_int_equal(
		event_sink_open(&sink, &event_syslog, &(struct event_sink_conf){.path = p->path}),
		0);
	for (unsigned i = 0; i < SAMPLES; i++) {
		char golden[512];
		const char *text;

		event_sink_event(&sink, &events[i]);
		text = receive(receiver);
		if (!syslog_lines[i]) {
			assert_null(text);
			continue;
		}
		told++;
		(void)snprintf(golden, sizeof(golden), "%s scanlogd[%d]: %s",
			       i == SAMPLE_HOSTILE  ? "<25>Jul 21 23:34:33"
			       : i == SAMPLE_OPEN   ? "<25>Nov 23 07:30:23"
			       : i == SAMPLE_UPDATE ? "<25>Nov 23 07:30:24"
			       : i == SAMPLE_WIDE   ? "<25>Nov 23 07:30:21"
						    : "<25>Nov 23 07:30:20",
			       (int)getpid(), syslog_lines[i]);
		assert_non_null(text);
		assert_string_equal(text, golden);
	}
	assert_int_equal(sink.delivered, told);
	assert_int_equal(sink.undelivered, 0);
	assert_int_equal(event_sink_close(&sink), 0);
	(void)close(receiver);
}

/* A syslog reader takes times for local ones. Days below ten are padded (RFC 3164, 4.1.2). */
static void test_syslog_conf(void **state)
{
	const struct place *p = *state;
	struct event e = sample_events()[SAMPLE_UPDATE];
	int receiver = receiver_open(p->path);
	struct event_sink_conf conf = {.path = p->path, .tag = "portlight", .proven_only = true};
	struct event_sink sink;
	const char *text;

	assert_int_equal(setenv("TZ", "XXX-5:30", 1), 0);
	assert_int_equal(event_sink_open(&sink, &event_syslog, &conf), 0);
	e.t_ns += UINT64_C(9) * 86400 * SAMPLE_SECOND;
	event_sink_event(&sink, &e);
	text = receive(receiver);
	assert_non_null(text);
	assert_int_equal(strncmp(text, "<25>Dec  2 13:00:24 portlight[", 30), 0);
	assert_string_equal(text + strlen(text) - 9, "@13:00:20");
	/* Its address may be spoofed, so the source is not written. */
	event_sink_event(&sink, &sample_events()[SAMPLE_OPEN]);
	assert_null(receive(receiver));
	assert_int_equal(sink.delivered, 1);
	assert_int_equal(event_sink_close(&sink), 0);
	(void)close(receiver);
	assert_int_equal(setenv("TZ", "UTC0", 1), 0);
}

static void test_journal(void **state)
{
	static const char golden[] =
		"MESSAGE=Port scan of 198.51.100.1 by 192.0.2.7: syn|connect, 1001 ports (tcp "
		"1-1000,8080), since 07:30:20Z, 1010 packets at 404/s, answered open: 22,80, "
		"source may be spoofed, tool: nmap (95 %)\n"
		"PRIORITY=4\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=portlight\n"
		"MESSAGE_ID=2c8c96a49fd6469d8131c5f317181db9\n"
		"PORTLIGHT_ID=12\nPORTLIGHT_SOURCE=192.0.2.7\nPORTLIGHT_TARGET=198.51.100.1\n"
		"PORTLIGHT_INTERFACE=eth0\nPORTLIGHT_ACTION=port_scan\nPORTLIGHT_KIND=alert\n"
		"PORTLIGHT_PHASE=open\nPORTLIGHT_SHAPE=vertical\n"
		"PORTLIGHT_TECHNIQUES=syn|connect\n"
		"PORTLIGHT_TIME=2026-11-23T07:30:23.000000000Z\n"
		"PORTLIGHT_FIRST=2026-11-23T07:30:20.000000000Z\n"
		"PORTLIGHT_LAST=2026-11-23T07:30:22.500000000Z\n"
		"PORTLIGHT_TCP_PORTS=1-1000,8080\nPORTLIGHT_ANSWERED_OPEN=22,80\n"
		"PORTLIGHT_TOOL=nmap\nPORTLIGHT_TOOL_CONFIDENCE=0.95\n"
		"PORTLIGHT_CONFIDENCE=0.999999999\nPORTLIGHT_RATE_PPS=404\n"
		"PORTLIGHT_PORT_COUNT=1001\nPORTLIGHT_HOSTS=1\nPORTLIGHT_HOSTS_AT_LEAST=0\n"
		"PORTLIGHT_SOURCES=1\nPORTLIGHT_SOURCES_AT_LEAST=0\nPORTLIGHT_PROTOCOLS=0\n"
		"PORTLIGHT_SPOOFABLE=1\nPORTLIGHT_HANDSHAKE=0\nPORTLIGHT_PACKETS=1010\n"
		"PORTLIGHT_FAILED=999\nPORTLIGHT_ANSWERED=2\nPORTLIGHT_LOST=0\n"
		"PORTLIGHT_SUPPRESSED=0\nPORTLIGHT_UPDATES=0\n";
	const struct place *p = *state;
	const struct event *events = sample_events();
	int receiver = receiver_open(p->path);
	struct event_sink sink;
	const char *text;

	assert_int_equal(
		event_sink_open(&sink, &event_journal, &(struct event_sink_conf){.path = p->path}),
		0);
	event_sink_event(&sink, &events[SAMPLE_OPEN]);
	text = receive(receiver);
	assert_non_null(text);
	assert_string_equal(text, golden);
	/* Every event is a datagram of KEY=value lines, the widest and the hostile one too. */
	for (unsigned i = 0; i < SAMPLES; i++) {
		event_sink_event(&sink, &events[i]);
		text = receive(receiver);
		assert_non_null(text);
		for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
			size_t key = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

			assert_true(key > 0 && line[key] == '=');
			assert_non_null(strchr(line, '\n'));
		}
	}
	assert_int_equal(sink.delivered, SAMPLES + 1);
	assert_int_equal(event_sink_close(&sink), 0);
	(void)close(receiver);
}

static void test_journal_priority(void **state)
{
	static const struct {
		enum sample_name sample;
		const char *line;
	} lines[] = {
		{SAMPLE_UPDATE, "\nPRIORITY=5\n"},
		{SAMPLE_FLOOD, "\nPRIORITY=4\n"},
		{SAMPLE_BACKSCATTER, "\nPRIORITY=5\n"},
		{SAMPLE_BLIND, "\nPRIORITY=4\n"},
		{SAMPLE_HOSTILE, "\nPORTLIGHT_INTERFACE=\"\\\\x1b[2J\\x0a<&>\\xff=%s\\x0d'\n"},
		{SAMPLE_WIDE, ",...\nPORTLIGHT_UDP_PORTS=0,2,"},
	};
	const struct place *p = *state;
	const struct event *events = sample_events();
	int receiver = receiver_open(p->path);
	struct event_sink sink;

	assert_int_equal(
		event_sink_open(&sink, &event_journal, &(struct event_sink_conf){.path = p->path}),
		0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *text;

		event_sink_event(&sink, &events[lines[i].sample]);
		text = receive(receiver);
		assert_non_null(text);
		if (!strstr(text, lines[i].line))
			fail_msg("no %s in:\n%.2000s", lines[i].line, text);
	}
	assert_int_equal(event_sink_close(&sink), 0);
	(void)close(receiver);
}

static void test_socket_absent(void **state)
{
	const struct place *p = *state;
	char longest[200];
	struct event_sink sink;

	assert_int_equal(
		event_sink_open(&sink, &event_journal, &(struct event_sink_conf){.path = p->path}),
		-ENOENT);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(
		event_sink_open(&sink, &event_syslog, &(struct event_sink_conf){.path = longest}),
		-ENAMETOOLONG);
}

/* The receiver ends, is away for an event, and is there again under the same name. */
static void test_socket_restart(void **state)
{
	const struct place *p = *state;
	const struct event *events = sample_events();
	int receiver = receiver_open(p->path);
	struct event_sink sink;

	assert_int_equal(
		event_sink_open(&sink, &event_syslog, &(struct event_sink_conf){.path = p->path}),
		0);
	event_sink_event(&sink, &events[SAMPLE_OPEN]);
	assert_non_null(receive(receiver));
	(void)close(receiver);
	event_sink_event(&sink, &events[SAMPLE_OPEN]);
	assert_int_equal(sink.error, ECONNREFUSED);
	assert_int_equal(sink.undelivered, 1);
	/* One that is none for this sink changes nothing. */
	event_sink_event(&sink, &events[SAMPLE_CLOSE]);
	assert_int_equal(sink.error, ECONNREFUSED);
	receiver = receiver_open(p->path);
	event_sink_event(&sink, &events[SAMPLE_OPEN]);
	assert_non_null(receive(receiver));
	assert_int_equal(sink.error, 0);
	assert_int_equal(sink.delivered, 2);
	assert_int_equal(sink.undelivered, 1);
	assert_int_equal(event_sink_close(&sink), 0);
	(void)close(receiver);
}

/* A receiver that does not read: what it cannot take is counted, none of it waits for ever. */
static void test_socket_full(void **state)
{
	const struct place *p = *state;
	const struct event *events = sample_events();
	int receiver = receiver_open(p->path);
	struct event_sink sink;
	uint64_t told, got = 0;

	assert_int_equal(
		event_sink_open(&sink, &event_journal, &(struct event_sink_conf){.path = p->path}),
		0);
	for (unsigned i = 0; i < 5000 && sink.undelivered == 0; i++)
		event_sink_event(&sink, &events[SAMPLE_OPEN]);
	assert_int_equal(sink.undelivered, 1);
	assert_int_equal(sink.error, EAGAIN);
	told = sink.delivered;
	while (receive(receiver))
		got++;
	assert_int_equal(got, told);
	event_sink_event(&sink, &events[SAMPLE_OPEN]);
	assert_int_equal(sink.error, 0);
	assert_non_null(receive(receiver));
	assert_int_equal(event_sink_close(&sink), 0);
	(void)close(receiver);
}

static void test_disk_full(void **state)
{
	const struct event *events = sample_events();
	FILE *full = fopen("/dev/full", "w");
	struct event_sink sink;

	(void)state;
	assert_non_null(full);
	assert_int_equal(
		event_sink_open(&sink, &event_ndjson, &(struct event_sink_conf){.out = full}), 0);
	event_sink_event(&sink, &events[SAMPLE_OPEN]);
	assert_int_equal(sink.error, ENOSPC);
	event_sink_event(&sink, &events[SAMPLE_OPEN]);
	assert_int_equal(sink.delivered, 0);
	assert_int_equal(sink.undelivered, 2);
	assert_int_equal(event_sink_close(&sink), -ENOSPC);
	(void)fclose(full); /* it is full */
}

static void room_of(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A disk that was full for a while: what comes later is written, behind the line that was torn. */
static void test_disk_has_room_again(void **state)
{
	const struct event *events = sample_events();
	FILE *file = tmpfile();
	struct event_sink sink;
	size_t lines = 0, whole = 0;
	char *line = NULL;
	size_t size = 0;

	(void)state;
	assert_non_null(file);
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert_int_equal(
		event_sink_open(&sink, &event_ndjson, &(struct event_sink_conf){.out = file}), 0);
	event_sink_event(&sink, &events[SAMPLE_OPEN]);
	assert_int_equal(sink.error, 0);
	room_of((rlim_t)ftell(file) + 100);
	event_sink_event(&sink, &events[SAMPLE_OPEN]);
	assert_int_equal(sink.error, EFBIG);
	event_sink_event(&sink, &events[SAMPLE_OPEN]);
	room_of(RLIM_INFINITY);
	event_sink_event(&sink, &events[SAMPLE_OPEN]);
	event_sink_event(&sink, &events[SAMPLE_OPEN]);
	assert_int_equal(sink.error, 0);
	assert_int_equal(sink.delivered, 3);
	assert_int_equal(sink.undelivered, 2);
	assert_int_equal(event_sink_close(&sink), -EFBIG);
	rewind(file);
	while (getline(&line, &size, file) > 0) {
		lines++;
		whole += line[0] == '{' && strcmp(line + strlen(line) - 2, "}\n") == 0;
	}
	assert_int_equal(lines, 4);
	assert_int_equal(whole, 3);
	free(line);
	(void)fclose(file); /* read only since */
}

/* One write an event: a reader never sees half a line, and what came before a kill is whole. */
static void test_one_write(void **state)
{
	static char text[1 << 20];
	const struct event *events = sample_events();
	struct event_sink sink;
	int pair[2];
	FILE *out;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	out = fdopen(pair[1], "w");
	assert_non_null(out);
	assert_int_equal(
		event_sink_open(&sink, &event_ndjson, &(struct event_sink_conf){.out = out}), 0);
	for (unsigned i = 0; i < SAMPLE_WIDE; i++) {
		ssize_t length;

		event_sink_event(&sink, &events[i]);
		length = recv(pair[0], text, sizeof(text), MSG_DONTWAIT);
		assert_in_range(length, 1, sizeof(text) - 1);
		text[length] = '\0';
		assert_ptr_equal(strchr(text, '\n'), text + length - 1);
		assert_int_equal(recv(pair[0], text, sizeof(text), MSG_DONTWAIT), -1);
	}
	assert_int_equal(event_sink_close(&sink), 0);
	assert_int_equal(fclose(out), 0);
	(void)close(pair[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_colour),
		cmocka_unit_test(test_ndjson),
		cmocka_unit_test(test_ndjson_parts),
		cmocka_unit_test_setup_teardown(test_syslog, place_open, place_close),
		cmocka_unit_test_setup_teardown(test_syslog_conf, place_open, place_close),
		cmocka_unit_test_setup_teardown(test_journal, place_open, place_close),
		cmocka_unit_test_setup_teardown(test_journal_priority, place_open, place_close),
		cmocka_unit_test_setup_teardown(test_socket_absent, place_open, place_close),
		cmocka_unit_test_setup_teardown(test_socket_restart, place_open, place_close),
		cmocka_unit_test_setup_teardown(test_socket_full, place_open, place_close),
		cmocka_unit_test(test_disk_full),
		cmocka_unit_test(test_disk_has_room_again),
		cmocka_unit_test(test_one_write),
	};

	if (setenv("TZ", "UTC0", 1))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
