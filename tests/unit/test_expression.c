/* Filter expressions, link by link. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/expression.h"
#include "capture/link_type.h"

/* An Ethernet frame with an IPv4 TCP segment to port 80. */
static const uint8_t http[54] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0,  0, 0,    1, 0x08, 0x00, 0x45, 0, 0,    40,
	0,    0,    0,	  0,	64,   6,    0, 0, 10, 0, 0,    1, 10,	0,    0,    2, 0x1f, 0x90,
	0,    80,   0,	  0,	0,    0,    0, 0, 0,  0, 0x50, 2, 4,	0,    0,    0, 0,    0,
};

static void expressions_match_by_link(void **state)
{
	const unsigned ethernet = (unsigned)link_type_of(PACKET_LINK_ETHERNET);
	const unsigned raw = (unsigned)link_type_of(PACKET_LINK_RAW_IP);
	struct sock_fprog program;
	struct failure f = {0};
	struct expression *e = expression_new("tcp dst port 80", &f);

	(void)state;
	assert_non_null(e);
	assert_int_equal(expression_match(e, ethernet, http, 54, 54, &f), 1);
	assert_int_equal(expression_match(e, raw, http + 14, 40, 40, &f), 1);
	assert_int_equal(expression_match(e, raw, http, 54, 54, &f), 0);
	assert_int_equal(expression_program(e, ethernet, &program, &f), 0);
	assert_true(program.len > 0);
	expression_free(e);

	e = expression_new("ether broadcast", &f);
	assert_non_null(e);
	assert_int_equal(expression_match(e, ethernet, http, 54, 54, &f), 1);
	assert_int_equal(expression_match(e, raw, http + 14, 40, 40, &f), -1);
	assert_int_equal(f.exit_code, EXIT_USAGE);
	f = (struct failure){0};
	assert_int_equal(expression_program(e, raw, &program, &f), -1);
	expression_free(e);

	f = (struct failure){0};
	assert_null(expression_new("tcp dst port \033[31m", &f));
	assert_int_equal(f.exit_code, EXIT_USAGE);
	assert_null(strchr(f.text, '\033'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_match_by_link),
	};

	return cmocka_run_group_tests_name("expression", tests, NULL, NULL);
}
