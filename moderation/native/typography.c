/* typography.py: how a comment is typed. */
#include "ghirbal.h"

enum {
    /* As in typography.py. */
    SMALL = 0x700,
    FORMS_FROM = 0xFB50,
    FORMS_TO = 0xFF00,
    FACES_FROM = 0x1F000,
    SHORT_TEXT = 24,
    ALL = 0, LETTER, STRANGE, FACE, END, A_SPACE,
    CLASSES = 35, /* with ALL */
    COUNTED = CLASSES + 9,
    NBSP = 6, /* characters of "&nbsp;" */
};

/* The class of a character; ALL for what does not count. */
static uint8_t class_of(const Model *model, const Alphabet *alphabet, uint32_t code)
{
    if (code < SMALL)
        return model->typing_classes[code];
    if (code >= FORMS_FROM && code < FORMS_TO)
        return model->typing_classes[code - (FORMS_FROM - SMALL)];
    uint8_t kind = kind_of(alphabet, code);
    if (kind == DROP)
        return ALL;
    return code >= FACES_FROM ? FACE : kind == BLANK ? A_SPACE : STRANGE;
}

static int is_nbsp(const uint32_t *raw, int32_t left)
{
    static const char name[] = "&nbsp;";
    if (left < NBSP)
        return 0;
    for (int32_t i = 0; i < NBSP; i++)
        if (raw[i] != (uint32_t)name[i])
            return 0;
    return 1;
}

/* Add what the typing of a comment says for elsewhere and for each domain. */
void add_typing(const Model *model, const Alphabet *alphabet, const uint32_t *raw, int32_t size,
                double *said)
{
    int32_t counts[COUNTED] = {0}, all = 0, n = 1 + model->n_experts;
    uint8_t before = END;
    for (int32_t i = 0; i <= size; i++) {
        uint8_t here = i < size ? class_of(model, alphabet, raw[i]) : END;
        if (here == ALL)
            continue;
        if (i < size && raw[i] == '&' && is_nbsp(raw + i, size - i)) {
            here = A_SPACE;
            i += NBSP - 1;
        }
        uint8_t pair = model->typing_pairs[before * CLASSES + here];
        counts[here]++;
        if (pair) /* few are: without it each would wait for the one before */
            counts[pair]++;
        all++;
        before = here;
    }
    counts[ALL] = all;
    double share = (double)all / (all + SHORT_TEXT);
    for (int32_t k = 0; k < COUNTED; k++) {
        if (!counts[k])
            continue;
        const float *any = model->expert_typing + (size_t)k * (size_t)n;
        const float *many = any + (size_t)COUNTED * (size_t)n;
        double logarithm = logarithm_of(alphabet->lexicon, counts[k]);
        for (int32_t c = 0; c < n; c++)
            said[c] += share * (any[c] + logarithm * many[c]);
    }
}
