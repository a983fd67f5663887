/* remains.py: what is not the author's words is overwritten, in a copy. */
#include <string.h>

#include "ghirbal.h"

enum { LONGEST_TAG = 200, LONGEST_NAME = 8 };

/* One comment, and what is told of each code point; a line end stands on either side. */
typedef struct {
    const Alphabet *alphabet;
    const uint32_t *raw;
    int32_t size;
} Source;

/* What a match is replaced by; NOTHING leaves it as it is. */
typedef struct {
    int32_t end;
    uint32_t first, rest;
} Match;

#define NOTHING 0xFFFFFFFFu

static const Match NONE = {0, NOTHING, NOTHING};

static uint32_t at(const Source *source, int32_t i)
{
    return i < source->size ? source->raw[i] : '\n';
}

static int is_alnum(const Source *source, uint32_t code)
{
    const Alphabet *alphabet = source->alphabet;
    return alphabet->alnum[alphabet->page[code >> 8] * PAGE + (code & (PAGE - 1))];
}

static int is_word_code(const Source *source, uint32_t code)
{
    return code == '_' || is_alnum(source, code);
}

static int is_space(uint32_t code)
{
    return (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x20) || code == 0x85
           || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A)
           || code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F
           || code == 0x3000;
}

static int is_letter(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
}

/* Return where `letters` end if they stand at a place, else 0. */
static int32_t literal(const Source *source, int32_t i, const char *letters)
{
    for (; *letters; letters++, i++)
        if (at(source, i) != (uint32_t)*letters)
            return 0;
    return i;
}

/* Return where a tag ends whose name ends at a place, else 0. */
static int32_t close_tag(const Source *source, int32_t i)
{
    for (int32_t n = 0; n <= LONGEST_TAG; n++, i++) {
        uint32_t code = at(source, i);
        if (code == '>')
            return i + 1;
        if (code == '<' || code == '\n')
            return 0;
    }
    return 0;
}

static Match tag(const Source *source, int32_t place)
{
    static const char *const blocks[] = {"br", "p", "div", "li", "LF"};
    int32_t name = place + 1 + (at(source, place + 1) == '/'), end;
    for (int i = 0; i < 5; i++) {
        int32_t after = literal(source, name, blocks[i]);
        if (after && !is_word_code(source, at(source, after))
            && (end = close_tag(source, after)) > 0)
            return (Match){end, SPACE, SPACE};
    }
    int32_t after = is_letter(at(source, name)) ? name + 1 : literal(source, place, "<!--");
    if (after && (end = close_tag(source, after)) > 0)
        return (Match){end, 0, 0};
    return NONE;
}

/* As html.unescape reads a number; NOTHING where it is none of a character. */
static uint32_t numbered(uint32_t number)
{
    static const uint16_t windows[32] = {
        0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021, 0x2C6,  0x2030, 0x160,
        0x2039, 0x152,  0x8D,   0x17D,  0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0x9D,   0x17E,  0x178,
    };
    if (number >= 0x80 && number < 0xA0)
        return windows[number - 0x80];
    if (number == 0 || (number >= 0xD800 && number < 0xE000) || number > 0x10FFFF)
        return 0xFFFD;
    if (number < 0x09 || number == 0x0B || (number >= 0x0E && number < 0x20) || number == 0x7F
        || (number >= 0xFDD0 && number < 0xFDF0) || (number & 0xFFFE) == 0xFFFE)
        return NOTHING;
    return number;
}

static int32_t digit_of(uint32_t code, int base)
{
    if (code >= '0' && code <= '9')
        return (int32_t)(code - '0');
    if (base == 16 && code >= 'a' && code <= 'f')
        return (int32_t)(code - 'a' + 10);
    return base == 16 && code >= 'A' && code <= 'F' ? (int32_t)(code - 'A' + 10) : -1;
}

static Match numeric_entity(const Source *source, int32_t i)
{
    int base = at(source, i) == 'x' || at(source, i) == 'X' ? 16 : 10;
    int32_t start = i + (base == 16), most = base == 16 ? 6 : 7;
    uint32_t number = 0;
    for (i = start; i - start < most && digit_of(at(source, i), base) >= 0; i++)
        number = number * (uint32_t)base + (uint32_t)digit_of(at(source, i), base);
    if (i == start || at(source, i) != ';')
        return NONE;
    return (Match){i + 1, numbered(number), 0};
}

static Match entity(const Source *source, int32_t place)
{
    int32_t start = place + 1, i = start;
    if (at(source, start) == '#')
        return numeric_entity(source, start + 1);
    while (i - start < LONGEST_NAME && is_letter(at(source, i)))
        i++;
    if (i - start < 2 || at(source, i) != ';')
        return NONE;
    uint32_t code = named_entity(source->alphabet->lexicon, source->raw + start, i - start);
    return (Match){i + 1, code ? code : NOTHING, 0};
}

/* What is not spaces from a place on, at least one character. */
static Match link(const Source *source, int32_t i)
{
    int32_t start = i;
    while (!is_space(at(source, i)))
        i++;
    return i > start ? (Match){i, SPACE, SPACE} : NONE;
}

static Match web_address(const Source *source, int32_t place)
{
    int32_t after = literal(source, place, "http://");
    after = after ? after : literal(source, place, "https://");
    after = after ? after : literal(source, place, "www.");
    return after ? link(source, after) : NONE;
}

static Match handle(const Source *source, int32_t place)
{
    uint32_t before = source->raw[place - 1];
    int32_t i = place + 1;
    if (!is_space(before) && before != '.' && before != ',' && before != 0x60C && before != ':'
        && before != ';' && before != '(' && before != ')')
        return NONE;
    while (is_word_code(source, at(source, i)))
        i++;
    return i > place + 1 ? (Match){i, SPACE, SPACE} : NONE;
}

/* What stands for handles, links and numbers in published corpora. */
static Match mark(const Source *source, int32_t place)
{
    static const char *const marks[] = {"URL", "NUM", "EMAIL", "USER"};
    if (is_alnum(source, source->raw[place - 1]))
        return NONE;
    for (int i = 0; i < 4; i++) {
        int32_t end = literal(source, place, marks[i]);
        if (end && !is_alnum(source, at(source, end)))
            return (Match){end, SPACE, SPACE};
    }
    return NONE;
}

static Match match(const Source *source, int32_t place)
{
    switch (source->raw[place]) {
    case '<':
        return tag(source, place);
    case '&':
        return entity(source, place);
    case '@':
        return handle(source, place);
    case 'h':
    case 'w':
        return web_address(source, place);
    case 'U':
    case 'N':
    case 'E':
        return mark(source, place);
    default:
        return NONE;
    }
}

/* Return a comment without remains: as it is, or a copy in `work`; NULL for no memory. */
const uint32_t *strip_remains(Work *work, const Alphabet *alphabet, const uint32_t *raw,
                              int32_t size)
{
    Source source = {alphabet, raw, size};
    const uint32_t *result = raw;
    for (int32_t i = 0; i < size;) {
        uint32_t code = raw[i];
        Match found = code < 128 && code != SPACE ? match(&source, i) : NONE;
        if (!found.end) {
            i++;
            continue;
        }
        if (found.first != NOTHING) {
            if (result == raw) {
                if (reserve((void **)&work->raw, &work->raw_room, (int64_t)size + 1,
                            sizeof *work->raw) < 0)
                    return NULL;
                memcpy(work->raw, raw, ((size_t)size + 1) * sizeof *raw);
                result = work->raw;
            }
            work->raw[i] = found.first;
            for (int32_t j = i + 1; j < found.end; j++)
                work->raw[j] = found.rest;
        }
        i = found.end;
    }
    return result;
}
