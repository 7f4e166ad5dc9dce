/* inputs: opens saved reports, and keeps outputs apart from them. */
#include "cli/inputs.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/option_table.h"

FILE *input_open(const char *path, struct failure *f)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

	if (!in)
		failure_set(f, EXIT_IO, "cannot read \"%s\": %s", option_quote(path).text,
			    strerror(errno));
	return in;
}

void input_close(FILE *in)
{
	if (in && in != stdin)
		(void)fclose(in); /* only read from */
}

const char *input_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

int input_apart(FILE *in, const char *path, struct failure *f)
{
	struct stat mine, other;

	if (strcmp(path, "-") != 0 && fstat(fileno(in), &mine) == 0 && S_ISREG(mine.st_mode) &&
	    stat(path, &other) == 0 && mine.st_dev == other.st_dev && mine.st_ino == other.st_ino)
		return failure_set(f, EXIT_USAGE, "\"%s\" is the input", option_quote(path).text);
	return 0;
}

int sink_result(struct sink *sink, int error, struct failure *f)
{
	if (error == 0)
		return 0;
	if (error == EPIPE)
		return 128 + SIGPIPE;
	return failure_set(f, EXIT_IO, "cannot write to %s: %s", sink->ops->destination(sink),
			   strerror(error));
}
