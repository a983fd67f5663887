/* What the lexicon keeps; only lexicon.c, whole.c, latin.c and api.c look inside. */
#ifndef GHIRBAL_LEXICON_H
#define GHIRBAL_LEXICON_H

#include "ghirbal.h"

typedef struct {
    const uint32_t *letters;
    int32_t size;
} Letters;

typedef struct {
    Letters *words;
    int32_t n;
} Lists;

/* From hashes of 64 bits to numbers from 0 on. */
typedef struct {
    uint64_t *keys;
    int32_t *values;
    int64_t slots, used;
} Map;

/* Letters that a digit may stand for; 0 for none at all. */
typedef struct {
    uint32_t code, n;
    uint32_t letters[4];
} Choices;

/* Spellings of an Arabic letter in Latin ones, each up to 3 characters and a 0. */
typedef struct {
    uint32_t letter;
    char sure[12][4], loose[12][4], last[12][4];
} Spellings;

/* A word among those that sound alike; `next` is -1 after the last, until they are put in order. */
typedef struct {
    int32_t word, next;
    uint32_t heads, tails; /* with which Latin letters and digits it may begin and end */
} Alike;

/* Where words that sound alike stand: hidden ones from `first`, everyday ones up to `end`; and with
 * what any of those that are hidden may begin and end. */
typedef struct {
    int32_t first, everyday, end;
    uint32_t heads, tails;
} Run;

struct Lexicon {
    Lists words, proclitics, glued, before_sign;
    const uint16_t *spoken; /* spoken words, a 0 after each */
    int32_t spoken_size, familiar; /* up to where they are frequent */
    int32_t *kept; /* letters of a glued particle that stay with the word */
    Map known, ordinary, single, several, sounds, entities, function, cues;
    Map heard, likeliest; /* places in `spoken`, of words and of what they look like masked */
    Map readings; /* places in `read`, of words in Latin letters */
    const uint16_t *read; /* what they are in Arabic ones, a 0 after each */
    const uint8_t *around; /* by a Latin letter between two others: the number of its Arabic ones */
    const uint16_t (*parts)[2]; /* these, or 0 */
    uint64_t *whole; /* bits of what may be a word, by hash */
    uint8_t *telling; /* bits of what the second look asks for, by the hash of features.c */
    Alike *alike;
    Run *runs; /* by the number that `sounds` gives a key, once words are in order */
    int32_t n_alike, alike_room;
    const Choices *choices;
    const Spellings *spellings;
    const uint32_t *sound_of; /* by code point: what stands for it in a key; 1 for nothing */
    uint8_t spelling_of[SMALL_TABLE]; /* by letter: number in `spellings` from 1 on, or 0 */
    int32_t n_choices, n_spellings;
    double logarithms[N_LOGARITHMS]; /* of one more than a number */
};

uint64_t hash_letters(const uint32_t *letters, int32_t size);
int32_t look_up(const Map *map, uint64_t key);
int set_key(Map *map, uint64_t key, int32_t value);
int32_t write_word(const Lexicon *lexicon, int32_t which, uint32_t *result);
uint32_t hash_whole(Letters word);
int reserve_wholes(Lexicon *lexicon);
int reserve_telling(Lexicon *lexicon);
void note_telling(Lexicon *lexicon, Letters word);
void note_wholes(Lexicon *lexicon, Letters word);
void note_spoken(Lexicon *lexicon, Letters word);
int fill_lexicon(Lexicon *lexicon, const Lists *ordinary, const Lists *common);
int mask_one_each(Map *map, Letters word, int32_t value, const Map *but);
int mask_several(Map *map, Letters word, int32_t value, const Map *but);
int mask_all(Map *innocent, const Lists *words);
void number_spellings(Lexicon *lexicon);
int set_sounds(Lexicon *lexicon, int32_t which);
int set_everyday_sounds(Lexicon *lexicon);
int order_sounds(Lexicon *lexicon);

#endif
