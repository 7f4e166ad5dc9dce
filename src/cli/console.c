/* console: prints what a scan reports to standard error. */
#include "cli/console.h"

#include "report/note.h"
#include "technique/technique.h"

/* Longest line that reports an open port. */
#define DISCOVERED (40 + ADDR_TEXT)

static void console_line(void *context, const char *text)
{
	struct console *c = context;

	progress_clear(&c->progress);
	note_print(c->notes, "%s", text);
}

static bool console_due(void *context, uint64_t now_ns)
{
	const struct console *c = context;

	return progress_due(&c->progress, now_ns);
}

static void console_show(void *context, const struct scan_progress *p, uint64_t now_ns)
{
	struct console *c = context;
	const struct progress_state state = {
		.settled = p->settled,
		.total = p->total,
		.hosts_done = p->hosts_done,
		.hosts = p->hosts,
		.sent = p->sent,
		.asked_hosts = p->paced_hosts,
		.asked_round = p->paced_round,
		.stopping = p->stopping,
	};

	progress_show(&c->progress, &state, now_ns);
}

/* The lines of one batch are written by one call, as far as they fit. */
static void console_discovered(void *context, const struct plan_probe *ports, unsigned count)
{
	struct console *c = context;
	char lines[8192], text[ADDR_TEXT];
	size_t used = 0;

	progress_clear(&c->progress);
	for (unsigned i = 0; i < count; i++) {
		if (sizeof(lines) - used < DISCOVERED) {
			(void)fwrite(lines, 1, used, c->notes); /* a note */
			used = 0;
		}
		used += (size_t)snprintf(lines + used, DISCOVERED,
					 "Discovered open port %u/%s on %s\n", ports[i].port,
					 technique_is_udp(ports[i].technique) ? "udp" : "tcp",
					 addr_format(ports[i].to, text));
	}
	(void)fwrite(lines, 1, used, c->notes); /* a note */
}

/* Removes the progress line: the outputs may be the same terminal. */
static struct sink *console_outputs(struct sink *s)
{
	struct console *c = (struct console *)s;

	progress_clear(&c->progress);
	return &c->outputs->sink;
}

static int console_begin(struct sink *s, const struct run_info *run)
{
	return sink_begin(console_outputs(s), run);
}

static int console_record(struct sink *s, const struct record *record)
{
	return sink_record(console_outputs(s), record);
}

static int console_end(struct sink *s, const struct run_summary *summary)
{
	return sink_end(console_outputs(s), summary);
}

static const char *console_destination(const struct sink *s)
{
	const struct sink *outputs = &((const struct console *)s)->outputs->sink;

	return outputs->ops->destination(outputs);
}

void console_init(struct console *console, const struct console_conf *conf)
{
	static const struct sink_ops ops = {
		.name = "outputs",
		.begin = console_begin,
		.record = console_record,
		.end = console_end,
		.destination = console_destination,
	};

	*console = (struct console){
		.sink.ops = &ops,
		.outputs = conf->outputs,
		.notes = conf->notes,
		.observer =
			{
				.context = console,
				.warning = console_line,
				.news = conf->quiet ? NULL : console_line,
				.progress_due = console_due,
				.progress = console_show,
				.discovered = conf->discovered ? console_discovered : NULL,
			},
	};
}

void console_progress(struct console *console, const struct progress_conf *conf, uint64_t now_ns)
{
	progress_init(&console->progress, conf, now_ns);
}
