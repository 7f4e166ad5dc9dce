/* checkpoint: sections of a checkpoint, written and read by pairs of functions. */
#include "run/checkpoint.h"

#include <stdlib.h>
#include <string.h>

#include "base/siphash_stream.h"
#include "scan/snapshot.h"
#include "technique/technique.h"

#define CHECKPOINT_FORMAT 1u
#define HEADER_BYTES	  32
#define SECTION_BYTES	  16
#define SUM_BYTES	  8
/* In place of a length: there is no such text. */
#define TEXT_NONE UINT32_MAX

static const uint8_t magic[8] = {'P', 'L', 'c', 'k', 'p', 't', '\r', '\n'};

/* Those from SECTION_OPTIONAL on may be skipped by a version that does not know them. 7 is kept
 * for the stage of a scan that has several. */
enum section {
	SECTION_RUN = 1,
	SECTION_COMMAND = 2,
	SECTION_PROBES = 3,
	SECTION_TARGETS = 4,
	SECTION_OUTPUTS = 5,
	SECTION_SNAPSHOT = 6,
	SECTIONS = 7,
	SECTION_OPTIONAL = UINT32_C(1) << 31,
};

uint64_t checkpoint_sum(const void *bytes, size_t length)
{
	static const struct siphash_key fixed = {
		{UINT64_C(0x706f72746c696768), UINT64_C(0x7420636b70742031)}};
	struct siphash_stream s;

	siphash_stream_init(&s, &fixed);
	siphash_stream_put(&s, bytes, length);
	return siphash_stream_end(&s);
}

static void put_text(struct snapshot_writer *w, const char *text)
{
	const size_t length = text ? strlen(text) : TEXT_NONE;

	snapshot_put(w, length, 4);
	for (size_t i = 0; text && i < length; i++)
		snapshot_put(w, (uint8_t)text[i], 1);
}

/* The texts of a checkpoint, one after the other, each with a NUL: no longer than the file, as
 * each has a length of 4 bytes there. */
struct text_reader {
	struct snapshot_reader *r;
	char *to;
};

/* NULL if there is none, or something is wrong. */
static const char *get_text(struct text_reader *t)
{
	struct snapshot_reader *r = t->r;
	const uint32_t length = (uint32_t)snapshot_get(r, 4);
	char *text = t->to;

	if (r->bad || length == TEXT_NONE)
		return NULL;
	if (r->length - r->at < length || memchr(r->bytes + r->at, '\0', length)) {
		r->bad = true;
		return NULL;
	}
	memcpy(text, r->bytes + r->at, length);
	text[length] = '\0';
	t->to += length + 1;
	r->at += length;
	return text;
}

/* One that must be there. */
static const char *need_text(struct text_reader *t)
{
	const char *text = get_text(t);

	t->r->bad |= !text;
	return text ? text : "";
}

static void put_run(const struct checkpoint *c, struct snapshot_writer *w)
{
	const uint64_t numbers[] = {c->id,
				    c->start_ns,
				    c->taken_ns,
				    c->elapsed_ns,
				    c->windows,
				    c->windows_bytes,
				    c->stats.sent,
				    c->stats.send_errors,
				    c->stats.received,
				    c->stats.invalid,
				    c->stats.other,
				    c->stats.ring_drops,
				    c->stats.judged,
				    c->stats.duplicate};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		snapshot_put(w, numbers[i], 8);
}

static void get_run(struct checkpoint *c, struct text_reader *t)
{
	uint64_t *const numbers[] = {&c->id,
				     &c->start_ns,
				     &c->taken_ns,
				     &c->elapsed_ns,
				     &c->windows,
				     &c->windows_bytes,
				     &c->stats.sent,
				     &c->stats.send_errors,
				     &c->stats.received,
				     &c->stats.invalid,
				     &c->stats.other,
				     &c->stats.ring_drops,
				     &c->stats.judged,
				     &c->stats.duplicate};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*numbers[i] = snapshot_get(t->r, 8);
}

static void put_command(const struct checkpoint *c, struct snapshot_writer *w)
{
	snapshot_put(w, c->command.count, 4);
	for (size_t i = 0; i < c->command.count; i++)
		put_text(w, c->command.word[i]);
}

static void get_command(struct checkpoint *c, struct text_reader *t)
{
	uint32_t count = (uint32_t)snapshot_get(t->r, 4);

	for (; count > 0 && !t->r->bad; count--)
		t->r->bad |= words_add(&c->command, need_text(t)) < 0;
}

static void put_probes(const struct checkpoint *c, struct snapshot_writer *w)
{
	unsigned count = 0;

	snapshot_put(w, c->seed, 8);
	snapshot_put(w, c->first, 8);
	snapshot_put(w, c->last, 8);
	for (unsigned t = 0; t < TECHNIQUES; t++)
		count += c->techniques >> t & 1;
	snapshot_put(w, count, 4);
	for (unsigned t = 0; t < TECHNIQUES; t++)
		if (c->techniques >> t & 1)
			put_text(w, technique_table[t].name);
	put_text(w, c->ports);
}

static void get_probes(struct checkpoint *c, struct text_reader *t)
{
	uint32_t count;

	c->seed = snapshot_get(t->r, 8);
	c->first = snapshot_get(t->r, 8);
	c->last = snapshot_get(t->r, 8);
	t->r->bad |= c->first >= c->last;
	count = (uint32_t)snapshot_get_most(t->r, 4, TECHNIQUES);
	for (; count > 0 && !t->r->bad; count--) {
		const char *name = need_text(t);
		const int technique = technique_by_name(name, strlen(name));

		t->r->bad |= technique < 0;
		if (technique >= 0)
			c->techniques |= 1u << technique;
	}
	c->ports = need_text(t);
}

static void put_addr(struct snapshot_writer *w, struct addr a)
{
	snapshot_put(w, a.hi, 8);
	snapshot_put(w, a.lo, 8);
}

static struct addr get_addr(struct snapshot_reader *r)
{
	const uint64_t hi = snapshot_get(r, 8);

	return (struct addr){hi, snapshot_get(r, 8)};
}

static void put_targets(const struct checkpoint *c, struct snapshot_writer *w)
{
	const struct target_list *list = &c->targets;

	put_text(w, list->zone);
	snapshot_put(w, list->excluded, 8);
	snapshot_put(w, list->unresolved, 4);
	snapshot_put(w, (uint64_t)list->unresolved_exit, 4);
	snapshot_put(w, list->ranges.count, 4);
	for (size_t i = 0; i < list->ranges.count; i++) {
		put_addr(w, list->ranges.range[i].first);
		put_addr(w, list->ranges.range[i].last);
	}
	snapshot_put(w, list->named_count, 4);
	for (size_t i = 0; i < list->named_count; i++) {
		put_addr(w, list->named[i].addr);
		put_text(w, list->named[i].name);
		put_text(w, list->named[i].other_names);
	}
}

/* As those of the command line are: letters, digits, points, hyphens; of several, commas. */
static bool is_name(const char *name, const char *besides)
{
	for (; name && *name; name++) {
		const char letter = *name | 0x20;

		if ((letter < 'a' || letter > 'z') && (*name < '0' || *name > '9') &&
		    !strchr(besides, *name))
			return false;
	}
	return true;
}

static int get_named(struct target_list *list, struct text_reader *t, struct failure *f)
{
	const struct addr address = get_addr(t->r);
	const char *name = get_text(t), *others = get_text(t);
	const size_t index = list->named_count;

	if (t->r->bad || !is_name(name, ".-_") || !is_name(others, ".-_,"))
		return -1;
	/* In order, so that it can be found. */
	if (index > 0 && addr_compare(list->named[index - 1].addr, address) >= 0)
		return -1;
	if (target_list_named(list, address, name, f) < 0 || list->named_count == index)
		return -1;
	list->named[index].other_names = others ? strdup(others) : NULL;
	return others && !list->named[index].other_names ? -1 : 0;
}

static void get_targets(struct checkpoint *c, struct text_reader *t)
{
	struct target_list *list = &c->targets;
	struct snapshot_reader *r = t->r;
	const char *zone = need_text(t);
	struct failure ignored = {0};
	uint32_t count;

	if (strlen(zone) >= sizeof(list->zone) || strpbrk(zone, "/ \t\r\n"))
		r->bad = true;
	else
		memcpy(list->zone, zone, strlen(zone) + 1);
	list->excluded = snapshot_get(r, 8);
	list->unresolved = (size_t)snapshot_get(r, 4);
	list->unresolved_exit = (int)snapshot_get_most(r, 4, UINT8_MAX);
	for (count = (uint32_t)snapshot_get(r, 4); count > 0 && !r->bad; count--) {
		const struct addr first = get_addr(r), last = get_addr(r);

		r->bad |= addr_compare(first, last) > 0 ||
			  (!r->bad && ranges_add(&list->ranges, first, last) < 0);
	}
	for (count = (uint32_t)snapshot_get(r, 4); count > 0 && !r->bad; count--)
		r->bad |= get_named(list, t, &ignored) < 0;
	ranges_normalise(&list->ranges);
	r->bad |= list->ranges.count == 0;
}

static void put_outputs(const struct checkpoint *c, struct snapshot_writer *w)
{
	snapshot_put(w, c->outputs, 4);
	for (size_t i = 0; i < c->outputs; i++) {
		put_text(w, c->output[i].format);
		put_text(w, c->output[i].path);
		snapshot_put(w, c->output[i].bytes, 8);
	}
}

static void get_outputs(struct checkpoint *c, struct text_reader *t)
{
	c->outputs = (size_t)snapshot_get_most(t->r, 4, CHECKPOINT_OUTPUTS);
	for (size_t i = 0; i < c->outputs; i++) {
		c->output[i].format = need_text(t);
		c->output[i].path = get_text(t);
		c->output[i].bytes = snapshot_get(t->r, 8);
	}
}

struct section_ops {
	void (*put)(const struct checkpoint *c, struct snapshot_writer *w);
	void (*get)(struct checkpoint *c, struct text_reader *t);
};

static const struct section_ops sections[SECTIONS] = {
	[SECTION_RUN] = {put_run, get_run},
	[SECTION_COMMAND] = {put_command, get_command},
	[SECTION_PROBES] = {put_probes, get_probes},
	[SECTION_TARGETS] = {put_targets, get_targets},
	[SECTION_OUTPUTS] = {put_outputs, get_outputs},
};

/* Appends the head of a section, whose length section_close() fills in. */
static struct snapshot_writer section_open(struct snapshot_writer *w, uint32_t kind)
{
	struct snapshot_writer length;

	snapshot_put(w, kind, 4);
	snapshot_put(w, 0, 4);
	length = *w;
	snapshot_put(w, 0, 8);
	return length;
}

static void section_close(const struct snapshot_writer *w, struct snapshot_writer *length)
{
	snapshot_put(length, w->at - length->at - 8, 8);
}

size_t checkpoint_write(const struct checkpoint *c, struct scan *scan, uint64_t now_ns, void *out,
			size_t room)
{
	struct snapshot_writer w = {.out = out, .room = room}, length, section;

	for (unsigned i = 0; i < sizeof(magic); i++)
		snapshot_put(&w, magic[i], 1);
	snapshot_put(&w, CHECKPOINT_FORMAT, 4);
	snapshot_put(&w, 0, 4);
	length = w;
	snapshot_put(&w, 0, 8);
	snapshot_put(&w, plan_hash(scan->plan, scan->conf.first, scan->conf.last), 8);
	for (unsigned kind = 0; kind < SECTIONS; kind++) {
		if (!sections[kind].put)
			continue;
		section = section_open(&w, kind);
		sections[kind].put(c, &w);
		section_close(&w, &section);
	}
	section = section_open(&w, SECTION_SNAPSHOT);
	w.at += scan_snapshot(scan, now_ns, w.at < room ? w.out + w.at : NULL,
			      w.at < room ? room - w.at : 0);
	section_close(&w, &section);
	snapshot_put(&length, w.at + SUM_BYTES, 8);
	snapshot_put(&w, w.at <= room ? checkpoint_sum(out, w.at) : 0, 8);
	return w.at;
}

/* Header and checksum; *plan is the hash of the plan. */
static enum snapshot_error check(const uint8_t *bytes, size_t length, uint64_t *plan)
{
	struct snapshot_reader r = {.bytes = bytes, .length = length, .at = sizeof(magic)};
	struct snapshot_reader sum = {.bytes = bytes, .length = length, .at = length - SUM_BYTES};

	if (length < sizeof(magic) || memcmp(bytes, magic, sizeof(magic)) != 0)
		return SNAPSHOT_NONE;
	if (snapshot_get(&r, 4) != CHECKPOINT_FORMAT)
		return r.bad ? SNAPSHOT_DAMAGED : SNAPSHOT_VERSION;
	(void)snapshot_get(&r, 4);
	if (snapshot_get(&r, 8) != length || length < HEADER_BYTES + SUM_BYTES)
		return SNAPSHOT_DAMAGED;
	*plan = snapshot_get(&r, 8);
	return snapshot_get(&sum, 8) == checkpoint_sum(bytes, length - SUM_BYTES)
		       ? SNAPSHOT_OK
		       : SNAPSHOT_DAMAGED;
}

/* Reads one section, each at most once; *seen has those that were there, as bits. */
static enum snapshot_error get_section(struct checkpoint *c, struct snapshot_reader *r,
				       struct text_reader *t, uint32_t *seen)
{
	const uint32_t kind = (uint32_t)snapshot_get(r, 4);
	struct snapshot_reader section = *r;
	uint64_t length;

	(void)snapshot_get(r, 4);
	length = snapshot_get(r, 8);
	if (r->bad || length > r->length - r->at)
		return SNAPSHOT_INVALID;
	section.at = r->at;
	section.length = r->at += length;
	if (kind >= SECTION_OPTIONAL)
		return SNAPSHOT_OK;
	if (kind == 0 || kind >= SECTIONS)
		return SNAPSHOT_VERSION;
	if (*seen >> kind & 1)
		return SNAPSHOT_INVALID;
	*seen |= 1u << kind;
	if (kind == SECTION_SNAPSHOT) {
		c->snapshot = section.bytes + section.at;
		c->snapshot_bytes = (size_t)length;
		return SNAPSHOT_OK;
	}
	t->r = &section;
	sections[kind].get(c, t);
	return section.bad || section.at != section.length ? SNAPSHOT_INVALID : SNAPSHOT_OK;
}

enum snapshot_error checkpoint_read(struct checkpoint *c, const void *bytes, size_t length)
{
	struct snapshot_reader r = {
		.bytes = bytes, .length = length - SUM_BYTES, .at = HEADER_BYTES};
	const uint32_t all = (1u << SECTIONS) - 2;
	struct text_reader t = {0};
	enum snapshot_error error;
	uint32_t seen = 0;

	memset(c, 0, sizeof(*c));
	error = check(bytes, length, &c->plan_hash);
	if (error != SNAPSHOT_OK)
		goto err;
	t.to = c->text = malloc(length);
	if (!c->text) {
		error = SNAPSHOT_MEMORY;
		goto err;
	}
	while (error == SNAPSHOT_OK && r.at < r.length)
		error = get_section(c, &r, &t, &seen);
	if (error == SNAPSHOT_OK && seen != all)
		error = SNAPSHOT_INVALID;
	if (error == SNAPSHOT_OK)
		return error;
err:
	checkpoint_fini(c);
	return error;
}

void checkpoint_fini(struct checkpoint *c)
{
	words_fini(&c->command);
	target_list_fini(&c->targets);
	free(c->text);
	memset(c, 0, sizeof(*c));
}
