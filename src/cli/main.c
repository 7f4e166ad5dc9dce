/* main: the table of subcommands. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "text/failure.h"
#include "text/quote.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"scan", cmd_scan,
	 "find open, closed and filtered ports (also without the word: portlight -sS host)"},
	{"watch", cmd_watch, "notice scans, live or in a capture, and name who scans and how"},
	{"techniques", cmd_techniques, "what each technique sends, and what each answer means"},
};

static int usage(FILE *out)
{
	fputs("portlight " PORTLIGHT_VERSION ": see every port, see every scan\n\n"
	      "usage: portlight COMMAND [options]\n\n",
	      out);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].help);
	fputs("\nportlight COMMAND --help tells more.\n", out);
	return out == stdout ? 0 : EXIT_USAGE;
}

int main(int argc, char **argv)
{
	char quoted[100];

	if (argc < 2)
		return usage(stderr);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 2, argv + 2);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return usage(stdout);
	/* nmap's habit: options first mean a scan. */
	if (argv[1][0] == '-')
		return cmd_scan(argc - 1, argv + 1);
	fprintf(stderr, "portlight: there is no command \"%s\"; see portlight --help\n",
		text_quote(argv[1], strlen(argv[1]), quoted, sizeof(quoted)));
	return EXIT_USAGE;
}
