/* permute: a keyed bijection on [0, n): the order in which a plan is walked. */
#ifndef PORTLIGHT_SCAN_PERMUTE_H
#define PORTLIGHT_SCAN_PERMUTE_H

#include <linux/types.h>

/*
 * A Feistel network on a x b >= n with a, b near sqrt(n) (Black and Rogaway, "Ciphers with
 * Arbitrary Finite Domains", CT-RSA 2002, 3.3), cycle-walked over the a x b - n < a values too
 * many: one step in sqrt(n) is walked twice. Not a cipher to hide behind: it spreads load.
 * Inline, and only 64-bit arithmetic, so that the kernel's BPF target compiles it too.
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
	__u64 a, b;	    /* both < 2^32 */
	__u64 b_reciprocal; /* permute_reciprocal(b) */
	__u64 key[PERMUTE_ROUNDS];
};

/* For permute_divide: floor(2^32 / divisor) + 1; divisor < 2^32. */
static inline __u64 permute_reciprocal(__u64 divisor)
{
	return (1ULL << 32) / divisor + 1;
}

/* number / divisor, without a division where the number has 32 bits: 25 cycles less. The estimate
 * is too great by one at most, as number * (reciprocal * divisor - 2^32) <= divisor * 2^32. */
static inline __u64 permute_divide(__u64 number, __u64 divisor, __u64 reciprocal)
{
	__u64 quotient;

	if (number >> 32)
		return number / divisor;
	quotient = number * reciprocal >> 32;
	return quotient * divisor > number ? quotient - 1 : quotient;
}

/* n in 1..2^63. */
static inline void permute_init(struct permute *p, __u64 n, const __u64 seed[2], __u64 tweak);

/* splitmix64's finaliser (Stafford's Mix13). */
static inline __u64 permute_mix(__u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static inline void permute_init(struct permute *p, __u64 n, const __u64 seed[2], __u64 tweak)
{
	__u64 a = 1;

	/* The smallest power-of-two start above sqrt(n), then Newton down to ceil(sqrt(n)). */
	for (int bit = 0; bit < 32 && a * a < n; bit++)
		a <<= 1;
	if (n > 1) {
		__u64 x = a;

		for (;;) {
			__u64 y = (x + n / x) >> 1;

			if (y >= x)
				break;
			x = y;
		}
		a = x * x < n ? x + 1 : x;
	}
	p->n = n;
	p->a = a;
	p->b = (n + a - 1) / a;
	p->b_reciprocal = permute_reciprocal(p->b);
	for (int round = 0; round < PERMUTE_ROUNDS; round++)
		p->key[round] = permute_mix(seed[round & 1] ^
					    permute_mix(tweak * PERMUTE_ROUNDS + (__u64)round + 1));
}

/* A pseudo-random number below `bound` < 2^32. */
static inline __u64 permute_round(__u64 key, __u64 half, __u64 bound)
{
	__u64 x = (half + key) * 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ULL;
	return ((x >> 32) * bound) >> 32;
}

/*
 * One step of the walk for each of two indices, in turns: the steps of one wait for one another,
 * and meanwhile the processor does those of the other.
 */
static inline void permute_pair_step(const struct permute *p, __u64 *one, __u64 *two)
{
	__u64 left1 = permute_divide(*one, p->b, p->b_reciprocal);
	__u64 left2 = permute_divide(*two, p->b, p->b_reciprocal);
	__u64 right1 = *one - left1 * p->b, right2 = *two - left2 * p->b;

	for (int round = 0; round < PERMUTE_ROUNDS; round += 2) {
		left1 += permute_round(p->key[round], right1, p->a);
		left2 += permute_round(p->key[round], right2, p->a);
		left1 -= left1 >= p->a ? p->a : 0;
		left2 -= left2 >= p->a ? p->a : 0;
		right1 += permute_round(p->key[round + 1], left1, p->b);
		right2 += permute_round(p->key[round + 1], left2, p->b);
		right1 -= right1 >= p->b ? p->b : 0;
		right2 -= right2 >= p->b ? p->b : 0;
	}
	*one = left1 * p->b + right1;
	*two = left2 * p->b + right2;
}

static inline __u64 permute_forward(const struct permute *p, __u64 index)
{
	for (int step = 0; step < PERMUTE_STEPS; step++) {
		__u64 left = permute_divide(index, p->b, p->b_reciprocal);
		__u64 right = index - left * p->b;

		for (int round = 0; round < PERMUTE_ROUNDS; round += 2) {
			left += permute_round(p->key[round], right, p->a);
			left -= left >= p->a ? p->a : 0;
			right += permute_round(p->key[round + 1], left, p->b);
			right -= right >= p->b ? p->b : 0;
		}
		index = left * p->b + right;
		if (index < p->n)
			break;
	}
	return index;
}

/* permute_forward of both: faster than one after the other. One that is not below n comes to
 * nothing in particular. */
static inline void permute_forward_pair(const struct permute *p, __u64 *one, __u64 *two)
{
	permute_pair_step(p, one, two);
	if (*one >= p->n)
		*one = permute_forward(p, *one);
	if (*two >= p->n)
		*two = permute_forward(p, *two);
}

/* permute_backward(permute_forward(i)) == i. */
static inline __u64 permute_backward(const struct permute *p, __u64 index)
{
	for (int step = 0; step < PERMUTE_STEPS; step++) {
		__u64 left = permute_divide(index, p->b, p->b_reciprocal);
		__u64 right = index - left * p->b;

		for (int round = PERMUTE_ROUNDS; round > 0; round -= 2) {
			right += p->b - permute_round(p->key[round - 1], left, p->b);
			right -= right >= p->b ? p->b : 0;
			left += p->a - permute_round(p->key[round - 2], right, p->a);
			left -= left >= p->a ? p->a : 0;
		}
		index = left * p->b + right;
		if (index < p->n)
			break;
	}
	return index;
}

#endif
