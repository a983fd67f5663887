/* Whether a word may be one of the lexicon, with a particle before it or none, is told by two bits:
 * nearly all words are none, and a closer look goes through a map that is in no cache near by. */
#include <stdlib.h>
#include <string.h>

#include "lexicon.h"

enum {
    WHOLE_BITS = 15, /* 64 bits in each place, of which one in ten is set */
    TELLING_BITS = 18, /* of which one in twelve is set */
};

static uint32_t polynomial(Letters word, uint32_t *power)
{
    uint32_t hash = 0;
    *power = 1;
    for (int32_t i = 0; i < word.size; i++, *power *= STEP)
        hash += word.letters[i] * *power;
    return hash;
}

uint32_t hash_whole(Letters word)
{
    uint32_t power;
    return polynomial(word, &power);
}

/* Spoken words have two bits of their own in the same place. */
static uint64_t spoken_bits(uint32_t hash)
{
    uint32_t mixed = (hash ^ hash >> 15) * 0x85EBCA6Bu;
    return 1ull << (mixed >> 20 & 63) | 1ull << (mixed >> 26);
}

static uint64_t *place_of(const Lexicon *lexicon, uint32_t hash, uint64_t *bits)
{
    uint32_t mixed = hash * 0x9E3779B1u;
    *bits = 1ull << (mixed >> 6 & 63) | 1ull << (mixed >> 12 & 63);
    return &lexicon->whole[mixed >> (32 - WHOLE_BITS)];
}

int may_be_whole(const Lexicon *lexicon, uint32_t hash)
{
    uint64_t bits, noted = *place_of(lexicon, hash, &bits);
    return (noted & bits) == bits;
}

/* Whether the letters of two neighbours may be a word, one of the lexicon or a spoken one. */
int may_be_joined(const Lexicon *lexicon, uint32_t hash)
{
    uint64_t bits, noted = *place_of(lexicon, hash, &bits), others = spoken_bits(hash);
    return ((noted & bits) == bits) | ((noted & others) == others);
}

void fetch_whole(const Lexicon *lexicon, uint32_t hash)
{
    uint64_t bits;
    __builtin_prefetch(place_of(lexicon, hash, &bits));
}

int reserve_wholes(Lexicon *lexicon)
{
    lexicon->whole = calloc((size_t)1 << WHOLE_BITS, sizeof *lexicon->whole);
    return lexicon->whole ? 0 : -1;
}

static void note(Lexicon *lexicon, const Lists *heads, uint32_t hash)
{
    for (int32_t i = 0; i < heads->n; i++) {
        uint32_t power, head = polynomial(heads->words[i], &power);
        uint64_t bits, *place = place_of(lexicon, head + power * hash, &bits);
        *place |= bits;
    }
}

/* Note a word with all particles that are looked for before it. */
void note_wholes(Lexicon *lexicon, Letters word)
{
    uint32_t hash = hash_whole(word);
    note(lexicon, &lexicon->proclitics, hash);
    note(lexicon, &lexicon->glued, hash);
}

/* Note a word that two neighbours may be, as it is. */
void note_spoken(Lexicon *lexicon, Letters word)
{
    uint64_t unused;
    uint32_t hash = hash_whole(word);
    *place_of(lexicon, hash, &unused) |= spoken_bits(hash);
}

int reserve_telling(Lexicon *lexicon)
{
    lexicon->telling = calloc((size_t)1 << (TELLING_BITS - 3), 1);
    return lexicon->telling ? 0 : -1;
}

/* Note a word that the second look asks for. */
void note_telling(Lexicon *lexicon, Letters word)
{
    uint32_t letters[LONGEST + 8] = {0};
    if (word.size > LONGEST)
        return;
    memcpy(letters, word.letters, (size_t)word.size * sizeof *letters);
    uint32_t bit = hash_word(letters, word.size) >> (32 - TELLING_BITS);
    lexicon->telling[bit >> 3] |= (uint8_t)(1 << (bit & 7));
}

int may_tell(const Lexicon *lexicon, uint32_t hash)
{
    uint32_t bit = hash >> (32 - TELLING_BITS);
    return lexicon->telling[bit >> 3] >> (bit & 7) & 1;
}
