/* shard: the value of --shard, and the part of a job that a scheduler gives to this process. */
#ifndef PORTLIGHT_CLI_SHARD_H
#define PORTLIGHT_CLI_SHARD_H

#include <stdint.h>

#include "base/failure.h"

#define SHARDS_MOST 1000000

/*
 * Parses "I/N", 1 <= I <= N <= SHARDS_MOST; or "auto" or "auto/N": I, and without /N also N, from
 * the environment of a scheduler, which `lookup` reads as getenv(3) does:
 *   Slurm job array         SLURM_ARRAY_TASK_ID, _MIN, _STEP, _COUNT (sbatch(1)); N is the count
 *   Kubernetes Indexed Job  JOB_COMPLETION_INDEX, from 0
 *   Nomad                   NOMAD_ALLOC_INDEX, from 0
 *   GNU parallel            PARALLEL_SEQ, from 1
 * PORTLIGHT_SHARDS is N where neither the text nor the scheduler states it. 0, or -1 with *f.
 * `name` is the option's, for the message.
 */
int shard_parse(const char *name, const char *text, char *(*lookup)(const char *variable),
		uint64_t *number, uint64_t *count, struct failure *f);

#endif
