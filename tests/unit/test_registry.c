/* The choice of the engine, and the reasons against one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/registry.h"
#include "technique/technique.h"

#define SYN	(1u << TECH_SYN)
#define CONNECT (1u << TECH_CONNECT)
#define UDP	(1u << TECH_UDP)

static void the_most_preferred_engine_that_can_is_chosen(void **state)
{
	static const struct {
		struct engine_case c;
		const char *engine;
	} cases[] = {
		{{0, PRIVILEGE_RAW, 0, 0, false}, "frames"},
		{{0, PRIVILEGE_RAW_NO_CAP, 0, 0, false}, "sockets"},
		{{SYN, PRIVILEGE_RAW, 0, 0, false}, "frames"},
		{{UDP, PRIVILEGE_RAW, 0, 0, false}, "frames"},
		{{UDP, PRIVILEGE_RAW_NO_CAP, 0, 0, false}, "sockets"},
		{{CONNECT, PRIVILEGE_RAW, 0, 0, false}, "sockets"},
		{{CONNECT | UDP, PRIVILEGE_RAW_FOREIGN, 0, 0, false}, "sockets"},
		{{SYN, PRIVILEGE_RAW, 262144, 500000, false}, "xdp"},
		{{SYN | UDP, PRIVILEGE_RAW, 1u << 24, 1e7, false}, "xdp"},
		{{SYN, PRIVILEGE_RAW, 262143, 500000, false}, "frames"},
		{{SYN, PRIVILEGE_RAW, 262144, 499999, false}, "frames"},
		{{SYN, PRIVILEGE_RAW, 262144, 500000, true}, "frames"},
		{{CONNECT, PRIVILEGE_RAW, 262144, 500000, false}, "sockets"},
		{{UDP, PRIVILEGE_RAW_NO_CAP, 262144, 500000, false}, "sockets"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct failure f = {0};
		const struct engine_row *row = engine_choose(&cases[i].c, NULL, &f);

		assert_non_null(row);
		if (strcmp(row->name, cases[i].engine) != 0)
			fail_msg("case %zu: %s, not %s", i, row->name, cases[i].engine);
		assert_int_equal(f.exit_code, 0);
	}
}

static void the_next_engine_takes_the_place_of_one_that_cannot_be_opened(void **state)
{
	const struct engine_case c = {SYN, PRIVILEGE_RAW, 262144, 500000, false};
	struct failure f = {0};

	(void)state;
	assert_string_equal(engine_choose(&c, engine_by_name("xdp"), &f)->name, "frames");
	assert_null(engine_choose(&c, engine_by_name("frames"), &f));
	assert_non_null(strstr(f.text, "technique syn is not for engine sockets"));
}

static void reasons_name_the_technique_and_the_privilege(void **state)
{
	static const struct {
		struct engine_case c;
		const char *engine; /* NULL: by itself */
		int exit_code;
		const char *says;
	} cases[] = {
		{{SYN, PRIVILEGE_RAW_NO_CAP}, NULL, EXIT_NO_PERMISSION, "technique syn needs"},
		{{SYN, PRIVILEGE_RAW_NO_CAP}, "sockets", EXIT_NO_PERMISSION, "technique syn needs"},
		{{SYN, PRIVILEGE_RAW_NO_CAP}, "xdp", EXIT_NO_PERMISSION, "technique syn needs"},
		{{UDP, PRIVILEGE_RAW_FOREIGN}, "frames", EXIT_NO_PERMISSION, "engine frames needs"},
		{{UDP, PRIVILEGE_RAW_FOREIGN}, "xdp", EXIT_NO_PERMISSION, "engine frames needs"},
		{{SYN, PRIVILEGE_RAW}, "sockets", EXIT_USAGE, "syn is not for engine sockets"},
		{{SYN | CONNECT, PRIVILEGE_RAW}, "sockets", EXIT_USAGE, "syn is not for engine"},
		{{SYN | CONNECT, PRIVILEGE_RAW}, NULL, EXIT_USAGE, "scan one at a time"},
		{{SYN | CONNECT, PRIVILEGE_RAW}, "frames", EXIT_USAGE, "scan one at a time"},
		{{CONNECT, PRIVILEGE_RAW}, "frames", EXIT_USAGE, "connect is for engine sockets"},
		{{CONNECT, PRIVILEGE_RAW_NO_CAP}, "xdp", EXIT_USAGE, "connect is for engine"},
		{{.techniques = SYN, .raw = PRIVILEGE_RAW, .no_bypass = true},
		 "xdp",
		 EXIT_USAGE,
		 "with --no-bypass use engine frames"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct engine_row *row =
			cases[i].engine ? engine_by_name(cases[i].engine) : NULL;
		struct failure f = {0};

		if (row)
			assert_int_equal(row->why_not(&cases[i].c, &f), -1);
		else
			assert_null(engine_choose(&cases[i].c, NULL, &f));
		assert_int_equal(f.exit_code, cases[i].exit_code);
		if (!strstr(f.text, cases[i].says))
			fail_msg("case %zu: \"%s\" does not say \"%s\"", i, f.text, cases[i].says);
	}
}

static void every_engine_is_named_once_and_explained(void **state)
{
	char names[64], help[1024], cut[10];

	(void)state;
	assert_string_equal(engine_names(names, sizeof(names)), "sockets, frames or xdp");
	engine_help(help, sizeof(help));
	for (size_t i = 0; i < ENGINES; i++) {
		assert_ptr_equal(engine_by_name(engine_rows[i].name), &engine_rows[i]);
		assert_non_null(strstr(help, engine_rows[i].help));
		assert_non_null(engine_rows[i].open);
	}
	assert_null(engine_by_name("frame"));
	assert_string_equal(engine_names(cut, sizeof(cut)), "sockets, ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_preferred_engine_that_can_is_chosen),
		cmocka_unit_test(the_next_engine_takes_the_place_of_one_that_cannot_be_opened),
		cmocka_unit_test(reasons_name_the_technique_and_the_privilege),
		cmocka_unit_test(every_engine_is_named_once_and_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
