/* explain.py and highlights.py: what is known of each word of a comment, and whether it offends. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ghirbal.h"

enum {
    LOOKED_AT = 24, /* as in evidence.py */
    SHORTEST_AFTER_WAW = 3,
    /* As `FEATURES` in highlights.py. */
    ALONE = 0, ALONE_LIKELY, OTHER_ALONE, OTHER_ALONE_LIKELY, SHARE, OTHER_SHARE, GROUPS, FUNCTION,
    HIDDEN, JOINED, LETTERS, GROUP_SHARE, FUNCTION_SHARE, HIDDEN_SHARE, ALONE_SHARE, COMMENT, ONE,
    FEATURES
};

#define LEAST 1e-6
#define MOST_ODDS 8.0
#define LETTERS_OF_A_WORD 6.0

/* A word of a comment, as `WORD` in highlights.py. */
typedef struct {
    int32_t start, stop; /* in the original */
    double alone[ATTRIBUTES], margin, features[FEATURES];
} Known;

/* How a word and its neighbours count. */
typedef struct {
    double own, before, after;
} Weight;

/* What is needed on the way; `alone` is for words that are scored by themselves. */
typedef struct {
    const Alphabet *alphabet;
    const Model *model;
    Work whole, alone;
    uint32_t *slice;
    double *shares;
    uint8_t *worth;
    int32_t slice_room, shares_room, worth_room;
} Look;

/* Add to each word what it carried of its comment's evidence. */
static int share_out(Look *look)
{
    Work *work = &look->whole;
    const Model *model = look->model;
    const uint32_t *codes = work->text.codes;
    int32_t size = work->text.size;
    float evidence[ATTRIBUTES];
    double length;
    if (sum_known(work, model, evidence, &length) < 0
        || reserve((void **)&work->numbers, &work->numbers_room, size, sizeof *work->numbers) < 0)
        return -1;
    for (int32_t j = 0, before = 0; j < size; j++) {
        before += codes[j] == SPACE && j && codes[j - 1] != SPACE;
        work->numbers[j] = before;
    }
    memset(look->shares, 0, (size_t)work->n_words * ATTRIBUTES * sizeof *look->shares);
    for (int32_t i = 0; i < work->n_found; i++) {
        int32_t place = work->places[i];
        /* An n-gram starts in a word or in the space before it; an emoji in none. */
        if (place < 0)
            continue;
        double value = share_of(work, model, work->found[i], length);
        const int8_t *record = record_of(model, work->found[i]);
        double *shares = look->shares + (size_t)work->numbers[place] * ATTRIBUTES;
        for (int a = 0; a < ATTRIBUTES; a++)
            shares[a] += (double)(record[a + 2] * model->scales[a]) * value;
    }
    return 0;
}

/* Of a long comment mark the words with the largest shares, and those beside them. */
static void choose(Look *look, const uint8_t *fired)
{
    int32_t n = look->whole.n_words, best[LOOKED_AT], n_best = 0;
    float most[LOOKED_AT];
    memset(look->worth, n <= 3 * LOOKED_AT, (size_t)n);
    if (n <= 3 * LOOKED_AT)
        return;
    for (int32_t k = 0; k < n; k++) {
        float share = -INFINITY;
        for (int a = 0; a < ATTRIBUTES; a++) {
            float each = (float)look->shares[(size_t)k * ATTRIBUTES + a];
            share = fired[a] && each > share ? each : share;
        }
        if (n_best == LOOKED_AT && !(share > most[LOOKED_AT - 1]))
            continue;
        int32_t at = n_best < LOOKED_AT ? n_best++ : LOOKED_AT - 1;
        for (; at && share > most[at - 1]; at--) {
            most[at] = most[at - 1];
            best[at] = best[at - 1];
        }
        most[at] = share;
        best[at] = k;
    }
    for (int32_t i = 0; i < n_best; i++)
        for (int32_t k = best[i] - 1; k <= best[i] + 1; k++)
            if (k >= 0 && k < n)
                look->worth[k] = 1;
}

/* Score a stretch of a comment as if it were one. */
static int score_alone(Look *look, const uint32_t *raw, int32_t size, double *scores)
{
    Work *work = &look->alone;
    float evidence[ATTRIBUTES];
    double length;
    size = size < 0 ? 0 : size;
    if (reserve((void **)&look->slice, &look->slice_room, (int64_t)size + 2, sizeof *raw) < 0)
        return -1;
    /* Between two line ends, as every comment is. */
    look->slice[0] = look->slice[size + 1] = '\n';
    memcpy(look->slice + 1, raw, (size_t)size * sizeof *raw);
    if (canonical(work, look->alphabet, look->slice + 1, size) < 0
        || add_reading(work, look->alphabet->lexicon) < 0
        || occurrences(work, look->model, work->text.codes, work->text.size, work->emoji,
                       work->n_emoji, 0)
               < 0
        || sum_known(work, look->model, evidence, &length) < 0
        || rethink(work, look->model, look->alphabet, look->slice + 1, size, evidence) < 0)
        return -1;
    calibrate(look->model, evidence, scores);
    return 0;
}

static double log_odds(double score)
{
    double odds = log((score + LEAST) / (1 + LEAST - score));
    return odds < -MOST_ODDS ? -MOST_ODDS : odds > MOST_ODDS ? MOST_ODDS : odds;
}

static double likely(double odds) { return odds > 0 ? odds : 0; }

static double largest_part(const double *shares, const float *largest, int a)
{
    float part = (float)shares[a] / (largest[a] > (float)LEAST ? largest[a] : (float)LEAST);
    return part > -1 ? part : -1;
}

/* Write what is known of a word but of its scores. */
static void describe(const Look *look, int32_t k, const float *largest, const uint8_t *fired,
                     double *found)
{
    const Word *word = &look->whole.words[k];
    const double *shares = look->shares + (size_t)k * ATTRIBUTES;
    const Lexicon *lexicon = look->alphabet->lexicon;
    const uint32_t *letters = look->whole.text.codes + word->start;
    int32_t size = word->end - word->start;
    double share = largest_part(shares, largest, 0), other = -1;
    for (int a = 1; a < ATTRIBUTES; a++) {
        double part = fired[a] ? largest_part(shares, largest, a) : -1;
        other = part > other ? part : other;
    }
    found[SHARE] = share;
    found[OTHER_SHARE] = other;
    found[GROUPS] = word->named != UNNAMED;
    found[FUNCTION] = is_function_word(lexicon, letters, size);
    found[HIDDEN] = has_word(lexicon, letters, size);
    found[JOINED] = letters[0] == WAW && size > SHORTEST_AFTER_WAW;
    found[LETTERS] = size / LETTERS_OF_A_WORD;
    found[GROUP_SHARE] = found[GROUPS] * share;
    found[FUNCTION_SHARE] = found[FUNCTION] * share;
    found[HIDDEN_SHARE] = found[HIDDEN] * share;
    found[ONE] = 1;
}

static void count_alone(const double *alone, double comment, double *found)
{
    double other = log_odds(alone[1]);
    for (int a = 2; a < ATTRIBUTES; a++) {
        double odds = log_odds(alone[a]);
        other = odds > other ? odds : other;
    }
    found[ALONE] = log_odds(alone[0]);
    found[ALONE_LIKELY] = likely(found[ALONE]);
    found[OTHER_ALONE] = other;
    found[OTHER_ALONE_LIKELY] = likely(other);
    found[ALONE_SHARE] = found[ALONE] * found[SHARE];
    found[COMMENT] = comment;
}

static void add_margins(Known *words, int32_t n, const Weight *weights)
{
    for (int32_t k = 0; k < n; k++)
        words[k].margin = 0;
    for (int32_t k = 0; k < n; k++) {
        Weight sum = {0};
        for (int f = 0; f < FEATURES; f++) {
            sum.own += words[k].features[f] * weights[f].own;
            sum.before += words[k].features[f] * weights[f].before;
            sum.after += words[k].features[f] * weights[f].after;
        }
        words[k].margin += sum.own;
        if (k + 1 < n)
            words[k + 1].margin += sum.before;
        if (k)
            words[k - 1].margin += sum.after;
    }
}

/* Look at a comment of `size` as far as its features have been found. */
static int look_at(Look *look, const uint32_t *raw, int32_t size, const double *scores,
                   const double *cuts, Known *words)
{
    const Work *work = &look->whole;
    uint8_t fired[ATTRIBUTES];
    float largest[ATTRIBUTES];
    double comment = log_odds(scores[0]);
    for (int a = 0; a < ATTRIBUTES; a++) {
        fired[a] = scores[a] >= cuts[a];
        largest[a] = -INFINITY;
        for (int32_t k = 0; k < work->n_words; k++) {
            float share = (float)look->shares[(size_t)k * ATTRIBUTES + a];
            largest[a] = share > largest[a] ? share : largest[a];
        }
    }
    choose(look, fired);
    for (int32_t k = 0; k < work->n_words; k++) {
        int32_t start = work->text.places[work->words[k].start];
        int32_t stop = work->text.places[work->words[k].end - 1] + 1;
        /* With the marks that belong to the last letter. */
        uint32_t letter = raw[stop - 1];
        while (stop < size && (raw[stop] == letter || kind_of(look->alphabet, raw[stop]) == DROP))
            stop++;
        words[k].start = start;
        words[k].stop = stop;
        memset(words[k].alone, 0, sizeof words[k].alone);
        if (look->worth[k] && score_alone(look, raw + start, stop - start, words[k].alone) < 0)
            return -1;
        describe(look, k, largest, fired, words[k].features);
        count_alone(words[k].alone, comment, words[k].features);
    }
    return 0;
}

/* Find the words of a comment; return whether there was memory for it. */
static int find_words(Look *look, const uint32_t *raw, int32_t size)
{
    Work *work = &look->whole;
    if (canonical(work, look->alphabet, raw, size) < 0
        || occurrences(work, look->model, work->text.codes, work->text.size, work->emoji,
                       work->n_emoji, 1)
               < 0)
        return 0;
    return reserve((void **)&look->shares, &look->shares_room,
                   (int64_t)work->n_words * ATTRIBUTES, sizeof *look->shares) == 0
           && reserve((void **)&look->worth, &look->worth_room, work->n_words + 1, 1) == 0;
}

/* Write down what is known of the words of comments, those of comment i from bounds[i] to
 * bounds[i + 1]. Return their number, which is larger than `room` where they did not fit; -1 for no
 * memory. */
EXPORT int64_t ghirbal_look(const Alphabet *alphabet, const Model *model, const uint32_t *raw,
                            const int64_t *edges, int64_t n_comments, const double *scores,
                            const double *cuts, const Weight *weights, int64_t *bounds,
                            Known *words, int64_t room)
{
    Look look = {.alphabet = alphabet, .model = model};
    int64_t n = 0;
    bounds[0] = 0;
    for (int64_t i = 0; i < n_comments && n >= 0; i++) {
        const uint32_t *comment = raw + edges[i] + 1;
        int32_t size = (int32_t)(edges[i + 1] - edges[i] - 1);
        int fine = find_words(&look, comment, size);
        int32_t n_words = look.whole.n_words;
        if (fine && n_words && n + n_words <= room) {
            fine = share_out(&look) == 0
                   && look_at(&look, comment, size, scores + i * ATTRIBUTES, cuts, words + n) == 0;
            if (fine)
                add_margins(words + n, n_words, weights);
        }
        n = fine ? n + n_words : -1;
        bounds[i + 1] = n;
    }
    release(&look.whole);
    release(&look.alone);
    free(look.slice);
    free(look.shares);
    free(look.worth);
    return n;
}
