/* cmd_techniques: `portlight techniques`: the table itself. */
#include <stdio.h>
#include <string.h>

#include "base/failure.h"
#include "base/quote.h"
#include "cli/commands.h"
#include "report/text/techniques.h"

int cmd_techniques(int argc, char **argv)
{
	bool json = argc == 1 && strcmp(argv[0], "--json") == 0;
	char quoted[100];

	if (argc == 1 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
		puts("usage: portlight techniques [--json]");
		return 0;
	}
	if (argc > 1 || (argc == 1 && !json)) {
		const char *bad = argv[argc - 1];

		fprintf(stderr, "portlight: techniques takes --json or nothing, not \"%s\"\n",
			text_quote(bad, strlen(bad), quoted, sizeof(quoted)));
		return EXIT_USAGE;
	}
	int error = report_techniques(stdout, json);

	if (error < 0) {
		fprintf(stderr, "portlight: cannot write to \"standard output\": %s\n",
			strerror(-error));
		return EXIT_IO;
	}
	return 0;
}
