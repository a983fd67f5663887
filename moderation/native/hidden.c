/* hidden.py: words of the lexicon that are hidden are written out. */
#include <string.h>

#include "ghirbal.h"

enum {
    MOST_DIGITS = 4,
    MOST_READINGS = 32,
    ARABIC_TO_LATIN = 2,
    SHORTEST_SPLIT = 4,
    LONGEST_HIDDEN = LONGEST + 8, /* with a proclitic and digits that are no letters */
    LONGEST_TEXT = 2 * LONGEST,
};

/* One word of a comment, and what is worth a closer look. */
typedef struct {
    int32_t start, stop, jump, n_jumps;
    uint32_t hash, power;
    int masked, latin, digits, doubled;
} Look;

typedef struct {
    const Text *text;
    const Alphabet *alphabet;
    const uint32_t *raw;
    Hit *hit;   /* what is being written */
    int digits; /* whether there are any in the comment */
    int among;  /* whether it is Arabic with a few Latin words in between */
    int32_t n_latin; /* Latin words so far */
} Search;

static int is_sign(const Search *search, int32_t place)
{
    uint8_t kind = kind_of(search->alphabet, search->raw[place]);
    return kind >= SYMBOL && kind < MASKED;
}

static int is_digit(const Search *search, int32_t i)
{
    return kind_of(search->alphabet, search->raw[search->text->places[i]]) == DIGIT;
}

/* Look over the word behind another; that one once more where it is the last. */
static Look look(const Search *search, const Look *before)
{
    const Text *text = search->text;
    const uint32_t *codes = text->codes, *raw = search->raw;
    const uint8_t *kinds = text->kinds;
    const int32_t *places = text->places;
    Look word = {.start = before->stop + 1};
    if (word.start == text->size)
        return *before;
    int32_t start = word.start, i = start;
    uint32_t power = 1;
    for (; codes[i] != SPACE; i++) {
        word.hash += codes[i] * power;
        power = i - start < LONGEST - 1 ? power * STEP : power;
        word.masked |= codes[i] == MASK;
        word.latin |= kinds[i] == LATIN;
        word.doubled |= (kinds[i] == ARABIC) & (codes[i] == codes[i - 1]);
        if (places[i] - places[i - 1] == 2 && i > start && is_sign(search, places[i - 1] + 1)) {
            word.jump = i - start;
            word.n_jumps++;
        }
        if (search->digits && (kinds[i] == DIGIT || raw[places[i]] != codes[i]))
            word.digits |= (kinds[i] == ARABIC || kinds[i - 1] == ARABIC || kinds[i + 1] == ARABIC)
                           && is_digit(search, i);
    }
    word.stop = i;
    word.power = i - start < LONGEST ? power : power * STEP;
    /* What will be asked of the two, after the next word. */
    fetch_whole(search->alphabet->lexicon, before->hash + before->power * word.hash);
    return word;
}

static const uint32_t *letters_of(const Search *search, const Look *word)
{
    return search->text->codes + word->start;
}

static int32_t find_masked(const Search *search, const Look *word)
{
    int32_t size = word->stop - word->start;
    if (!word->masked || size > LONGEST_HIDDEN)
        return 0;
    return unmask(search->alphabet->lexicon, letters_of(search, word), size, search->hit->text);
}

/* A word that lost a letter to a sign that was dropped. */
static int32_t find_jump(const Search *search, const Look *word)
{
    int32_t size = word->stop - word->start;
    const uint32_t *letters = letters_of(search, word);
    if (word->n_jumps != 1 || size > LONGEST_HIDDEN
        || is_spoken(search->alphabet->lexicon, letters, size)
        || has_word(search->alphabet->lexicon, letters, size))
        return 0;
    uint32_t masked[LONGEST_HIDDEN + 1];
    memcpy(masked, letters, (size_t)word->jump * sizeof *masked);
    masked[word->jump] = MASK;
    memcpy(masked + word->jump + 1, letters + word->jump,
           (size_t)(size - word->jump) * sizeof *masked);
    return unmask(search->alphabet->lexicon, masked, size + 1, search->hit->text);
}

/* A word with a letter written twice. */
static int32_t find_doubled(const Search *search, const Look *word)
{
    int32_t size = word->stop - word->start;
    if (size > LONGEST_HIDDEN)
        return 0;
    return undouble(search->alphabet->lexicon, letters_of(search, word), size, search->hit->text);
}

/* The digits of one word, and the letters that each may stand for. */
typedef struct {
    int32_t n, places[MOST_DIGITS], n_choices[MOST_DIGITS];
    uint32_t choices[MOST_DIGITS][8];
} Digits;

static void add_choices(const Search *search, Digits *digits, uint32_t code, int is_letter)
{
    const uint32_t *letters;
    int32_t d = digits->n, n = digit_choices(search->alphabet->lexicon, code, &letters);
    if (!n && is_letter) {
        letters = &code;
        n = 1;
    }
    for (int32_t i = 0; i < n; i++)
        digits->choices[d][digits->n_choices[d]++] = letters[i];
}

/* Return whether a word has digits, and few enough, among letters that are not Latin. */
static int collect_digits(const Search *search, const Look *word, Digits *digits)
{
    const Text *text = search->text;
    int32_t size = word->stop - word->start;
    if (!word->digits || word->latin || size > LONGEST_HIDDEN)
        return 0;
    digits->n = 0;
    for (int32_t i = 0; i < size; i++) {
        int32_t at = word->start + i;
        if (!is_digit(search, at))
            continue;
        if (digits->n == MOST_DIGITS)
            return 0;
        digits->places[digits->n] = i;
        digits->n_choices[digits->n] = 0;
        add_choices(search, digits, search->raw[text->places[at]], 0);
        add_choices(search, digits, text->codes[at], 1);
        digits->n++;
    }
    return digits->n < size && !has_word(search->alphabet->lexicon, letters_of(search, word), size);
}

static int32_t read_so(const Search *search, const Look *word, const Digits *digits,
                       const int32_t *chosen)
{
    const uint32_t *letters = letters_of(search, word);
    int32_t n = 0, d = 0, size = word->stop - word->start;
    for (int32_t i = 0; i < size; i++) {
        uint32_t letter = letters[i];
        if (d < digits->n && digits->places[d] == i) {
            letter = digits->choices[d][chosen[d]];
            d++;
        }
        if (letter)
            search->hit->text[n++] = letter;
    }
    return n;
}

/* Find an Arabic word with digits that can be read as letters in another way. */
static int32_t find_digits(const Search *search, const Look *word)
{
    Digits digits;
    if (!collect_digits(search, word, &digits))
        return 0;
    int32_t chosen[MOST_DIGITS] = {0};
    for (int32_t reading = 0; reading < MOST_READINGS; reading++) {
        int32_t n = read_so(search, word, &digits, chosen), d = digits.n - 1;
        if (n > 2 && has_word(search->alphabet->lexicon, search->hit->text, n))
            return n;
        while (d >= 0 && ++chosen[d] >= digits.n_choices[d])
            chosen[d--] = 0;
        if (d < 0)
            break;
    }
    return 0;
}

static int32_t find_latin(const Search *search, const Look *word)
{
    int32_t size = word->stop - word->start;
    if (!word->latin || search->n_latin > MOST_LATIN || size < SHORTEST_LATIN || size > LONGEST)
        return 0;
    const Lexicon *lexicon = search->alphabet->lexicon;
    const uint32_t *letters = letters_of(search, word);
    if (word->masked)
        return read_masked(lexicon, letters, size, search->among, 0, search->hit->text);
    return read_latin(lexicon, letters, size, search->among, search->hit->text);
}

/* Two neighbours as one word, with a mask between where `sign` is set. */
static int32_t find_whole(const Search *search, const Look *first, const Look *second, int sign)
{
    int32_t n_left = first->stop - first->start, n_right = second->stop - second->start;
    int32_t n = n_left + n_right + (sign != 0);
    if (n < SHORTEST_SPLIT || n > LONGEST_HIDDEN)
        return 0;
    uint32_t joined[LONGEST_HIDDEN];
    memcpy(joined, letters_of(search, first), (size_t)n_left * sizeof *joined);
    joined[n_left] = MASK;
    memcpy(joined + n - n_right, letters_of(search, second), (size_t)n_right * sizeof *joined);
    return join_words(search->alphabet->lexicon, joined, n, n_left, n_right, search->hit->text);
}

/* Whether the second of three words, the first of which is one, was split from the third. */
static int goes_on(const Search *search, const Look *first, const Look *second, const Look *third)
{
    const Lexicon *lexicon = search->alphabet->lexicon;
    int32_t n_left = second->stop - second->start, n_right = third->stop - third->start;
    if (third->start == second->start || n_left + n_right > LONGEST
        || !may_be_joined(lexicon, second->hash + second->power * third->hash)
        || !is_spoken(lexicon, letters_of(search, first), first->stop - first->start))
        return 0;
    uint32_t joined[LONGEST];
    memcpy(joined, letters_of(search, second), (size_t)n_left * sizeof *joined);
    memcpy(joined + n_left, letters_of(search, third), (size_t)n_right * sizeof *joined);
    return is_split(lexicon, joined, n_left + n_right, n_left);
}

/* Look for the one word that two neighbours are; a third may follow. */
static int32_t find_joined(const Search *search, const Look *first, const Look *second,
                           const Look *third)
{
    uint32_t both = first->hash + first->power * second->hash;
    const Lexicon *lexicon = search->alphabet->lexicon;
    int32_t n = may_be_joined(lexicon, both) ? find_whole(search, first, second, 0) : 0;
    if (n && goes_on(search, first, second, third))
        n = 0;
    if (!n && is_sign(search, search->text->places[first->stop]))
        n = find_whole(search, first, second, 1);
    return n;
}

static int32_t find_alone(const Search *search, const Look *word)
{
    int32_t n = find_latin(search, word);
    if (!n && word->digits)
        n = find_digits(search, word);
    if (!n && word->n_jumps)
        n = find_jump(search, word);
    if (!n)
        n = find_masked(search, word);
    return n || !word->doubled ? n : find_doubled(search, word);
}

/* Set apart the particle of what was found, or of a word where nothing was. */
static int32_t finish(const Search *search, const Look *word, int32_t n)
{
    const Lexicon *lexicon = search->alphabet->lexicon;
    uint32_t apart[LONGEST_TEXT + 8], *text = search->hit->text;
    int32_t size = word->stop - word->start, parted = 0;
    if (n)
        parted = set_apart(lexicon, text, n, apart);
    else if (size <= LONGEST_HIDDEN && (size > LONGEST || may_be_whole(lexicon, word->hash)))
        parted = set_apart(lexicon, letters_of(search, word), size, apart);
    if (parted)
        memcpy(text, apart, (size_t)parted * sizeof *apart);
    return parted ? parted : n;
}

static int is_mostly_arabic(const Text *text)
{
    int32_t n_latin = 0, n_arabic = 0;
    uint32_t seen = 0;
    for (int32_t i = 0; i < text->size; i++) {
        seen |= 1u << text->kinds[i];
        if (text->codes[i] == SPACE) {
            int latin = seen >> LATIN & 1, arabic = seen >> ARABIC & 1;
            n_latin += latin;
            n_arabic += arabic & !latin;
            seen = 0;
        }
    }
    return n_arabic >= ARABIC_TO_LATIN * n_latin;
}

/* Find hidden words, in order; what is part of one is no other. */
int find_hidden(Work *work, const Alphabet *alphabet, const uint32_t *raw, uint32_t kinds)
{
    const Text *text = &work->text;
    Search search = {text, alphabet, raw, NULL, kinds >> DIGIT & 1, 0, 0};
    int joined = 0; /* the word before was taken up by the one before that */
    work->n_hits = 0;
    search.among = (kinds >> LATIN & 1) && is_mostly_arabic(text);
    Look word = look(&search, &(Look){0}), next = look(&search, &word);
    while (word.stop > word.start) {
        if (reserve((void **)&work->hits, &work->hits_room, (int64_t)work->n_hits + 1,
                    sizeof *work->hits) < 0)
            return -1;
        search.hit = &work->hits[work->n_hits];
        search.hit->start = word.start;
        search.hit->stop = word.stop;
        int32_t n = 0, last = word.stop == text->size - 1;
        search.n_latin += word.latin;
        Look after = look(&search, &next);
        if (joined) {
            joined = 0;
        } else {
            if (!last && (n = find_joined(&search, &word, &next, &after)) > 0)
                search.hit->stop = next.stop;
            joined = n > 0;
            if (!n)
                n = find_alone(&search, &word);
            search.hit->length = finish(&search, &word, n);
            work->n_hits += search.hit->length > 0;
        }
        if (last)
            break;
        word = next;
        next = after;
    }
    return 0;
}
