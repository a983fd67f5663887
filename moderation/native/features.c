/* features.py: hashed n-grams, words, pairs, skeletons and emoji of one comment. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ghirbal.h"

enum { LONGEST_NGRAM = 8, LAST_POWER = 63, RECORD = 2 + ATTRIBUTES };

/* Seeds: what the views are told apart by; n-grams have their length. */
enum { WORDS = 11, PAIRS = 12, BARE_WORDS = 13, BARE_PAIRS = 14, FACES = 15, AROUND = 16, TRIPLES = 17 };

#define GROUP 0x5EC7u /* what the name of any group is hashed to */

typedef struct {
    Work *work;
    const Model *model;
    int32_t n;
} Sink;

static uint32_t mix(uint32_t hash, uint32_t seed)
{
    uint32_t mixed = (hash ^ seed * 0x9E3779B1u) * 0x85EBCA6Bu;
    mixed ^= mixed >> 15;
    return mixed * 0x9E3779B1u;
}

static void emit(Sink *sink, uint32_t hash, uint32_t seed, int32_t place)
{
    uint32_t mixed = mix(hash, seed);
    Occurrence *found = &sink->work->found[sink->n++];
    found->bucket = mixed >> (32 - sink->model->bits);
    found->check = (uint8_t)(mixed >> (24 - sink->model->bits));
    found->place = place;
    __builtin_prefetch(sink->model->records + (size_t)found->bucket * RECORD);
}

/* N-grams without a space inside, none of the names of groups. */
static void ngrams(Sink *sink, const uint32_t *codes, int32_t size, int32_t n_words)
{
    uint32_t lengths = sink->model->ngrams;
    int32_t longest = LONGEST_NGRAM;
    while (longest > 1 && !(lengths >> longest & 1))
        longest--;
    const Word *words = sink->work->words;
    for (int32_t start = 0, space, k = 0; start < size - 1; start = space, k++) {
        space = k < n_words ? words[k].end : size - 1;
        if (k < n_words && words[k].named)
            continue;
        for (int32_t i = start; i < space; i++) {
            uint32_t hash = codes[i];
            int32_t last = i + longest - 1 < space ? i + longest - 1 : space;
            for (int32_t j = i + 1; j <= last; j++) {
                uint32_t length = (uint32_t)(j - i + 1);
                hash = hash * STEP + codes[j];
                if (lengths >> length & 1)
                    emit(sink, hash, length, i);
            }
        }
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
        if (bare && (n == 0 || bare == SPACE || bare != work->bare[n - 1])) {
            work->bare[n] = bare;
            work->origin[n++] = i;
        }
    }
    return n;
}

static int reserve_features(Work *work, const Model *model, int32_t size, int32_t n_emoji)
{
    int32_t room = work->bare_room;
    int64_t per_code = 6;
    for (int32_t n = 2; n <= LONGEST_NGRAM; n++)
        per_code += model->ngrams >> n & 1;
    void **arrays[] = {(void **)&work->bare, (void **)&work->origin, (void **)&work->words,
                       (void **)&work->bare_words};
    size_t items[] = {sizeof *work->bare, sizeof *work->origin, sizeof *work->words,
                      sizeof *work->bare_words};
    for (int i = 0; i < 4; i++) {
        work->bare_room = room;
        if (reserve(arrays[i], &work->bare_room, size, items[i]) < 0)
            return -1;
    }
    return reserve((void **)&work->found, &work->found_room, per_code * size + n_emoji,
                   sizeof *work->found);
}

/* Hash a comment into work->found. */
int occurrences(Work *work, const Model *model, const uint32_t *codes, int32_t size,
                const uint32_t *emoji, int32_t n_emoji)
{
    if (reserve_features(work, model, size, n_emoji) < 0)
        return -1;
    Sink sink = {work, model, 0};
    int32_t n_words = split(work->words, codes, size, NULL);
    int named = name_groups(model, work->words, n_words);
    ngrams(&sink, codes, size, n_words);
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
    work->n_found = sink.n;
    return 0;
}

static int reserve_slots(Work *work, int32_t n)
{
    int32_t slots = work->n_slots ? work->n_slots : 1024;
    while (slots < 2 * (int64_t)n) {
        if (slots > INT32_MAX / 4)
            return -1;
        slots *= 2;
    }
    if (slots == work->n_slots && work->stamp < INT32_MAX)
        return 0;
    free(work->slots);
    free(work->filled);
    work->slots = calloc((size_t)slots, sizeof *work->slots);
    work->filled = malloc((size_t)slots * sizeof *work->filled);
    work->stamp = 0;
    work->n_slots = work->slots && work->filled ? slots : 0;
    return work->n_slots ? 0 : -1;
}

/* Leave what the model knows in work->found, each with its slot; work->filled names the slots in
 * use. Return how many are in use, or -1. */
int count_known(Work *work, const Model *model)
{
    if (reserve_slots(work, work->n_found) < 0)
        return -1;
    int32_t n = 0, known = 0, stamp = ++work->stamp;
    uint32_t mask = (uint32_t)work->n_slots - 1;
    Slot *slots = work->slots;
    for (int32_t i = 0; i < work->n_found; i++) {
        Occurrence found = work->found[i];
        if (model->records[(size_t)found.bucket * RECORD] != found.check)
            continue;
        uint32_t at = found.bucket * 0x9E3779B1u >> 8 & mask;
        while (slots[at].stamp == stamp && slots[at].bucket != found.bucket)
            at = (at + 1) & mask;
        int fresh = slots[at].stamp != stamp;
        slots[at].count = fresh ? 1 : slots[at].count + 1;
        slots[at].bucket = found.bucket;
        slots[at].stamp = stamp;
        work->filled[n] = (int32_t)at;
        n += fresh;
        found.slot = (int32_t)at;
        work->found[known++] = found;
    }
    work->n_found = known;
    return n;
}

/* Set the normalised term weights of the slots in use. */
void weigh_terms(Work *work, const Model *model, int32_t n)
{
    double squares = 0;
    for (int32_t k = 0; k < n; k++) {
        Slot *slot = &work->slots[work->filled[k]];
        int64_t count = slot->count;
        if (count >= model->n_term_weights)
            count = model->n_term_weights - 1;
        uint8_t idf = model->records[(size_t)slot->bucket * RECORD + 1];
        slot->value = model->term_weights[count] * idf;
        squares += (double)slot->value * slot->value;
    }
    float length = squares > 0 ? (float)sqrt(squares) : 1;
    for (int32_t k = 0; k < n; k++)
        work->slots[work->filled[k]].value /= length;
}
