/* place: a folder of its own for a test, with one file or socket in it. */
#ifndef PORTLIGHT_TESTS_PLACE_H
#define PORTLIGHT_TESTS_PLACE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct place {
	char folder[64], path[128];
};

/* A cmocka setup: *state becomes a struct place, whose path does not exist yet. */
static inline int place_open(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	if (!p)
		return -1;
	(void)strcpy(p->folder, "/tmp/portlight-test.XXXXXX");
	if (!mkdtemp(p->folder)) {
		free(p);
		return -1;
	}
	(void)snprintf(p->path, sizeof(p->path), "%s/file", p->folder);
	*state = p;
	return 0;
}

/* The teardown: fails where anything else was left in the folder. */
static inline int place_close(void **state)
{
	struct place *p = *state;
	int status;

	(void)remove(p->path);
	status = rmdir(p->folder);
	free(p);
	return status;
}

#endif
