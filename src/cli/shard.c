/* shard: --shard I/N, or from a scheduler's environment. */
#include "cli/shard.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option_table.h"

struct scheduler {
	const char *name;
	const char *index;	/* variable of the index of this process */
	uint64_t base;		/* of the first process, where `first` is not set */
	const char *first;	/* variable of that; or NULL */
	const char *step, *all; /* variables: from one index to the next; how many; or NULL */
};

static const struct scheduler schedulers[] = {
	{"Slurm", "SLURM_ARRAY_TASK_ID", 0, "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP",
	 "SLURM_ARRAY_TASK_COUNT"},
	{"Kubernetes", "JOB_COMPLETION_INDEX", 0, NULL, NULL, NULL},
	{"Nomad", "NOMAD_ALLOC_INDEX", 0, NULL, NULL, NULL},
	{"GNU parallel", "PARALLEL_SEQ", 1, NULL, NULL, NULL},
};

/* Reads the decimal number at *text and advances. */
static bool number_read(const char **text, uint64_t *value)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	*value = strtoull(*text, &end, 10);
	*text = end;
	return errno == 0;
}

/* The value of a variable; *value stays if the variable is not there. */
static int variable_read(char *(*lookup)(const char *), const char *variable, uint64_t *value,
			 struct failure *f)
{
	const char *text = variable ? lookup(variable) : NULL, *at = text;

	if (!text || (number_read(&at, value) && !*at))
		return 0;
	return failure_set(f, EXIT_USAGE, "%s is not a number: \"%s\"", variable,
			   option_quote(text).text);
}

static const struct scheduler *scheduler_here(char *(*lookup)(const char *))
{
	for (size_t i = 0; i < sizeof(schedulers) / sizeof(schedulers[0]); i++)
		if (lookup(schedulers[i].index))
			return &schedulers[i];
	return NULL;
}

static int shard_auto(const char *name, char *(*lookup)(const char *), uint64_t *number,
		      uint64_t *count, struct failure *f)
{
	const struct scheduler *here = scheduler_here(lookup);
	uint64_t index = 0, first, step = 1, all = 0;

	if (!here)
		return failure_set(f, EXIT_USAGE,
				   "%s auto: no scheduler's index is in the environment "
				   "(SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, NOMAD_ALLOC_INDEX, "
				   "PARALLEL_SEQ)",
				   name);
	first = here->base;
	if (variable_read(lookup, here->index, &index, f) < 0 ||
	    variable_read(lookup, here->first, &first, f) < 0 ||
	    variable_read(lookup, here->step, &step, f) < 0 ||
	    variable_read(lookup, here->all, &all, f) < 0 ||
	    (!all && variable_read(lookup, "PORTLIGHT_SHARDS", &all, f) < 0))
		return -1;
	if (!*count)
		*count = all;
	if (!*count)
		return failure_set(f, EXIT_USAGE,
				   "%s auto: %s does not state how many parts there are: say "
				   "%s auto/N, or set PORTLIGHT_SHARDS",
				   name, here->name, name);
	if (index < first || step == 0 || (index - first) % step ||
	    (index - first) / step >= *count || *count > SHARDS_MOST)
		return failure_set(f, EXIT_USAGE, "%s auto: %s=%s is not one of %llu parts", name,
				   here->index, option_quote(lookup(here->index)).text,
				   (unsigned long long)*count);
	*number = (index - first) / step + 1;
	return 0;
}

int shard_parse(const char *name, const char *text, char *(*lookup)(const char *variable),
		uint64_t *number, uint64_t *count, struct failure *f)
{
	const bool automatic = strncmp(text, "auto", 4) == 0;
	const char *at = automatic ? text + 4 : text;
	bool good = automatic || number_read(&at, number);

	*count = 0;
	if (good && (*at || !automatic))
		good = *at++ == '/' && number_read(&at, count) && !*at && *count >= 1 &&
		       *count <= SHARDS_MOST;
	if (!good || (!automatic && (*number < 1 || *number > *count)))
		return failure_set(f, EXIT_USAGE,
				   "%s wants I/N with 1 <= I <= N, auto or auto/N, not \"%s\"",
				   name, option_quote(text).text);
	return automatic ? shard_auto(name, lookup, number, count, f) : 0;
}
