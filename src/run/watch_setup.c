/* watch_setup: everything a detector needs, opened before it goes into its cage. */
#include "run/watch_setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/quote.h"
#include "net/netlink.h"
#include "run/networks.h"
#include "run/watch_memory.h"
#include "watch/block_policy.h"

#define NS UINT64_C(1000000000)

static int read_explained(struct watch_setup *setup, struct failure *f)
{
	const struct words *words = &setup->options->explain;

	setup->explain = calloc(words->count + 1, sizeof(*setup->explain));
	if (!setup->explain)
		return failure_set(f, EXIT_SOFTWARE, "out of memory");
	for (size_t i = 0; i < words->count; i++)
		if (addr_parse(words->word[i], strlen(words->word[i]), &setup->explain[i]) < 0)
			return failure_set(f, EXIT_USAGE, "--explain wants an address, not \"%s\"",
					   option_quote(words->word[i]).text);
	setup->explain_count = words->count;
	return 0;
}

/* Words of the command line, and files of theirs: what goes wrong here is the user's to mend. */
static int read_words(struct watch_setup *setup, struct failure *f)
{
	const struct watch_options *o = setup->options;

	if (networks_add(&setup->home, "--home", &o->home, f) < 0 ||
	    networks_add(&setup->ignored, "--ignore", &o->ignores, f) < 0 ||
	    networks_add_files(&setup->ignored, &o->ignore_files, f) < 0 ||
	    networks_add(&setup->never, "--never-block", &o->never_block, f) < 0)
		return -1;
	ranges_normalise(&setup->home);
	ranges_normalise(&setup->ignored);
	ranges_normalise(&setup->never);
	if (read_explained(setup, f) < 0)
		return -1;
	if (o->filter) {
		setup->expression = expression_new(o->filter, f);
		if (!setup->expression)
			return -1;
	}
	return 0;
}

/* Our networks are those on the links, if they were not given. */
static int read_local(struct watch_setup *setup, struct netlink *netlink, struct failure *f)
{
	if (local_read(&setup->local, netlink, f) < 0)
		return -1;
	if (setup->options->home.count)
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
	const struct watch_options *o = setup->options;
	const struct ranges *lists[] = {
		&setup->never,		&setup->ignored,	 &setup->local.own,
		&setup->local.gateways, &setup->local.resolvers,
	};
	struct blocker_conf conf;
	struct ranges never;

	if (!o->block && !o->dry_run)
		return 0;
	if (block_policy_never(&never, lists, sizeof(lists) / sizeof(lists[0])) < 0)
		return failure_set(f, EXIT_SOFTWARE, "out of memory");
	ranges_fini(&setup->never);
	setup->never = never;
	setup->response.never = &setup->never;
	setup->response.dry_run = o->dry_run;
	setup->response.notes = setup->notes;
	if (o->dry_run)
		return 0;
	blocker_conf_init(&conf);
	conf.timeout_s = (uint32_t)(o->block_time_ns / NS);
	conf.never = &setup->never;
	conf.user = o->user;
	setup->response.blocker = blocker_open(&conf, f);
	return setup->response.blocker ? 0 : -1;
}

/* tcpdump's word for all. */
static bool wants_any(const struct words *interfaces)
{
	for (size_t i = 0; i < interfaces->count; i++)
		if (strcmp(interfaces->word[i], "any") == 0)
			return true;
	return false;
}

static int open_capture(struct watch_setup *setup, struct failure *f)
{
	const struct words *interfaces = &setup->options->interfaces;
	struct live_conf conf = {
		.names = interfaces->word,
		.name_count = wants_any(interfaces) ? 0 : interfaces->count,
		.expression = setup->expression,
		.promiscuous = setup->options->promiscuous,
		.bytes = watch_memory_share(setup->options->memory_bytes).ring,
	};

	setup->live = live_open(&conf, f);
	return setup->live ? 0 : -1;
}

/* What the detector can do without is only said. */
static void open_helps(struct watch_setup *setup)
{
	struct failure ignored = {0};
	int error;

	setup->listeners = listeners_open(&ignored);
	if (!setup->listeners)
		fprintf(setup->notes, "portlight: which ports listen here is not known: %s\n",
			ignored.text);
	setup->response.listeners = setup->listeners;
	error = notify_open(&setup->notify);
	if (error < 0)
		fprintf(setup->notes, "portlight: cannot reach the service manager: %s\n",
			strerror(-error));
}

static int open_live(struct watch_setup *setup, struct netlink *netlink, struct failure *f)
{
	/* The blocker forks: the fewer descriptors there are by then, the better. */
	if (read_local(setup, netlink, f) < 0 || prepare_response(setup, f) < 0)
		return -1;
	if (watch_outputs_open(&setup->outputs, setup->options, &setup->home, setup->notes, f) < 0)
		return -1;
	if (open_capture(setup, f) < 0)
		return -1;
	open_helps(setup);
	return 0;
}

static int open_replay(struct watch_setup *setup, struct failure *f)
{
	const struct watch_options *o = setup->options;

	if (prepare_response(setup, f) < 0)
		return -1;
	/* Before the outputs: a name typed wrong must not cost the old file of -oD. */
	setup->file = file_open(o->read, f);
	if (!setup->file)
		return -1;
	return watch_outputs_open(&setup->outputs, o, o->home.count ? &setup->home : NULL,
				  setup->notes, f);
}

int watch_setup_init(struct watch_setup *setup, const struct watch_options *o, FILE *notes,
		     struct failure *f)
{
	struct netlink *netlink;
	int result;

	*setup = (struct watch_setup){
		.options = o,
		.notes = notes,
		.notify.fd = -1,
		.outputs.metrics.folder = -1,
	};
	if (read_words(setup, f) < 0)
		return -1;
	if (o->read)
		return open_replay(setup, f);
	netlink = netlink_open(f);
	if (!netlink)
		return -1;
	result = open_live(setup, netlink, f);
	netlink_close(netlink);
	return result;
}

void watch_setup_fini(struct watch_setup *setup)
{
	struct failure ignored = {0};

	(void)watch_outputs_close(&setup->outputs, &ignored); /* the first failure was told */
	notify_close(&setup->notify);
	listeners_close(setup->listeners);
	live_close(setup->live);
	file_close(setup->file);
	blocker_close(setup->response.blocker);
	expression_free(setup->expression);
	free(setup->explain);
	local_fini(&setup->local);
	ranges_fini(&setup->home);
	ranges_fini(&setup->ignored);
	ranges_fini(&setup->never);
}

int watch_setup_conf(const struct watch_setup *setup, struct watch_conf *conf, struct failure *f)
{
	const struct watch_options *o = setup->options;

	watch_conf_init(conf);
	conf->memory_bytes = watch_memory_share(o->memory_bytes).tables;
	conf->false_positive = o->false_positive;
	conf->detection = o->detection;
	conf->idle_ns = o->idle_ns;
	conf->events_per_minute = (unsigned)o->events_per_minute;
	conf->home = setup->home.count ? &setup->home : NULL;
	conf->gateways = setup->local.gateways.count ? &setup->local.gateways : NULL;
	conf->trusted = setup->ignored.count ? &setup->ignored : NULL;
	if (setup->listeners) {
		conf->listens = listeners_find;
		conf->listens_context = setup->listeners;
	}
	if (!o->read && getrandom(&conf->key, sizeof(conf->key), 0) != sizeof(conf->key))
		return failure_set(f, EXIT_SOFTWARE, "the kernel gives no random key: %s",
				   strerror(errno));
	return 0;
}

void watch_setup_cage(const struct watch_options *o, struct cage_conf *conf, char *folder,
		      size_t size)
{
	const char *slash = o->metrics ? strrchr(o->metrics, '/') : NULL;
	/* "/x" is in "/", "x" in ".". */
	size_t length = slash ? (size_t)(slash - o->metrics) + (slash == o->metrics) : 0;

	*conf = (struct cage_conf){.user = o->user};
	if (!o->metrics || length >= size)
		return;
	memcpy(folder, slash ? o->metrics : ".", slash ? length : 1);
	folder[slash ? length : 1] = '\0';
	conf->writable[0] = folder;
	conf->writable_count = 1;
}

int watch_setup_enter(struct watch_setup *setup, struct failure *f)
{
	struct cage_conf conf;
	char folder[4096];

	watch_setup_cage(setup->options, &conf, folder, sizeof(folder));
	return cage_enter(&conf, &setup->cage, f);
}
