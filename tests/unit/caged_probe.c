/*
 * What the detector needs of the system, driven by words on standard input, from inside the cage:
 * tests/net/cage_check.sh, tests/net/block_check.sh.
 *
 * usage: caged_probe self-test [DIRECTORY...]
 *        caged_probe local
 *        caged_probe serve [user=NAME] [block=SECONDS,MOST] [never=ADDRESS]... [write=DIRECTORY]...
 * Words of serve, a line each: add ADDRESS, clear, refresh, listens ADDRESS PORT tcp|udp,
 * write PATH TEXT, notify TEXT, open PATH, socket, quit. Each is answered with a line.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "blocker/blocker.h"
#include "net/listeners.h"
#include "net/local.h"
#include "sandbox/cage.h"
#include "system/notify.h"
#include "watch/block_policy.h"

static int fail(const struct failure *f)
{
	printf("failure %d: %s\n", f->exit_code, f->text);
	return f->exit_code;
}

static int self_test(int argc, char **argv)
{
	struct cage_conf conf = {0};

	for (int i = 0; i < argc && i < CAGE_PATHS; i++)
		conf.writable[conf.writable_count++] = argv[i];
	return cage_self_test(&conf, stdout) != 0;
}

static void print_ranges(const char *name, const struct ranges *set)
{
	char first[ADDR_TEXT], last[ADDR_TEXT];

	for (size_t i = 0; i < set->count; i++)
		printf("%s %s %s\n", name, addr_format(set->range[i].first, first),
		       addr_format(set->range[i].last, last));
}

static int local(void)
{
	struct failure f = {0};
	struct local here;
	struct netlink *netlink = netlink_open(&f);

	if (!netlink || local_read(&here, netlink, &f) < 0)
		return fail(&f);
	print_ranges("own", &here.own);
	print_ranges("home", &here.home);
	print_ranges("gateway", &here.gateways);
	print_ranges("resolver", &here.resolvers);
	local_fini(&here);
	netlink_close(netlink);
	return 0;
}

struct server {
	struct cage_conf cage;
	struct blocker_conf block;
	struct blocker *blocker;
	struct listeners *listeners;
	struct notify notify;
	struct ranges never_given, never;
	uint64_t now_ns;
	int wants_block;
};

static int server_argument(struct server *s, char *argument)
{
	unsigned seconds, most;
	struct addr a;

	if (strncmp(argument, "user=", 5) == 0)
		s->cage.user = s->block.user = argument + 5;
	else if (strncmp(argument, "write=", 6) == 0 && s->cage.writable_count < CAGE_PATHS)
		s->cage.writable[s->cage.writable_count++] = argument + 6;
	else if (sscanf(argument, "block=%u,%u", &seconds, &most) == 2) {
		s->block.timeout_s = seconds;
		s->block.most = most;
		s->wants_block = 1;
	} else if (strncmp(argument, "never=", 6) == 0 &&
		   addr_parse(argument + 6, strlen(argument + 6), &a) == 0)
		return ranges_add(&s->never_given, a, a);
	else
		return -1;
	return 0;
}

static void write_file(const char *path, const char *text)
{
	char draft[512];
	FILE *file;

	(void)snprintf(draft, sizeof(draft), "%s.new", path);
	file = fopen(draft, "we");
	if (!file || fputs(text, file) < 0 || fflush(file) != 0 || fsync(fileno(file)) != 0) {
		printf("write: %s\n", strerror(errno));
		if (file)
			(void)fclose(file);
		return;
	}
	(void)fclose(file);
	printf("write: %s\n", rename(draft, path) == 0 ? "done" : strerror(errno));
}

static void serve_line(struct server *s, char *line)
{
	char *save, *word = strtok_r(line, " \n", &save);
	char *one = strtok_r(NULL, " \n", &save), *two = strtok_r(NULL, " \n", &save);
	char *three = strtok_r(NULL, " \n", &save);
	struct addr a = {0};
	int fd;

	if (!word)
		return;
	if (one)
		(void)addr_parse(one, strlen(one), &a);
	if (strcmp(word, "add") == 0) {
		printf("add: %d\n", blocker_add(s->blocker, a));
	} else if (strcmp(word, "clear") == 0) {
		printf("clear: %d\n", blocker_clear(s->blocker));
	} else if (strcmp(word, "refresh") == 0) {
		s->now_ns += LISTENERS_AGE_NS;
		printf("refresh: %d\n", listeners_refresh(s->listeners, s->now_ns));
	} else if (strcmp(word, "listens") == 0 && three) {
		printf("listens: %d\n",
		       listeners_find(s->listeners, a, (uint16_t)atoi(two),
				      strcmp(three, "tcp") == 0 ? IPPROTO_TCP : IPPROTO_UDP));
	} else if (strcmp(word, "write") == 0 && two) {
		write_file(one, two);
	} else if (strcmp(word, "notify") == 0 && one) {
		printf("notify: %d\n", notify_send(&s->notify, one));
	} else if (strcmp(word, "open") == 0 && one) {
		fd = open(one, O_RDONLY);
		printf("open: %s\n", fd < 0 ? strerror(errno) : "done");
	} else if (strcmp(word, "socket") == 0) {
		printf("socket: %d\n", socket(AF_INET, SOCK_STREAM, 0));
	} else {
		printf("unknown\n");
	}
}

static int serve_caged(struct server *s, struct failure *f)
{
	struct cage cage;
	char line[256], text[160];

	if (s->wants_block) {
		s->blocker = blocker_open(&s->block, f);
		if (!s->blocker)
			return fail(f);
	}
	s->listeners = listeners_open(f);
	if (!s->listeners || cage_enter(&s->cage, &cage, f) < 0)
		return fail(f);
	printf("ready %ld %s\n", s->blocker ? (long)blocker_pid(s->blocker) : 0,
	       cage_describe(&cage, text, sizeof(text)));
	(void)fflush(stdout);
	while (fgets(line, sizeof(line), stdin) && strncmp(line, "quit", 4) != 0) {
		serve_line(s, line);
		(void)fflush(stdout);
	}
	return 0;
}

static int serve(int argc, char **argv)
{
	struct server s = {.notify.fd = -1};
	const struct ranges *lists[] = {&s.never_given};
	struct failure f = {0};
	int result = EXIT_USAGE;

	blocker_conf_init(&s.block);
	s.block.never = &s.never;
	for (int i = 0; i < argc; i++)
		if (server_argument(&s, argv[i]) < 0)
			goto out;
	ranges_normalise(&s.never_given);
	result = EXIT_SOFTWARE;
	if (block_policy_never(&s.never, lists, 1) == 0 && notify_open(&s.notify) == 0)
		result = serve_caged(&s, &f);
out:
	blocker_close(s.blocker);
	listeners_close(s.listeners);
	notify_close(&s.notify);
	ranges_fini(&s.never);
	ranges_fini(&s.never_given);
	return result;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "self-test") == 0)
		return self_test(argc - 2, argv + 2);
	if (argc == 2 && strcmp(argv[1], "local") == 0)
		return local();
	if (argc > 1 && strcmp(argv[1], "serve") == 0)
		return serve(argc - 2, argv + 2);
	return EXIT_USAGE;
}
