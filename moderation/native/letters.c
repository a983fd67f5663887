/* letters.py: letters that were set apart in one word come together again. */
#include <string.h>

#include "ghirbal.h"

enum {
    NEAR = 1,
    WHOLE = 2,
    LINKED = 4,
    CLOSE = 8,
    ANY_MASK = 16,
    ALL_SIGNS = 32,
    ALL_GLUE = 64,
    BROKEN = 128,
};

/* What is done with a gap: nothing, drop it, put a mask in its place. */
enum { LEAVE, CLOSE_UP, HIDE };

/* Runs of word characters, and the gaps between them. */
typedef struct {
    int32_t *starts, *ends, *spaces, *flags, *actions;
    int32_t n_runs;
    Text *text;
} Runs;

static int single(const Runs *runs, int32_t r)
{
    return runs->ends[r] - runs->starts[r] == 1
           && runs->text->kinds[runs->starts[r]] != DIGIT;
}

/* Whether one is a Latin letter and the other a digit that may stand for one. */
static int digit_beside_latin(const Runs *runs, int32_t digit, int32_t latin)
{
    const Text *text = runs->text;
    int32_t at = runs->starts[digit], letter = runs->starts[latin];
    return text->kinds[at] == DIGIT && runs->ends[digit] - at == 1 && text->codes[at] >= '2'
           && text->codes[at] <= '9' && text->kinds[letter] == LATIN
           && runs->ends[latin] - letter == 1;
}

/* Find the runs; return whether anything may have to be joined. */
static int find_runs(Runs *runs)
{
    const Text *text = runs->text;
    int32_t n = 0, spaces = 0, worth = 0;
    for (int32_t i = 1, last = text->size - 1; i < last;) {
        if (!is_word(text->kinds[i])) {
            spaces += text->kinds[i++] == BLANK;
            continue;
        }
        if (n) {
            runs->spaces[n - 1] = spaces;
            worth |= spaces == 0;
        }
        runs->starts[n] = i;
        while (is_word(text->kinds[i]))
            i++;
        runs->ends[n] = i;
        worth |= single(runs, n++);
        spaces = 0;
    }
    runs->n_runs = n;
    return n > 1 && worth;
}

/* What stands in a gap, as far as that is seen without looking at others. */
static int32_t look_into(const Runs *runs, int32_t g)
{
    const uint8_t *kinds = runs->text->kinds;
    int32_t begin = runs->ends[g], stop = runs->starts[g + 1], size = stop - begin;
    uint8_t first = kinds[begin], middle = kinds[begin + (size >> 1)], last = kinds[stop - 1];
    int32_t flags = 0;
    int all_masks = first == MASKED && middle == MASKED && last == MASKED;
    int any_mask = first == MASKED || middle == MASKED || last == MASKED;
    if (runs->spaces[g] == 0 && size <= 3)
        flags |= NEAR | (all_masks || !any_mask ? WHOLE : 0);
    flags |= any_mask ? ANY_MASK : 0;
    flags |= first == SIGN && middle == SIGN && last == SIGN ? ALL_SIGNS : 0;
    flags |= first == GLUE && middle == GLUE && last == GLUE ? ALL_GLUE : 0;
    return flags;
}

static int flag(const Runs *runs, int32_t g, int32_t which)
{
    return g >= 0 && g < runs->n_runs - 1 && (runs->flags[g] & which) != 0;
}

/* Tell whether a letter belongs to a longer part by the gap before or after it. */
static int part(const Runs *runs, int32_t r)
{
    if (r <= 0 || r >= runs->n_runs - 1)
        return 0;
    return (flag(runs, r - 1, WHOLE) && !single(runs, r - 1))
           || (flag(runs, r, WHOLE) && !single(runs, r + 1));
}

static int narrower(const Runs *runs, int32_t g, int32_t spaces)
{
    return flag(runs, g, LINKED) && runs->spaces[g] < spaces;
}

/* The only letter that is a word, standing for itself. */
static int alone(const Runs *runs, int32_t r)
{
    return runs->text->codes[runs->starts[r]] == WAW && !flag(runs, r - 1, NEAR)
           && !flag(runs, r, NEAR);
}

static int breaks(const Runs *runs, int32_t g)
{
    int32_t spaces = runs->spaces[g];
    int before = flag(runs, g - 1, CLOSE), after = flag(runs, g + 1, CLOSE);
    int wider = narrower(runs, g - 1, spaces) && narrower(runs, g + 1, spaces);
    int longer = narrower(runs, g - 2, spaces) && narrower(runs, g + 2, spaces);
    return (wider && (longer || (before && after))) || (before && alone(runs, g + 1))
           || (after && alone(runs, g));
}

static void link_gaps(Runs *runs)
{
    int32_t n_gaps = runs->n_runs - 1;
    for (int32_t g = 0; g < n_gaps; g++)
        runs->flags[g] = look_into(runs, g);
    for (int32_t g = 0; g < n_gaps; g++) {
        if (!(single(runs, g) && single(runs, g + 1)) && !digit_beside_latin(runs, g, g + 1)
            && !digit_beside_latin(runs, g + 1, g))
            continue;
        if (runs->spaces[g] == 0 || !(part(runs, g) || part(runs, g + 1)))
            runs->flags[g] |= LINKED | (runs->flags[g] & NEAR ? CLOSE : 0);
    }
    for (int32_t g = 0; g < n_gaps; g++)
        if ((runs->flags[g] & LINKED) && breaks(runs, g))
            runs->flags[g] |= BROKEN;
}

static int inside(const Runs *runs, int32_t g)
{
    const uint8_t *kinds = runs->text->kinds;
    int32_t left = runs->ends[g] - runs->starts[g], right = runs->ends[g + 1] - runs->starts[g + 1];
    return (left == 1 || right == 1) && right <= 3 && kinds[runs->ends[g] - 1] == ARABIC
           && kinds[runs->starts[g + 1]] == ARABIC;
}

static int32_t verdict(const Runs *runs, int32_t g, int chained)
{
    int32_t flags = runs->flags[g];
    int left = single(runs, g), right = single(runs, g + 1);
    if (chained)
        return CLOSE_UP;
    if (!(flags & NEAR))
        return LEAVE;
    if ((flags & ALL_SIGNS) && inside(runs, g))
        return HIDE;
    if (flags & ANY_MASK)
        return left && right ? HIDE : LEAVE;
    return left || right || (flags & ALL_GLUE) ? CLOSE_UP : LEAVE;
}

static int linked(const Runs *runs, int32_t g)
{
    return flag(runs, g, LINKED) && !flag(runs, g, BROKEN);
}

/* Whether runs from one to another make a chain: three letters do. Digits do not count, and between
 * all of them they number a list. */
static int is_chain(const Runs *runs, int32_t first, int32_t last)
{
    int32_t letters = 0, pairs = 0;
    for (int32_t r = first; r <= last; r++) {
        letters += single(runs, r);
        pairs += r < last && single(runs, r) && single(runs, r + 1);
    }
    return letters >= 3 && pairs > 0;
}

/* Decide on each gap. */
static void decide(const Runs *runs)
{
    int32_t n_gaps = runs->n_runs - 1;
    for (int32_t g = 0, end; g < n_gaps; g = end) {
        end = g;
        while (linked(runs, end))
            end++;
        int chained = end - g >= 2 && is_chain(runs, g, end);
        end += end == g;
        for (int32_t each = g; each < end; each++)
            runs->actions[each] = verdict(runs, each, chained);
    }
}

/* Drop what stands in the gaps that are closed. */
static void close_gaps(const Runs *runs)
{
    Text *text = runs->text;
    int32_t to = runs->ends[0];
    for (int32_t g = 0; g < runs->n_runs; g++) {
        int last = g + 1 == runs->n_runs;
        int32_t from = runs->ends[g], stop = last ? text->size : runs->ends[g + 1];
        int32_t action = last ? LEAVE : runs->actions[g];
        if (action == HIDE) {
            text->codes[to] = MASK;
            text->kinds[to] = MASKED;
            text->places[to++] = text->places[from];
        }
        if (action != LEAVE)
            from = runs->starts[g + 1];
        size_t kept = (size_t)(stop - from);
        memmove(text->codes + to, text->codes + from, kept * sizeof *text->codes);
        memmove(text->kinds + to, text->kinds + from, kept * sizeof *text->kinds);
        memmove(text->places + to, text->places + from, kept * sizeof *text->places);
        to += (int32_t)kept;
    }
    text->size = to;
}

int join_letters(Work *work)
{
    Text *text = &work->text;
    if (reserve((void **)&work->numbers, &work->numbers_room, 5 * (int64_t)text->size,
                sizeof *work->numbers) < 0)
        return -1;
    int32_t *numbers = work->numbers, size = text->size;
    Runs runs = {numbers, numbers + size, numbers + 2 * size, numbers + 3 * size,
                 numbers + 4 * size, 0, text};
    if (!find_runs(&runs))
        return 0;
    link_gaps(&runs);
    decide(&runs);
    close_gaps(&runs);
    return 0;
}
