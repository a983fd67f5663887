/* lexicon.py: the words that readers hide, and tables to find them by what is left of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ghirbal.h"
#include "lexicon.h"

enum { SHORT_REST = 3, SHORTEST_SPOKEN = 4, FAMILIAR = 3000 };

uint64_t hash_letters(const uint32_t *letters, int32_t size)
{
    uint64_t hash = 0x9E3779B97F4A7C15u + (uint64_t)size;
    for (int32_t i = 0; i < size; i++) {
        hash = (hash ^ letters[i]) * 0xBF58476D1CE4E5B9u;
        hash ^= hash >> 29;
    }
    return hash | 1; /* 0 is an empty slot */
}

static int64_t slot_of(const Map *map, uint64_t key)
{
    uint64_t mask = (uint64_t)map->slots - 1, slot = (key >> 17) & mask;
    while (map->keys[slot] && map->keys[slot] != key)
        slot = (slot + 1) & mask;
    return (int64_t)slot;
}

int32_t look_up(const Map *map, uint64_t key)
{
    int64_t slot = slot_of(map, key);
    return map->keys[slot] ? map->values[slot] : -1;
}

static int grow(Map *map)
{
    Map larger = {.slots = map->slots ? 2 * map->slots : 256, .used = map->used};
    larger.keys = calloc((size_t)larger.slots, sizeof *larger.keys);
    larger.values = calloc((size_t)larger.slots, sizeof *larger.values);
    if (!larger.keys || !larger.values) {
        free(larger.keys);
        free(larger.values);
        return -1;
    }
    for (int64_t i = 0; i < map->slots; i++) {
        if (!map->keys[i])
            continue;
        int64_t slot = slot_of(&larger, map->keys[i]);
        larger.keys[slot] = map->keys[i];
        larger.values[slot] = map->values[i];
    }
    free(map->keys);
    free(map->values);
    *map = larger;
    return 0;
}

/* Set the value of a key, and again where it has one. */
static int set(Map *map, uint64_t key, int32_t value)
{
    if (8 * (map->used + 1) > 7 * map->slots && grow(map) < 0)
        return -1;
    int64_t slot = slot_of(map, key);
    map->used += !map->keys[slot];
    map->keys[slot] = key;
    map->values[slot] = value;
    return 0;
}

static int starts_with(Letters word, Letters head)
{
    return word.size >= head.size && (head.size == 0 || *word.letters == *head.letters)
           && memcmp(word.letters, head.letters, (size_t)head.size * sizeof *word.letters) == 0;
}

static Letters rest_of(Letters word, Letters head)
{
    return (Letters){word.letters + head.size, word.size - head.size};
}

int in_lexicon(const Lexicon *lexicon, const uint32_t *word, int32_t size)
{
    return size <= LONGEST && look_up(&lexicon->known, hash_letters(word, size)) >= 0;
}

int is_ordinary(const Lexicon *lexicon, const uint32_t *word, int32_t size)
{
    return size <= LONGEST && look_up(&lexicon->ordinary, hash_letters(word, size)) >= 0;
}

int is_function_word(const Lexicon *lexicon, const uint32_t *word, int32_t size)
{
    return look_up(&lexicon->function, hash_letters(word, size)) >= 0;
}

/* Return which section of cues.txt or tones.txt a word stands in; -1 for none. */
int32_t cue_of(const Lexicon *lexicon, const uint32_t *word, int32_t size)
{
    return size <= LONGEST ? look_up(&lexicon->cues, hash_letters(word, size)) : -1;
}

int is_spoken(const Lexicon *lexicon, const uint32_t *word, int32_t size)
{
    return size <= LONGEST && look_up(&lexicon->heard, hash_letters(word, size)) >= 0;
}

int has_word(const Lexicon *lexicon, const uint32_t *word, int32_t size)
{
    Letters whole = {word, size};
    if (!may_be_whole(lexicon, hash_whole(whole)))
        return 0;
    for (int32_t i = 0; i < lexicon->proclitics.n; i++) {
        Letters head = lexicon->proclitics.words[i];
        if (starts_with(whole, head)) {
            Letters rest = rest_of(whole, head);
            if (in_lexicon(lexicon, rest.letters, rest.size))
                return 1;
        }
    }
    return 0;
}

/* A number beyond those of the hidden words is the place of a spoken one. */
int32_t write_word(const Lexicon *lexicon, int32_t which, uint32_t *result)
{
    int32_t size = 0;
    if (which < lexicon->words.n) {
        Letters word = lexicon->words.words[which];
        memcpy(result, word.letters, (size_t)word.size * sizeof *result);
        return word.size;
    }
    for (const uint16_t *from = lexicon->spoken + which - lexicon->words.n; *from; from++)
        result[size++] = *from;
    return size;
}

static int32_t masked_word(const Lexicon *lexicon, Letters word)
{
    if (word.size > LONGEST)
        return -1;
    uint64_t key = hash_letters(word.letters, word.size);
    int32_t found = look_up(&lexicon->single, key);
    found = found >= 0 ? found : look_up(&lexicon->several, key);
    return found >= 0 ? found : look_up(&lexicon->likeliest, key);
}

/* Write the word that is left without one of two equal letters; return its length, 0 where none is.
 * What it is itself is asked last, and hardly ever. */
int32_t undouble(const Lexicon *lexicon, const uint32_t *word, int32_t size, uint32_t *result)
{
    int32_t n = size - 1, i = 0;
    memcpy(result, word + 1, (size_t)n * sizeof *word);
    for (; i < n; i++) {
        result[i] = word[i];
        if (word[i] == word[i + 1] && has_word(lexicon, result, n))
            break;
    }
    return i < n && !is_ordinary(lexicon, word, size) && !has_word(lexicon, word, size) ? n : 0;
}

/* Write a word without its masks, where it is one of the lexicon; two letters are any word, and three
 * are behind a particle of a single letter. */
static int32_t drop_masks(const Lexicon *lexicon, const uint32_t *word, int32_t size,
                          uint32_t *result)
{
    Letters bare = {result, 0};
    for (int32_t i = 0; i < size; i++)
        if (word[i] != MASK)
            result[bare.size++] = word[i];
    if (!may_be_whole(lexicon, hash_whole(bare)))
        return 0;
    for (int32_t i = 0; i < lexicon->proclitics.n; i++) {
        Letters head = lexicon->proclitics.words[i];
        if (!starts_with(bare, head))
            continue;
        Letters rest = rest_of(bare, head);
        if (rest.size >= SHORT_REST + (head.size == 1)
            && in_lexicon(lexicon, rest.letters, rest.size))
            return bare.size;
    }
    return 0;
}

static int is_familiar(const Lexicon *lexicon, int32_t which)
{
    return which >= lexicon->words.n && which - lexicon->words.n < lexicon->familiar;
}

/* A mask may stand between two letters or for one: only a spoken word that is frequent is likelier
 * than one of the lexicon that is left without the masks. */
int32_t unmask(const Lexicon *lexicon, const uint32_t *word, int32_t size, uint32_t *result)
{
    Letters whole = {word, size};
    int32_t n_bare = drop_masks(lexicon, word, size, result);
    for (int32_t i = 0; i < lexicon->proclitics.n; i++) {
        Letters head = lexicon->proclitics.words[i];
        if (!starts_with(whole, head) || (head.size == 1 && size - 1 <= SHORT_REST))
            continue;
        int32_t found = masked_word(lexicon, rest_of(whole, head));
        if (found < 0)
            continue;
        if (n_bare && (head.size || !is_familiar(lexicon, found)))
            break;
        uint32_t written[2 * LONGEST + 8]; /* as the text of a hit */
        memcpy(written, word, (size_t)head.size * sizeof *written);
        int32_t n = head.size + write_word(lexicon, found, written + head.size);
        int32_t shorter = undouble(lexicon, written, n, result);
        if (shorter)
            return shorter;
        memcpy(result, written, (size_t)n * sizeof *result);
        return n;
    }
    return n_bare;
}

static int before_sign(const Lexicon *lexicon, const uint32_t *word, int32_t size)
{
    Letters whole = {word, size};
    for (int32_t i = 0; i < lexicon->before_sign.n; i++) {
        Letters head = lexicon->before_sign.words[i];
        if (!starts_with(whole, head))
            continue;
        Letters rest = rest_of(whole, head);
        if (rest.size <= LONGEST
            && look_up(&lexicon->single, hash_letters(rest.letters, rest.size)) >= 0)
            return 1;
    }
    return 0;
}

/* A spoken word that was split: one of its parts is none. */
int is_split(const Lexicon *lexicon, const uint32_t *joined, int32_t size, int32_t n_left)
{
    return size >= SHORTEST_SPOKEN && size <= LONGEST
           && look_up(&lexicon->heard, hash_letters(joined, size)) >= 0
           && !(is_spoken(lexicon, joined, n_left)
                && is_spoken(lexicon, joined + n_left, size - n_left));
}

/* Whether one part offends beside one that is a word: beside what is none, it is a part of one. */
static int offends_alone(const Lexicon *lexicon, const uint32_t *joined, int32_t size,
                         int32_t n_left)
{
    const uint32_t *right = joined + n_left;
    int32_t n_right = size - n_left;
    return (has_word(lexicon, joined, n_left) && is_spoken(lexicon, right, n_right))
           || (has_word(lexicon, right, n_right) && is_spoken(lexicon, joined, n_left));
}

/* Return the one word that two neighbours are, of `n_left` and `n_right` letters at the ends of
 * `joined`; a mask may stand between. A hidden word, or a spoken one of which one part is none. */
int32_t join_words(const Lexicon *lexicon, const uint32_t *joined, int32_t size, int32_t n_left,
                   int32_t n_right, uint32_t *result)
{
    const uint32_t *right = joined + size - n_right;
    if (size == n_left + n_right) {
        int hidden = has_word(lexicon, joined, size);
        /* Nearly all are neither. */
        int whole = is_split(lexicon, joined, size, n_left)
                    && !offends_alone(lexicon, joined, size, n_left);
        if (!whole
            && (!hidden || has_word(lexicon, joined, n_left) || has_word(lexicon, right, n_right)))
            return 0;
        if (is_ordinary(lexicon, joined, n_left) && is_ordinary(lexicon, right, n_right))
            return 0;
        memcpy(result, joined, (size_t)size * sizeof *result);
        return size;
    }
    int hidden = before_sign(lexicon, joined, size);
    if (!hidden
        && (size < SHORTEST_SPOKEN || size > LONGEST
            || look_up(&lexicon->likeliest, hash_letters(joined, size)) < 0))
        return 0;
    if ((is_ordinary(lexicon, joined, n_left) && is_ordinary(lexicon, right, n_right))
        || has_word(lexicon, joined, n_left) || has_word(lexicon, right, n_right))
        return 0;
    int32_t n = unmask(lexicon, joined, size, result);
    int spoken = is_spoken(lexicon, joined, n_left) && is_spoken(lexicon, right, n_right);
    return spoken && !has_word(lexicon, result, n) ? 0 : n;
}

int32_t set_apart(const Lexicon *lexicon, const uint32_t *word, int32_t size, uint32_t *result)
{
    Letters whole = {word, size};
    for (int32_t i = 0; i < lexicon->glued.n; i++) {
        Letters head = lexicon->glued.words[i];
        if (!starts_with(whole, head))
            continue;
        Letters rest = rest_of(whole, head);
        if (!in_lexicon(lexicon, rest.letters, rest.size) || in_lexicon(lexicon, word, size))
            continue;
        int32_t parted = head.size - lexicon->kept[i];
        memcpy(result, word, (size_t)parted * sizeof *result);
        result[parted] = SPACE;
        memcpy(result + parted + 1, word + parted, (size_t)(size - parted) * sizeof *result);
        return size + 1;
    }
    return 0;
}

uint32_t named_entity(const Lexicon *lexicon, const uint32_t *name, int32_t size)
{
    int32_t found = look_up(&lexicon->entities, hash_letters(name, size));
    return found > 0 ? (uint32_t)found : 0;
}

int32_t digit_choices(const Lexicon *lexicon, uint32_t code, const uint32_t **letters)
{
    for (int32_t i = 0; i < lexicon->n_choices; i++)
        if (lexicon->choices[i].code == code) {
            *letters = lexicon->choices[i].letters;
            return (int32_t)lexicon->choices[i].n;
        }
    return 0;
}

/* Set spoken words, and what the longer ones look like with a letter masked; the first counts. */
static int set_spoken(Lexicon *lexicon)
{
    uint32_t letters[LONGEST];
    int32_t rank = 0;
    for (int32_t start = 0, size; start < lexicon->spoken_size; start += size + 1, rank++) {
        if (rank < FAMILIAR)
            lexicon->familiar = start + 1;
        for (size = 0; lexicon->spoken[start + size]; size++)
            if (size < LONGEST)
                letters[size] = lexicon->spoken[start + size];
        Letters word = {letters, size};
        if (size > LONGEST)
            continue;
        if (set_key(&lexicon->heard, hash_letters(letters, size), start) < 0)
            return -1;
        if (size < SHORTEST_SPOKEN)
            continue;
        Map *likeliest = &lexicon->likeliest;
        if (mask_one_each(likeliest, word, lexicon->words.n + start, likeliest) < 0)
            return -1;
        note_spoken(lexicon, word);
    }
    return 0;
}

double logarithm_of(const Lexicon *lexicon, int32_t count)
{
    return count < N_LOGARITHMS ? lexicon->logarithms[count] : log1p(count);
}

static void note_with_article(Lexicon *lexicon, Letters word)
{
    uint32_t letters[LONGEST] = {ALEF, LAM};
    if (word.size + 2 > LONGEST)
        return;
    memcpy(letters + 2, word.letters, (size_t)word.size * sizeof *letters);
    note_telling(lexicon, (Letters){letters, word.size + 2});
}

/* Of several words that look the same the first in the file counts, so it is set last. */
int fill_lexicon(Lexicon *lexicon, const Lists *ordinary, const Lists *common)
{
    Map innocent = {0};
    int failed = grow(&lexicon->known) < 0 || grow(&lexicon->ordinary) < 0
                 || grow(&lexicon->single) < 0 || grow(&lexicon->several) < 0
                 || grow(&lexicon->sounds) < 0 || grow(&lexicon->entities) < 0
                 || grow(&lexicon->function) < 0 || grow(&lexicon->cues) < 0 || grow(&lexicon->heard) < 0
                 || grow(&lexicon->likeliest) < 0 || grow(&innocent) < 0
                 || mask_all(&innocent, ordinary) < 0 || mask_all(&innocent, common) < 0;
    for (int32_t i = 0; !failed && i < ordinary->n; i++) {
        Letters word = ordinary->words[i];
        failed = set(&lexicon->ordinary, hash_letters(word.letters, word.size), i) < 0;
    }
    failed = failed || reserve_wholes(lexicon) < 0 || reserve_telling(lexicon) < 0
             || set_spoken(lexicon) < 0;
    for (int32_t i = lexicon->words.n - 1; !failed && i >= 0; i--) {
        Letters word = lexicon->words.words[i];
        failed = set(&lexicon->known, hash_letters(word.letters, word.size), i) < 0
                 || mask_one_each(&lexicon->single, word, i, &innocent) < 0
                 || mask_several(&lexicon->several, word, i, &innocent) < 0
                 || set_sounds(lexicon, i) < 0;
        if (!failed) {
            note_wholes(lexicon, word);
            note_telling(lexicon, word);
            note_with_article(lexicon, word);
        }
    }
    for (int32_t i = 0; i < N_LOGARITHMS; i++)
        lexicon->logarithms[i] = log1p(i);
    free(innocent.keys);
    free(innocent.values);
    return failed || set_everyday_sounds(lexicon) < 0 || order_sounds(lexicon) < 0 ? -1 : 0;
}

int set_key(Map *map, uint64_t key, int32_t value) { return set(map, key, value); }
