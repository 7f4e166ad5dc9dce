/* The sockets engine against servers on the loopback of a network namespace of this test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/engine.h"

#define MS UINT64_C(1000000)
/* Servers: TCP on these, UDP silent on the first and echoing on the second. */
#define OPEN_A 22
#define OPEN_B 80

static bool ready; /* the namespace is there */
static int tcp_fd[4], silent_fd[2], echo_fd[2];

static int server(int family, int type, uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(family, type | SOCK_NONBLOCK, 0), one = 1;

	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	v6.sin6_addr = in6addr_loopback;
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
		 family == AF_INET ? sizeof(v4) : sizeof(v6)) != 0)
		return -1;
	if (type == SOCK_STREAM && listen(fd, 128) != 0)
		return -1;
	return fd;
}

static int enter_namespace(void **state)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	(void)state;
	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
		print_message("# skipped: no network namespace of its own: %s\n", strerror(errno));
		return 0;
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) != 0)
		return -1;
	close(fd);
	for (int i = 0; i < 2; i++) {
		int family = i ? AF_INET6 : AF_INET;

		tcp_fd[i] = server(family, SOCK_STREAM, OPEN_A);
		tcp_fd[2 + i] = server(family, SOCK_STREAM, OPEN_B);
		silent_fd[i] = server(family, SOCK_DGRAM, OPEN_A);
		echo_fd[i] = server(family, SOCK_DGRAM, OPEN_B);
		if (tcp_fd[i] < 0 || tcp_fd[2 + i] < 0 || silent_fd[i] < 0 || echo_fd[i] < 0)
			return -1;
	}
	ready = true;
	return 0;
}

/* What the servers do between two turns of the engine. */
static void serve(void)
{
	for (int i = 0; i < 2; i++) {
		struct sockaddr_storage from;
		socklen_t length = sizeof(from);
		char byte;

		while (recvfrom(echo_fd[i], &byte, 1, 0, (struct sockaddr *)&from, &length) >= 0) {
			(void)sendto(echo_fd[i], "!", 1, 0, (struct sockaddr *)&from, length);
			length = sizeof(from);
		}
	}
	for (int i = 0; i < 4; i++)
		for (int peer; (peer = accept(tcp_fd[i], NULL, NULL)) >= 0;)
			close(peer);
}

struct bench {
	struct plan *plan;
	struct sheet *sheet, *sheets[SHEETS];
	struct walk walk;
	struct engine *engine;
	struct engine_stats stats;
	struct failure f;
	unsigned answers, sent, most_sent;
};

static const uint64_t seed[2] = {11, 12};

static void bench_plan(struct bench *b, bool v6, unsigned techniques, uint16_t first, uint16_t last)
{
	struct ranges targets = {0};
	struct ports ports;
	struct addr lo = v6 ? (struct addr){0, 1} : addr_from_v4(0x7f000001);

	memset(b, 0, sizeof(*b));
	memset(&ports, 0, sizeof(ports));
	for (unsigned port = first; port <= last; port++) {
		port_set_add(&ports.tcp, port);
		port_set_add(&ports.udp, port);
	}
	assert_int_equal(ranges_add(&targets, lo, lo), 0);
	ranges_normalise(&targets);
	b->plan = plan_new(&targets, &ports, techniques, seed, &b->f);
	assert_non_null(b->plan);
	ranges_fini(&targets);
}

static void bench_open(struct bench *b, struct engine_conf *conf, unsigned tries,
		       uint64_t timeout_ns)
{
	uint8_t all[TECHNIQUES];

	memset(all, (int)tries, sizeof(all));
	b->sheet = sheet_new(b->plan, 0, 0, b->plan->total, clock_monotonic_ns());
	assert_non_null(b->sheet);
	b->sheets[0] = b->sheet;
	walk_init(&b->walk, b->sheet, all, timeout_ns);
	conf->plan = b->plan;
	conf->sheets = b->sheets;
	b->engine = engine_sockets_open(conf, &b->f);
	assert_non_null(b->engine);
	assert_int_equal(b->engine->ops->prepare(b->engine, b->sheet, &b->f), 0);
}

static void bench_turn(struct bench *b, unsigned budget)
{
	struct answer answers[64];
	uint64_t rtt_ns, before = b->walk.sent;
	bool has_rtt;
	int count = b->engine->ops->send(b->engine, &b->walk, clock_monotonic_ns(), budget, &b->f);

	assert_true(count >= 0 && (unsigned)count <= budget);
	assert_int_equal(b->walk.sent - before, count);
	b->sent += (unsigned)count;
	serve();
	count = b->engine->ops->receive(b->engine, answers, 64, MS, &b->f);
	assert_in_range(count, 0, 64);
	for (int i = 0; i < count; i++) {
		uint32_t cell;

		assert_true(sheet_untag(b->sheet, answers[i].cell, &cell));
		assert_int_not_equal(sheet_note(b->sheet, cell, &answers[i], &rtt_ns, &has_rtt),
				     SHEET_STRAY);
		b->answers++;
	}
}

static void bench_run(struct bench *b, unsigned budget)
{
	uint64_t end_ns = clock_monotonic_ns() + 20000 * MS, timeout_ns = b->walk.timeout_ns;

	while (sheet_answered(b->sheet) < sheet_ours(b->sheet) &&
	       !(b->walk.done && clock_monotonic_ns() > b->walk.last_sent_ns + timeout_ns)) {
		bench_turn(b, budget);
		assert_true(clock_monotonic_ns() < end_ns);
	}
	b->engine->ops->stats(b->engine, &b->stats);
	assert_int_equal(b->stats.sent, b->sent);
}

static void bench_fini(struct bench *b)
{
	if (b->engine)
		b->engine->ops->close(b->engine);
	walk_fini(&b->walk);
	sheet_free(b->sheet);
	plan_free(b->plan);
}

static unsigned reply_of(const struct bench *b, unsigned technique, uint16_t port)
{
	uint32_t slot = 0;

	assert_true(plan_find_slot(b->plan, (uint8_t)technique, port, &slot));
	return sheet_get(b->sheet, slot);
}

static const struct reply_evidence *evidence_of(const struct bench *b, unsigned technique,
						uint16_t port)
{
	static struct reply_evidence e;
	uint32_t slot = 0, near = 0;

	assert_true(plan_find_slot(b->plan, (uint8_t)technique, port, &slot));
	e = sheet_evidence(b->sheet, slot, &near);
	return &e;
}

static void need_namespace(void)
{
	if (!ready)
		skip();
}

static void tcp(bool v6)
{
	struct engine_conf conf = {0};
	struct bench b;

	bench_plan(&b, v6, 1u << TECH_CONNECT, 1, 500);
	bench_open(&b, &conf, 1, 2000 * MS);
	bench_run(&b, 500);
	assert_int_equal(b.answers, 500);
	assert_int_equal(b.sent, 500);
	for (uint16_t port = 1; port <= 500; port++) {
		bool open = port == OPEN_A || port == OPEN_B;
		const struct reply_evidence *e = evidence_of(&b, TECH_CONNECT, port);

		assert_int_equal(reply_of(&b, TECH_CONNECT, port),
				 open ? REPLY_SYN_ACK : REPLY_RST);
		assert_int_equal(e->has & (ANSWER_REFUSED | ANSWER_ICMP | ANSWER_FROM),
				 open ? 0 : ANSWER_REFUSED);
		assert_true(e->has & EVIDENCE_RTT);
	}
	bench_fini(&b);
}

static void tcp_open_and_closed(void **state)
{
	(void)state;
	need_namespace();
	tcp(false);
	tcp(true);
}

static void udp(bool v6)
{
	struct engine_conf conf = {0};
	struct bench b;

	bench_plan(&b, v6, 1u << TECH_UDP, OPEN_A - 10, OPEN_B + 10);
	bench_open(&b, &conf, 1, 300 * MS);
	bench_run(&b, 500);
	for (uint16_t port = OPEN_A - 10; port <= OPEN_B + 10; port++) {
		const struct reply_evidence *e = evidence_of(&b, TECH_UDP, port);

		if (port == OPEN_A) {
			assert_int_equal(reply_of(&b, TECH_UDP, port), REPLY_SILENCE);
			continue;
		}
		assert_true(e->has & ANSWER_TTL);
		assert_int_equal(e->ttl, 64);
		if (port == OPEN_B) {
			assert_int_equal(reply_of(&b, TECH_UDP, port), REPLY_DATA);
			continue;
		}
		assert_int_equal(reply_of(&b, TECH_UDP, port), REPLY_PORT_UNREACH);
		assert_true(e->has & ANSWER_ICMP);
		assert_int_equal(e->icmp_type, v6 ? 1 : 3);
		assert_int_equal(e->icmp_code, v6 ? 4 : 3);
	}
	bench_fini(&b);
}

static void udp_open_closed_and_silent(void **state)
{
	(void)state;
	need_namespace();
	udp(false);
	udp(true);
}

/* Only sockets that time out make room for the next. */
static void silence_frees_sockets(void **state)
{
	struct engine_conf conf = {.max_open = 1};
	struct bench b;
	uint64_t start_ns;

	(void)state;
	need_namespace();
	bench_plan(&b, false, 1u << TECH_UDP, OPEN_A, OPEN_A);
	bench_open(&b, &conf, 4, 20 * MS);
	start_ns = clock_monotonic_ns();
	bench_run(&b, 10);
	assert_int_equal(b.sent, 4);
	assert_int_equal(b.answers, 0);
	assert_int_equal(sheet_tries(b.sheet, 0), 4);
	assert_true(clock_monotonic_ns() - start_ns >= 4 * 20 * MS);
	bench_fini(&b);
}

/* What finds no socket stays to be sent, once, and nothing of it counts as sent. */
static void no_socket_is_no_answer(void **state)
{
	struct engine_conf conf = {.max_open = 2};
	struct bench b;

	(void)state;
	need_namespace();
	bench_plan(&b, false, 1u << TECH_CONNECT, OPEN_A - 5, OPEN_A + 4);
	bench_open(&b, &conf, 1, 2000 * MS);
	bench_turn(&b, 100);
	assert_int_equal(b.sent, 2);
	bench_run(&b, 100);
	assert_int_equal(b.sent, 10);
	assert_int_equal(b.answers, 10);
	for (uint32_t cell = 0; cell < 10; cell++)
		assert_int_equal(sheet_tries(b.sheet, cell), 1);
	assert_int_equal(reply_of(&b, TECH_CONNECT, OPEN_A), REPLY_SYN_ACK);
	bench_fini(&b);
}

static void few_files(void **state)
{
	struct engine_conf conf = {0};
	struct rlimit before, low;
	struct bench b;
	int spare;

	(void)state;
	need_namespace();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	low = before;
	low.rlim_cur = 40;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	bench_plan(&b, false, 1u << TECH_CONNECT | 1u << TECH_UDP, OPEN_A + 1, OPEN_A + 300);
	bench_open(&b, &conf, 1, 2000 * MS);
	bench_turn(&b, 100);
	spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(spare >= 0);
	close(spare);
	bench_run(&b, 100);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(b.answers, 600);
	assert_int_equal(b.sent, 600);
	assert_int_equal(reply_of(&b, TECH_CONNECT, OPEN_B), REPLY_SYN_ACK);
	assert_int_equal(reply_of(&b, TECH_UDP, OPEN_B), REPLY_DATA);
	bench_fini(&b);
}

/* File descriptors run out in the middle: it continues with the sockets that it has. */
static void files_taken_away(void **state)
{
	struct engine_conf conf = {0};
	struct rlimit before, low;
	struct bench b;
	int taken[128], count = 0, fd;

	(void)state;
	need_namespace();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	low = before;
	low.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	bench_plan(&b, false, 1u << TECH_CONNECT, 1, 300);
	bench_open(&b, &conf, 1, 300 * MS);
	bench_turn(&b, 1);
	while ((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0 && count < 128)
		taken[count++] = fd;
	assert_int_equal(errno, EMFILE);
	bench_run(&b, 50);
	while (count > 0)
		close(taken[--count]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(b.stats.send_errors > 0);
	assert_int_equal(b.answers, 300);
	for (uint16_t port = 1; port <= 300; port++)
		assert_int_equal(reply_of(&b, TECH_CONNECT, port),
				 port == OPEN_A || port == OPEN_B ? REPLY_SYN_ACK : REPLY_RST);
	bench_fini(&b);
}

static void trace_tells_the_calls(void **state)
{
	struct trace *trace = trace_new(16);
	struct engine_conf conf = {.trace = trace};
	const struct trace_event *event;
	struct bench b;

	(void)state;
	assert_non_null(trace);
	if (!ready)
		trace_free(trace);
	need_namespace();
	bench_plan(&b, false, 1u << TECH_CONNECT | 1u << TECH_UDP, 5, 5);
	bench_open(&b, &conf, 1, 300 * MS);
	bench_run(&b, 10);
	trace_sort(trace);
	assert_int_equal(trace_find(trace, 0, &event), 2);
	assert_int_equal(event[0].kind, TRACE_CALL);
	assert_string_equal(event[0].call, "connect");
	assert_int_equal(event[1].kind, TRACE_RESULT);
	assert_int_equal(event[1].error, ECONNREFUSED);
	assert_int_equal(trace_find(trace, 1, &event), 2);
	assert_string_equal(event[0].call, "send");
	assert_string_equal(event[1].call, "error queue");
	assert_int_equal(event[1].packet.icmp_code, 3);
	bench_fini(&b);
	trace_free(trace);
}

static void refused(struct engine_conf *conf, unsigned techniques, const char *word)
{
	struct bench b;

	bench_plan(&b, false, techniques, 5, 5);
	conf->plan = b.plan;
	assert_null(engine_sockets_open(conf, &b.f));
	assert_int_equal(b.f.exit_code, EXIT_USAGE);
	assert_non_null(strstr(b.f.text, word));
	bench_fini(&b);
}

static void what_it_cannot_send_is_refused(void **state)
{
	(void)state;
	for (unsigned t = 0; t < PORT_TECHNIQUES; t++) {
		struct engine_conf conf = {0};

		if (technique_table[t].needs == NEEDS_FRAMES)
			refused(&conf, 1u << TECH_CONNECT | 1u << t, technique_table[t].name);
	}
	refused(&(struct engine_conf){.bad_sum = true}, 1u << TECH_CONNECT, "checksum");
	refused(&(struct engine_conf){.has_source = true, .source = {0x20010db8u, 1}},
		1u << TECH_CONNECT, "family");
	refused(&(struct engine_conf){.has_source = true, .source = addr_from_v4(0xc6120001)},
		1u << TECH_CONNECT, "not one of");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_open_and_closed),
		cmocka_unit_test(udp_open_closed_and_silent),
		cmocka_unit_test(silence_frees_sockets),
		cmocka_unit_test(no_socket_is_no_answer),
		cmocka_unit_test(few_files),
		cmocka_unit_test(files_taken_away),
		cmocka_unit_test(trace_tells_the_calls),
		cmocka_unit_test(what_it_cannot_send_is_refused),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
