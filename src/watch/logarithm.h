/* logarithm: the natural one, without a mathematical library. */
#ifndef PORTLIGHT_WATCH_LOGARITHM_H
#define PORTLIGHT_WATCH_LOGARITHM_H

/* ln x for x > 0, to 12 digits: scaled into [0.7, 1.4], then the series of the inverse hyperbolic
 * tangent. Not for a hot path. */
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
