/* typography.py: how a comment is typed. */
#include "ghirbal.h"

enum {
    /* As in typography.py. */
    SMALL = 0x700,
    FACES_FROM = 0x1F000,
    ALL = 0, LETTER, STRANGE, FACE, END,
    CLASSES = 37, /* with ALL */
    COUNTED = CLASSES + 9,
};

static uint8_t class_of(const Model *model, uint32_t code)
{
    if (code < SMALL)
        return model->typing_classes[code];
    return code >= FACES_FROM ? FACE : STRANGE;
}

/* Add what the typing of a comment says for elsewhere and for each domain. */
void add_typing(const Model *model, const Lexicon *lexicon, const uint32_t *raw, int32_t size,
                double *said)
{
    int32_t counts[COUNTED] = {0}, n = 1 + model->n_experts;
    uint8_t before = END;
    for (int32_t i = 0; i <= size; i++) {
        uint8_t here = i < size ? class_of(model, raw[i]) : END;
        uint8_t pair = model->typing_pairs[before * CLASSES + here];
        counts[here]++;
        if (pair) /* few are: without it each would wait for the one before */
            counts[pair]++;
        before = here;
    }
    counts[ALL] = size + 1;
    for (int32_t k = 0; k < COUNTED; k++) {
        if (!counts[k])
            continue;
        const float *any = model->expert_typing + (size_t)k * (size_t)n;
        const float *many = any + (size_t)COUNTED * (size_t)n;
        double logarithm = logarithm_of(lexicon, counts[k]);
        for (int32_t c = 0; c < n; c++)
            said[c] += any[c] + logarithm * many[c];
    }
}
