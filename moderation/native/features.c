/* features.py: hashed n-grams, words, pairs, skeletons and emoji of one comment. */
#include <string.h>

#include "ghirbal.h"

enum { LONGEST_NGRAM = 8, LAST_POWER = 63 };

/* Seeds: what the views are told apart by; n-grams have their length. */
enum { WORDS = 11, PAIRS = 12, BARE_WORDS = 13, BARE_PAIRS = 14, FACES = 15, AROUND = 16, TRIPLES = 17 };

#define GROUP 0x5EC7u /* what the name of any group is hashed to */

/* Where the next occurrence goes; a pointer, since numbers might be among what is written. */
typedef struct {
    Work *work;
    const Model *model;
    uint32_t *next;
    int32_t *place;
} Sink;

static uint32_t mix(uint32_t hash, uint32_t seed)
{
    uint32_t mixed = (hash ^ seed * 0x9E3779B1u) * 0x85EBCA6Bu;
    mixed ^= mixed >> 15;
    return mixed * 0x9E3779B1u;
}

static inline void emit(Sink *sink, uint32_t hash, uint32_t seed, int32_t place)
{
    *sink->next++ = mix(hash, seed) >> (24 - sink->model->bits);
    *sink->place++ = place;
}

/* Make the n-grams one longer, and forget those with a space inside: loops over arrays, which are
 * done several places at a time. */
static void lengthen(uint32_t *restrict hashes, uint32_t *restrict inside,
                     const uint32_t *restrict last, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        hashes[i] = hashes[i] * STEP + last[i];
        inside[i] &= last[i - 1] != SPACE;
    }
}

static void make_keys(uint32_t *restrict keys, const uint32_t *restrict hashes, int32_t n,
                      uint32_t seed, int32_t shift)
{
    for (int32_t i = 0; i < n; i++)
        keys[i] = mix(hashes[i], seed) >> shift;
}

/* Mark where n-grams may start: not in the name of a group, nor in the space before it. */
static void open_places(uint32_t *inside, int32_t size, const Word *words, int32_t n_words,
                        int named)
{
    for (int32_t i = 0; i < size; i++)
        inside[i] = 1;
    for (int32_t k = 0; named && k < n_words; k++)
        for (int32_t i = k ? words[k - 1].end : 0; words[k].named && i < words[k].end; i++)
            inside[i] = 0;
}

static void ngrams(Sink *sink, const uint32_t *codes, int32_t size)
{
    uint32_t *hashes = sink->work->hashes, *keys = sink->work->keys, *inside = sink->work->inside;
    memcpy(hashes, codes, (size_t)size * sizeof *hashes);
    for (int32_t length = 2; length <= LONGEST_NGRAM && length <= size; length++) {
        int32_t n = size - length + 1;
        if (length == 2)
            for (int32_t i = 0; i < n; i++)
                hashes[i] = hashes[i] * STEP + codes[i + 1];
        else
            lengthen(hashes, inside, codes + length - 1, n);
        if (!(sink->model->ngrams >> length & 1))
            continue;
        make_keys(keys, hashes, n, (uint32_t)length, 24 - sink->model->bits);
        uint32_t *next = sink->next;
        int32_t *place = sink->place;
        for (int32_t i = 0; i < n; i++) {
            /* Written in any case, and kept or not: a branch would be hard to foresee. */
            *next = keys[i];
            *place = i;
            next += inside[i];
            place += inside[i];
        }
        sink->next = next;
        sink->place = place;
    }
}

/* Find the words, and hash each; `origin` says where codes stood, or is NULL. */
static int32_t split(Word *words, const uint32_t *codes, int32_t size, const int32_t *origin)
{
    int32_t n = 0;
    for (int32_t i = 0; i < size;) {
        if (codes[i] == SPACE) {
            i++;
            continue;
        }
        int32_t start = i;
        uint32_t hash = 0, power = 1;
        for (; codes[i] != SPACE; i++) {
            hash += codes[i] * power;
            if (i - start < LAST_POWER)
                power *= STEP;
        }
        hash ^= (uint32_t)(i - start);
        words[n++] = (Word){start, i, origin ? origin[start] : start, hash, 0};
    }
    return n;
}

static int is_group(const Model *model, uint32_t hash)
{
    /* Nearly all words are told apart by one bit. */
    if (!(model->group_bits[hash >> 19 & 0x1FFF] >> (hash >> 16 & 7) & 1))
        return 0;
    int64_t low = 0, high = model->n_groups;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (model->groups[middle] < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low < model->n_groups && model->groups[low] == hash;
}

/* Make the names of groups one word; return whether there are any. */
static int name_groups(const Model *model, Word *words, int32_t n)
{
    int any = 0;
    for (int32_t i = 0; i < n; i++)
        if (is_group(model, words[i].hash)) {
            words[i].hash = GROUP;
            words[i].named = any = 1;
        }
    return any;
}

/* The skeleton of a name is a name. */
static void name_skeletons(const Work *work, int32_t n_words, int32_t n_bare)
{
    for (int32_t i = 0, k = 0; i < n_bare; i++) {
        while (k < n_words - 1 && work->words[k].end <= work->bare_words[i].place)
            k++;
        if (work->words[k].named)
            work->bare_words[i].hash = GROUP;
    }
}

/* Words that follow one another, or follow after one more; `second` may be 0. */
static void chains(Sink *sink, const Word *words, int32_t n, uint32_t seed, int first, int second)
{
    int last = second ? second : first;
    for (int32_t i = 0; i + last < n; i++) {
        uint32_t hash = mix(words[i].hash, seed) * STEP + words[i + first].hash;
        if (second)
            hash = hash * STEP + words[i + second].hash;
        emit(sink, hash, seed, words[i].place);
    }
}

/* skeleton.py: consonants, those that loose spelling confuses made one; all spaces stay. */
static int32_t skeletons(Work *work, const Model *model, const uint32_t *codes, int32_t size)
{
    int32_t n = 0;
    uint32_t last = 0;
    int skip = 0;
    for (int32_t i = 0; i < size; i++) {
        uint32_t code = codes[i], next = i + 1 < size ? codes[i + 1] : 0;
        uint32_t bare = code < SMALL_TABLE ? model->skeleton[code] : code;
        uint32_t before_h = code < SMALL_TABLE ? model->skeleton_before_h[code] : 0;
        if (skip)
            bare = 0;
        skip = next == 'h' && before_h;
        if (skip)
            bare = before_h;
        if (next == SPACE && (code == 'h' || code == HEH))
            bare = 0;
        work->bare[n] = bare;
        work->origin[n] = i;
        n += (bare != 0) & ((bare == SPACE) | (bare != last));
        last = bare ? bare : last;
    }
    return n;
}

static int reserve_features(Work *work, const Model *model, int32_t size, int32_t n_emoji)
{
    int32_t room = work->bare_room;
    int64_t per_code = 6;
    for (int32_t n = 2; n <= LONGEST_NGRAM; n++)
        per_code += model->ngrams >> n & 1;
    struct {
        void **array;
        size_t item;
    } arrays[] = {
        {(void **)&work->bare, sizeof *work->bare},
        {(void **)&work->origin, sizeof *work->origin},
        {(void **)&work->words, sizeof *work->words},
        {(void **)&work->bare_words, sizeof *work->bare_words},
        {(void **)&work->hashes, sizeof *work->hashes},
        {(void **)&work->keys, sizeof *work->keys},
        {(void **)&work->inside, sizeof *work->inside},
    };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        work->bare_room = room;
        if (reserve(arrays[i].array, &work->bare_room, size, arrays[i].item) < 0)
            return -1;
    }
    int64_t features = per_code * size + n_emoji + 1;
    room = work->found_room;
    if (reserve((void **)&work->places, &room, features, sizeof *work->places) < 0)
        return -1;
    return reserve((void **)&work->found, &work->found_room, features, sizeof *work->found);
}

/* Hash a comment into work->found. */
int occurrences(Work *work, const Model *model, const uint32_t *codes, int32_t size,
                const uint32_t *emoji, int32_t n_emoji)
{
    if (reserve_features(work, model, size, n_emoji) < 0)
        return -1;
    Sink sink = {work, model, work->found, work->places};
    int32_t n_words = split(work->words, codes, size, NULL);
    int named = name_groups(model, work->words, n_words);
    open_places(work->inside, size, work->words, n_words, named);
    ngrams(&sink, codes, size);
    for (int32_t i = 0; i < n_words; i++)
        emit(&sink, work->words[i].hash, WORDS, work->words[i].place);
    chains(&sink, work->words, n_words, PAIRS, 1, 0);
    chains(&sink, work->words, n_words, AROUND, 2, 0);
    chains(&sink, work->words, n_words, TRIPLES, 1, 2);
    int32_t n_codes = skeletons(work, model, codes, size);
    int32_t n_bare = split(work->bare_words, work->bare, n_codes, work->origin);
    if (named)
        name_skeletons(work, n_words, n_bare);
    for (int32_t i = 0; i < n_bare; i++)
        emit(&sink, work->bare_words[i].hash, BARE_WORDS, work->bare_words[i].place);
    chains(&sink, work->bare_words, n_bare, BARE_PAIRS, 1, 0);
    for (int32_t i = 0; i < n_emoji; i++)
        emit(&sink, emoji[i], FACES, -1);
    work->n_found = (int32_t)(sink.next - work->found);
    for (int32_t i = 0; i < work->n_found && i < AHEAD; i++)
        fetch_record(model, work->found[i]);
    /* One more, which the model does not know, for whoever takes two at a time. */
    *sink.next = (uint8_t)~model->records[0];
    return 0;
}
