/* logarithm: the natural logarithm without libm, which the pure folders do not link. */
#ifndef PORTLIGHT_WATCH_LOGARITHM_H
#define PORTLIGHT_WATCH_LOGARITHM_H

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

#endif
