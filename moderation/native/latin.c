/* lexicon.py again: words of the lexicon in Latin letters, by sound first and then by spelling. */
#include <stdlib.h>
#include <string.h>

#include "lexicon.h"

enum { SHORT_WORD = 3, SILENT = 1, ASCII = 128 };

#define ALEF 0x627u
#define FIRST_ALEF 1u /* what the first alef of a word has its spellings under */

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
        if (letter != ALEF && letter != WAW && letter != 0x64A) {
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

/* Where two characters share a bit, that costs a closer look and no more. */
static uint64_t bit_of(uint32_t letter)
{
    return letter >= '0' && letter <= 'z' ? 1ull << (letter - '0') % 64 : 0;
}

/* The first or the last characters of all spellings. */
static uint64_t ends_among(const char spellings[12][4], int last)
{
    uint64_t ends = 0;
    for (int i = 0; i < 12 && spellings[i][0]; i++)
        ends |= bit_of((uint8_t)spellings[i][last ? strlen(spellings[i]) - 1 : 0]);
    return ends;
}

static uint64_t ends_of(const Spellings *all, int last)
{
    return ends_among(all->sure, last) | ends_among(all->loose, last) | ends_among(all->last, last);
}

static int add_sound(Lexicon *lexicon, uint64_t key, int32_t which)
{
    int32_t first = look_up(&lexicon->sounds, key);
    if (first >= 0 && lexicon->alike[first].word == which)
        return 0;
    if (reserve((void **)&lexicon->alike, &lexicon->alike_room, (int64_t)lexicon->n_alike + 1,
                sizeof *lexicon->alike) < 0)
        return -1;
    Letters word = lexicon->words.words[which];
    uint32_t begins = *word.letters == ALEF ? FIRST_ALEF : *word.letters;
    lexicon->alike[lexicon->n_alike]
        = (Alike){which, first, ends_of(spellings_of(lexicon, begins), 0),
                  ends_of(spellings_of(lexicon, word.letters[word.size - 1]), 1), strength(word)};
    return set_key(&lexicon->sounds, key, lexicon->n_alike++);
}

/* Sad and dad may be written as 9, which is mostly qaf, and qaf as 2, or not at all. */
static uint32_t otherwise(uint32_t letter, int way)
{
    const uint32_t sad = 0x635, dad = 0x636, qaf = 0x642;
    if (way == 1 && (letter == sad || letter == dad))
        return qaf;
    return way == 2 && letter == qaf ? ALEF : letter;
}

int set_sounds(Lexicon *lexicon, int32_t which)
{
    Letters word = lexicon->words.words[which];
    for (int way = 0; way < 3; way++) {
        uint32_t letters[LONGEST], key[LONGEST];
        for (int32_t i = 0; i < word.size; i++)
            letters[i] = otherwise(word.letters[i], way);
        int32_t size = sound(lexicon, letters, word.size, key);
        if (add_sound(lexicon, hash_letters(key, size), which) < 0)
            return -1;
    }
    return 0;
}

/* Put words that sound alike side by side, in their order: they are looked through one by one. */
int order_sounds(Lexicon *lexicon)
{
    Alike *ordered = malloc((size_t)(lexicon->n_alike + 1) * sizeof *ordered);
    int32_t n = 0;
    if (!ordered)
        return -1;
    for (int64_t slot = 0; slot < lexicon->sounds.slots; slot++) {
        if (!lexicon->sounds.keys[slot])
            continue;
        int32_t i = lexicon->sounds.values[slot];
        lexicon->sounds.values[slot] = n;
        for (; i >= 0; i = lexicon->alike[i].next, n++) {
            ordered[n] = lexicon->alike[i];
            ordered[n].next = ordered[n].next < 0 ? -1 : n + 1;
        }
    }
    free(lexicon->alike);
    lexicon->alike = ordered;
    return 0;
}

static int stands_at(const uint32_t *word, int32_t size, int32_t place, const char *letters)
{
    for (; *letters; letters++, place++)
        if (place >= size || word[place] != (uint32_t)*letters)
            return 0;
    return 1;
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

static int is_vowel(uint32_t letter) { return letter == 'a' || letter == 'e' || letter == 'i'; }

typedef struct {
    int32_t end, ya, wa, al;
} Head;

/* Read particles at the start of a Latin word; `which` forbids some of them, bit by bit. */
static int read_head(const uint32_t *word, int32_t size, int which, Head *head)
{
    *head = (Head){0, !(which & 4), !(which & 2), !(which & 1)};
    if (head->ya && !stands_at(word, size, 0, "ya"))
        return 0;
    head->end = head->ya ? 2 : 0;
    if (head->wa) {
        int32_t at = head->end;
        if (at + 1 >= size || word[at] != 'w' || (word[at + 1] != 'a' && word[at + 1] != 'e'))
            return 0;
        head->end += 2;
    }
    if (head->al) {
        if (head->end < size && is_vowel(word[head->end]))
            head->end++;
        if (head->end >= size || word[head->end] != 'l')
            return 0;
        head->end++;
    }
    return 1;
}

/* Find which of the words that sound alike is spelled; -1 where none is. */
static int32_t spelled(const Lexicon *lexicon, int32_t first, const Latin *word, int loose,
                       Head *head)
{
    for (int which = 0; which < 8; which++) {
        if (!read_head(word->letters, word->size, which, head) || head->end >= word->size)
            continue;
        uint64_t begins = bit_of(word->letters[head->end]);
        uint64_t ends = bit_of(word->letters[word->size - 1]);
        for (int32_t i = first; i >= 0; i = lexicon->alike[i].next) {
            const Alike *alike = &lexicon->alike[i];
            /* Nearly all are told by their first and last letters. */
            if (!(alike->heads & begins) || !(alike->tails & ends) || alike->strength < 2)
                continue;
            if (spells(lexicon, lexicon->words.words[alike->word], word, head->end,
                       loose || alike->strength > SHORT_WORD))
                return alike->word;
        }
    }
    return -1;
}

static int is_chat(const uint32_t *word, int32_t size)
{
    for (int32_t i = 0; i + 1 < size; i++) {
        uint32_t one = word[i], two = word[i + 1];
        int letters = (one >= 'a' && one <= 'z') + (two >= 'a' && two <= 'z');
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

static int32_t write_head(Head head, uint32_t *result)
{
    int32_t n = 0;
    if (head.ya) {
        result[n++] = 0x64A;
        result[n++] = 0x627;
    }
    if (head.wa)
        result[n++] = WAW;
    if (head.al) {
        result[n++] = 0x627;
        result[n++] = 0x644;
    }
    return n;
}

int32_t read_latin(const Lexicon *lexicon, const uint32_t *word, int32_t size, uint32_t *result)
{
    uint32_t key[LONGEST] = {0};
    int32_t n = sound(lexicon, word, size, key);
    int32_t lists[2] = {look_up(&lexicon->sounds, hash_letters(key, n)), -1};
    if (n > 0 && key[0] == 'L')
        lists[1] = look_up(&lexicon->sounds, hash_letters(key + 1, n - 1));
    if ((lists[0] < 0 && lists[1] < 0) || is_ordinary(lexicon, word, size))
        return 0;
    int loose = is_chat(word, size);
    Latin latin = {word, size, {0}};
    for (int32_t i = 0; i < size; i++)
        if (word[i] < ASCII)
            latin.places_of[word[i]] |= 1u << i;
    for (int each = 0; each < 2; each++) {
        Head head;
        int32_t found = lists[each] < 0 ? -1
                                        : spelled(lexicon, lists[each], &latin, loose, &head);
        if (found < 0)
            continue;
        if (strength(lexicon->words.words[found]) > 2 || is_foreign(word, size)) {
            int32_t length = write_head(head, result);
            return length + write_word(lexicon, found, result + length);
        }
    }
    return 0;
}
