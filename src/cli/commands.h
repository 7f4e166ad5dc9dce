/* commands: one function a subcommand; argv without the program's name and the command's. */
#ifndef PORTLIGHT_CLI_COMMANDS_H
#define PORTLIGHT_CLI_COMMANDS_H

/* Each returns the exit code of the program. */
int cmd_convert(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_scan(int argc, char **argv);
int cmd_techniques(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_watch(int argc, char **argv);

#endif
