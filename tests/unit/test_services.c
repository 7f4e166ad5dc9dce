/* Tests of system/services, system/textfile and system/resolve: files and local names only. */
#include "system/services.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "system/resolve.h"
#include "system/textfile.h"

static struct services *table(const char *text)
{
	struct services *s = services_new(text, strlen(text));

	assert_non_null(s);
	return s;
}

static void test_lines(void **state)
{
	struct services *s = table("# comment\n"
				   "\n"
				   "late 80/tcp\n"
				   "http\t\t80/tcp www web # the web\n"
				   "domain 53/udp\r\n"
				   "zero 0/tcp\n"
				   "top 65535/udp\n"
				   "over 65536/tcp\n"
				   "huge 99999999999999/tcp\n"
				   "other 5/sctp\n"
				   "noport\n"
				   "empty /tcp\n"
				   "bad<name> 6/tcp\n"
				   "good 6/tcp ok bad&alias also-ok\n"
				   "#hidden 7/tcp\n"
				   "last 9/tcp");

	(void)state;
	assert_int_equal(services_count(s), 11);
	assert_string_equal(services_name(s, 80, IPPROTO_TCP), "late");
	assert_null(services_name(s, 80, IPPROTO_UDP));
	assert_string_equal(services_name(s, 53, IPPROTO_UDP), "domain");
	assert_null(services_name(s, 53, IPPROTO_TCP));
	assert_string_equal(services_name(s, 0, IPPROTO_TCP), "zero");
	assert_string_equal(services_name(s, 65535, IPPROTO_UDP), "top");
	assert_null(services_name(s, 65535, IPPROTO_TCP));
	assert_null(services_name(s, 5, IPPROTO_SCTP));
	assert_string_equal(services_name(s, 6, IPPROTO_TCP), "good");
	assert_null(services_name(s, 7, IPPROTO_TCP));
	assert_string_equal(services_name_of(s, 9, IPPROTO_TCP), "last");
	services_free(s);
	services_free(NULL);
}

struct seen {
	unsigned count;
	unsigned sum;
};

static void seen_port(void *context, uint16_t port)
{
	struct seen *seen = context;

	seen->count++;
	seen->sum += port;
}

static void check_find(struct services *s, const char *pattern, int proto, unsigned count,
		       unsigned sum)
{
	struct service_names names = services_names(s);
	struct seen seen = {0, 0};

	assert_int_equal(
		names.find(names.context, pattern, strlen(pattern), proto, seen_port, &seen),
		count);
	assert_int_equal(seen.count, count);
	assert_int_equal(seen.sum, sum);
}

static void test_find(void **state)
{
	struct services *s = table("abcab 1/tcp\nabc 2/tcp\nABC 4/udp\naabb 8/tcp\n");

	(void)state;
	check_find(s, "abc", IPPROTO_TCP, 1, 2);
	check_find(s, "aBc", IPPROTO_UDP, 1, 4);
	check_find(s, "ab", IPPROTO_TCP, 0, 0);
	check_find(s, "*", IPPROTO_TCP, 3, 11);
	check_find(s, "**", IPPROTO_UDP, 1, 4);
	check_find(s, "*ab", IPPROTO_TCP, 1, 1);
	check_find(s, "a*b", IPPROTO_TCP, 2, 9);
	check_find(s, "a*b*", IPPROTO_TCP, 3, 11);
	check_find(s, "???", IPPROTO_TCP, 1, 2);
	check_find(s, "????*", IPPROTO_TCP, 2, 9);
	check_find(s, "*c?b", IPPROTO_TCP, 1, 1);
	check_find(s, "", IPPROTO_TCP, 0, 0);
	services_free(s);
}

static void test_missing_file(void **state)
{
	struct services *s = NULL;

	(void)state;
	assert_int_equal(services_load("/nonexistent/services", &s), 0);
	assert_int_equal(services_count(s), 0);
	assert_null(services_name(s, 80, IPPROTO_TCP));
	check_find(s, "*", IPPROTO_TCP, 0, 0);
	services_free(s);
	assert_int_equal(services_load("/", &s), -EISDIR);
}

static void make_file(char *path, const char *bytes, size_t length)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), length);
	assert_int_equal(close(fd), 0);
}

static void test_textfile(void **state)
{
	char path[] = "/tmp/portlight-test-XXXXXX";
	static char big[200000];
	char *text = NULL;
	size_t length = 0;

	(void)state;
	memset(big, 'a', sizeof(big));
	big[100000] = '\0';
	make_file(path, big, sizeof(big));
	assert_int_equal(textfile_read(path, sizeof(big), &text, &length), 0);
	assert_int_equal(length, sizeof(big));
	assert_memory_equal(text, big, sizeof(big));
	assert_int_equal(text[length], '\0');
	free(text);
	text = NULL;
	assert_int_equal(textfile_read(path, sizeof(big) - 1, &text, &length), -EFBIG);
	assert_int_equal(textfile_read(path, 0, &text, &length), -EFBIG);
	assert_null(text);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(textfile_read(path, 0, &text, &length), 0);
	assert_int_equal(length, 0);
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(textfile_read(path, 1, &text, &length), -ENOENT);
	assert_int_equal(textfile_read("/", 1, &text, &length), -EISDIR);
	assert_int_equal(textfile_read("/dev/zero", 1 << 20, &text, &length), -EFBIG);
}

static void test_standard_input(void **state)
{
	int ends[2], saved = dup(STDIN_FILENO);
	char *text = NULL;
	size_t length = 0;

	(void)state;
	assert_true(saved >= 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "a\nb\n", 4), 4);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(textfile_read("-", 100, &text, &length), 0);
	assert_string_equal(text, "a\nb\n");
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(close(saved), 0);
	free(text);
}

/* "localhost" is in /etc/hosts or known to the resolver itself; a label of 64 bytes is refused
 * before a name server is queried. */
static void test_resolve(void **state)
{
	const struct resolve_conf any = {RESOLVE_ANY, false}, v4 = {RESOLVE_V4, true};
	struct addr out[RESOLVE_MOST];
	struct failure f = {0};
	char label[65];

	(void)state;
	assert_int_equal(resolve_name("localhost", &any, out, &f), 1);
	assert_true(addr_equal(out[0], addr_from_v4(0x7f000001)) ||
		    addr_equal(out[0], (struct addr){0, 1}));
	assert_int_equal(resolve_name("localhost", &v4, out, &f), 1);
	assert_true(addr_equal(out[0], addr_from_v4(0x7f000001)));
	assert_int_equal(f.exit_code, 0);

	memset(label, 'x', 64);
	label[64] = '\0';
	assert_int_equal(resolve_name(label, &any, out, &f), -1);
	assert_memory_equal(f.text, "cannot resolve \"xxx", 19);
	assert_true(f.exit_code == EXIT_USAGE || f.exit_code == EXIT_UNAVAILABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	       cmocka_unit_test(test_find),
		cmocka_unit_test(test_missing_file),   cmocka_unit_test(test_textfile),
		cmocka_unit_test(test_standard_input), cmocka_unit_test(test_resolve),
	};

	return cmocka_run_group_tests_name("services", tests, NULL, NULL);
}
