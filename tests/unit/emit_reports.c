/* emit_reports: writes every sample in every format into directory $1, for report_oracles.sh. */
#include <stdio.h>
#include <string.h>

#include "report/text/techniques.h"
#include "report_samples.h"

static FILE *create(const char *folder, const char *name, const char *suffix)
{
	char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s.%s", folder, name, suffix) >= sizeof(path))
		return NULL;
	FILE *out = fopen(path, "w");

	if (!out)
		perror(path);
	return out;
}

static int emit(const char *folder, struct sample *s)
{
	static const struct {
		const struct report_ops *ops;
		const char *suffix;
	} formats[] = {{&report_table, "table"},   {&report_normal, "nmap"},
		       {&report_xml, "xml"},	   {&report_grepable, "gnmap"},
		       {&report_ndjson, "ndjson"}, {&report_explain, "explain"}};
	int failed = 0;

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		FILE *out = create(folder, s->name, formats[i].suffix);

		if (!out)
			return 1;
		failed |= sample_write(s, formats[i].ops, out) != 0;
		failed |= fclose(out) != 0;
	}
	if (s->expect) {
		FILE *out = create(folder, s->name, "expect");

		if (!out)
			return 1;
		failed |= fputs(s->expect, out) < 0;
		failed |= fclose(out) != 0;
	}
	sample_free(s);
	return failed;
}

static int emit_techniques(const char *folder, const char *suffix, bool json)
{
	FILE *out = create(folder, "techniques", suffix);

	if (!out)
		return 1;
	int failed = report_techniques(out, json) != 0;

	return fclose(out) != 0 || failed;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fprintf(stderr, "usage: emit_reports FOLDER\n");
		return 64;
	}
	int failed = emit(argv[1], sample_basic(false));

	failed |= emit(argv[1], sample_basic(true));
	failed |= emit(argv[1], sample_all_ports());
	failed |= emit(argv[1], sample_empty(false));
	failed |= emit(argv[1], sample_empty(true));
	failed |= emit(argv[1], sample_partial());
	failed |= emit(argv[1], sample_hostile());
	failed |= emit(argv[1], sample_merged());
	failed |= emit(argv[1], sample_open_only());
	failed |= emit_techniques(argv[1], "text", false);
	failed |= emit_techniques(argv[1], "json", true);
	return failed ? 74 : 0;
}
