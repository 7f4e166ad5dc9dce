/* Fuzzes cli/options: arguments are the input's pieces between NUL bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "input.h"
#include "run/timing.h"
#include "technique/technique.h"

#define MOST_ARGUMENTS 64

static void check_failure(int result, const struct failure *f)
{
	input_check(result == 0 || result == -1);
	input_check((result < 0) == (f->exit_code != 0));
	if (result == 0)
		return;
	input_check(f->exit_code == EXIT_USAGE);
	input_check(f->text[0] != '\0' && strlen(f->text) < sizeof(f->text));
	for (const char *at = f->text; *at; at++)
		input_check(*at >= 0x20 && *at <= 0x7e);
}

/* Text is never copied: what an option holds is a piece of the input. */
static void check_text(const char *text, const char *from, const char *to)
{
	input_check(!text || (text >= from && text < to && text[0] != '\0'));
}

static void check_words(const struct words *w, const char *from, const char *to)
{
	input_check(w->count <= MOST_ARGUMENTS && (w->count == 0 || w->word));
	for (size_t i = 0; i < w->count; i++)
		input_check(w->word[i] >= from && w->word[i] < to);
}

/* What the rows promise; a number out of its range would be undefined further on. */
static void check_options(const struct scan_options *o, const char *from, const char *to)
{
	const struct scan_request *r = &o->request;
	const char *texts[] = {r->ports, r->exclude_ports, r->interface, o->output_all};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_text(texts[i], from, to);
	for (int i = 0; i < FORMATS; i++)
		check_text(o->output[i], from, to);
	check_words(&r->targets, from, to);
	check_words(&r->lists, from, to);
	check_words(&r->excludes, from, to);
	check_words(&r->exclude_lists, from, to);
	input_check(r->techniques >> PORT_TECHNIQUES == 0);
	input_check(r->timing <= 5);
	input_check(r->max_retries <= 15 && r->source_port <= 65535 && r->ttl <= 255);
	input_check(r->top_ports <= 65535 && r->max_sockets <= 1000000);
	input_check(r->shard <= r->shards && (!r->shards || r->has_seed || o->help || o->version));
	input_check(r->max_rate_pps >= 0 && r->max_rate_pps <= 1e9);
	input_check(r->min_rate_pps >= 0 && r->min_rate_pps <= 1e9);
}

/* For any command line: the pace and the attempts are valid, and the rate never exceeds the cap. */
static void check_timing(const struct scan_request *r)
{
	struct scan_conf conf = {0};

	timing_apply(r, &conf);
	input_check(conf.pace.start_pps > 0 && conf.pace.start_pps <= conf.pace.ceiling_pps);
	input_check(conf.pace.floor_pps >= 0 && conf.pace.floor_pps <= conf.pace.start_pps);
	input_check(r->max_rate_pps <= 0 || conf.pace.ceiling_pps <= r->max_rate_pps);
	input_check(conf.rtt.min_ns > 0 && conf.rtt.min_ns <= conf.rtt.max_ns);
	for (int i = 0; i < PORT_TECHNIQUES; i++)
		input_check(conf.tries[i] >= 1 && conf.tries[i] <= 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[MOST_ARGUMENTS];
	struct scan_options options;
	struct failure f = {0};
	char *text = malloc(size + 1);
	int argc = 0, result;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	for (char *at = text; at <= text + size && argc < MOST_ARGUMENTS; at += strlen(at) + 1)
		argv[argc++] = at;
	memset(&options, 0xa5, sizeof(options));
	result = scan_options_parse(argc, argv, &options, &f);
	check_failure(result, &f);
	if (result == 0) {
		/* The terminating NUL of a last, empty argument belongs to it. */
		check_options(&options, text, text + size + 1);
		check_timing(&options.request);
	}
	scan_options_fini(&options);
	free(text);
	return 0;
}
