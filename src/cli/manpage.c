/* manpage: fills a manual page's template from the program's own tables, at build time. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/convert_options.h"
#include "cli/merge_options.h"
#include "cli/options.h"
#include "cli/timing_help.h"
#include "cli/verify_options.h"
#include "cli/watch_options.h"
#include "result/event.h"
#include "technique/technique.h"
#include "watch/params.h"

static void print_techniques(void)
{
	puts(".Bl -tag -width Ds");
	for (int t = 0; t < TECHNIQUES; t++) {
		const struct technique *row = &technique_table[t];

		if (row->letter)
			printf(".It Cm %s Pq Fl s%c\n", row->name, row->letter);
		else
			printf(".It Cm %s\n", row->name);
		printf("%s\n%s%s", row->sends, row->caveat, row->caveat[0] ? "\n" : "");
	}
	puts(".El");
}

static void print_events(bool alerts)
{
	puts(".Bl -tag -width distributed_scan -compact");
	for (unsigned action = 0; action < EVENT_ACTIONS; action++)
		if (event_is_alert(action) == alerts)
			printf(".It %s\n%s\n", event_kind(action)->name,
			       event_kind(action)->meaning);
	puts(".El");
}

/* Thresholds of the detector that the manual page states, by their names in watch/params.h. */
static const struct {
	const char *name;
	unsigned long value;
} params[] = {
	{"@ANSWER_WAIT_S@", ANSWER_WAIT_MS / 1000},
	{"@LEAK_MINUTES@", (unsigned long)(LEAK_MS / 60000)},
	{"@LEAK_SLOW_HOURS@", (unsigned long)(LEAK_SLOW_MS / 3600000)},
	{"@SUSPECTS@", SUSPECTS},
	{"@HITS@", HITS},
	{"@UPDATE_HOSTS_GROWTH@", UPDATE_HOSTS_GROWTH},
	{"@UPDATE_GROWTH@", UPDATE_GROWTH},
};

/* Writes a line of the template, with the values of the parameters that it names. */
static void print_line(const char *line)
{
	while (*line) {
		size_t i = 0;

		while (i < sizeof(params) / sizeof(params[0]) &&
		       strncmp(line, params[i].name, strlen(params[i].name)) != 0)
			i++;
		if (i == sizeof(params) / sizeof(params[0])) {
			putchar(*line++);
			continue;
		}
		printf("%lu", params[i].value);
		line += strlen(params[i].name);
	}
}

int main(void)
{
	char line[512];

	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "@OPTIONS@\n") == 0)
			scan_options_man(stdout);
		else if (strcmp(line, "@OPTIONS_LEFT_OUT@\n") == 0)
			scan_options_man_left_out(stdout);
		else if (strcmp(line, "@CONVERT_OPTIONS@\n") == 0)
			convert_options_man(stdout);
		else if (strcmp(line, "@MERGE_OPTIONS@\n") == 0)
			merge_options_man(stdout);
		else if (strcmp(line, "@VERIFY_OPTIONS@\n") == 0)
			verify_options_man(stdout);
		else if (strcmp(line, "@WATCH_OPTIONS@\n") == 0)
			watch_options_man(stdout);
		else if (strcmp(line, "@TIMING@\n") == 0)
			timing_help(stdout);
		else if (strcmp(line, "@TECHNIQUES@\n") == 0)
			print_techniques();
		else if (strcmp(line, "@EVENT_ALERTS@\n") == 0)
			print_events(true);
		else if (strcmp(line, "@EVENT_OTHERS@\n") == 0)
			print_events(false);
		else
			print_line(line);
	}
	return ferror(stdin) || fflush(stdout) ? 1 : 0;
}
