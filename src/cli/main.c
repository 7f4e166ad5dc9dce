/* main: the table of subcommands. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/quote.h"
#include "cli/commands.h"

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

/*
 * Who starts us with `>&-` must not have our table in the next file or packet socket that is
 * opened, but a write error: what takes the place of a closed stream cannot be used the stream's
 * way.
 */
static bool streams_keep_place(void)
{
	const int modes[] = {O_WRONLY, O_RDONLY, O_WRONLY};

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", modes[fd] | O_NOCTTY) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	char quoted[100];

	if (!streams_keep_place())
		return EXIT_SOFTWARE;
	if (argc < 2)
		return usage(stderr);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 2, argv + 2);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return usage(stdout);
	/* nmap's habit: options first mean a scan, and so does what no command could be called. */
	if (argv[1][0] == '-' || strpbrk(argv[1], ".:/"))
		return cmd_scan(argc - 1, argv + 1);
	text_quote(argv[1], strlen(argv[1]), quoted, sizeof(quoted));
	fprintf(stderr,
		"portlight: there is no command \"%s\"; see portlight --help, or portlight scan "
		"%s\n",
		quoted, quoted);
	return EXIT_USAGE;
}
