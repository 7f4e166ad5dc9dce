/* report_checks: a sample written in a format, and compared. */
#ifndef PORTLIGHT_TEST_REPORT_CHECKS_H
#define PORTLIGHT_TEST_REPORT_CHECKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report_samples.h"

/* The sample in that format, freed by the caller. */
static inline char *render(const struct sample *s, const struct report_ops *ops)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	assert_int_equal(sample_write(s, ops, out), 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(text), length);
	return text;
}

static inline void check_golden(struct sample *s, const struct report_ops *ops, const char *golden)
{
	char *text = render(s, ops);

	assert_string_equal(text, golden);
	free(text);
	sample_free(s);
}

static inline void check_has(struct sample *s, const struct report_ops *ops, const char *part)
{
	char *text = render(s, ops);

	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
	free(text);
	sample_free(s);
}

#endif
