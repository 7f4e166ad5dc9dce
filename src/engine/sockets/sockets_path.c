/* sockets_path: tells a lost path from a target that has no route. */
#include "engine/sockets/sockets_path.h"

#include "engine/sockets/attempt.h"
#include "engine/sockets/sockets_state.h"
#include "technique/technique.h"

/* Between two probes whose targets are looked at: that takes two system calls. */
#define FOLLOW_EVERY 64

enum path_state sockets_path(struct engine *e, bool doubt, const char **why)
{
	struct sockets *s = (struct sockets *)e;

	return path_check(s->path, doubt, why);
}

void sockets_path_follow(struct sockets *s, const struct attempt *a)
{
	if (s->follow > 0) {
		s->follow--;
		return;
	}
	s->follow = FOLLOW_EVERY;
	(void)path_follow(s->path, a->probe.to); /* false: enough others are followed */
}

/* Whether the target has answered an earlier probe by itself. */
static bool path_proven(const struct sockets *s, const struct attempt *a)
{
	for (int i = 0; i < SHEETS; i++) {
		const struct sheet *sheet = s->conf.sheets[i];
		uint32_t cell;

		if (sheet && sheet_untag(sheet, a->probe.cell, &cell))
			return sheet_host_heard(sheet, cell / sheet_plan(sheet)->slots);
	}
	return false;
}

/* Whether an answer of our own kernel says that there is no route to the target; others (a packet
 * filter of ours, a prohibiting route) are its rules, and hold. */
static bool path_concerns(const struct answer *answer)
{
	if (!(answer->has & ANSWER_LOCAL) || !(answer->has & ANSWER_ICMP))
		return false;
	return addr_is_v4(answer->from) ? answer->icmp_type == 3 && answer->icmp_code <= 1
					: answer->icmp_type == 1 && (answer->icmp_code == 0 ||
								     answer->icmp_code == 3);
}

enum sockets_path_word sockets_path_word(struct sockets *s, const struct attempt *a)
{
	if (a->state != ATTEMPT_ANSWERED || !path_concerns(&a->answer))
		return WORD_HOLDS;
	if (path_is_lost(s->path))
		return WORD_LOST;
	return path_proven(s, a) ? WORD_VAIN : WORD_HOLDS;
}
