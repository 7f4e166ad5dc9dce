/* option_hint: suggests the option or subcommand that a mistyped one was meant to be. */
#ifndef PORTLIGHT_CLI_OPTION_HINT_H
#define PORTLIGHT_CLI_OPTION_HINT_H

#include <stdbool.h>

#include "cli/option_table.h"

/*
 * The nearest name to `argument` in the table, or NULL if none is near. Nearest is a name that
 * differs only in dashes, underscores or case (-open, --max_rate), then the beginning of a name
 * (--max-ret), then a name with a few mistyped letters. *left_out: the suggested option is one
 * that portlight does not have either.
 */
const char *option_hint(const struct option_table *table, const char *argument, bool *left_out);

/* The long option of that name, typed with one dash, as nmap allows (-exclude for --exclude), or
 * NULL. The caller prefers a short option whose value follows it directly (-e xclude). */
const char *option_hint_long(const struct option_table *table, const char *argument);

/* The nearest of `count` names to a word, by the same rules, or NULL if none is near. */
const char *option_hint_word(const char *const *names, size_t count, const char *word);

#endif
