/* args_text: a command line as text. */
#ifndef PORTLIGHT_CLI_ARGS_TEXT_H
#define PORTLIGHT_CLI_ARGS_TEXT_H

/* `command` and its arguments as one line that is safe to print, from malloc; NULL out of memory.
 */
char *args_text(const char *command, int argc, char **argv);

#endif
