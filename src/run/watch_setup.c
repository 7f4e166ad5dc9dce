/* watch_setup: opens everything that a detector needs before it enters its cage. */
#include "run/watch_setup.h"

#include <stdio.h>
#include <string.h>

#include "net/netlink.h"
#include "run/networks.h"
#include "run/watch_memory.h"
#include "watch/block_policy.h"

#define NS UINT64_C(1000000000)

/* Parses the request's words and the files that they name: errors here are the user's to
 * correct. */
static int read_words(struct watch_setup *setup, struct failure *f)
{
	const struct watch_request *r = setup->request;

	if (networks_add(&setup->home, "--home", &r->home, f) < 0 ||
	    networks_add(&setup->ignored, "--ignore", &r->ignores, f) < 0 ||
	    networks_add_files(&setup->ignored, &r->ignore_files, f) < 0 ||
	    networks_add(&setup->never, "--never-block", &r->never_block, f) < 0)
		return -1;
	ranges_normalise(&setup->home);
	ranges_normalise(&setup->ignored);
	ranges_normalise(&setup->never);
	if (r->filter) {
		setup->expression = expression_new(r->filter, f);
		if (!setup->expression)
			return -1;
	}
	return 0;
}

/* Without --home, our networks are those of the links. */
static int read_local(struct watch_setup *setup, struct netlink *netlink, struct failure *f)
{
	if (local_read(&setup->local, netlink, f) < 0)
		return -1;
	if (setup->request->home.count)
		return 0;
	for (size_t i = 0; i < setup->local.home.count; i++)
		if (ranges_add(&setup->home, setup->local.home.range[i].first,
			       setup->local.home.range[i].last) < 0)
			return failure_set(f, EXIT_SOFTWARE, "out of memory");
	ranges_normalise(&setup->home);
	return 0;
}

static int prepare_response(struct watch_setup *setup, struct failure *f)
{
	const struct watch_request *r = setup->request;
	const struct ranges *lists[] = {
		&setup->never,		&setup->ignored,	 &setup->local.own,
		&setup->local.gateways, &setup->local.resolvers,
	};
	struct blocker_conf conf;
	struct ranges never;

	if (!r->block && !r->dry_run)
		return 0;
	if (block_policy_never(&never, lists, sizeof(lists) / sizeof(lists[0])) < 0)
		return failure_set(f, EXIT_SOFTWARE, "out of memory");
	ranges_fini(&setup->never);
	setup->never = never;
	setup->response.never = &setup->never;
	setup->response.dry_run = r->dry_run;
	setup->response.observer = setup->observer;
	if (r->dry_run)
		return 0;
	blocker_conf_init(&conf);
	conf.timeout_s = (uint32_t)(r->block_time_ns / NS);
	conf.never = &setup->never;
	conf.user = r->user;
	setup->response.blocker = blocker_open(&conf, f);
	return setup->response.blocker ? 0 : -1;
}

/* tcpdump's name for all interfaces. */
static bool wants_any(const struct words *interfaces)
{
	for (size_t i = 0; i < interfaces->count; i++)
		if (strcmp(interfaces->word[i], "any") == 0)
			return true;
	return false;
}

static int open_capture(struct watch_setup *setup, struct failure *f)
{
	const struct words *interfaces = &setup->request->interfaces;
	struct live_conf conf = {
		.names = interfaces->word,
		.name_count = wants_any(interfaces) ? 0 : interfaces->count,
		.expression = setup->expression,
		.promiscuous = setup->request->promiscuous,
		.bytes = watch_memory_share(setup->request->memory_bytes).ring,
	};

	setup->live = live_open(&conf, f);
	return setup->live ? 0 : -1;
}

static void warn(const struct observer *observer, const char *what, const char *why)
{
	char line[640];

	if (!observer->warning)
		return;
	(void)snprintf(line, sizeof(line), "%s: %s", what, why);
	observer->warning(observer->context, line);
}

/* Without these the detector works, so a failure is only a warning. */
static void open_helps(struct watch_setup *setup)
{
	struct failure ignored = {0};
	int error;

	setup->listeners = listeners_open(&ignored);
	if (!setup->listeners)
		warn(setup->observer, "which ports listen here is not known", ignored.text);
	setup->response.listeners = setup->listeners;
	error = notify_open(&setup->notify);
	if (error < 0)
		warn(setup->observer, "cannot reach the service manager", strerror(-error));
}

static int read_live(struct watch_setup *setup, struct failure *f)
{
	struct netlink *netlink = netlink_open(f);
	int result;

	if (!netlink)
		return -1;
	/* The blocker forks: it should inherit as few descriptors as possible. */
	result = read_local(setup, netlink, f) < 0 || prepare_response(setup, f) < 0 ? -1 : 0;
	netlink_close(netlink);
	return result;
}

static int open_replay(struct watch_setup *setup, struct failure *f)
{
	if (prepare_response(setup, f) < 0)
		return -1;
	/* Before the outputs are opened: a mistyped file name must not cost the old file of -oD. */
	setup->file = file_open(setup->request->read, f);
	return setup->file ? 0 : -1;
}

int watch_setup_init(struct watch_setup *setup, const struct watch_request *request,
		     const struct observer *observer, struct failure *f)
{
	*setup = (struct watch_setup){
		.request = request,
		.observer = observer,
		.notify.fd = -1,
	};
	if (read_words(setup, f) < 0)
		return -1;
	return request->read ? open_replay(setup, f) : read_live(setup, f);
}

int watch_setup_capture(struct watch_setup *setup, struct failure *f)
{
	if (setup->file)
		return 0;
	if (open_capture(setup, f) < 0)
		return -1;
	open_helps(setup);
	return 0;
}

const struct ranges *watch_setup_home(const struct watch_setup *setup)
{
	return setup->file && !setup->request->home.count ? NULL : &setup->home;
}

void watch_setup_fini(struct watch_setup *setup)
{
	notify_close(&setup->notify);
	listeners_close(setup->listeners);
	live_close(setup->live);
	file_close(setup->file);
	blocker_close(setup->response.blocker);
	expression_free(setup->expression);
	local_fini(&setup->local);
	ranges_fini(&setup->home);
	ranges_fini(&setup->ignored);
	ranges_fini(&setup->never);
}

/* watch_conf.is_own. */
static bool is_own(void *context, struct addr a)
{
	return listeners_is_local(context, a);
}

void watch_setup_conf(const struct watch_setup *setup, const struct siphash_key *key,
		      struct watch_conf *conf)
{
	const struct watch_request *r = setup->request;

	watch_conf_init(conf);
	conf->memory_bytes = watch_memory_share(r->memory_bytes).tables;
	conf->false_positive = r->false_positive;
	conf->detection = r->detection;
	conf->idle_ns = r->idle_ns;
	conf->events_per_minute = (unsigned)r->events_per_minute;
	conf->home = setup->home.count ? &setup->home : NULL;
	conf->gateways = setup->local.gateways.count ? &setup->local.gateways : NULL;
	conf->trusted = setup->ignored.count ? &setup->ignored : NULL;
	if (setup->listeners) {
		conf->listens = listeners_find;
		conf->listens_context = setup->listeners;
		conf->is_own = is_own;
		conf->is_own_context = setup->listeners;
	}
	if (!r->read)
		conf->key = *key;
}

void watch_setup_cage(const struct watch_request *r, struct cage_conf *conf, char *folder,
		      size_t size)
{
	const char *slash = r->metrics ? strrchr(r->metrics, '/') : NULL;
	/* "/x" is in "/", "x" in ".". */
	size_t length = slash ? (size_t)(slash - r->metrics) + (slash == r->metrics) : 0;

	*conf = (struct cage_conf){.user = r->user};
	if (!r->metrics || length >= size)
		return;
	memcpy(folder, slash ? r->metrics : ".", slash ? length : 1);
	folder[slash ? length : 1] = '\0';
	conf->writable[0] = folder;
	conf->writable_count = 1;
}

int watch_setup_enter(struct watch_setup *setup, struct failure *f)
{
	struct cage_conf conf;
	char folder[4096];

	watch_setup_cage(setup->request, &conf, folder, sizeof(folder));
	return cage_enter(&conf, &setup->cage, f);
}
