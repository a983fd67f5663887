/* scorer.py: what the model knows of a comment's features, counted, weighted and summed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ghirbal.h"

enum {
    MOST_PRODUCTS = 1 << 15, /* of 8 and 8 bits, that surely fit into a sum of 32 */
    COUNT_BITS = 28,
    BUCKET_BITS = 24,
    LAST_STAMP = (1 << (64 - COUNT_BITS - BUCKET_BITS)) - 1,
    /* As in stretches.py. */
    LONG_COMMENT = 24,
    BLOCK = 6,
};

#define STRETCH_MARGIN 1.0

/* Eight at a time; sums of every other one, since that needs no shuffling. */
typedef int8_t Record __attribute__((vector_size(RECORD)));
typedef int16_t Products __attribute__((vector_size(2 * RECORD)));
typedef int32_t Sums __attribute__((vector_size(2 * RECORD)));

/* Make room for `n` buckets, three slots in four of which stay free. Return the number of slots
 * less one, or -1. */
static int32_t reserve_slots(Work *work, int32_t n)
{
    int32_t slots = 64;
    while (slots < 4 * (int64_t)n) {
        if (slots > INT32_MAX / 4)
            return -1;
        slots *= 2;
    }
    if (slots > work->n_slots || work->stamp == LAST_STAMP) {
        int32_t all = slots > work->n_slots ? slots : work->n_slots;
        free(work->slots);
        work->slots = calloc((size_t)all, sizeof *work->slots);
        work->n_slots = work->slots ? all : 0;
        work->stamp = 0;
    }
    if (!work->slots
        || reserve((void **)&work->again, &work->again_room, n, sizeof *work->again) < 0)
        return -1;
    /* Of a table that a long comment made large, a short one uses what fits into the cache. */
    return slots - 1;
}

/* Leave in work->found what the model knows. */
static void keep_known(Work *work, const Model *model)
{
    Occurrence *found = work->found;
    int32_t known = 0;
    for (int32_t i = 0; i < work->n_found; i++) {
        uint32_t key = found[i].key;
        const int8_t *record = record_of(model, key);
        if (i + AHEAD < work->n_found)
            fetch_record(model, found[i + AHEAD].key);
        found[known].key = key;
        found[known].place = found[i].place;
        memcpy(found[known].record, record, RECORD);
        known += (uint8_t)*record == (uint8_t)key;
    }
    work->n_found = known;
}

/* Put an occurrence into its slot; return whether it is the first of its bucket. No branches:
 * whether a feature occurred before is hard to foresee. */
static int32_t count(Work *work, Occurrence *found, uint32_t mask)
{
    uint32_t bucket = found->key >> 8, at = bucket * 0x9E3779B1u >> 8 & mask;
    uint64_t tag = ((uint64_t)work->stamp << BUCKET_BITS | bucket) << COUNT_BITS;
    uint64_t differs = (work->slots[at] ^ tag) >> COUNT_BITS;
    /* Another bucket of this very comment. */
    while (differs - 1 < (1u << BUCKET_BITS) - 1) {
        at = (at + 1) & mask;
        differs = (work->slots[at] ^ tag) >> COUNT_BITS;
    }
    uint64_t slot = work->slots[at], fresh = differs != 0;
    work->slots[at] = (slot ^ ((slot ^ tag) & -fresh)) + 1;
    found->key = at;
    return (int32_t)fresh;
}

static int32_t count_of(const Work *work, const Occurrence *found)
{
    return (int32_t)(work->slots[found->key] & ((1u << COUNT_BITS) - 1));
}

/* Count occurrences, and sum as if each bucket occurred once: whole numbers, exact in any order.
 * Return the sum of squares. */
static int64_t sum_once(Work *work, int32_t start, int32_t stop, uint32_t mask, double *sums)
{
    Sums even = {0}, odd = {0};
    int64_t squares = 0;
    for (int32_t i = start; i < stop; i++) {
        Occurrence *found = &work->found[i];
        int32_t fresh = count(work, found, mask), idf = (uint8_t)found->record[1] & -fresh;
        Record record;
        memcpy(&record, found->record, RECORD);
        /* The first two are no weights, and of no use. */
        Sums products = (Sums)(__builtin_convertvector(record, Products) * (int16_t)idf);
        even += (products << 16) >> 16;
        odd += products >> 16;
        squares += idf * idf;
        work->again[work->n_again] = i;
        work->n_again += 1 - fresh;
    }
    for (int a = 0; a < RECORD; a += 2) {
        sums[a] += even[a / 2];
        sums[a + 1] += odd[a / 2];
    }
    return squares;
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
    for (int32_t i = 0; i < work->n_found; i++) {
        const Occurrence *found = &work->found[i];
        if (found->place < 0)
            continue;
        double *block = work->blocks + (size_t)work->numbers[found->place] * RECORD;
        double idf = (uint8_t)found->record[1];
        block[0] += idf * idf;
        for (int a = 2; a < RECORD; a++)
            block[a] += idf * found->record[a];
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
    keep_known(work, model);
    int32_t known = work->n_found, mask = reserve_slots(work, known);
    if (mask < 0)
        return -1;
    double sums[RECORD] = {0}, once = term_weight(model, 1), squares = 0;
    int64_t whole = 0;
    work->stamp++;
    work->n_again = 0;
    for (int32_t start = 0; start < known; start += MOST_PRODUCTS) {
        int32_t stop = known - start < MOST_PRODUCTS ? known : start + MOST_PRODUCTS;
        whole += sum_once(work, start, stop, (uint32_t)mask, sums);
    }
    for (int a = 0; a < RECORD; a++)
        sums[a] *= once;
    for (int32_t i = 0; i < work->n_again; i++) {
        /* What its bucket weighs more than once, in equal parts. */
        const Occurrence *found = &work->found[work->again[i]];
        int32_t often = count_of(work, found);
        double weight = term_weight(model, often), idf = (uint8_t)found->record[1];
        double more = (weight - once) * idf / (often - 1);
        for (int a = 0; a < RECORD; a++)
            sums[a] += more * found->record[a];
        squares += (weight * weight - once * once) * idf * idf / (often - 1);
    }
    squares += once * once * (double)whole;
    *length = squares > 0 ? sqrt(squares) : 1;
    for (int a = 0; a < ATTRIBUTES; a++)
        evidence[a] = (float)(sums[a + 2] / *length) * model->scales[a];
    return work->n_words > LONG_COMMENT ? take_strongest_stretch(work, model, evidence) : 0;
}

/* Return the share of one occurrence in its bucket's normalised term weight. */
double share_of(const Work *work, const Model *model, const Occurrence *found, double length)
{
    int32_t often = count_of(work, found);
    return term_weight(model, often) * (uint8_t)found->record[1] / length / often;
}
