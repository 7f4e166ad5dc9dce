/* Fuzzes plan/targets: the first byte chooses between one target, a list file and an option. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plan/targets.h"

/* Ranges from one text at most, as promised in targets.h. */
#define MOST_RANGES 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int right)
{
	if (!right)
		abort();
}

static void check_printable(const char *text)
{
	for (; *text; text++)
		check(*text >= 0x20 && *text <= 0x7e);
}

static void check_failure(int result, const struct failure *f)
{
	check(result == 0 || result == -1);
	check((result < 0) == (f->exit_code != 0));
	if (result < 0) {
		check(f->exit_code == EXIT_USAGE);
		check(f->text[0] != '\0');
		check_printable(f->text);
	}
}

/* Each range of one family; none of IPv4 where the text was of IPv6 and not mapped. */
static void check_bag(const struct ranges *set, size_t from)
{
	check(set->count >= from && set->count - from <= MOST_RANGES);
	check(set->count <= set->capacity);
	for (size_t i = from; i < set->count; i++) {
		check(addr_compare(set->range[i].first, set->range[i].last) <= 0);
		check(addr_is_v4(set->range[i].first) == addr_is_v4(set->range[i].last));
	}
}

static void check_name(const char *text, size_t length, const struct target *target)
{
	size_t name_length = strlen(target->name);

	check(name_length > 0 && name_length <= 253 && name_length <= length);
	check(memcmp(target->name, text, name_length) == 0);
	check(name_length == length || text[name_length] == '/');
	for (size_t i = 0; i < name_length; i++) {
		char c = target->name[i];

		check((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_' || c == '.');
	}
	check(target->prefix_bits <= 128);
	check(target->has_prefix || target->prefix_bits == 0);
}

/* What was taken, written as the ranges it gave, is taken again and gives the same. */
static void check_again(const struct ranges *set)
{
	struct ranges again = {0};

	for (size_t i = 0; i < set->count && i < 64; i++) {
		char text[2 * ADDR_TEXT + 1], last[ADDR_TEXT];
		struct failure f = {0};
		struct target target;

		(void)addr_format(set->range[i].first, text);
		strcat(text, "-");
		strcat(text, addr_format(set->range[i].last, last));
		check(target_parse(text, strlen(text), &again, &target, &f) == 0);
		check(again.count == i + 1);
		check(addr_equal(again.range[i].first, set->range[i].first));
		check(addr_equal(again.range[i].last, set->range[i].last));
	}
	ranges_fini(&again);
}

static void check_sorted(struct ranges *set)
{
	ranges_normalise(set);
	check(ranges_size(set) >= set->count);
	for (size_t i = 0; i < set->count; i++) {
		check(ranges_contain(set, set->range[i].first));
		check(ranges_contain(set, set->range[i].last));
		check(i == 0 || addr_compare(set->range[i - 1].last, set->range[i].first) < 0);
	}
}

static int parse_word(void *context, const char *word, size_t length, struct failure *f)
{
	struct ranges *set = context;
	struct target target;
	size_t before = set->count;
	int result = target_parse(word, length, set, &target, f);

	check_failure(result, f);
	check_bag(set, before);
	if (result < 0) {
		check(set->count == before);
	} else if (target.kind == TARGET_NAME) {
		check(set->count == before);
		check_name(word, length, &target);
	} else {
		check(target.kind == TARGET_RANGES);
		/* ::ffff:0:0/96 in IPv6 text is the only target without an address */
		check(set->count > before || memchr(word, ':', length));
		check(strlen(target.zone) < sizeof(target.zone));
		check_printable(target.zone);
	}
	return result;
}

static int parse_list_word(void *context, const char *word, size_t length, unsigned line,
			   struct failure *f)
{
	struct ranges *set = context;

	check(line >= 1);
	check(length >= 1 && length <= 1024);
	check(!memchr(word, '\n', length) && !memchr(word, '#', length));
	/* a list may be long, a fuzzer's patience is not */
	return set->count > 4 * MOST_RANGES ? -1 : parse_word(context, word, length, f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ranges set = {0};
	struct failure f = {0};
	const char *text;
	int result;

	if (size == 0)
		return 0;
	text = (const char *)data + 1;
	size--;
	switch (data[0] % 4) {
	case 0:
		result = target_list_parse(text, size, "list", parse_list_word, &set, &f);
		check(result == 0 || f.exit_code || set.count > 4 * MOST_RANGES);
		check_printable(f.text);
		break;
	case 1:
		result = target_split(text, size, parse_word, &set, &f);
		check_failure(result, &f);
		break;
	default:
		result = parse_word(&set, text, size, &f);
		if (result == 0)
			check_again(&set);
		break;
	}
	check_sorted(&set);
	ranges_fini(&set);
	return 0;
}
