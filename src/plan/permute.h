/* permute: a keyed bijection on [0, n): the order in which a plan is walked. */
#ifndef PORTLIGHT_PLAN_PERMUTE_H
#define PORTLIGHT_PLAN_PERMUTE_H

#include <linux/types.h>

#include "base/mix.h"

/*
 * A Feistel network on a x b >= n with a, b near sqrt(n) (Black and Rogaway, "Ciphers with
 * Arbitrary Finite Domains", CT-RSA 2002, 3.3), cycle-walked over the a x b - n < a values too
 * many: at most one step in sqrt(n)/2 is walked twice. a is a power of two, so that an index comes
 * apart without a division, and one half in two is reduced by a mask. Not a secure cipher: it is to
 * spread the load. Inline, and only 64-bit arithmetic, so that the kernel's BPF target compiles it
 * too.
 */
#define PERMUTE_ROUNDS 4

/*
 * Steps of a cycle walk at most, for the kernel, which wants each loop bounded. A walk is no longer
 * than there are values too many, which is below a; where a is greater than this, so many steps
 * outside in a row have a chance below b^-64.
 */
#define PERMUTE_STEPS 64

struct permute {
	__u64 n;
	__u64 a, b; /* a = 2^bits, b = ceil(n / a); both <= 2^32 */
	__u64 bits;
	__u64 key[PERMUTE_ROUNDS];
};

/* n in 1..2^63. */
static inline void permute_init(struct permute *p, __u64 n, const __u64 seed[2], __u64 tweak)
{
	p->n = n;
	p->bits = 0;
	while (p->bits < 32 && 1ULL << 2 * p->bits < n)
		p->bits++;
	p->a = 1ULL << p->bits;
	p->b = (n + p->a - 1) >> p->bits;
	for (int round = 0; round < PERMUTE_ROUNDS; round++)
		p->key[round] =
			mix64(seed[round & 1] ^ mix64(tweak * PERMUTE_ROUNDS + (__u64)round + 1));
}

/* A pseudo-random number below `bound` <= 2^32. */
static inline __u64 permute_round(__u64 key, __u64 half, __u64 bound)
{
	__u64 x = (half + key) * 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ULL;
	return ((x >> 32) * bound) >> 32;
}

/*
 * x mod bound for x < 2 * bound <= 2^33, without a branch: which way it goes is a coin toss, and a
 * processor that guesses wrong twice an index loses more than all the arithmetic takes. Compilers
 * must not see that it is a choice.
 */
static inline __u64 permute_wrap(__u64 x, __u64 bound)
{
	const __u64 less = x - bound;
	__u64 mask = (__u64)((__s64)less >> 63);

	__asm__("" : "+r"(mask));
	return less + (mask & bound);
}

static inline __u64 permute_forward(const struct permute *p, __u64 index)
{
	for (int step = 0; step < PERMUTE_STEPS; step++) {
		__u64 left = index & (p->a - 1), right = index >> p->bits;

		for (int round = 0; round < PERMUTE_ROUNDS; round += 2) {
			left = (left + permute_round(p->key[round], right, p->a)) & (p->a - 1);
			right = permute_wrap(right + permute_round(p->key[round + 1], left, p->b),
					     p->b);
		}
		index = right << p->bits | left;
		if (index < p->n)
			break;
	}
	return index;
}

/* permute_backward(permute_forward(i)) == i. */
static inline __u64 permute_backward(const struct permute *p, __u64 index)
{
	for (int step = 0; step < PERMUTE_STEPS; step++) {
		__u64 left = index & (p->a - 1), right = index >> p->bits;

		for (int round = PERMUTE_ROUNDS; round > 0; round -= 2) {
			right = permute_wrap(
				right + p->b - permute_round(p->key[round - 1], left, p->b), p->b);
			left = (left - permute_round(p->key[round - 2], right, p->a)) & (p->a - 1);
		}
		index = right << p->bits | left;
		if (index < p->n)
			break;
	}
	return index;
}

/*
 * The values of the round function for indices of at most PERMUTE_TABLE^2, whose halves are that
 * small: looked up in the first-level cache they take a third of the time that they take to
 * compute. a divides PERMUTE_TABLE, so that those of a left half also stand for what is not yet
 * reduced to one.
 */
#define PERMUTE_TABLE 1024

struct permute_table {
	__u16 value[PERMUTE_ROUNDS][PERMUTE_TABLE];
};

/* p->n <= PERMUTE_TABLE^2. */
static inline void permute_table_init(struct permute_table *t, const struct permute *p)
{
	for (__u64 half = 0; half < PERMUTE_TABLE; half++)
		for (int round = 0; round < PERMUTE_ROUNDS; round += 2) {
			t->value[round][half] = (__u16)permute_round(p->key[round], half, p->a);
			t->value[round + 1][half] =
				(__u16)permute_round(p->key[round + 1], half & (p->a - 1), p->b);
		}
}

/* One step of permute_forward's walk: the result may be n or more, and is then to be given to
 * permute_forward. */
static inline __u64 permute_table_step(const struct permute_table *t, const struct permute *p,
				       __u64 index)
{
	__u64 left = index & (p->a - 1), right = index >> p->bits;

	for (int round = 0; round < PERMUTE_ROUNDS; round += 2) {
		left += t->value[round][right & (PERMUTE_TABLE - 1)];
		right = permute_wrap(right + t->value[round + 1][left & (PERMUTE_TABLE - 1)], p->b);
	}
	return right << p->bits | (left & (p->a - 1));
}

/* And one of permute_backward's. */
static inline __u64 permute_table_back(const struct permute_table *t, const struct permute *p,
				       __u64 index)
{
	__u64 left = index & (p->a - 1), right = index >> p->bits;

	for (int round = PERMUTE_ROUNDS; round > 0; round -= 2) {
		right = permute_wrap(right + p->b - t->value[round - 1][left & (PERMUTE_TABLE - 1)],
				     p->b);
		left = (left - t->value[round - 2][right & (PERMUTE_TABLE - 1)]) & (p->a - 1);
	}
	return right << p->bits | left;
}

#endif
