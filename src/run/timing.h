/* timing: what -T0 to -T5 mean, as plain numbers. */
#ifndef PORTLIGHT_RUN_TIMING_H
#define PORTLIGHT_RUN_TIMING_H

#include <stdint.h>
#include <stdio.h>

#include "cli/options.h"
#include "scan/scan.h"

/* Fills pace, round-trip bounds and attempts of *conf. */
void timing_apply(const struct scan_options *o, struct scan_conf *conf);

/* The table for --help. */
void timing_help(FILE *out);

#endif
