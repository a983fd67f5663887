/* The compiled path of Ghirbal: the same canonical form, features and scores as the modules
 * `text`, `letters`, `hidden`, `features` and `scorer` of the package, one comment at a time.
 * Plain C11 on arrays that the caller owns: no Python, no global state. */
#ifndef GHIRBAL_H
#define GHIRBAL_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* As `Kind` in alphabet.py, and the boundary of a comment; a bit marks ligatures. */
enum { DROP, BLANK, SYMBOL, GLUE, SIGN, MASKED, EMOJI, DIGIT, LATIN, ARABIC, OTHER, HARD, LIGATURE = 0x80 };

#define SPACE 0x20u
#define MASK 0x2Au
#define HEH 0x647u
#define HAMZA 0x621u
#define ALEF 0x627u
#define LAM 0x644u
#define WAW 0x648u
#define YA 0x64Au
#define PAGE 256
#define SMALL_TABLE 0x700u
#define STEP 0x01000193u /* the prime of FNV-1a, 32 bits */
#define LONGEST 24       /* letters of the longest word that is looked up in the lexicon */
#define SHORTEST_LATIN 3 /* letters of the shortest Latin word that rules read */
#define SHORTEST_TRANSLITERATED 4 /* letters of the shortest word that is read by letters alone */
#define MOST_LATIN 300   /* Latin words of a comment that are read */
#define LONGEST_READING (2 * LONGEST) /* letters and spaces, as in latin.py */
#define ATTRIBUTES 6
#define RETHOUGHT 3 /* attributes that are looked at again, as in second_look.py */
#define RECORD (2 + ATTRIBUTES)
#define LONG_COMMENT 24  /* words, as in stretches.py */
#define AHEAD 1024 /* records that are fetched before they are needed */

typedef struct Lexicon Lexicon;

/* The tables of alphabet.py. */
typedef struct {
    const uint8_t *page;
    const int32_t *moved;
    const uint8_t *kind, *alnum;
    const uint32_t *ligatures;
    const int32_t *spelling_bounds;
    const uint32_t *spellings;
    const uint32_t *digit_letters;
    const uint32_t *latin_letters;
    const Lexicon *lexicon;
    int64_t n_ligatures;
} Alphabet;

enum { MOST_COLUMNS = 208 }; /* of 100 experts, filled up: as in experts.py */

/* Which of 32 buckets experts weigh, a bit each, and how many rows of weights there are before. */
typedef struct {
    uint32_t marks, before;
} Rows;

/* What a Scorer knows. */
typedef struct {
    const int8_t *records; /* per bucket: check, idf, one weight per attribute */
    const float *term_weights;
    const float *scales, *slopes, *intercepts;
    const uint32_t *skeleton, *skeleton_before_h; /* the tables of skeleton.py */
    const uint32_t *groups;    /* hashes of the names of groups, ascending */
    const uint8_t *group_bits; /* by the upper bits of a hash: whether there is such a group */
    const float *networks;     /* of the second look: by feature, a constant, what units count */
    const int32_t *rethought;  /* the attribute of each */
    const Rows *expert_rows;      /* of each 32 buckets */
    const int8_t *expert_weights; /* elsewhere, domains, experts, filled up */
    const float *expert_scales;   /* units, then constants */
    const int32_t *expert_attributes;
    const float *expert_sums; /* slope and constant of each attribute that is looked at again */
    const float *expert_typing; /* of each count whether there is any, then its logarithm */
    const float *judges; /* of experts and of elsewhere, number by number */
    const uint8_t *typing_classes, *typing_pairs; /* the tables of typography.py */
    int64_t n_term_weights, n_groups;
    int32_t bits;
    uint32_t ngrams; /* bit n is set for n-grams of length n */
    int32_t n_networks, n_units;
    int32_t n_experts, n_columns, expert_stride, judge_stride;
} Model;

/* What is said of a comment: how likely it is from elsewhere and each domain, and by experts, those
 * of elsewhere last. */
typedef struct {
    double chances[MOST_COLUMNS], said[MOST_COLUMNS];
} Heard;

/* One comment on its way, with room to grow; all arrays are parallel. */
typedef struct {
    uint32_t *codes;
    uint8_t *kinds;
    int32_t *places;
    int32_t size, room;
} Text;

/* A stretch of a comment that hides a word, and what it hides. */
typedef struct {
    int32_t start, stop, length;
    uint32_t text[2 * LONGEST + 8];
} Hit;

/* What a word is of the name of a group: a part that follows another is one word with it. */
enum { UNNAMED, NAMED, BEHIND };

/* A word of a comment in canonical form, or of its skeleton. */
typedef struct {
    int32_t start, end, place;
    uint32_t hash;
    int named;
} Word;

typedef struct {
    Text text, spare;
    uint32_t *raw, *emoji;
    int32_t n_emoji, emoji_room, raw_room;
    uint32_t *faces; /* the emoji of the comment that was hashed last */
    int32_t n_faces, faces_room;
    uint32_t kinds; /* a bit for each that the comment that was read last has */
    int stripped, remains; /* whether anything was, of the comment read and the one hashed last */
    int32_t *numbers; /* of runs: five each; of the word or block that a code belongs to */
    int32_t numbers_room;
    Hit *hits;
    int32_t n_hits, hits_room;
    uint32_t *found; /* one for each feature: its bucket and 8 bits of check */
    int32_t *places; /* where it stands; -1 for emoji */
    int32_t n_found, n_weighed, found_room; /* those that experts may weigh come first */
    uint32_t *bare, *hashes, *keys, *letters;
    int32_t *origin, *ends;
    Word *words, *bare_words, *first_words;
    int32_t bare_room, n_words, size; /* of the comment that was hashed last */
    double *blocks; /* of words of a long comment: squares, nothing, sums by attribute */
    int32_t blocks_room;
    uint32_t *known; /* those of the features that the model knows */
    int32_t *again, *others, *more;
    int32_t n_known, n_weighed_known, known_room;
    uint32_t *slots, slot_mask, base, top; /* buckets of a comment; see weigh.c */
    int32_t slot_bits;
} Work;

/* All functions that need memory return 0, or -1 where there is none. */
int reserve_text(Text *text, int64_t room);
int reserve(void **array, int32_t *room, int64_t wanted, size_t item);
void release(Work *work);

const uint32_t *strip_remains(Work *work, const Alphabet *alphabet, const uint32_t *raw,
                              int32_t size);
int canonical(Work *work, const Alphabet *alphabet, const uint32_t *raw, int32_t size);
int join_letters(Work *work);
int find_hidden(Work *work, const Alphabet *alphabet, const uint32_t *raw, uint32_t kinds);
int restore(Work *work, const Alphabet *alphabet, const uint32_t *raw, uint32_t kinds);
int add_reading(Work *work, const Lexicon *lexicon);
int occurrences(Work *work, const Model *model, const uint32_t *codes, int32_t size,
                const uint32_t *emoji, int32_t n_emoji, int placed);
int sum_known(Work *work, const Model *model, float *evidence, double *length);
int rethink(Work *work, const Model *model, const Alphabet *alphabet, const uint32_t *raw,
            int32_t size, float *evidence);
void fetch_experts(const Work *work, const Model *model);
int32_t call_experts(Work *work, const Model *model);
void ask_experts(Work *work, const Model *model, int32_t n_rows, const double *typing,
                 const float *evidence, Heard *heard, double *opinions);
void judge(const Model *model, const Heard *heard, const float *sums, float *evidence);
void add_typing(const Model *model, const Alphabet *alphabet, const uint32_t *raw, int32_t size,
                double *said);
void calibrate(const Model *model, const float *evidence, double *probabilities);
double share_of(const Work *work, const Model *model, uint32_t key, double length);

int has_word(const Lexicon *lexicon, const uint32_t *word, int32_t size);
int is_function_word(const Lexicon *lexicon, const uint32_t *word, int32_t size);
int in_lexicon(const Lexicon *lexicon, const uint32_t *word, int32_t size);
int is_ordinary(const Lexicon *lexicon, const uint32_t *word, int32_t size);
int may_be_whole(const Lexicon *lexicon, uint32_t hash);
int may_be_joined(const Lexicon *lexicon, uint32_t hash);
int is_spoken(const Lexicon *lexicon, const uint32_t *word, int32_t size);
int is_split(const Lexicon *lexicon, const uint32_t *joined, int32_t size, int32_t n_left);
int32_t join_words(const Lexicon *lexicon, const uint32_t *joined, int32_t size, int32_t n_left,
                   int32_t n_right, uint32_t *result);
void fetch_whole(const Lexicon *lexicon, uint32_t hash);
int32_t undouble(const Lexicon *lexicon, const uint32_t *word, int32_t size, uint32_t *result);
int32_t unmask(const Lexicon *lexicon, const uint32_t *word, int32_t size, uint32_t *result);
int32_t read_latin(const Lexicon *lexicon, const uint32_t *word, int32_t size, int among,
                   uint32_t *result);
int32_t read_masked(const Lexicon *lexicon, const uint32_t *word, int32_t size, int among,
                    int listed, uint32_t *result);
int32_t in_arabic(const Lexicon *lexicon, const uint32_t *word, int32_t size, uint32_t *result);
uint32_t hash_word(const uint32_t *letters, int32_t size);
enum { N_LOGARITHMS = 512 };
double logarithm_of(const Lexicon *lexicon, int32_t count);
int may_tell(const Lexicon *lexicon, uint32_t hash);
int32_t cue_of(const Lexicon *lexicon, const uint32_t *word, int32_t size);
int32_t set_apart(const Lexicon *lexicon, const uint32_t *word, int32_t size, uint32_t *result);
uint32_t named_entity(const Lexicon *lexicon, const uint32_t *name, int32_t size);
int32_t digit_choices(const Lexicon *lexicon, uint32_t code, const uint32_t **letters);

static inline const int8_t *record_of(const Model *model, uint32_t key)
{
    return model->records + (size_t)(key >> 8) * RECORD;
}

/* Into the second cache: the first is too small for so many and what is done meanwhile. */
static inline void fetch_record(const Model *model, uint32_t key)
{
    __builtin_prefetch(record_of(model, key), 0, 2);
}

/* Letters are small in canonical form. */
static inline int is_latin(uint32_t code) { return code - 'a' <= 'z' - 'a'; }

static inline int is_word(uint8_t kind) { return kind >= DIGIT && kind != HARD; }

static inline uint8_t kind_of(const Alphabet *alphabet, uint32_t code)
{
    return alphabet->kind[alphabet->page[code >> 8] * PAGE + (code & (PAGE - 1))] & ~LIGATURE;
}

static inline uint32_t code_of(const Alphabet *alphabet, uint32_t code)
{
    return code + (uint32_t)alphabet->moved[alphabet->page[code >> 8] * PAGE + (code & (PAGE - 1))];
}

#endif
