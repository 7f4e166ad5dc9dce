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
#include "cli/option_hint.h"
#include "system/resolve.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"scan", cmd_scan, "find open, closed and filtered ports (the word may be omitted)"},
	{"watch", cmd_watch, "detect scans, live or in a capture: source, technique, tool"},
	{"convert", cmd_convert, "write a saved report, of portlight or nmap, in another format"},
	{"merge", cmd_merge, "join saved runs and shards to one"},
	{"verify", cmd_verify, "check that shards or parts of a scan are together all of it"},
	{"techniques", cmd_techniques, "what each technique sends, and what each answer means"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int usage(FILE *out)
{
	fputs("portlight " PORTLIGHT_VERSION ": see every port, see every scan\n\n"
	      "usage: portlight COMMAND [options]\n"
	      "       portlight [scan] [options] target...\n\n",
	      out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].help);
	fputs("\nportlight COMMAND --help, or portlight help COMMAND, prints its options.\n", out);
	return out == stdout ? 0 : EXIT_USAGE;
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

/* Reports a word that is not a command; *f, if not NULL, says why it is not a host either. */
static int command_unknown(const char *word, const struct failure *f)
{
	const char *names[COMMANDS], *near;
	char quoted[100];

	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	near = option_hint_word(names, COMMANDS, word);
	text_quote(word, strlen(word), quoted, sizeof(quoted));
	if (near)
		fprintf(stderr, "portlight: there is no command \"%s\"; did you mean %s?\n", quoted,
			near);
	else if (f)
		fprintf(stderr,
			"portlight: \"%s\" is not a command (see portlight --help), and not a "
			"host: %s\n",
			quoted, f->text);
	else
		fprintf(stderr, "portlight: there is no command \"%s\"; see portlight --help\n",
			quoted);
	return EXIT_USAGE;
}

static int command_help(int argc, char **argv)
{
	static char option[] = "--help";
	const struct command *command = argc > 0 ? command_find(argv[0]) : NULL;
	char *help[] = {option, NULL};
	if (argc == 0)
		return usage(stdout);
	return command ? command->run(1, help) : command_unknown(argv[0], NULL);
}

/*
 * As in nmap, options or targets without a command start a scan. A word is a target if it looks
 * like an address or a name with dots, or if the resolver knows it.
 */
static bool is_scan(const char *word, struct failure *f)
{
	const struct resolve_conf any = {.family = RESOLVE_ANY};
	struct addr found[RESOLVE_MOST];

	return word[0] == '-' || strpbrk(word, ".:/") || resolve_name(word, &any, found, f) > 0;
}

/*
 * Opens /dev/null in place of each standard stream that is closed (`>&-`), in a mode that makes
 * its use fail. Otherwise the next file or packet socket would get its number, and with it our
 * output. False if that fails.
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
	const struct command *command;
	struct failure f = {0};

	if (!streams_keep_place())
		return EXIT_SOFTWARE;
	if (argc < 2)
		return usage(stderr);
	command = command_find(argv[1]);
	if (command)
		return command->run(argc - 2, argv + 2);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return usage(stdout);
	if (strcmp(argv[1], "help") == 0)
		return command_help(argc - 2, argv + 2);
	if (strcmp(argv[1], "version") == 0) {
		puts("portlight " PORTLIGHT_VERSION);
		return fflush(stdout) == 0 ? 0 : EXIT_IO;
	}
	return is_scan(argv[1], &f) ? cmd_scan(argc - 1, argv + 1) : command_unknown(argv[1], &f);
}
