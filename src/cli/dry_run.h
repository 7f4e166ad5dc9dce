/* dry_run: `scan --dry-run`: what a scan would send. */
#ifndef PORTLIGHT_CLI_DRY_RUN_H
#define PORTLIGHT_CLI_DRY_RUN_H

#include <stdio.h>

#include "run/scan_setup.h"

/* Prints the plan, its time at the rates of the request, and its bytes; sends nothing. */
void dry_run_print(const struct scan_setup *setup, FILE *out);

#endif
