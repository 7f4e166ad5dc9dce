/* output_name: names of output files, with the time of the start in them as nmap allows. */
#ifndef PORTLIGHT_CLI_OUTPUT_NAME_H
#define PORTLIGHT_CLI_OUTPUT_NAME_H

#include <time.h>

#include "base/failure.h"

/*
 * Replaces the conversions of nmap in the file name of the option `option`: %H %M %S %m %d %y %Y as
 * in strftime(3), %T for %H%M%S, %R for %H%M, %D for %m%d%y; any other character behind a % stands
 * for itself. A name that begins with '-' is refused, but not "-" itself, which stays. 0 with *out
 * from malloc, the caller's to free; or -1 with *f.
 */
int output_name_expand(const char *name, const struct tm *at, char **out, struct failure *f);

#endif
