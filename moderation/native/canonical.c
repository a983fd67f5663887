/* text.py: one spelling for all the ways of writing the same words. */
#include <string.h>

#include "ghirbal.h"

static void put(Text *text, uint32_t code, uint8_t kind, int32_t place)
{
    text->codes[text->size] = code;
    text->kinds[text->size] = kind;
    text->places[text->size++] = place;
}

/* Phrases in one character are spelled out so often in a comment: no comment of ours has as many,
 * and a long one of nothing else would cost six times its length. */
enum { LONGEST_LIGATURE = 4, MOST_PHRASES = 8 };

/* Spell out a ligature; `phrases` counts the long ones. */
static int spell_out(Text *text, const Alphabet *alphabet, uint32_t code, int32_t place,
                     int32_t *phrases)
{
    int64_t low = 0;
    for (int64_t left = alphabet->n_ligatures; left > 1; left -= left / 2)
        low += alphabet->ligatures[low + left / 2] <= code ? left / 2 : 0;
    int32_t start = alphabet->spelling_bounds[low], stop = alphabet->spelling_bounds[low + 1];
    if (stop - start > LONGEST_LIGATURE && ++*phrases > MOST_PHRASES) {
        put(text, SPACE, SYMBOL, place);
        return 0;
    }
    for (int32_t j = start; j < stop; j++) {
        uint32_t letter = alphabet->spellings[j];
        uint8_t kind = kind_of(alphabet, letter);
        if (kind == DROP)
            continue;
        if (text->size + 2 > text->room && reserve_text(text, 2 * (int64_t)text->room) < 0)
            return -1;
        text->codes[text->size] = letter;
        text->kinds[text->size] = kind;
        text->places[text->size++] = place;
    }
    return 0;
}

/* Fold characters from `i` on, as far as the next ligature; return where it stands. The arrays are
 * held apart from what might be written into them, so that their addresses stay in registers. */
static int32_t fold_some(Text *text, const Alphabet *alphabet, const uint32_t *raw, int32_t i,
                         int32_t size, uint32_t *seen)
{
    const uint8_t *page = alphabet->page, *kind_at = alphabet->kind;
    const int32_t *moved = alphabet->moved;
    uint32_t *codes = text->codes, any = 0;
    uint8_t *kinds = text->kinds;
    int32_t *places = text->places, to = text->size;
    for (; i < size; i++) {
        uint32_t code = raw[i];
        uint32_t at = page[code >> 8] * PAGE + (code & (PAGE - 1));
        uint8_t kind = kind_at[at];
        if (kind & LIGATURE)
            break;
        any |= 1u << kind;
        codes[to] = code + (uint32_t)moved[at];
        kinds[to] = kind;
        places[to] = i;
        to += kind != DROP;
    }
    text->size = to;
    *seen |= any;
    return i;
}

static int is_vowel(uint32_t code) { return code == ALEF || code == WAW || code == YA; }

/* Whether a hamza lost its seat: text.py. */
static int lost_its_seat(const Alphabet *alphabet, const uint32_t *raw, int32_t i, int32_t size)
{
    if (raw[i] != HAMZA || i + 1 == size || kind_of(alphabet, raw[i + 1]) != ARABIC
        || code_of(alphabet, raw[i + 1]) == ALEF)
        return 0;
    return i == 0 || (kind_of(alphabet, raw[i - 1]) != DROP
                      && !is_vowel(code_of(alphabet, raw[i - 1])));
}

static void keep_one(Text *text, int32_t to, int32_t from)
{
    text->codes[to] = text->codes[from];
    text->kinds[to] = text->kinds[from];
    text->places[to] = text->places[from];
}

/* Write an alef for each hamza that lost its seat: few comments have any. From the back, so that
 * each letter is moved once. */
static int seat_hamzas(Text *text, const Alphabet *alphabet, const uint32_t *raw, int32_t size)
{
    int32_t n = 0, from = text->size - 1;
    for (int32_t i = 0; i < size; i++)
        n += lost_its_seat(alphabet, raw, i, size);
    if (reserve_text(text, (int64_t)text->size + n) < 0)
        return -1;
    text->size += n;
    for (int32_t i = size - 1; n; i--) {
        if (!lost_its_seat(alphabet, raw, i, size))
            continue;
        for (; text->places[from] > i; from--)
            keep_one(text, from + n, from);
        text->codes[from + n] = ALEF;
        text->kinds[from + n] = ARABIC;
        text->places[from + n] = i;
        n--;
    }
    return 0;
}

/* Fold each character and leave out what nobody sees; `kinds` tells what there is. */
static int fold(Text *text, const Alphabet *alphabet, const uint32_t *raw, int32_t size,
                uint32_t *kinds)
{
    if (reserve_text(text, (int64_t)size + 2) < 0)
        return -1;
    text->size = 0;
    *kinds = 0;
    int32_t phrases = 0, i;
    put(text, SPACE, HARD, -1);
    for (i = 0; (i = fold_some(text, alphabet, raw, i, size, kinds)) < size; i++) {
        if (spell_out(text, alphabet, raw[i], i, &phrases) < 0
            || reserve_text(text, (int64_t)text->size + size - i + 2) < 0)
            return -1;
        *kinds = ~0u;
    }
    put(text, SPACE, HARD, size);
    return *kinds >> DROP & 1 ? seat_hamzas(text, alphabet, raw, size) : 0;
}

/* Tell whether any character stands three times in a row, or a mask twice. */
static int is_stretched(const Text *text)
{
    const uint32_t *codes = text->codes;
    uint32_t any = 0;
    for (int32_t i = 2; i < text->size; i++)
        any |= (codes[i] == codes[i - 1]) & ((codes[i] == codes[i - 2]) | (codes[i] == MASK));
    return any || (text->size > 1 && codes[0] == MASK && codes[1] == MASK);
}

/* Write stretched letters once, laughter twice, and one mask for several. */
static void squeeze(Text *text)
{
    if (!is_stretched(text))
        return;
    int32_t to = 0;
    for (int32_t start = 0, end; start < text->size; start = end) {
        uint32_t code = text->codes[start];
        end = start + 1;
        while (end < text->size && text->codes[end] == code && text->kinds[end] >= LATIN
               && text->kinds[end] != HARD)
            end++;
        int32_t kept = end - start;
        if (kept >= 3) {
            uint8_t before = start ? text->kinds[start - 1] : HARD;
            kept = code == HEH && !is_word(before) ? 2 : 1;
        }
        if (code == MASK && start && text->codes[start - 1] == MASK)
            continue;
        for (int32_t j = 0; j < kept; j++)
            keep_one(text, to++, start + j);
    }
    text->size = to;
}

/* Take an x inside an Arabic word for the mask that it is drawn as. */
static void see_crosses(Text *text)
{
    const uint32_t cross = 'x';
    int32_t to = 0;
    int was_cross = 0, was_arabic = 0, before_that = 0; /* of what stood before, unchanged */
    for (int32_t i = 0; i < text->size; i++) {
        int is_cross = text->codes[i] == cross, arabic = text->kinds[i] == ARABIC, drop = 0;
        if (is_cross) {
            int before = was_cross ? before_that : was_arabic;
            int after = i + 1 + (text->codes[i + 1] == cross);
            if (before && text->kinds[after] == ARABIC) {
                text->codes[i] = MASK;
                text->kinds[i] = MASKED;
                drop = was_cross;
            }
        }
        before_that = was_arabic;
        was_arabic = arabic;
        was_cross = is_cross;
        if (!drop)
            keep_one(text, to++, i);
    }
    text->size = to;
}

static int take_emoji(Work *work)
{
    const Text *text = &work->text;
    for (int32_t i = 0; i < text->size; i++) {
        if (text->kinds[i] != EMOJI)
            continue;
        if (reserve((void **)&work->emoji, &work->emoji_room, (int64_t)work->n_emoji + 1,
                    sizeof *work->emoji) < 0)
            return -1;
        work->emoji[work->n_emoji++] = text->codes[i];
    }
    return 0;
}

/* Leave words, the masks inside them, and one space between two words. No branches: where a word
 * ends is hard to foresee. */
static void part_words(Text *text)
{
    uint32_t *codes = text->codes;
    uint8_t *kinds = text->kinds;
    int32_t *places = text->places, to = 1, last = text->size - 1;
    int before = 0, apart = 1; /* whether a word, and whether nothing that is kept, stood before */
    for (int32_t i = 1; i < last; i++) {
        uint8_t kind = kinds[i];
        int word = is_word(kind), kept = word | ((kind == MASKED) & before);
        uint32_t mask = -(uint32_t)kept; /* not `?`, of which compilers make a branch */
        codes[to] = SPACE ^ ((SPACE ^ codes[i]) & mask);
        kinds[to] = (uint8_t)(BLANK ^ ((BLANK ^ kind) & mask));
        places[to] = places[i];
        to += kept | !apart;
        apart = !kept;
        before = word;
    }
    to -= apart && to > 1;
    keep_one(text, to++, last);
    text->size = to;
}

static int opens(uint8_t kind) { return kind < DIGIT || kind == HARD; }

/* Read the digits of one word, which holds Arabic letters, where they stand for letters. */
static void read_digits(Text *text, const Alphabet *alphabet, const uint32_t *raw, int32_t start,
                        int32_t stop)
{
    int disguised = 0;
    for (int32_t i = start; i < stop; i++)
        disguised |= text->kinds[i] == DIGIT && text->kinds[i - 1] == ARABIC
                     && text->kinds[i + 1] == ARABIC;
    uint8_t before = text->kinds[start - 1];
    for (int32_t i = start; i < stop; i++) {
        uint8_t kind = text->kinds[i], after = text->kinds[i + 1];
        if (kind == DIGIT) {
            uint32_t code = text->codes[i], source = raw[text->places[i]];
            int read = disguised
                       || (after == ARABIC && opens(before) && (code == '3' || code == '7'))
                       || (before == ARABIC && opens(after) && (source == 0x665 || source == 0x6F5));
            if (read) {
                uint32_t letter = source < SMALL_TABLE ? alphabet->digit_letters[source] : 0;
                text->codes[i] = letter ? letter : alphabet->digit_letters[code];
                text->kinds[i] = ARABIC;
            }
        }
        before = kind;
    }
}

/* Read Latin letters and digits inside Arabic words as the letters that they stand for. */
static void read_as_arabic(Text *text, const Alphabet *alphabet, const uint32_t *raw)
{
    for (int32_t start = 1, stop; start < text->size; start = stop + 1) {
        uint32_t seen = 0;
        for (stop = start; stop < text->size - 1 && text->kinds[stop] != BLANK; stop++)
            seen |= 1u << text->kinds[stop];
        if (!(seen & 1u << ARABIC))
            continue;
        if (seen & 1u << LATIN)
            for (int32_t i = start; i < stop; i++)
                if (text->kinds[i] == LATIN) {
                    text->codes[i] = alphabet->latin_letters[text->codes[i]];
                    text->kinds[i] = ARABIC;
                }
        if (seen & 1u << DIGIT)
            read_digits(text, alphabet, raw, start, stop);
    }
}

/* Bring one comment into canonical form: work->text, between two boundaries, and work->emoji. */
int canonical(Work *work, const Alphabet *alphabet, const uint32_t *raw, int32_t size)
{
    Text *text = &work->text;
    uint32_t kinds;
    work->n_emoji = 0;
    const uint32_t *original = raw;
    raw = strip_remains(work, alphabet, raw, size);
    work->stripped = raw != original;
    if (!raw || fold(text, alphabet, raw, size, &kinds) < 0)
        return -1;
    work->kinds = kinds;
    squeeze(text);
    if (kinds & 1u << LATIN)
        see_crosses(text);
    if (join_letters(work) < 0)
        return -1;
    if (kinds & 1u << EMOJI && take_emoji(work) < 0)
        return -1;
    part_words(text);
    if (kinds & (1u << LATIN | 1u << DIGIT))
        read_as_arabic(text, alphabet, raw);
    squeeze(text);
    return restore(work, alphabet, raw, kinds);
}
