/* What Python calls: whole batches, each comment on its own. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lexicon.h"

/* The SHA-256 of these sources: the loader refuses a library that was built from others. */
EXPORT const char *ghirbal_sources(void) { return GHIRBAL_SOURCES; }

/* Cut a list of words, a 0 after each. */
static int cut(Lists *words, const uint32_t *letters, int64_t size)
{
    int32_t n = 0;
    for (int64_t i = 0; i < size; i++)
        n += letters[i] == 0;
    words->words = calloc((size_t)n + 1, sizeof *words->words);
    if (!words->words)
        return -1;
    const uint32_t *start = letters;
    for (int64_t i = 0; i < size; i++) {
        if (letters[i])
            continue;
        words->words[words->n++] = (Letters){start, (int32_t)(letters + i - start)};
        start = letters + i + 1;
    }
    return 0;
}

/* Build the lexicon from six lists of words; it lives as long as the process and points into
 * what it was given. NULL where there is no memory. */
EXPORT Lexicon *ghirbal_lexicon(const uint32_t *const *lists, const int64_t *sizes,
                                const int32_t *kept, const Choices *choices, int32_t n_choices,
                                const Spellings *spellings, int32_t n_spellings,
                                const uint32_t *sound_of, const uint16_t *spoken,
                                int32_t spoken_size)
{
    Lexicon *lexicon = calloc(1, sizeof *lexicon);
    Lists ordinary = {0}, common = {0};
    if (!lexicon)
        return NULL;
    lexicon->choices = choices;
    lexicon->n_choices = n_choices;
    lexicon->spellings = spellings;
    lexicon->n_spellings = n_spellings;
    lexicon->sound_of = sound_of;
    lexicon->spoken = spoken;
    lexicon->spoken_size = spoken_size;
    number_spellings(lexicon);
    lexicon->kept = malloc(64 * sizeof *lexicon->kept);
    Lists *cuts[] = {&lexicon->words, &ordinary, &lexicon->proclitics, &lexicon->glued,
                     &lexicon->before_sign, &common};
    for (int i = 0; i < 6; i++)
        if (cut(cuts[i], lists[i], sizes[i]) < 0)
            return NULL;
    if (!lexicon->kept || lexicon->glued.n > 64)
        return NULL;
    memcpy(lexicon->kept, kept, (size_t)lexicon->glued.n * sizeof *kept);
    int failed = fill_lexicon(lexicon, &ordinary, &common);
    free(ordinary.words);
    free(common.words);
    return failed < 0 ? NULL : lexicon;
}

/* Set the values of words, a 0 after each; their numbers where `values` is NULL. */
static int32_t set_words(Map *map, const uint32_t *words, int64_t size, const uint32_t *values,
                         Lists *list)
{
    int failed = cut(list, words, size) < 0;
    for (int32_t i = 0; !failed && i < list->n; i++) {
        Letters word = list->words[i];
        int32_t value = values ? (int32_t)values[i] : i;
        failed = set_key(map, hash_letters(word.letters, word.size), value) < 0;
    }
    return failed ? -1 : 0;
}

/* Add the names of characters in HTML, a 0 after each, and what they stand for. */
EXPORT int32_t ghirbal_entities(Lexicon *lexicon, const uint32_t *names, int64_t size,
                                const uint32_t *codes)
{
    Lists list = {0};
    int32_t result = set_words(&lexicon->entities, names, size, codes, &list);
    free(list.words);
    return result;
}

/* Add the words that offend nobody, a 0 after each. */
EXPORT int32_t ghirbal_function_words(Lexicon *lexicon, const uint32_t *words, int64_t size)
{
    Lists list = {0};
    int32_t result = set_words(&lexicon->function, words, size, NULL, &list);
    free(list.words);
    return result;
}

/* Add words and emoji, a 0 after each, and the sections of cues.txt and tones.txt that they stand
 * in. */
EXPORT int32_t ghirbal_cues(Lexicon *lexicon, const uint32_t *words, int64_t size,
                            const uint32_t *sections)
{
    Lists list = {0};
    int32_t result = set_words(&lexicon->cues, words, size, sections, &list);
    for (int32_t i = 0; i < list.n; i++)
        note_telling(lexicon, list.words[i]);
    free(list.words);
    return result;
}

/* Add words in Latin letters, a 0 after each, and where in a list of readings, a 0 after each, is
 * what they say in Arabic ones. */
EXPORT int32_t ghirbal_readings(Lexicon *lexicon, const uint32_t *words, int64_t size,
                                const uint32_t *places, const uint16_t *readings)
{
    Lists list = {0};
    lexicon->read = readings;
    int32_t result = set_words(&lexicon->readings, words, size, places, &list);
    free(list.words);
    return result;
}

/* Add what each Latin letter stands for between any two others: see latin.c. */
EXPORT void ghirbal_transliteration(Lexicon *lexicon, const uint8_t *around,
                                    const uint16_t (*parts)[2])
{
    lexicon->around = around;
    lexicon->parts = parts;
}

/* Bring comments into canonical form, and add what they read in Arabic where `read` is set. Comment i
 * lies in raw from edges[i] + 1 to edges[i + 1].
 * Return the number of codes, which is larger than `room` where they did not fit; -1 for no
 * memory. */
EXPORT int64_t ghirbal_canonical(const Alphabet *alphabet, const uint32_t *raw,
                                 const int64_t *edges, int64_t n_comments, int32_t read, uint32_t *codes,
                                 int64_t *offsets, int64_t *bounds, uint32_t *emoji,
                                 int64_t *emoji_bounds, int64_t room)
{
    Work work = {0};
    int64_t n = 0, n_emoji = 0;
    emoji_bounds[0] = 0;
    for (int64_t i = 0; i < n_comments; i++) {
        const uint32_t *comment = raw + edges[i] + 1;
        if (canonical(&work, alphabet, comment, (int32_t)(edges[i + 1] - edges[i] - 1)) < 0
            || (read && add_reading(&work, alphabet->lexicon) < 0)) {
            n = -1;
            break;
        }
        const Text *text = &work.text;
        bounds[i] = n;
        bounds[i + 1] = n + text->size - 1;
        if (n + text->size <= room)
            for (int32_t j = 0; j < text->size; j++) {
                codes[n + j] = text->codes[j];
                offsets[n + j] = j + 1 < text->size ? text->places[j] : -1;
            }
        n += text->size - 1;
        if (work.n_emoji)
            memcpy(emoji + n_emoji, work.emoji, (size_t)work.n_emoji * sizeof *emoji);
        n_emoji += work.n_emoji;
        emoji_bounds[i + 1] = n_emoji;
    }
    release(&work);
    return n < 0 ? n : n + 1;
}

/* Turn evidence into probabilities, rounded to 6 decimals. */
void calibrate(const Model *model, const float *evidence, double *probabilities)
{
    for (int a = 0; a < ATTRIBUTES; a++) {
        float logit = evidence[a] * model->slopes[a] + model->intercepts[a];
        /* Beyond 80 a probability is as good as 0 or 1, and the exponential overflows at 89. */
        logit = logit < -80 ? -80 : logit > 80 ? 80 : logit;
        double exact = 1 / (1 + expf(-logit));
        probabilities[a] = rint(exact * 1e6) / 1e6;
    }
}

/* Read a comment of a batch as far as its features, whose records are then on their way. */
static int read_comment(Work *work, const Alphabet *alphabet, const uint32_t *raw,
                        const int64_t *edges, int64_t i)
{
    return canonical(work, alphabet, raw + edges[i] + 1, (int32_t)(edges[i + 1] - edges[i] - 1));
}

static int hash_comment(Work *work, const Model *model, const Alphabet *alphabet)
{
    if (add_reading(work, alphabet->lexicon) < 0)
        return -1;
    return occurrences(work, model, work->text.codes, work->text.size, work->emoji, work->n_emoji,
                       0);
}

/* Score comments: evidence and, where wanted, probabilities rounded to 6 decimals. */
EXPORT int64_t ghirbal_score(const Alphabet *alphabet, const Model *model, const uint32_t *raw,
                             const int64_t *edges, int64_t n_comments, float *evidence,
                             double *probabilities)
{
    Work work = {0};
    int failed = n_comments > 0
                 && (read_comment(&work, alphabet, raw, edges, 0) < 0
                     || hash_comment(&work, model, alphabet) < 0);
    for (int64_t i = 0; i < n_comments && !failed; i++) {
        int last = i + 1 == n_comments;
        float sums[ATTRIBUTES];
        double length;
        /* While the records of one comment come from memory, the next is read. */
        failed = (!last && read_comment(&work, alphabet, raw, edges, i + 1) < 0)
                 || sum_known(&work, model, sums, &length) < 0;
        failed = failed
                 || rethink(&work, model, alphabet, raw + edges[i] + 1,
                            (int32_t)(edges[i + 1] - edges[i] - 1), sums)
                        < 0;
        if (!failed && evidence)
            memcpy(evidence + i * ATTRIBUTES, sums, sizeof sums);
        if (!failed && probabilities)
            calibrate(model, sums, probabilities + i * ATTRIBUTES);
        failed = failed || (!last && hash_comment(&work, model, alphabet) < 0);
    }
    release(&work);
    return failed ? -1 : 0;
}
