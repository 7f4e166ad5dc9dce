/* fuzz_report_text: a fuzzer's input through a source into a format, and again. */
#ifndef PORTLIGHT_TESTS_FUZZ_REPORT_TEXT_H
#define PORTLIGHT_TESTS_FUZZ_REPORT_TEXT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/source.h"
#include "report/report.h"

/* The input in the format `ops`, freed by the caller; NULL if it is refused, with a failure that
 * says so. */
static inline char *fuzz_convert(const void *data, size_t size, const struct report_ops *ops,
				 size_t *length)
{
	const struct report_conf conf = {.all_ports = true, .all_hosts = true};
	FILE *in = fmemopen((void *)data, size, "r");
	char *text = NULL;
	FILE *out = open_memstream(&text, length);
	struct failure f = {0};
	struct report report;
	struct record record;
	int got = -1;

	if (!in || !out)
		abort();
	report_init(&report, ops, out, &conf);
	struct source *source = source_open(in, "input", &f);

	if (source) {
		const struct run_info *run = source->ops->begin(source, &f);

		if (run)
			(void)sink_begin(&report.sink, run);
		while (run && (got = source->ops->next(source, &record, &f)) > 0)
			(void)sink_record(&report.sink, &record);
		if (got == 0)
			(void)sink_end(&report.sink, &source->summary);
		source->ops->close(source);
	}
	report_fini(&report);
	if (report.error || fclose(out) != 0 || fclose(in) != 0)
		abort();
	if (got == 0)
		return text;
	if (f.exit_code != EXIT_DATA || !f.text[0])
		abort();
	free(text);
	return NULL;
}

/* What is no report is refused; what is one gives, written and read, the same for ever. */
static inline void fuzz_report(const uint8_t *data, size_t size, const struct report_ops *same)
{
	static const struct report_ops *const formats[] = {&report_normal, &report_grepable,
							   &report_xml, &report_ndjson};
	size_t length, again_length;
	char *text, *again;

	if (size == 0)
		return;
	text = fuzz_convert(data, size, same, &length);
	if (!text)
		return;
	again = fuzz_convert(text, length, same, &again_length);
	if (!again || length != again_length || memcmp(text, again, length) != 0)
		abort();
	free(again);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		free(fuzz_convert(text, length, formats[i], &again_length));
	free(text);
}

#endif
