/* sentence.py and second_look.py: what kind of sentence a comment is, and what its evidence is worth
 * in it. */
#include <math.h>
#include <string.h>

#include "ghirbal.h"

enum {
    /* As in sentence.py. */
    WORD_CUES = 12,
    CALLED = 2,
    TONES = 9,
    EMOJI_CUES = 6,
    TO_YOU = ATTRIBUTES + WORD_CUES + TONES + EMOJI_CUES, MINE, HIDDEN, THE_HIDDEN, O_HIDDEN,
    O_CALLED, GROUPS,
    N_WORDS, N_LETTERS, WORD_LENGTH, IN_LATIN, LATIN_SHARE, FACES,
    QUOTES, ASKS, EXCLAIMS, COLON, COMMA, HASH, LAUGHTER, ELLIPSIS, STOPS, DIGITS,
    FEATURES,
    EXPERTS = FEATURES, /* and what they say of the three attributes, behind it */
    GIVEN = FEATURES + RETHOUGHT,
    MOST = 3,
    SHORTEST = 4,
    LATIN_WORD = 3,
    LONGEST_WORD = 20,
    NAME = 6,
    AT_ONCE = 16, /* units, to which networks are filled up */
};

#define MOST_EVIDENCE 8.0

/* As in second_look.py. */
#define WEIGHT 0.9
#define JUDGED 0.7

static const double STARTS_AT[] = {-1.5, -2.0, -0.5};

/* Of Arabic words and of the space between them, which are nearly all of a comment. */
static inline int is_letter(uint32_t code)
{
    return (code == SPACE) | (code - 0x621 <= 0x64A - 0x621);
}

static void add_one(double *count) { *count += *count < MOST; }

static int32_t count_latin(const uint32_t *word, int32_t size)
{
    int32_t n = 0;
    for (int32_t i = 0; i < size; i++)
        n += is_latin(word[i]);
    return n;
}

static void describe_ending(const uint32_t *word, int32_t size, double *found)
{
    const uint32_t kaf = 0x643, meem = 0x645, noon = 0x646;
    uint32_t last = word[size - 1], before = size > 1 ? word[size - 2] : 0;
    if (last == kaf || (before == kaf && (last == meem || last == noon)))
        add_one(&found[TO_YOU]);
    if (last == YA || (before == noon && last == ALEF))
        add_one(&found[MINE]);
}

/* Ask the lexicon about a word: few are worth it. */
static void look_at_word(const Lexicon *lexicon, const uint32_t *word, int32_t size, int after_ya,
                         double *found)
{
    int32_t cue = cue_of(lexicon, word, size);
    if (cue >= 0)
        add_one(&found[ATTRIBUTES + cue]);
    if (after_ya && cue >= WORD_CUES && cue < WORD_CUES + CALLED)
        add_one(&found[O_CALLED]);
    if (in_lexicon(lexicon, word, size)) {
        add_one(&found[HIDDEN]);
        if (after_ya)
            add_one(&found[O_HIDDEN]);
    }
    if (size > 2 && word[0] == ALEF && word[1] == LAM && in_lexicon(lexicon, word + 2, size - 2))
        add_one(&found[THE_HIDDEN]);
}

/* Describe the words; return how many letters they have. */
static int32_t describe_words(const Work *work, const Lexicon *lexicon, double *found)
{
    int32_t n = 0, letters = 0, n_latin = 0, most_latin = 0;
    int after_ya = 0, any_latin = count_latin(work->letters, work->size) > 0;
    for (int32_t k = 0; k < work->n_words; k++) {
        const uint32_t *word = work->letters + work->words[k].start;
        int32_t size = work->words[k].end - work->words[k].start;
        if (work->words[k].named == BEHIND)
            continue;
        n++;
        letters += work->words[k].named ? NAME : size;
        if (work->words[k].named) {
            add_one(&found[GROUPS]);
            after_ya = 0;
            continue;
        }
        if (size >= SHORTEST)
            describe_ending(word, size, found);
        if (size > LONGEST - 2 || may_tell(lexicon, work->words[k].hash))
            look_at_word(lexicon, word, size, after_ya, found);
        after_ya = size == 2 && word[0] == YA && word[1] == ALEF;
        int32_t latin = any_latin ? count_latin(word, size) : 0;
        n_latin += latin;
        most_latin = latin > most_latin ? latin : most_latin;
    }
    double length = letters / (double)(n ? n : 1);
    found[N_WORDS] = logarithm_of(lexicon, n);
    found[N_LETTERS] = logarithm_of(lexicon, letters);
    found[WORD_LENGTH] = length < LONGEST_WORD ? length : LONGEST_WORD;
    found[IN_LATIN] = most_latin >= LATIN_WORD;
    found[LATIN_SHARE] = n_latin / (double)(letters ? letters : 1);
    return letters;
}

static void describe_emoji(const Work *work, const Lexicon *lexicon, double *found)
{
    for (int32_t i = 0; i < work->n_faces; i++) {
        int32_t cue = cue_of(lexicon, &work->faces[i], 1);
        if (cue >= 0)
            found[ATTRIBUTES + cue] = 1;
    }
    found[FACES] = work->n_faces > 0;
}

/* How many characters are no letters, and whether there is laughter. */
static int32_t count_others(const uint32_t *raw, int32_t size, double *laughter)
{
    int32_t others = 0, laughs = 0;
    for (int32_t i = 0; i < size; i++)
        others += !is_letter(raw[i]);
    for (int32_t i = 2; i < size; i++)
        laughs += (raw[i] == HEH) & (raw[i - 1] == HEH) & (raw[i - 2] == HEH);
    *laughter = laughs > 0;
    return others;
}

static void describe_sign(const Alphabet *alphabet, uint32_t code, double *found)
{
    found[DIGITS] += kind_of(alphabet, code) == DIGIT;
    found[QUOTES] += code == 0xAB || code == 0xBB || code == '"' || code == 0x201C
                     || code == 0x201D;
    found[ASKS] += code == '?' || code == 0x61F;
    found[EXCLAIMS] += code == '!';
    found[COLON] += code == ':';
    found[COMMA] += code == ',' || code == 0x60C;
    found[HASH] += code == '#';
    found[STOPS] += code == '.';
}

static int is_in_word(const Alphabet *alphabet, const uint32_t *raw, int32_t i, int32_t size)
{
    return i >= 0 && i < size && kind_of(alphabet, raw[i]) >= LATIN;
}

/* Whether a sign hides a word: it is between two letters, or one of two stops that are, one of
 * which stands alone. */
static int hides(const Alphabet *alphabet, const uint32_t *raw, int32_t i, int32_t size)
{
    int before = is_in_word(alphabet, raw, i - 1, size);
    int behind = is_in_word(alphabet, raw, i + 1, size);
    if (before && behind)
        return !is_in_word(alphabet, raw, i, size);
    if (raw[i] != '.' || before == behind)
        return 0;
    int32_t first = before ? i : i - 1;
    return first >= 0 && first + 1 < size && raw[first] == '.' && raw[first + 1] == '.'
           && is_in_word(alphabet, raw, first - 1, size)
           && is_in_word(alphabet, raw, first + 2, size)
           && !(is_in_word(alphabet, raw, first - 2, size)
                && is_in_word(alphabet, raw, first + 3, size));
}

static void describe_signs(const Alphabet *alphabet, const uint32_t *raw, int32_t size,
                           int32_t letters, double *found)
{
    int32_t n_others = count_others(raw, size, &found[LAUGHTER]);
    double least = letters ? letters : 1;
    for (int32_t i = 0; n_others; i++) {
        if (is_letter(raw[i]))
            continue;
        n_others--;
        if (hides(alphabet, raw, i, size))
            continue;
        describe_sign(alphabet, raw[i], found);
        if (i && raw[i] == '.' && raw[i - 1] == '.')
            found[ELLIPSIS] = 1;
    }
    for (int f = QUOTES; f <= HASH; f++)
        found[f] = found[f] > 0;
    found[STOPS] = 10 * (found[STOPS] / least);
    found[DIGITS] = 5 * (found[DIGITS] / least);
}

/* Describe the comment that was hashed last; return -1 for no memory. */
static int describe(Work *work, const Alphabet *alphabet, const uint32_t *raw, int32_t size,
                    const float *evidence, double *found)
{
    raw = work->remains ? strip_remains(work, alphabet, raw, size) : raw;
    if (!raw)
        return -1;
    for (int a = 0; a < ATTRIBUTES; a++)
        found[a] = evidence[a] > MOST_EVIDENCE    ? MOST_EVIDENCE
                   : evidence[a] < -MOST_EVIDENCE ? -MOST_EVIDENCE
                                                  : evidence[a];
    int32_t letters = describe_words(work, alphabet->lexicon, found);
    describe_emoji(work, alphabet->lexicon, found);
    describe_signs(alphabet, raw, size, letters, found);
    return 0;
}

typedef int32_t Numbers __attribute__((vector_size(16)));

/* A feature that is not 0: most are. */
typedef struct {
    int32_t place;
    float value;
} Given;

typedef float Four __attribute__((vector_size(16)));

static inline Four load(const float *from)
{
    Four four;
    memcpy(&four, from, sizeof four);
    return four;
}

static inline Four positive(Four units) { return (Four)((Numbers)units & (Numbers)(units > 0)); }

/* Return what a network says, some of its units at a time, which stay in registers meanwhile. */
static double answer(const float *network, int32_t n_units, const Given *given, int32_t n)
{
    const float *constants = network + (size_t)GIVEN * n_units, *counts = constants + n_units;
    Four sum = {0};
    for (int32_t first = 0; first < n_units; first += AT_ONCE) {
        const float *at = constants + first, *count = counts + first;
        Four one = load(at), two = load(at + 4), three = load(at + 8), four = load(at + 12);
        for (int32_t i = 0; i < n; i++) {
            const float *weights = network + (size_t)given[i].place * n_units + first;
            Four value = {given[i].value, given[i].value, given[i].value, given[i].value};
            one += value * load(weights);
            two += value * load(weights + 4);
            three += value * load(weights + 8);
            four += value * load(weights + 12);
        }
        sum += positive(one) * load(count) + positive(two) * load(count + 4);
        sum += positive(three) * load(count + 8) + positive(four) * load(count + 12);
    }
    return (double)sum[0] + sum[1] + sum[2] + sum[3];
}

/* How far a comment is looked at again, from 0 to 1. */
static double share_at(float evidence, int32_t n)
{
    double share = evidence - STARTS_AT[n];
    return share > 1 ? 1 : share > 0 ? share : 0;
}

/* Keep what networks are given that is not 0, and hear the experts; return how much that is, or -1
 * for no memory. */
static int32_t look_again(Work *work, const Model *model, const Alphabet *alphabet,
                          const uint32_t *raw, int32_t size, const float *sums, Heard *heard,
                          Given *given)
{
    double found[GIVEN] = {0}, typing[MOST_COLUMNS] = {0};
    int32_t n_given = 0;
    fetch_experts(work, model);
    if (model->n_experts)
        add_typing(model, alphabet, raw, size, typing);
    int32_t n_rows = call_experts(work, model);
    if (describe(work, alphabet, raw, size, sums, found) < 0)
        return -1;
    ask_experts(work, model, n_rows, typing, sums, heard, found + EXPERTS);
    for (int32_t f = 0; f < GIVEN; f++) {
        given[n_given] = (Given){f, (float)found[f]};
        n_given += found[f] != 0;
    }
    return n_given;
}

/* Look at the comment that was hashed last once more, where its evidence comes near to anything.
 * Return -1 for no memory. */
int rethink(Work *work, const Model *model, const Alphabet *alphabet, const uint32_t *raw,
            int32_t size, float *evidence)
{
    Given given[GIVEN + 1];
    Heard heard;
    float sums[ATTRIBUTES], after[ATTRIBUTES], judged[ATTRIBUTES];
    double shares[ATTRIBUTES] = {0}, all = 0;
    memcpy(sums, evidence, sizeof sums);
    for (int32_t n = 0; n < model->n_networks; n++)
        all += shares[n] = share_at(sums[model->rethought[n]], n);
    if (!(all > 0))
        return 0;
    int32_t n_given = look_again(work, model, alphabet, raw, size, sums, &heard, given);
    if (n_given < 0)
        return -1;
    for (int32_t n = 0; n < model->n_networks; n++) {
        const float *network = model->networks + (size_t)n * model->n_units * (GIVEN + 2);
        after[n] = sums[model->rethought[n]];
        if (shares[n] > 0) {
            double says = answer(network, model->n_units, given, n_given);
            after[n] = (float)(after[n] + WEIGHT * shares[n] * (says - after[n]));
        }
    }
    memcpy(judged, after, (size_t)model->n_networks * sizeof *judged);
    judge(model, &heard, sums, judged);
    for (int32_t n = 0; n < model->n_networks; n++)
        evidence[model->rethought[n]]
            = (float)(after[n] + JUDGED * shares[n] * ((double)judged[n] - after[n]));
    return 0;
}
