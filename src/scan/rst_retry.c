/* rst_retry: rounds of further attempts, and their pace. */
#include "scan/rst_retry.h"

/* Half of all packets lost each way leaves 0.75^200 of the ports. Below what 8 bits of attempts
 * count. */
#define ROUNDS_MOST 200
/* Probes per time-out: the least, which tests whether any answer comes, and the number per
 * answer. */
#define PROBES_LEAST	  16
#define PROBES_PER_ANSWER 3
#define PROBES_MOST	  4096
/* With few ports left, an empty round may be chance. */
#define EMPTY_MOST 2

bool rst_retry_valid(const struct rst_retry *p, uint32_t slots)
{
	return p->stage > RST_RETRY_OFF && p->stage <= RST_RETRY_OVER && p->extra <= ROUNDS_MOST &&
	       p->empty <= EMPTY_MOST && p->from <= slots && p->silent <= slots &&
	       p->answered <= slots && p->recent <= slots && p->gained <= slots &&
	       p->given <= PROBES_LEAST + PROBES_PER_ANSWER * slots + PROBES_MOST &&
	       p->allowance <= p->given;
}

void rst_retry_start(struct rst_retry *p, uint32_t gained, uint32_t answered, uint64_t over_ns)
{
	*p = (struct rst_retry){
		.over_ns = over_ns,
		.recent = gained,
		.gained = gained,
		.answered = answered,
		.stage = RST_RETRY_WAIT,
	};
}

void rst_retry_counted(struct rst_retry *p, uint32_t answered)
{
	p->recent += answered - p->answered;
	p->gained += answered - p->answered;
	p->answered = answered;
}

static uint32_t rst_retry_allowance(const struct rst_retry *p, uint32_t before)
{
	uint32_t wanted = PROBES_LEAST + PROBES_PER_ANSWER * p->recent;
	uint32_t steady = p->recent ? before / 2 : before * 2;

	if (steady > PROBES_MOST)
		steady = PROBES_MOST;
	return wanted > steady ? wanted : steady;
}

bool rst_retry_take(struct rst_retry *p, uint64_t timeout_ns, uint64_t now_ns)
{
	if (now_ns >= p->next_ns) {
		p->given = rst_retry_allowance(p, p->given);
		p->allowance = p->given;
		p->recent = 0;
		p->next_ns = now_ns + timeout_ns;
	}
	if (p->allowance == 0)
		return false;
	p->allowance--;
	return true;
}

void rst_retry_asked(struct rst_retry *p, uint64_t over_ns)
{
	p->over_ns = over_ns;
	p->stage = RST_RETRY_WAIT;
}

void rst_retry_turn(struct rst_retry *p, uint32_t silent)
{
	p->silent = silent;
	p->empty = p->gained ? 0 : (uint8_t)(p->empty + 1);
	if (silent == 0 || p->empty == EMPTY_MOST || p->extra == ROUNDS_MOST) {
		p->stage = RST_RETRY_OVER;
		return;
	}
	p->extra++;
	p->gained = 0;
	p->from = 0;
	p->stage = RST_RETRY_ROUND;
}
