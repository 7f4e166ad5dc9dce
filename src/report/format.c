/* format: the table of file formats, from which options, converter, help and manual page are
 * made. */
#include "report/format.h"

#include <string.h>

// clang-format off
#define FORMAT_ROW(id, name, option, suffix, help, ops) [id] = {name, option, suffix, help, &ops},
const struct format format_table[FORMATS] = {
	FORMAT_ROWS(FORMAT_ROW)
};
// clang-format on

int format_by_name(const char *name)
{
	for (int i = 0; i < FORMATS; i++)
		if (strcmp(format_table[i].name, name) == 0 ||
		    strcmp(format_table[i].ops->name, name) == 0)
			return i;
	return -1;
}
