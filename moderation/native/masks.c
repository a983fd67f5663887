/* lexicon.py: what words look like with letters masked. */
#include <string.h>

#include "lexicon.h"

enum { SHOWN = 4 };

/* Set a key unless it is one of `but`, which may be NULL. */
static int set_but(Map *map, uint64_t key, int32_t value, const Map *but)
{
    return but && look_up(but, key) >= 0 ? 0 : set_key(map, key, value);
}

/* Set what a word looks like with the letters from `start` to `stop` under one mask. */
static int mask_stretch(Map *map, Letters word, int32_t start, int32_t stop, int32_t value,
                        const Map *but)
{
    uint32_t masked[LONGEST];
    memcpy(masked, word.letters, (size_t)start * sizeof *masked);
    masked[start] = MASK;
    memcpy(masked + start + 1, word.letters + stop, (size_t)(word.size - stop) * sizeof *masked);
    return set_but(map, hash_letters(masked, word.size - (stop - start) + 1), value, but);
}

static int mask_two(Map *map, Letters word, int32_t first, int32_t second, int32_t value,
                    const Map *but)
{
    uint32_t masked[LONGEST];
    memcpy(masked, word.letters, (size_t)word.size * sizeof *masked);
    masked[first] = masked[second] = MASK;
    return set_but(map, hash_letters(masked, word.size), value, but);
}

int mask_one_each(Map *map, Letters word, int32_t value, const Map *but)
{
    for (int32_t i = 1; i < word.size - 1; i++)
        if (mask_stretch(map, word, i, i + 1, value, but) < 0)
            return -1;
    return 0;
}

int mask_several(Map *map, Letters word, int32_t value, const Map *but)
{
    for (int32_t i = 1; i < word.size - 1; i++)
        for (int32_t j = i + 1; j < word.size - 1; j++) {
            if (j - i < 3 && word.size - (j + 1 - i) >= SHOWN
                && mask_stretch(map, word, i, j + 1, value, but) < 0)
                return -1;
            if (j - i > 1 && word.size - 2 >= SHOWN && mask_two(map, word, i, j, value, but) < 0)
                return -1;
        }
    return 0;
}

/* Note what innocent words look like with letters masked. */
int mask_all(Map *innocent, const Lists *words)
{
    for (int32_t i = 0; i < words->n; i++)
        if (mask_one_each(innocent, words->words[i], i, NULL) < 0
            || mask_several(innocent, words->words[i], i, NULL) < 0)
            return -1;
    return 0;
}
