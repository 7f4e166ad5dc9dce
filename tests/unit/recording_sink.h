/* recording_sink: a sink that stores every record it receives, and can be set to fail. */
#ifndef PORTLIGHT_TESTS_RECORDING_SINK_H
#define PORTLIGHT_TESTS_RECORDING_SINK_H

#include <stdlib.h>
#include <string.h>

#include "result/sink.h"

struct recording_sink {
	struct sink sink;
	unsigned begun, ended;
	struct run_info run; /* what it points to is the caller's */
	struct host_report
		*host; /* with findings and status of their own; names are the caller's */
	size_t hosts;
	size_t events;
	struct run_summary summary;
	int error; /* what each call returns */
};

static inline int recording_begin(struct sink *s, const struct run_info *run)
{
	struct recording_sink *r = (struct recording_sink *)s;

	r->begun++;
	r->run = *run;
	return r->error;
}

static inline int recording_record(struct sink *s, const struct record *record)
{
	struct recording_sink *r = (struct recording_sink *)s;

	if (r->begun != 1 || r->ended)
		abort(); /* the order that sink.h promises */
	if (record->kind == RECORD_EVENT) {
		r->events++;
		return r->error;
	}
	const struct host_report *host = record->host;
	struct finding *findings = calloc(host->count + 1, sizeof(*findings));

	r->host = realloc(r->host, (r->hosts + 1) * sizeof(*r->host));
	if (!r->host || !findings)
		abort();
	if (host->count)
		memcpy(findings, host->findings, host->count * sizeof(*findings));
	r->host[r->hosts] = *host;
	r->host[r->hosts].findings = findings;
	if (host->status) {
		struct host_status *status = malloc(sizeof(*status));

		if (!status)
			abort();
		*status = *host->status;
		r->host[r->hosts].status = status;
	}
	r->hosts++;
	return r->error;
}

static inline int recording_end(struct sink *s, const struct run_summary *summary)
{
	struct recording_sink *r = (struct recording_sink *)s;

	r->ended++;
	r->summary = *summary;
	return r->error;
}

static inline const char *recording_destination(const struct sink *s)
{
	(void)s;
	return "\"the recording\"";
}

static const struct sink_ops recording_ops = {"recording", recording_begin, recording_record,
					      recording_end, recording_destination};

static inline void recording_sink_fini(struct recording_sink *r)
{
	for (size_t i = 0; i < r->hosts; i++) {
		free((void *)r->host[i].findings);
		free((void *)r->host[i].status);
	}
	free(r->host);
}

#endif
