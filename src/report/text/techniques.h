/* techniques: prints the technique table, as text and as JSON. */
#ifndef PORTLIGHT_REPORT_TEXT_TECHNIQUES_H
#define PORTLIGHT_REPORT_TEXT_TECHNIQUES_H

#include <stdbool.h>
#include <stdio.h>

/* Writes every technique: what it sends, what each answer means by which document, and when it
 * cannot decide. json: one array of objects. Returns 0 or -errno of the failed write. */
int report_techniques(FILE *out, bool json);

#endif
