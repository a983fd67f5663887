/* readings.py: behind comments in Latin letters, the Arabic that they spell. */
#include <string.h>

#include "ghirbal.h"

/* The end of the word that starts at a place; says whether it has Latin letters. */
static int32_t end_of_word(const Text *text, int32_t start, int *latin)
{
    int32_t end = start;
    *latin = 0;
    for (; text->codes[end] != SPACE; end++)
        *latin |= is_latin(text->codes[end]);
    return end;
}

static int is_half_latin(const Text *text)
{
    int32_t n_latin = 0, n_words = 0;
    for (int32_t start = 1, latin; start < text->size; start++) {
        int32_t end = end_of_word(text, start, &latin);
        n_latin += latin;
        n_words += end > start;
        start = end;
    }
    return n_latin && 2 * n_latin >= n_words;
}

/* Write what a word is in Arabic letters; 0 for nothing. */
static int32_t read_word(const Lexicon *lexicon, const Text *text, int32_t start, int32_t size,
                         int latin, uint32_t *result)
{
    if (latin)
        return in_arabic(lexicon, text->codes + start, size, result);
    memcpy(result, text->codes + start, (size_t)size * sizeof *result);
    return size;
}

/* Add to a comment what it reads in Arabic, where half of its words or more are in Latin letters, up
 * to the last of these that is read: what is added stands at no place of the original, and has no
 * kinds. Return -1 for no memory. */
int add_reading(Work *work, const Lexicon *lexicon)
{
    Text *text = &work->text;
    int32_t size = text->size, n = size, n_latin = 0;
    if (!(work->kinds >> LATIN & 1) || !is_half_latin(text))
        return 0;
    for (int32_t start = 1, latin; start < size; start++) {
        int32_t end = end_of_word(text, start, &latin);
        n_latin += latin;
        if (n_latin > MOST_LATIN)
            break;
        if (reserve_text(text, (int64_t)n + (end - start) + LONGEST_READING + 1) < 0)
            return -1;
        int32_t added = read_word(lexicon, text, start, end - start, latin, text->codes + n);
        text->codes[n + added] = SPACE;
        n += added + (added > 0);
        start = end;
    }
    memset(text->kinds + size, 0, (size_t)(n - size) * sizeof *text->kinds);
    memset(text->places + size, 0xFF, (size_t)(n - size) * sizeof *text->places);
    text->size = n;
    return 0;
}
