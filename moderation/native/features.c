/* features.py: hashed n-grams, words, pairs, skeletons and emoji of one comment. */
#include <string.h>

#include "ghirbal.h"

enum {
    LONGEST_NGRAM = 8,
    LAST_POWER = 63,
    WEIGHED_NGRAM = 3, /* as in experts.py */
    LONGEST_BARE_NGRAM = 4, /* as in features.py; the shortest has two */
    AT_ONCE = 8, /* places that are read and written in any case, beyond the last as well */
};

#define STEP_2 (STEP * STEP)
#define STEP_3 (STEP * STEP_2)
#define STEP_4 (STEP_2 * STEP_2)

/* Seeds: what the views are told apart by; n-grams have their length, those of skeletons BARE_NGRAM
 * and their length. */
enum {
    WORDS = 11, PAIRS = 12, BARE_WORDS = 13, BARE_PAIRS = 14, FACES = 15, AROUND = 16,
    BARE_NGRAM = 20,
};

#define GROUP 0x5EC7u /* what the name of any group is hashed to */
#define SECOND 0xA5A5A5A5u /* as in features.py */
#define FIRST 0x5A5A5A5Au
#define GROUP_BITS 20 /* as in compiled.py */

typedef uint32_t Four __attribute__((vector_size(16)));
typedef int32_t Numbers __attribute__((vector_size(16)));

/* Where the next occurrence goes; a pointer, since numbers might be among what is written. */
typedef struct {
    Work *work;
    const Model *model;
    uint32_t *next;
    int32_t *place;
    int placed; /* whether anybody asks for the places of n-grams */
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

/* Make the n-grams one longer: a loop over arrays, which is done several places at a time. */
static void lengthen(uint32_t *restrict hashes, const uint32_t *restrict last, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        hashes[i] = hashes[i] * STEP + last[i];
}

static void make_keys(uint32_t *restrict keys, const uint32_t *restrict hashes, int32_t n,
                      uint32_t seed, int32_t shift)
{
    for (int32_t i = 0; i < n; i++)
        keys[i] = mix(hashes[i], seed) >> shift;
}

/* Copy some keys, and what lies behind them into the room behind: so most words take one round, and
 * nothing has to be foreseen. */
static void copy_keys(Sink *sink, const uint32_t *keys, int32_t from, int32_t n)
{
    for (int32_t i = 0; i == 0 || i < n; i += AT_ONCE) {
        memcpy(sink->next + i, keys + from + i, AT_ONCE * sizeof *keys);
        for (int32_t j = 0; sink->placed && j < AT_ONCE; j++)
            sink->place[i + j] = from + i + j;
    }
    sink->next += n;
    sink->place += n;
}

/* Let what follows begin at an even number, behind one that no model knows if need be: whoever sums
 * takes two at a time. Return that number. */
static int32_t even_out(Sink *sink)
{
    int32_t n = (int32_t)(sink->next - sink->work->found);
    if (n % 2) {
        *sink->next++ = (uint8_t)~sink->model->records[0];
        *sink->place++ = -1;
    }
    return n + n % 2;
}

/* Keep the n-grams that lie in a word and the spaces around it, but not in the name of a group: those
 * that experts weigh, or the others. */
static void ngrams(Sink *sink, const uint32_t *codes, int32_t size, int32_t n_words, int weighed)
{
    uint32_t *hashes = sink->work->hashes, *keys = sink->work->keys;
    const Word *words = sink->work->words;
    memcpy(hashes, codes, (size_t)size * sizeof *hashes);
    for (int32_t length = 2; length <= LONGEST_NGRAM && length <= size; length++) {
        int32_t n = size - length + 1;
        lengthen(hashes, codes + length - 1, n);
        if (!(sink->model->ngrams >> length & 1) || (length == WEIGHED_NGRAM) != weighed)
            continue;
        make_keys(keys, hashes, n, (uint32_t)length, 24 - sink->model->bits);
        if (!n_words && length == 2)
            copy_keys(sink, keys, 0, n);
        for (int32_t k = 0; k < n_words; k++) {
            int32_t inside = words[k].end - words[k].start + 3 - length;
            copy_keys(sink, keys, words[k].start - 1, words[k].named || inside < 0 ? 0 : inside);
        }
        if (weighed)
            return;
    }
}

/* Hash the letters of a word, each times a power of STEP; eight can be read. Most words have no more than eight, and
 * where they end would be hard to foresee. */
uint32_t hash_word(const uint32_t *letters, int32_t size)
{
    static const Four powers[2] = {
        {1, STEP, STEP_2, STEP_3},
        {STEP_4, STEP_4 * STEP, STEP_4 * STEP_2, STEP_4 * STEP_3},
    };
    static const Numbers numbers[2] = {{0, 1, 2, 3}, {4, 5, 6, 7}};
    Numbers n = {size, size, size, size};
    Four first, second;
    memcpy(&first, letters, sizeof first);
    memcpy(&second, letters + 4, sizeof second);
    first = (first & (Four)(numbers[0] < n)) * powers[0];
    first += (second & (Four)(numbers[1] < n)) * powers[1];
    uint32_t hash = first[0] + first[1] + first[2] + first[3], power = STEP_4 * STEP_4;
    for (int32_t i = AT_ONCE; i < size; i++) {
        hash += letters[i] * power;
        power = i < LAST_POWER ? power * STEP : power;
    }
    return hash ^ (uint32_t)size;
}

/* Find the words, and hash each; `origin` says where codes stood, or is NULL. */
static int32_t split(const Work *work, Word *words, const uint32_t *codes, int32_t size,
                     const int32_t *origin)
{
    int32_t *ends = work->ends, n_ends = 0, n = 0, start = 0;
    for (int32_t i = 0; i < size; i++) {
        ends[n_ends] = i;
        n_ends += codes[i] == SPACE;
    }
    for (int32_t k = 0; k < n_ends; k++) {
        int32_t end = ends[k];
        uint32_t hash = hash_word(codes + start, end - start);
        words[n] = (Word){start, end, origin ? origin[start] : start, hash, 0};
        n += end > start;
        start = end + 1;
    }
    return n;
}

static int is_group(const Model *model, uint32_t hash)
{
    /* Nearly all words are told apart by one bit. */
    if (!(model->group_bits[hash >> (35 - GROUP_BITS)] >> (hash >> (32 - GROUP_BITS) & 7) & 1))
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

/* Make the names of groups one word; return how many words are part of one. */
static int32_t name_groups(const Model *model, Word *words, int32_t n)
{
    int32_t named = 0;
    int inside = 0;
    for (int32_t i = 0; i < n; i++) {
        int part = is_group(model, words[i].hash)
                   || (inside && is_group(model, words[i].hash ^ SECOND));
        if (part && !inside && i && is_group(model, words[i - 1].hash ^ FIRST)) {
            words[i - 1].hash = GROUP;
            words[i - 1].named = i > 1 && words[i - 2].named ? BEHIND : NAMED;
            inside = 1;
            named++;
        }
        if (part) {
            words[i].hash = GROUP;
            words[i].named = inside ? BEHIND : NAMED;
        }
        inside = part;
        named += part;
    }
    return named;
}

/* Copy the words that are not one with the word before; return their number. */
static int32_t leave_first(Word *kept, const Word *words, int32_t n)
{
    int32_t size = 0;
    for (int32_t i = 0; i < n; i++)
        if (words[i].named != BEHIND)
            kept[size++] = words[i];
    return size;
}

/* The skeleton of a name is a name. */
static void name_skeletons(const Work *work, int32_t n_words, int32_t n_bare)
{
    for (int32_t i = 0, k = 0; i < n_bare; i++) {
        while (k < n_words - 1 && work->words[k].end <= work->bare_words[i].place)
            k++;
        work->bare_words[i].named = work->words[k].named;
        if (work->words[k].named)
            work->bare_words[i].hash = GROUP;
    }
}

/* Words and the word that follows after `step`. */
static void pairs(Sink *sink, const Word *words, int32_t n, uint32_t seed, int step)
{
    for (int32_t i = 0; i + step < n; i++)
        emit(sink, mix(words[i].hash, seed) * STEP + words[i + step].hash, seed, words[i].place);
}

/* skeleton.py: consonants, those that loose spelling confuses made one; all spaces stay. */
static int32_t skeletons(Work *work, const Model *model, const uint32_t *codes, int32_t size)
{
    const uint32_t *skeleton = model->skeleton, *skeleton_before_h = model->skeleton_before_h;
    uint32_t *kept = work->bare, last = 0;
    int32_t *origin = work->origin, n = 0;
    int skip = 0;
    for (int32_t i = 0; i < size; i++) {
        uint32_t code = codes[i], next = i + 1 < size ? codes[i + 1] : 0;
        uint32_t bare = code < SMALL_TABLE ? skeleton[code] : code;
        uint32_t before_h = code < SMALL_TABLE ? skeleton_before_h[code] : 0;
        if (skip)
            bare = 0;
        skip = next == 'h' && before_h;
        if (skip)
            bare = before_h;
        if (next == SPACE && (code == 'h' || code == HEH))
            bare = 0;
        kept[n] = bare;
        origin[n] = i;
        n += (bare != 0) & ((bare == SPACE) | (bare != last));
        last = bare ? bare : last;
    }
    return n;
}

static int has_latin(const uint32_t *codes, const int32_t *places, int32_t n)
{
    int latin = 0;
    for (int32_t i = 0; i < n; i++)
        latin |= is_latin(codes[places[i]]);
    return latin;
}

/* Cut the skeletons of words in Latin letters, which nobody spells twice alike. */
static void bare_ngrams(Sink *sink, const uint32_t *codes, int32_t n_bare)
{
    const uint32_t *bare = sink->work->bare;
    const int32_t *origin = sink->work->origin;
    for (int32_t k = 0; k < n_bare; k++) {
        const Word *word = &sink->work->bare_words[k];
        if (word->named || !has_latin(codes, origin + word->start, word->end - word->start))
            continue;
        for (int32_t i = word->start - 1; i < word->end; i++) {
            uint32_t hash = bare[i];
            for (int32_t n = 2; n <= LONGEST_BARE_NGRAM && i + n <= word->end + 1; n++) {
                hash = hash * STEP + bare[i + n - 1];
                emit(sink, hash, BARE_NGRAM + (uint32_t)n, origin[i]);
            }
        }
    }
}

static int reserve_features(Work *work, const Model *model, int32_t size, int32_t n_emoji)
{
    int32_t room = work->bare_room;
    int64_t per_code = 5 + LONGEST_BARE_NGRAM - 1;
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
        {(void **)&work->first_words, sizeof *work->first_words},
        {(void **)&work->hashes, sizeof *work->hashes},
        {(void **)&work->keys, sizeof *work->keys},
        {(void **)&work->letters, sizeof *work->letters},
        {(void **)&work->ends, sizeof *work->ends},
    };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        work->bare_room = room;
        if (reserve(arrays[i].array, &work->bare_room, (int64_t)size + AT_ONCE, arrays[i].item)
            < 0)
            return -1;
    }
    int64_t features = per_code * size + n_emoji + AT_ONCE;
    room = work->found_room;
    if (reserve((void **)&work->places, &room, features, sizeof *work->places) < 0)
        return -1;
    return reserve((void **)&work->found, &work->found_room, features, sizeof *work->found);
}

/* Fetch records, as far as they are fetched ahead. */
static void fetch_records(const Model *model, const uint32_t *found, int32_t from, int32_t n)
{
    n = n < AHEAD ? n : AHEAD;
    for (int32_t i = from; i < n; i++)
        fetch_record(model, found[i]);
}

/* Hash a comment into work->found, what experts weigh first. Places of n-grams are told where they
 * are asked for, and of long comments. */
int occurrences(Work *work, const Model *model, const uint32_t *codes, int32_t size,
                const uint32_t *emoji, int32_t n_emoji, int placed)
{
    if (reserve_features(work, model, size, n_emoji) < 0)
        return -1;
    codes = memcpy(work->letters, codes, (size_t)size * sizeof *codes);
    int32_t n_words = split(work, work->words, codes, size, NULL);
    Sink sink = {work, model, work->found, work->places, placed || n_words > LONG_COMMENT};
    work->n_words = n_words;
    work->size = size;
    int32_t named = name_groups(model, work->words, n_words), n_first = n_words;
    const Word *words = work->words;
    if (named > 1) {
        n_first = leave_first(work->first_words, words, n_words);
        words = work->first_words;
    }
    int32_t n_codes = skeletons(work, model, codes, size);
    int32_t n_bare = split(work, work->bare_words, work->bare, n_codes, work->origin);
    if (named) {
        name_skeletons(work, n_words, n_bare);
        n_bare = leave_first(work->bare_words, work->bare_words, n_bare);
    }
    for (int32_t i = 0; i < n_emoji; i++)
        emit(&sink, emoji[i], FACES, -1);
    for (int32_t i = 0; i < n_first; i++)
        emit(&sink, words[i].hash, WORDS, words[i].place);
    for (int32_t i = 0; i < n_bare; i++)
        emit(&sink, work->bare_words[i].hash, BARE_WORDS, work->bare_words[i].place);
    ngrams(&sink, codes, size, n_words, 1);
    work->n_weighed = even_out(&sink);
    fetch_records(model, work->found, 0, work->n_weighed);
    ngrams(&sink, codes, size, n_words, 0);
    pairs(&sink, words, n_first, PAIRS, 1);
    pairs(&sink, words, n_first, AROUND, 2);
    pairs(&sink, work->bare_words, n_bare, BARE_PAIRS, 1);
    bare_ngrams(&sink, codes, n_bare);
    if (reserve((void **)&work->faces, &work->faces_room, n_emoji, sizeof *work->faces) < 0)
        return -1;
    work->n_faces = n_emoji;
    work->remains = work->stripped;
    if (n_emoji)
        memcpy(work->faces, emoji, (size_t)n_emoji * sizeof *emoji);
    work->n_found = (int32_t)(sink.next - work->found);
    fetch_records(model, work->found, work->n_weighed, work->n_found);
    /* One more, which the model does not know, for whoever takes two at a time. */
    *sink.next = (uint8_t)~model->records[0];
    return 0;
}
