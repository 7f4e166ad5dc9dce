/* logarithm: natural logarithm and exponential without libm, which the pure folders do not link. */
#ifndef PORTLIGHT_BASE_LOGARITHM_H
#define PORTLIGHT_BASE_LOGARITHM_H

/* ln x for x > 0, exact to 12 digits: x is scaled into [0.7, 1.4], then the series of the inverse
 * hyperbolic tangent is summed. Too slow for every packet. */
static inline double logarithm(double x)
{
	double sum = 0, term, square;

	while (x > 1.4) {
		x /= 2;
		sum += 0.69314718055994531;
	}
	while (x < 0.7) {
		x *= 2;
		sum -= 0.69314718055994531;
	}
	term = (x - 1) / (x + 1);
	square = term * term;
	for (int n = 1; n < 24; n += 2) {
		sum += 2 * term / n;
		term *= square;
	}
	return sum;
}

/* e to the power of x, for x <= 0; exact to 12 digits, and 0 below -700. */
static inline double exponential(double x)
{
	double term = 1, sum = 1, part = x;
	unsigned halved = 0;

	if (x < -700)
		return 0;
	for (; part < -0.5; halved++)
		part /= 2;
	for (int n = 1; n < 16; n++) {
		term *= part / n;
		sum += term;
	}
	while (halved-- > 0)
		sum *= sum;
	return sum;
}

#endif
