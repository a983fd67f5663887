/* experts.py: what a comment would be called where it seems to come from. */
#include <math.h>
#include <string.h>

#include "ghirbal.h"

#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

enum {
    AT_ONCE = 16,
    MOST_ROWS = 256, /* of 8 bits, that surely fit into a sum of 16 */
};

#define LOUDEST 8.0
#define FAR 16.0

/* Fetch what `call_experts` looks up. */
void fetch_experts(const Work *work, const Model *model)
{
    for (int32_t i = 0; i < work->n_weighed_known && model->n_experts; i++)
        __builtin_prefetch(&model->expert_rows[work->known[i] >> 13]);
}

/* Find the rows of the features that experts weigh, each as often as it occurs, and fetch them while
 * other work is done; return their number. No branches in the loop: whether they weigh a feature is
 * hard to foresee. */
int32_t call_experts(Work *work, const Model *model)
{
    if (!model->n_experts)
        return 0;
    const uint32_t *known = work->known;
    int32_t *rows = work->again, n = 0;
    size_t width = (size_t)model->expert_stride;
    for (int32_t i = 0; i < work->n_weighed_known; i++) {
        uint32_t bucket = known[i] >> 8, bit = bucket & 31;
        Rows block = model->expert_rows[bucket >> 5];
        uint32_t before = block.marks & ~(~0u << bit);
        rows[n] = (int32_t)(block.before + (uint32_t)__builtin_popcount(before));
        n += (int32_t)(block.marks >> bit & 1);
    }
    for (int32_t i = 0; i < n; i++)
        __builtin_prefetch(model->expert_weights + (size_t)rows[i] * width);
    return n;
}

/* Sum some columns of up to MOST_ROWS rows. */
static void sum_columns(const int8_t *weights, size_t width, const int32_t *rows, int32_t n,
                        int32_t *sums)
{
    int32_t i = 0;
#if defined(__SSE4_1__)
    /* Two rows at a time: their bytes beside each other, added in pairs. */
    const __m128i ones = _mm_set1_epi8(1);
    __m128i low = _mm_setzero_si128(), high = low;
    for (; i + 1 < n; i += 2) {
        __m128i one = _mm_loadu_si128((const __m128i *)(weights + (size_t)rows[i] * width));
        __m128i two = _mm_loadu_si128((const __m128i *)(weights + (size_t)rows[i + 1] * width));
        low = _mm_add_epi16(low, _mm_maddubs_epi16(ones, _mm_unpacklo_epi8(one, two)));
        high = _mm_add_epi16(high, _mm_maddubs_epi16(ones, _mm_unpackhi_epi8(one, two)));
    }
    int16_t parts[AT_ONCE];
    _mm_storeu_si128((__m128i *)parts, low);
    _mm_storeu_si128((__m128i *)(parts + 8), high);
    for (int c = 0; c < AT_ONCE; c++)
        sums[c] += parts[c];
#endif
    for (; i < n; i++)
        for (int c = 0; c < AT_ONCE; c++)
            sums[c] += weights[(size_t)rows[i] * width + (size_t)c];
}

static void sum_rows(Work *work, const Model *model, int32_t n, int32_t *sums)
{
    size_t width = (size_t)model->expert_stride;
    for (int32_t start = 0; start < n; start += MOST_ROWS) {
        int32_t some = n - start < MOST_ROWS ? n - start : MOST_ROWS;
        for (int32_t c = 0; c < model->n_columns; c += AT_ONCE)
            sum_columns(model->expert_weights + c, width, work->again + start, some, sums + c);
    }
}

static double limited(double opinion)
{
    return opinion > LOUDEST ? LOUDEST : opinion < -LOUDEST ? -LOUDEST : opinion;
}

/* Say how likely the comment is from elsewhere and from each domain. */
static void tell_domains(const double *logits, int32_t n, double *chances)
{
    double likeliest = -INFINITY, all = 0;
    for (int32_t c = 0; c <= n; c++)
        likeliest = logits[c] > likeliest ? logits[c] : likeliest;
    for (int32_t c = 0; c <= n; c++) {
        double logit = logits[c] - likeliest;
        chances[c] = logit > -FAR ? exp(logit) : 0;
        all += chances[c];
    }
    for (int32_t c = 0; c <= n; c++)
        chances[c] /= all;
}

/* Let experts speak, each as loud as its domain is likely. */
static void listen(const Model *model, const Heard *heard, double *opinions)
{
    double plain[ATTRIBUTES];
    memcpy(plain, opinions, (size_t)model->n_networks * sizeof *plain);
    for (int32_t k = 0; k < model->n_experts; k++) {
        int32_t about = model->expert_attributes[k];
        opinions[about] += heard->chances[k + 1] * (heard->said[k] - plain[about]);
    }
}

/* Say in `opinions` what the comment that was summed last would be called where it seems to come
 * from, by attribute that is looked at again. Between `call_experts` and this, work->again stays
 * as it is. */
void ask_experts(Work *work, const Model *model, int32_t n_rows, const double *typing,
                 const float *evidence, Heard *heard, double *opinions)
{
    int32_t n = model->n_experts, n_said = 1 + 2 * n + RETHOUGHT, sums[MOST_COLUMNS] = {0};
    for (int32_t a = 0; a < model->n_networks; a++) {
        double slope = model->expert_sums[2 * a], constant = model->expert_sums[2 * a + 1];
        opinions[a] = evidence[model->rethought[a]] * slope + constant;
    }
    if (n) {
        double said[MOST_COLUMNS], length = sqrt(n_rows > 1 ? n_rows : 1);
        const float *units = model->expert_scales, *constants = units + n_said;
        sum_rows(work, model, n_rows, sums);
        for (int32_t c = 0; c < n_said; c++)
            said[c] = sums[c] / length * units[c] + constants[c];
        for (int32_t c = 0; c <= n; c++)
            said[c] += typing[c];
        tell_domains(said, n, heard->chances);
        memcpy(heard->said, said + n + 1, (size_t)(n + RETHOUGHT) * sizeof *said);
        listen(model, heard, opinions);
    }
    for (int32_t a = 0; a < model->n_networks; a++)
        opinions[a] = limited(opinions[a]);
}

/* Put in `evidence`, by attribute that is looked at again, what it is where the comment seems to
 * come from. Judges lie beside each other, number by number: those of experts, then elsewhere's. */
void judge(const Model *model, const Heard *heard, const float *sums, float *evidence)
{
    int32_t n = model->n_experts, n_after = model->n_networks, stride = model->judge_stride;
    if (!n)
        return;
    const float *of_experts = model->judges + (size_t)(n_after + ATTRIBUTES) * (size_t)stride;
    float judged[MOST_COLUMNS], known[2 * ATTRIBUTES];
    double result[ATTRIBUTES];
    memcpy(judged, of_experts + stride, (size_t)stride * sizeof *judged);
    memcpy(known, evidence, (size_t)n_after * sizeof *known);
    memcpy(known + n_after, sums, ATTRIBUTES * sizeof *known);
    for (int32_t i = 0; i < n_after + ATTRIBUTES; i++)
        for (int32_t k = 0; k < stride; k++)
            judged[k] += known[i] * model->judges[(size_t)i * (size_t)stride + (size_t)k];
    for (int32_t a = 0; a < n_after; a++)
        result[a] = evidence[a];
    for (int32_t k = 0; k < n + n_after; k++) {
        int32_t a = k < n ? model->expert_attributes[k] : k - n;
        double own = limited(judged[k] + of_experts[k] * heard->said[k]);
        result[a] += heard->chances[k < n ? k + 1 : 0] * (own - evidence[a]);
    }
    for (int32_t a = 0; a < n_after; a++)
        evidence[a] = (float)result[a];
}
