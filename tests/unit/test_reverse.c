/* test_reverse: names of addresses, looked up in threads: bounded, checked, never waited for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "system/reverse.h"

/* A resolver that answers when it is let: by the last byte of the address. */
struct resolver {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool held;
	unsigned inside, most;
};

static const char *const names[] = {
	"a.example",  "b.example.", "xn--bcher-kva.example",
	"_x.example", "",	    "192.0.2.1",
	"0x7f.1",     "host/24",    "a b",
	"a,b",	      "a\x1b[31m",  "<script>",
	"a\"b",	      "-x",	    "\xc3\xa4.example",
	"..",	      "a..b",	    "fe80::1%eth0",
	"*",	      "a\nb",
};
/* The first of them, as they are accepted. */
static const char *const good[] = {"a.example", "b.example", "xn--bcher-kva.example", "_x.example"};
#define GOOD  (sizeof(good) / sizeof(good[0]))
#define NAMES (sizeof(names) / sizeof(names[0]))

static bool answer(void *context, struct addr a, char name[static REVERSE_NAME])
{
	struct resolver *r = context;
	const unsigned number = addr_v4(a) & 0xff;

	(void)pthread_mutex_lock(&r->lock);
	r->inside++;
	if (r->inside > r->most)
		r->most = r->inside;
	(void)pthread_cond_broadcast(&r->changed);
	while (r->held)
		(void)pthread_cond_wait(&r->changed, &r->lock);
	r->inside--;
	(void)pthread_cond_broadcast(&r->changed);
	(void)pthread_mutex_unlock(&r->lock);
	if (number == 255)
		return false;
	(void)snprintf(name, REVERSE_NAME, "%s", names[number % NAMES]);
	return true;
}

/* Static: threads may use it until the end of the process. */
static struct resolver resolver = {.lock = PTHREAD_MUTEX_INITIALIZER,
				   .changed = PTHREAD_COND_INITIALIZER};

static void hold(bool held)
{
	(void)pthread_mutex_lock(&resolver.lock);
	resolver.held = held;
	(void)pthread_cond_broadcast(&resolver.changed);
	(void)pthread_mutex_unlock(&resolver.lock);
}

static void await_inside(unsigned count)
{
	(void)pthread_mutex_lock(&resolver.lock);
	while (resolver.inside != count)
		(void)pthread_cond_wait(&resolver.changed, &resolver.lock);
	(void)pthread_mutex_unlock(&resolver.lock);
}

static void await(const struct reverse_job *job)
{
	while (!reverse_done(job))
		(void)sched_yield();
}

static void only_host_names_are_accepted(void **state)
{
	struct reverse *r = reverse_new(answer, &resolver);

	(void)state;
	assert_non_null(r);
	for (uint32_t i = 0; i < NAMES; i++) {
		struct reverse_job *job = reverse_ask(r, addr_from_v4(0xc0000200 | i));

		assert_non_null(job);
		await(job);
		if (i < GOOD)
			assert_string_equal(reverse_name(job), good[i]);
		else if (reverse_name(job))
			fail_msg("accepted: \"%s\"", reverse_name(job));
		reverse_drop(r, job);
	}
	struct reverse_job *none = reverse_ask(r, addr_from_v4(0xc00002ff));

	await(none);
	assert_null(reverse_name(none));
	reverse_drop(r, none);
	reverse_close(r);
}

static void lookups_run_at_once_and_are_bounded(void **state)
{
	static struct reverse_job *jobs[REVERSE_MOST];
	struct reverse *r = reverse_new(answer, &resolver);

	(void)state;
	assert_non_null(r);
	hold(true);
	for (uint32_t i = 0; i < REVERSE_MOST; i++) {
		jobs[i] = reverse_ask(r, addr_from_v4(0xc6120000 | i));
		assert_non_null(jobs[i]);
	}
	assert_null(reverse_ask(r, addr_from_v4(0xc6130000)));
	await_inside(REVERSE_THREADS);
	assert_false(reverse_done(jobs[0]));
	/* Dropped: in a thread, and in the queue. */
	reverse_drop(r, jobs[1]);
	reverse_drop(r, jobs[REVERSE_MOST - 1]);
	hold(false);
	for (uint32_t i = 0; i < REVERSE_MOST - 1; i++) {
		if (i == 1)
			continue;
		await(jobs[i]);
		reverse_drop(r, jobs[i]);
	}
	assert_int_equal(resolver.most, REVERSE_THREADS);
	reverse_close(r);
}

/* With lookups under way and queued: the end does not wait, and nothing is lost (ASan). */
static void the_end_does_not_wait(void **state)
{
	struct reverse *r = reverse_new(answer, &resolver);
	struct reverse_job *jobs[2 * REVERSE_THREADS];

	(void)state;
	assert_non_null(r);
	hold(true);
	for (uint32_t i = 0; i < 2 * REVERSE_THREADS; i++)
		jobs[i] = reverse_ask(r, addr_from_v4(0xc6120000 | i));
	await_inside(REVERSE_THREADS);
	for (uint32_t i = 0; i < 2 * REVERSE_THREADS; i++)
		reverse_drop(r, jobs[i]);
	reverse_close(r);
	hold(false);
	await_inside(0);
	reverse_close(reverse_new(NULL, NULL));
	reverse_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_host_names_are_accepted),
		cmocka_unit_test(lookups_run_at_once_and_are_bounded),
		cmocka_unit_test(the_end_does_not_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
