/* lexicon.py again: words of the lexicon in Latin letters, by sound first and then by spelling. */
#include <string.h>

#include "lexicon.h"

enum { SHORT_WORD = 3, SILENT = 1 };

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

static int add_sound(Lexicon *lexicon, uint64_t key, int32_t which)
{
    int32_t first = look_up(&lexicon->sounds, key);
    if (first >= 0 && lexicon->alike[first].word == which)
        return 0;
    if (reserve((void **)&lexicon->alike, &lexicon->alike_room, (int64_t)lexicon->n_alike + 1,
                sizeof *lexicon->alike) < 0)
        return -1;
    lexicon->alike[lexicon->n_alike] = (Alike){which, first};
    return set_key(&lexicon->sounds, key, lexicon->n_alike++);
}

/* Sad and dad may be written as 9, which is mostly qaf, and qaf as 2, or not at all. */
static uint32_t otherwise(uint32_t letter, int way)
{
    const uint32_t sad = 0x635, dad = 0x636, qaf = 0x642, alef = 0x627;
    if (way == 1 && (letter == sad || letter == dad))
        return qaf;
    return way == 2 && letter == qaf ? alef : letter;
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

/* How many letters of a word are surely written in Latin. */
static int32_t strength(Letters word)
{
    int32_t n = 0;
    uint32_t last = 0;
    for (int32_t i = 0; i < word.size; i++) {
        uint32_t letter = word.letters[i];
        if (letter != 0x627 && letter != WAW && letter != 0x64A) {
            n++;
            last = letter;
        }
    }
    return n - (last == HEH);
}

static const Spellings *spellings_of(const Lexicon *lexicon, uint32_t letter)
{
    for (int32_t i = 0; i < lexicon->n_spellings; i++)
        if (lexicon->spellings[i].letter == letter)
            return &lexicon->spellings[i];
    return NULL;
}

static int stands_at(const uint32_t *word, int32_t size, int32_t place, const char *letters)
{
    for (; *letters; letters++, place++)
        if (place >= size || word[place] != (uint32_t)*letters)
            return 0;
    return 1;
}

/* From a set of places in a word, bit by bit, step over one of several spellings. */
static uint32_t step_over(const uint32_t *word, int32_t size, uint32_t places,
                          const char spellings[12][4])
{
    uint32_t reached = 0;
    for (int32_t each = 0; each < 12 && spellings[each][0]; each++) {
        uint32_t length = (uint32_t)strlen(spellings[each]);
        for (int32_t place = 0; place < size; place++)
            if ((places >> place & 1) && stands_at(word, size, place, spellings[each]))
                reached |= 1u << (place + length);
    }
    return reached;
}

static const char VOWELS[12][4] = {"ou", "a", "e", "i", "o", "u"};

/* Tell whether Latin letters from `start` on spell an Arabic word to the end. */
static int spells(const Lexicon *lexicon, Letters arabic, const uint32_t *word, int32_t size,
                  int32_t start, int loose)
{
    const uint32_t alef = 0x627, first_alef = 1;
    uint32_t places = 1u << start;
    loose = loose || strength(arabic) > SHORT_WORD;
    for (int32_t i = 0; i < arabic.size && places; i++) {
        uint32_t letter = arabic.letters[i];
        int last = i == arabic.size - 1;
        const Spellings *all = spellings_of(lexicon, letter);
        const char(*ways)[4] = loose ? all->loose : all->sure;
        if (i == 0 && letter == alef)
            ways = spellings_of(lexicon, first_alef)->sure;
        if (last && all->last[0][0])
            ways = all->last;
        places = step_over(word, size, places, ways);
        if (letter != alef && !last && arabic.letters[i + 1] != alef)
            places |= step_over(word, size, places, VOWELS);
    }
    return places >> size & 1;
}

static int is_vowel(uint32_t letter) { return letter == 'a' || letter == 'e' || letter == 'i'; }

typedef struct {
    int32_t end;
    int ya, wa, al;
} Head;

/* Read particles at the start of a Latin word; `which` forbids some of them, bit by bit. */
static int read_head(const uint32_t *word, int32_t size, int which, Head *head)
{
    *head = (Head){0, !(which & 4), !(which & 2), !(which & 1)};
    if (head->ya) {
        if (!stands_at(word, size, 0, "ya"))
            return 0;
        head->end = 2;
    }
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
static int32_t spelled(const Lexicon *lexicon, int32_t first, const uint32_t *word, int32_t size,
                       int loose, Head *head)
{
    for (int which = 0; which < 8; which++) {
        if (!read_head(word, size, which, head))
            continue;
        for (int32_t i = first; i >= 0; i = lexicon->alike[i].next) {
            Letters arabic = lexicon->words.words[lexicon->alike[i].word];
            if (strength(arabic) > 1 && spells(lexicon, arabic, word, size, head->end, loose))
                return lexicon->alike[i].word;
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
    uint32_t key[LONGEST];
    int32_t n = sound(lexicon, word, size, key);
    int32_t bare = n > 0 && key[0] == 'L';
    int32_t lists[2] = {look_up(&lexicon->sounds, hash_letters(key, n)), -1};
    if (bare)
        lists[1] = look_up(&lexicon->sounds, hash_letters(key + 1, n - 1));
    if ((lists[0] < 0 && lists[1] < 0) || is_ordinary(lexicon, word, size))
        return 0;
    int loose = is_chat(word, size);
    for (int each = 0; each < 2; each++) {
        Head head;
        int32_t found = lists[each] < 0 ? -1
                                        : spelled(lexicon, lists[each], word, size, loose, &head);
        if (found < 0)
            continue;
        if (strength(lexicon->words.words[found]) > 2 || is_foreign(word, size)) {
            int32_t length = write_head(head, result);
            return length + write_word(lexicon, found, result + length);
        }
    }
    return 0;
}
