/* scorer.py: what the model knows of a comment's features, counted, weighted and summed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ghirbal.h"

#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

enum {
    MOST_PRODUCTS = 1 << 15, /* of 8 and 8 bits, that surely fit into a sum of 32 */
    LEAST_SLOTS = 9,         /* bits of the number of slots */
    MOST_SLOTS = 30,
    /* As in stretches.py. */
    BLOCK = 4,
};

#define STRETCH_MARGIN 1.75

/* Make room for the features of a comment, and for slots, seven in eight of which stay free.
 * Return 0, or -1 for no memory. */
static int reserve_slots(Work *work)
{
    int32_t bits = LEAST_SLOTS, n = work->n_found + 1;
    while (bits < MOST_SLOTS && (int64_t)1 << bits < 8 * (int64_t)n)
        bits++;
    if (n > 1 << (MOST_SLOTS - 1))
        return -1;
    /* A slot is free that holds no more than `base`: nothing is cleared between comments. */
    if (bits > work->slot_bits || work->base > UINT32_MAX - (uint32_t)n) {
        work->slot_bits = bits > work->slot_bits ? bits : work->slot_bits;
        free(work->slots);
        work->slots = calloc((size_t)1 << work->slot_bits, sizeof *work->slots);
        if (!work->slots)
            work->slot_bits = 0;
        work->base = 0;
    }
    /* Of a table that a long comment made large, a short one uses what fits into the cache. */
    work->slot_mask = (1u << bits) - 1;
    void **arrays[] = {(void **)&work->known, (void **)&work->again, (void **)&work->more,
                        (void **)&work->others};
    int32_t room = work->known_room;
    for (int i = 0; i < 4; i++) {
        work->known_room = room;
        if (reserve(arrays[i], &work->known_room, n, sizeof(int32_t)) < 0)
            return -1;
    }
    return work->slots ? 0 : -1;
}

/* Sums of the eight numbers of records, each record times its inverse frequency; two records at a
 * time, since that is how processors multiply and add small numbers. */
typedef struct {
#if defined(__SSE4_1__)
    __m128i low, high;
#else
    int32_t parts[RECORD];
#endif
} Sums;

static inline void add_two(Sums *sums, const int8_t *one, const int8_t *two, uint32_t idf_one,
                           uint32_t idf_two)
{
#if defined(__SSE4_1__)
    __m128i factors = _mm_set1_epi32((int)(idf_one | idf_two << 16));
    __m128i bytes = _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)one),
                                      _mm_loadl_epi64((const __m128i *)two));
    __m128i low = _mm_cvtepi8_epi16(bytes), high = _mm_cvtepi8_epi16(_mm_srli_si128(bytes, 8));
    sums->low = _mm_add_epi32(sums->low, _mm_madd_epi16(low, factors));
    sums->high = _mm_add_epi32(sums->high, _mm_madd_epi16(high, factors));
#else
    for (int a = 0; a < RECORD; a++)
        sums->parts[a] += one[a] * (int32_t)idf_one + two[a] * (int32_t)idf_two;
#endif
}

static void take_sums(const Sums *sums, double *result)
{
    int32_t parts[RECORD];
    memcpy(parts, sums, sizeof parts);
    for (int a = 0; a < RECORD; a++)
        result[a] += parts[a];
}

static int is_known(const int8_t *record, uint32_t key)
{
    return (uint8_t)record[0] == (uint8_t)key;
}

/* Keep what the model knows, and sum it as if each bucket occurred once: whole numbers, exact in
 * any order. No branches: whether a feature is known is hard to foresee. Return the sum of
 * squares. */
static int64_t sum_once(Work *work, const Model *model, int32_t start, int32_t stop, double *result)
{
    const uint32_t *found = work->found;
    uint32_t *known = work->known + work->n_known;
    Sums sums = {0};
    int64_t squares = 0;
    for (int32_t i = start; i < stop; i += 2) {
        uint32_t one = found[i], two = found[i + 1];
        const int8_t *record = record_of(model, one), *next = record_of(model, two);
        uint32_t is_one = (uint32_t)is_known(record, one), is_two = (uint32_t)is_known(next, two);
        uint32_t idf_one = (uint8_t)record[1] & -is_one, idf_two = (uint8_t)next[1] & -is_two;
        *known = one;
        known += is_one;
        *known = two;
        known += is_two;
        add_two(&sums, record, next, idf_one, idf_two);
        squares += idf_one * idf_one + idf_two * idf_two;
        if (i + AHEAD < work->n_found) {
            fetch_record(model, found[i + AHEAD]);
            fetch_record(model, found[i + AHEAD + 1]);
        }
    }
    work->n_known = (int32_t)(known - work->known);
    take_sums(&sums, result);
    return squares;
}

/* A slot holds `top` less the number of the first occurrence of its bucket: of a comment more than
 * of those before, and the more the sooner, so that the larger number is the one to keep. */
static int32_t number_in(const Work *work, uint32_t slot)
{
    return (int32_t)(work->top - work->slots[slot]);
}

static int is_free(const Work *work, uint32_t slot) { return work->slots[slot] <= work->base; }

/* Return the slot of a key, or the free one where it would be. */
static uint32_t slot_of(const Work *work, uint32_t key)
{
    uint32_t at = key >> 8 & work->slot_mask;
    while (!is_free(work, at) && work->known[number_in(work, at)] >> 8 != key >> 8)
        at = (at + 1) & work->slot_mask;
    return at;
}

/* Let each bucket have its first slot if that is free. Leave occurrences that found it taken in
 * `again`, and return how many these are. No branches, as below: whether a feature occurred before
 * is hard to foresee. */
static int32_t take_slots(Work *work)
{
    const uint32_t *known = work->known;
    uint32_t *slots = work->slots, top = work->top, mask = work->slot_mask;
    int32_t n = work->n_known, taken = 0, *again = work->again;
    for (int32_t i = 0; i < n; i++) {
        uint32_t *slot = &slots[known[i] >> 8 & mask], holds = *slot, mine = top - (uint32_t)i;
        *slot = holds > mine ? holds : mine;
        again[taken] = i;
        taken += holds > mine;
    }
    return taken;
}

/* Count in `more` how often each bucket occurs again. Leave in `again` the first occurrences of
 * those that do, and return how many these are. */
static int32_t count(Work *work)
{
    const uint32_t *known = work->known;
    work->top = work->base + (uint32_t)work->n_known;
    int32_t taken = take_slots(work), others = 0, n = 0;
    int32_t *again = work->again, *more = work->more, *other = work->others;
    memset(more, 0, (size_t)work->n_known * sizeof *more);
    for (int32_t j = 0; j < taken; j++) {
        int32_t i = again[j], first = number_in(work, known[i] >> 8 & work->slot_mask);
        int32_t same = known[first] >> 8 == known[i] >> 8;
        other[others] = i;
        others += 1 - same;
        again[n] = first;
        n += same & (more[first] == 0);
        more[first] += same;
    }
    /* Few: another bucket has their slot. */
    for (int32_t j = 0; j < others; j++) {
        uint32_t at = slot_of(work, known[other[j]]);
        if (is_free(work, at)) {
            work->slots[at] = work->top - (uint32_t)other[j];
        } else {
            again[n] = number_in(work, at);
            n += more[again[n]]++ == 0;
        }
    }
    return n;
}

static double term_weight(const Model *model, int32_t count)
{
    return model->term_weights[count < model->n_term_weights ? count : model->n_term_weights - 1];
}

/* Let the strongest two neighbouring blocks of words count where they are stronger than the whole:
 * stretches.py. A block has its squares where a record has its check. */
static int take_strongest_stretch(Work *work, const Model *model, float *evidence)
{
    int32_t n_blocks = (work->n_words + BLOCK - 1) / BLOCK;
    if (reserve((void **)&work->numbers, &work->numbers_room, work->size, sizeof *work->numbers) < 0
        || reserve((void **)&work->blocks, &work->blocks_room, (int64_t)n_blocks * RECORD,
                   sizeof *work->blocks)
               < 0)
        return -1;
    for (int32_t k = 0, place = 0; k < work->n_words; k++)
        for (; place < work->words[k].end; place++)
            work->numbers[place] = k / BLOCK;
    memset(work->blocks, 0, (size_t)n_blocks * RECORD * sizeof *work->blocks);
    /* Those that are known first, without branches, as above; `others` is free by now. */
    int32_t *placed = work->others, n_placed = 0;
    for (int32_t i = 0; i < work->n_found; i++) {
        placed[n_placed] = i;
        n_placed += (work->places[i] >= 0) & is_known(record_of(model, work->found[i]), work->found[i]);
        if (i + AHEAD < work->n_found)
            fetch_record(model, work->found[i + AHEAD]);
    }
    for (int32_t j = 0; j < n_placed; j++) {
        const int8_t *record = record_of(model, work->found[placed[j]]);
        double *block = work->blocks + (size_t)work->numbers[work->places[placed[j]]] * RECORD;
        double idf = (uint8_t)record[1];
        block[0] += idf * idf;
        for (int a = 2; a < RECORD; a++)
            block[a] += idf * record[a];
    }
    for (int32_t b = 0; b + 1 < n_blocks; b++) {
        const double *one = work->blocks + (size_t)b * RECORD, *two = one + RECORD;
        double squares = one[0] + two[0], length = sqrt(squares > 1 ? squares : 1);
        for (int a = 0; a < ATTRIBUTES; a++) {
            double sum = (one[a + 2] + two[a + 2]) / length;
            float strong = (float)(sum * model->scales[a] - STRETCH_MARGIN);
            evidence[a] = strong > evidence[a] ? strong : evidence[a];
        }
    }
    return 0;
}

/* Sum the weights of what the model knows in a comment, each times its term weight over the
 * length of all of these. */
int sum_known(Work *work, const Model *model, float *evidence, double *length)
{
    work->base = work->top;
    work->n_known = work->n_weighed_known = 0;
    if (reserve_slots(work) < 0)
        return -1;
    double sums[RECORD] = {0}, once = term_weight(model, 1), squares = 0;
    int64_t whole = 0;
    for (int32_t start = 0, stop; start < work->n_found; start = stop) {
        stop = start < work->n_weighed ? work->n_weighed : work->n_found;
        stop = stop - start < MOST_PRODUCTS ? stop : start + MOST_PRODUCTS;
        whole += sum_once(work, model, start, stop, sums);
        if (stop <= work->n_weighed)
            work->n_weighed_known = work->n_known;
    }
    for (int a = 0; a < RECORD; a++)
        sums[a] *= once;
    int32_t several = count(work);
    for (int32_t j = 0; j < several; j++) {
        /* What its bucket weighs otherwise than once for each time. */
        int32_t first = work->again[j], often = work->more[first] + 1;
        const int8_t *record = record_of(model, work->known[first]);
        double weight = term_weight(model, often), idf = (uint8_t)record[1];
        double other = (weight - often * once) * idf;
        for (int a = 0; a < RECORD; a++)
            sums[a] += other * record[a];
        squares += (weight * weight - often * once * once) * idf * idf;
    }
    squares += once * once * (double)whole;
    *length = squares > 0 ? sqrt(squares) : 1;
    for (int a = 0; a < ATTRIBUTES; a++)
        evidence[a] = (float)(sums[a + 2] / *length) * model->scales[a];
    return work->n_words > LONG_COMMENT ? take_strongest_stretch(work, model, evidence) : 0;
}

/* Return the share of one occurrence in its bucket's normalised term weight; 0 if the model does
 * not know it. */
double share_of(const Work *work, const Model *model, uint32_t key, double length)
{
    const int8_t *record = record_of(model, key);
    if (!is_known(record, key))
        return 0;
    int32_t often = work->more[number_in(work, slot_of(work, key))] + 1;
    return term_weight(model, often) * (uint8_t)record[1] / length / often;
}
