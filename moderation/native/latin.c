/* lexicon.py again: words of the lexicon in Latin letters, by sound first and then by spelling. */
#include <stdlib.h>
#include <string.h>

#include "lexicon.h"

enum { SHORT_WORD = 3, SILENT = 1, ASCII = 128, WAYS = 4, FREQUENT = 20000 };

#define FIRST_ALEF 1u /* what the first alef of a word has its spellings under */
#define LONG_WORD 0x80000000u /* among the heads: loose spellings are told apart in this word */

/* A Latin word, and at which of its places each letter stands, bit by bit. */
typedef struct {
    const uint32_t *letters;
    int32_t size;
    uint32_t places_of[ASCII];
} Latin;

/* Write what the consonants of a word sound like; return how many there are. */
static int32_t sound(const Lexicon *lexicon, const uint32_t *word, int32_t size, uint32_t *key)
{
    int32_t n = 0;
    for (int32_t i = 0; i < size; i++) {
        uint32_t code = word[i] < SMALL_TABLE ? lexicon->sound_of[word[i]] : word[i];
        if (code != SILENT && (n == 0 || key[n - 1] != code))
            key[n++] = code;
    }
    return n;
}

/* How many letters of a word are surely written in Latin. */
static int32_t strength(Letters word)
{
    int32_t n = 0;
    uint32_t last = 0;
    for (int32_t i = 0; i < word.size; i++) {
        uint32_t letter = word.letters[i];
        if (letter != ALEF && letter != WAW && letter != YA) {
            n++;
            last = letter;
        }
    }
    return n - (last == HEH);
}

void number_spellings(Lexicon *lexicon)
{
    for (int32_t i = 0; i < lexicon->n_spellings; i++)
        lexicon->spelling_of[lexicon->spellings[i].letter] = (uint8_t)(i + 1);
}

static const Spellings *spellings_of(const Lexicon *lexicon, uint32_t letter)
{
    return &lexicon->spellings[lexicon->spelling_of[letter] - 1];
}

/* Where two characters share a bit, that costs a closer look and no more; LONG_WORD has its own. */
static uint32_t bit_of(uint32_t letter)
{
    return letter >= '0' && letter <= 'z' ? 1u << (letter - '0') % 31 : 0;
}

/* The first or the last characters of all spellings. */
static uint32_t ends_among(const char spellings[12][4], int last)
{
    uint32_t ends = 0;
    for (int i = 0; i < 12 && spellings[i][0]; i++)
        ends |= bit_of((uint8_t)spellings[i][last ? strlen(spellings[i]) - 1 : 0]);
    return ends;
}

static uint32_t ends_of(const Spellings *all, int last)
{
    return ends_among(all->sure, last) | ends_among(all->loose, last) | ends_among(all->last, last);
}

static int is_everyday(const Lexicon *lexicon, int32_t which) { return which >= lexicon->words.n; }

/* Return a word by its number; an everyday one is written into `room`. */
static Letters word_of(const Lexicon *lexicon, int32_t which, uint32_t *room)
{
    if (!is_everyday(lexicon, which))
        return lexicon->words.words[which];
    return (Letters){room, write_word(lexicon, which, room)};
}

static int add_sound(Lexicon *lexicon, uint64_t key, int32_t which)
{
    int32_t first = look_up(&lexicon->sounds, key);
    if (first >= 0 && lexicon->alike[first].word == which)
        return 0;
    if (reserve((void **)&lexicon->alike, &lexicon->alike_room, (int64_t)lexicon->n_alike + 1,
                sizeof *lexicon->alike) < 0)
        return -1;
    uint32_t room[LONGEST];
    Letters word = word_of(lexicon, which, room);
    uint32_t begins = *word.letters == ALEF ? FIRST_ALEF : *word.letters;
    uint32_t heads = ends_of(spellings_of(lexicon, begins), 0);
    if (strength(word) > SHORT_WORD)
        heads |= LONG_WORD;
    lexicon->alike[lexicon->n_alike] = (Alike){
        which, first, heads, ends_of(spellings_of(lexicon, word.letters[word.size - 1]), 1)};
    return set_key(&lexicon->sounds, key, lexicon->n_alike++);
}

/* Sad and dad may be written as 9, which is mostly qaf, and qaf as 2, or not at all; khah and ghain as
 * 7 and 3 with an apostrophe, which is gone by then. */
static uint32_t otherwise(uint32_t letter, int way)
{
    const uint32_t hah = 0x62D, khah = 0x62E, sad = 0x635, dad = 0x636, ain = 0x639, ghain = 0x63A,
                   qaf = 0x642;
    if (way == 3 && (letter == khah || letter == ghain))
        return letter == khah ? hah : ain;
    if (way == 1 && (letter == sad || letter == dad))
        return qaf;
    return way == 2 && letter == qaf ? ALEF : letter;
}

int set_sounds(Lexicon *lexicon, int32_t which)
{
    uint32_t room[LONGEST];
    Letters word = word_of(lexicon, which, room);
    if (strength(word) < 2)
        return 0; /* one consonant is any word */
    for (int way = 0; way < WAYS; way++) {
        uint32_t letters[LONGEST], key[LONGEST];
        for (int32_t i = 0; i < word.size; i++)
            letters[i] = otherwise(word.letters[i], way);
        int32_t size = sound(lexicon, letters, word.size, key);
        if (add_sound(lexicon, hash_letters(key, size), which) < 0)
            return -1;
    }
    return 0;
}

/* Set the sounds of the most frequent spoken words, the first of them last. */
int set_everyday_sounds(Lexicon *lexicon)
{
    int32_t starts[FREQUENT], sizes[FREQUENT], n = 0;
    for (int32_t start = 0; start < lexicon->spoken_size && n < FREQUENT; n++) {
        starts[n] = start;
        while (lexicon->spoken[start++])
            ;
        sizes[n] = start - 1 - starts[n];
    }
    while (n-- > 0) {
        uint32_t room[LONGEST];
        if (sizes[n] > LONGEST)
            continue;
        Letters word = word_of(lexicon, lexicon->words.n + starts[n], room);
        if (!has_word(lexicon, word.letters, word.size)
            && set_sounds(lexicon, lexicon->words.n + starts[n]) < 0)
            return -1;
    }
    return 0;
}

/* Put words that sound alike side by side, in their order, those that are hidden first: they are
 * looked through one by one. */
int order_sounds(Lexicon *lexicon)
{
    Alike *ordered = malloc((size_t)(lexicon->n_alike + 1) * sizeof *ordered);
    Run *runs = malloc((size_t)(lexicon->sounds.used + 1) * sizeof *runs);
    int32_t n = 0, n_runs = 0;
    if (!ordered || !runs) {
        free(ordered);
        free(runs);
        return -1;
    }
    for (int64_t slot = 0; slot < lexicon->sounds.slots; slot++) {
        if (!lexicon->sounds.keys[slot])
            continue;
        int32_t first = lexicon->sounds.values[slot];
        int32_t ends[2] = {n, n}, start = n;
        for (int everyday = 0; everyday < 2; everyday++) {
            for (int32_t i = first; i >= 0; i = lexicon->alike[i].next)
                if (is_everyday(lexicon, lexicon->alike[i].word) == everyday)
                    ordered[n++] = lexicon->alike[i];
            ends[everyday] = n;
        }
        lexicon->sounds.values[slot] = n_runs;
        Run run = {.first = start, .everyday = ends[0], .end = ends[1]};
        for (int32_t i = run.first; i < run.everyday; i++) {
            run.heads |= ordered[i].heads;
            run.tails |= ordered[i].tails;
        }
        runs[n_runs++] = run;
    }
    free(lexicon->alike);
    lexicon->alike = ordered;
    lexicon->runs = runs;
    return 0;
}

/* From a set of places in a word, bit by bit, step over one of several spellings. */
static uint32_t step_over(const Latin *word, uint32_t places, const char spellings[12][4])
{
    uint32_t reached = 0;
    for (int each = 0; each < 12 && spellings[each][0]; each++) {
        const char *letter = spellings[each];
        uint32_t from = places;
        int length = 0;
        for (; letter[length]; length++)
            from &= word->places_of[(uint8_t)letter[length]] >> length;
        reached |= from << length;
    }
    return reached;
}

static const char VOWELS[12][4] = {"ou", "a", "e", "i", "o", "u"};

/* Tell whether Latin letters from `start` on spell an Arabic word to the end. */
static int spells(const Lexicon *lexicon, Letters arabic, const Latin *word, int32_t start,
                  int loose)
{
    uint32_t places = 1u << start;
    for (int32_t i = 0; i < arabic.size && places; i++) {
        uint32_t letter = arabic.letters[i];
        int last = i == arabic.size - 1;
        const Spellings *all = spellings_of(lexicon, letter);
        const char(*ways)[4] = loose ? all->loose : all->sure;
        if (i == 0 && letter == ALEF)
            ways = spellings_of(lexicon, FIRST_ALEF)->sure;
        if (last && all->last[0][0])
            ways = all->last;
        places = step_over(word, places, ways);
        if (letter != ALEF && !last && arabic.letters[i + 1] != ALEF)
            places |= step_over(word, places, VOWELS);
    }
    return places >> word->size & 1;
}

/* Particles in Latin letters, in the order in which lexicon.py tries them. */
typedef struct {
    const char latin[4];
    uint32_t arabic[3];
    int32_t size;
} Particle;

enum { N_YA = 2, N_WA = 8, N_AL = 29 };

static const Particle YAS[N_YA] = {{"", {0}, 0}, {"ya", {YA, ALEF}, 2}};
static const Particle WAS[N_WA] = {
    {"", {0}, 0},     {"w", {WAW}, 1}, {"wa", {WAW}, 1}, {"we", {WAW}, 1},
    {"wi", {WAW}, 1}, {"o", {WAW}, 1}, {"ou", {WAW}, 1}, {"u", {WAW}, 1},
};
#define AL(latin) {latin, {ALEF, LAM}, 2}
#define WITH(latin, letter) {latin, {letter, ALEF, LAM}, 3}
static const Particle ALS[N_AL] = {
    {"", {0}, 0}, AL("l"),
    AL("al"), AL("ala"), AL("ale"), AL("ali"),
    AL("el"), AL("ela"), AL("ele"), AL("eli"),
    AL("il"), AL("ila"), AL("ile"), AL("ili"),
    WITH("hal", HEH), WITH("hel", HEH), WITH("hil", HEH),
    WITH("bal", 0x628), WITH("bel", 0x628), WITH("bil", 0x628),
    WITH("kal", 0x643), WITH("kel", 0x643), WITH("kil", 0x643),
    WITH("fal", 0x641), WITH("fel", 0x641), WITH("fil", 0x641),
    {"lal", {LAM, LAM}, 2}, {"lel", {LAM, LAM}, 2}, {"lil", {LAM, LAM}, 2},
};

/* Where a word goes on behind a particle; -1 where that does not stand there. */
static int32_t behind(const uint32_t *word, int32_t size, int32_t at, const Particle *particle)
{
    for (const char *letter = particle->latin; *letter; letter++, at++)
        if (at >= size || word[at] != (uint32_t)*letter)
            return -1;
    return at < size ? at : -1;
}

/* How many of some particles are worth a try at a place: all, or the first, which is none. */
static int worth_trying(int n, const char *first_letters, const uint32_t *word, int32_t at)
{
    return word[at] < ASCII && word[at] && strchr(first_letters, (int)word[at]) ? n : 1;
}

/* How a Latin word is read: as an everyday word or a hidden one, and whether letters may stand for
 * several in short words, too. */
typedef struct {
    int everyday, loose;
} Way;

/* Find which of the words that sound alike is spelled from a place on; -1 where none is. */
static int32_t spelled(const Lexicon *lexicon, const Run *run, const Latin *word, int32_t start,
                       Way way)
{
    uint32_t begins = bit_of(word->letters[start]), ends = bit_of(word->letters[word->size - 1]);
    if (!way.everyday && (!(run->heads & begins) | !(run->tails & ends)))
        return -1;
    const Alike *alike = lexicon->alike + (way.everyday ? run->everyday : run->first);
    const Alike *last = lexicon->alike + (way.everyday ? run->end : run->everyday);
    for (; alike < last; alike++) {
        /* Nearly all are told by their first and last letters. */
        if (!(alike->heads & begins) | !(alike->tails & ends))
            continue;
        uint32_t room[LONGEST];
        if (spells(lexicon, word_of(lexicon, alike->word, room), word, start,
                   way.loose || alike->heads & LONG_WORD))
            return alike->word;
    }
    return -1;
}

static int is_chat(const uint32_t *word, int32_t size)
{
    for (int32_t i = 0; i + 1 < size; i++) {
        uint32_t one = word[i], two = word[i + 1];
        int letters = is_latin(one) + is_latin(two);
        int digits = (one >= '2' && one <= '9') + (two >= '2' && two <= '9');
        if (letters == 1 && digits == 1)
            return 1;
    }
    return 0;
}

/* Tell whether a word has what no English or French word is spelled with, nearly. */
static int is_foreign(const uint32_t *word, int32_t size)
{
    for (int32_t i = 0; i < size; i++) {
        int before_h = i + 1 < size && word[i + 1] == 'h';
        if ((word[i] >= '0' && word[i] <= '9') || (before_h && (word[i] == 'g' || word[i] == 'k')))
            return 1;
    }
    return 0;
}

/* Where a Latin word may begin behind its particles, and the words that sound like it from there. */
typedef struct {
    const Particle *parts[3];
    int32_t start;
    const Run *alike;
} Beginning;

enum { MOST_BEGINNINGS = 24 }; /* no word has as many */

/* Find the places where a word may begin and sounds like any, like a hidden one if it is not `among`
 * Arabic words; return their number. The letters are those that particles of each kind begin with. */
static int find_beginnings(const Lexicon *lexicon, const uint32_t *word, int32_t size, int among,
                           Beginning *found)
{
    int n = 0, n_ya = worth_trying(N_YA, "y", word, 0);
    for (int i = 0; i < n_ya; i++) {
        int32_t after_ya = behind(word, size, 0, &YAS[i]);
        int n_wa = after_ya < 0 ? 0 : worth_trying(N_WA, "wou", word, after_ya);
        for (int j = 0; j < n_wa; j++) {
            int32_t after_wa = behind(word, size, after_ya, &WAS[j]);
            int n_al = after_wa < 0 ? 0 : worth_trying(N_AL, "laeihbkf", word, after_wa);
            for (int k = 0; k < n_al; k++) {
                int32_t start = behind(word, size, after_wa, &ALS[k]);
                if (start < 0 || n == MOST_BEGINNINGS)
                    continue;
                uint32_t key[LONGEST];
                int32_t sounds = sound(lexicon, word + start, size - start, key);
                int32_t which = look_up(&lexicon->sounds, hash_letters(key, sounds));
                if (which < 0)
                    continue;
                const Run *run = &lexicon->runs[which];
                if (among || run->everyday > run->first)
                    found[n++] = (Beginning){{&YAS[i], &WAS[j], &ALS[k]}, start, run};
            }
        }
    }
    return n;
}

static int32_t write_reading(const Lexicon *lexicon, const Beginning *from, int32_t which,
                             uint32_t *result)
{
    int32_t length = 0;
    for (int i = 0; i < 3; i++) {
        const Particle *part = from->parts[i];
        memcpy(result + length, part->arabic, (size_t)part->size * sizeof *result);
        length += part->size;
    }
    return length + write_word(lexicon, which, result + length);
}

/* `among` Arabic words a Latin one is hardly ever of another language: short words are read there,
 * and letters that stand for several, and everyday words. */
int32_t read_latin(const Lexicon *lexicon, const uint32_t *word, int32_t size, int among,
                   uint32_t *result)
{
    static const Way loosely[3] = {{0, 0}, {1, 1}, {0, 1}};
    Beginning beginnings[MOST_BEGINNINGS];
    int n = find_beginnings(lexicon, word, size, among, beginnings);
    if (!n || is_ordinary(lexicon, word, size))
        return 0;
    Latin latin = {word, size, {0}};
    for (int32_t i = 0; i < size; i++)
        if (word[i] < ASCII)
            latin.places_of[word[i]] |= 1u << i;
    Way strictly = {0, is_chat(word, size)};
    int foreign = is_foreign(word, size), shortest = among || foreign ? 2 : 3;
    for (int way = 0; way < (among ? 3 : 1); way++)
        for (int i = 0; i < n; i++) {
            const Beginning *from = &beginnings[i];
            uint32_t room[LONGEST];
            int32_t found = spelled(lexicon, from->alike, &latin, from->start,
                                    among ? loosely[way] : strictly);
            if (found < 0)
                continue;
            Letters arabic = word_of(lexicon, found, room);
            if (strength(arabic) < shortest || (arabic.size <= 2 && !foreign))
                continue;
            return write_reading(lexicon, from, found, result);
        }
    return 0;
}

enum { SYMBOLS = 37, SHORTEST_RESULT = 3 }; /* as in library.py and latin.py */

/* Number the ends of a word, letters and digits, as library.py has them. */
static int32_t symbol(uint32_t code)
{
    if (is_latin(code))
        return 1 + (int32_t)(code - 'a');
    return code - '0' <= 9 ? 27 + (int32_t)(code - '0') : 0;
}

/* Put Latin letters into Arabic ones, each by those around it; 0 where too little comes of it. */
static int32_t transliterate(const Lexicon *lexicon, const uint32_t *word, int32_t size,
                             uint32_t *result)
{
    int32_t n = 0, before = 0, here = symbol(word[0]);
    for (int32_t i = 0; i < size; i++) {
        int32_t next = i + 1 < size ? symbol(word[i + 1]) : 0;
        int32_t at = (before * SYMBOLS + here) * SYMBOLS + next;
        const uint16_t *part = lexicon->parts[lexicon->around[at]];
        for (int j = 0; j < 2 && part[j]; j++)
            result[n++] = part[j];
        before = here;
        here = next;
    }
    return n < SHORTEST_RESULT ? 0 : n;
}

/* Write what is listed of a word, or what rules find; 0 for nothing. */
static int32_t known_reading(const Lexicon *lexicon, const uint32_t *word, int32_t size,
                             uint32_t *result)
{
    int32_t at = look_up(&lexicon->readings, hash_letters(word, size)), n = 0;
    if (at < 0)
        return size < SHORTEST_LATIN ? 0 : read_latin(lexicon, word, size, 1, result);
    while (lexicon->read[at])
        result[n++] = lexicon->read[at++];
    return n;
}

/* Read a word of which each mask hides nothing, or the same vowel: the first of the lexicon counts.
 * One behind the word hides nothing. What is listed is asked as well if it is `listed`. */
int32_t read_masked(const Lexicon *lexicon, const uint32_t *word, int32_t size, int among,
                    int listed, uint32_t *result)
{
    static const char vowels[] = {0, 'a', 'i', 'u', 'e', 'o'};
    int32_t n_masks = 0;
    while (size > 0 && word[size - 1] == MASK)
        size--;
    for (int32_t i = 0; i < size; i++)
        n_masks += word[i] == MASK;
    if (size - n_masks < SHORTEST_LATIN)
        return 0;
    for (size_t each = 0; each < sizeof vowels; each++) {
        uint32_t letters[LONGEST], vowel = (uint32_t)vowels[each];
        int32_t n = 0;
        for (int32_t i = 0; i < size; i++)
            if (word[i] != MASK || vowel)
                letters[n++] = word[i] == MASK ? vowel : word[i];
        n = listed ? known_reading(lexicon, letters, n, result)
                   : read_latin(lexicon, letters, n, among, result);
        if (n && has_word(lexicon, result, n))
            return n;
    }
    return 0;
}

static int has_mask(const uint32_t *word, int32_t size)
{
    while (size > 0 && word[size - 1] != MASK)
        size--;
    return size > 0;
}

/* Read a word of a comment in Latin letters: what is listed, or what rules find, or else letter by
 * letter; 0 for nothing. */
int32_t in_arabic(const Lexicon *lexicon, const uint32_t *word, int32_t size, uint32_t *result)
{
    if (size > LONGEST)
        return 0;
    int32_t n = has_mask(word, size) ? read_masked(lexicon, word, size, 1, 1, result)
                                     : known_reading(lexicon, word, size, result);
    int left = !n && size >= SHORTEST_TRANSLITERATED && !is_ordinary(lexicon, word, size);
    return left ? transliterate(lexicon, word, size, result) : n;
}
