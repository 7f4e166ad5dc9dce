/* confidence: how many ports a scan has judged wrongly because packets were lost. */
#ifndef PORTLIGHT_SCAN_CONFIDENCE_H
#define PORTLIGHT_SCAN_CONFIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/plan.h"
#include "result/record.h"
#include "technique/technique.h"

/*
 * Two estimators; the larger counts.
 *
 * Removal: the attempts at which ports that answered were heard first. If of 10,000 ports 400
 * needed a second attempt, 16 of these a third and one of these a fourth, few needed a fifth. The
 * model is that each attempt at a port is lost with a probability of that port's own, which is
 * beta distributed: its mean and its correlation (the chance that the next attempt is lost as well,
 * beyond the mean) are weighed by a grid of both, with all that is known of them. Correlation is
 * what bursts, and hosts with different paths, have in common.
 *
 * Recapture: probes of ports that have answered, probed again as if they had never been asked
 * (recapture.h), with as many attempts. These see losses that take all attempts away, of which
 * removal sees nothing.
 *
 * Neither sees a port that never answers: what a firewall drops is not missed.
 */

/* Attempts that are distinguished; probes have 16 at most. */
#define CONFIDENCE_TRIES 16

struct confidence {
	uint8_t tries[CONFIDENCE_KINDS]; /* fewest attempts of a technique; 0: none is of it */
	/* Ports that a loss would have hidden. */
	uint64_t found[CONFIDENCE_KINDS];
	/* Answers by attempt, from 0, of hosts that do not limit them. */
	uint64_t seen[CONFIDENCE_KINDS][CONFIDENCE_TRIES];
	/* Probed again: answered at that attempt, from 0; or without answer to that many. */
	uint64_t again[CONFIDENCE_KINDS][CONFIDENCE_TRIES];
	uint64_t unheard[CONFIDENCE_KINDS][CONFIDENCE_TRIES + 1];
};

/* For a scan with the techniques of the plan and that many attempts at most, by technique. */
void confidence_init(struct confidence *c, const struct plan *plan,
		     const uint8_t tries[TECHNIQUES]);

/* What loss hides from a technique. */
enum confidence_kind confidence_kind(unsigned technique);

/* Counts the findings of a host that is read out. */
void confidence_host(struct confidence *c, const struct host_report *host);

/* A port was probed again: `attempts` probes went, 1 to 16, the last of them answered or none. */
void confidence_again(struct confidence *c, enum confidence_kind kind, unsigned attempts,
		      bool answered);

/*
 * Everything for the summary of the run. Takes about a millisecond. A kind is known if at least one
 * of its ports has answered, and that says something of those that have not: not if each was sent
 * one probe, and none probed again.
 */
struct run_confidence confidence_summary(const struct confidence *c);

#endif
