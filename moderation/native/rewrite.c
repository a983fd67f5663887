/* hidden.py: what was found is written in the place of what hid it. */
#include <string.h>

#include "ghirbal.h"

/* Say where the letters of a hit stood: both ends as far as they are the same, the rest between. */
static void align(const Text *text, const Hit *hit, int32_t *places)
{
    const uint32_t *old = text->codes + hit->start;
    const int32_t *stood = text->places + hit->start;
    int32_t n = hit->stop - hit->start, length = hit->length, head = 0, tail = 0;
    int32_t shorter = n < length ? n : length;
    while (head < shorter && old[head] == hit->text[head])
        head++;
    while (tail < shorter && old[n - 1 - tail] == hit->text[length - 1 - tail])
        tail++;
    if (tail > shorter - head)
        tail = shorter - head;
    int32_t between = length - head - tail;
    int32_t end = n - tail - 1 > head ? n - tail - 1 : head;
    double step = between > 1 ? (double)(end - head) / (between - 1) : 0;
    for (int32_t i = 0; i < length; i++) {
        int32_t at = i;
        if (i >= length - tail)
            at = n - (length - i);
        else if (i >= head)
            at = between > 1 && i == head + between - 1 ? end : (int32_t)((i - head) * step + head);
        if (at > n - 1)
            at = n - 1;
        /* A letter that is missing stood just after. */
        if (i >= head && i < length - tail && head && n == head + tail)
            at = head - 1;
        places[i] = stood[at];
    }
}

static void copy_text(Text *to, const Text *from, int32_t start, int32_t stop)
{
    size_t n = stop > start ? (size_t)(stop - start) : 0;
    memcpy(to->codes + to->size, from->codes + start, n * sizeof *to->codes);
    memcpy(to->kinds + to->size, from->kinds + start, n * sizeof *to->kinds);
    memcpy(to->places + to->size, from->places + start, n * sizeof *to->places);
    to->size += (int32_t)n;
}

int restore(Work *work, const Alphabet *alphabet, const uint32_t *raw, uint32_t kinds)
{
    if (find_hidden(work, alphabet, raw, kinds) < 0)
        return -1;
    if (!work->n_hits)
        return 0;
    int64_t room = work->text.size;
    for (int32_t i = 0; i < work->n_hits; i++)
        room += work->hits[i].length;
    Text *text = &work->text, *spare = &work->spare;
    if (reserve_text(spare, room) < 0)
        return -1;
    spare->size = 0;
    int32_t done = 0;
    for (int32_t i = 0; i < work->n_hits; i++) {
        const Hit *hit = &work->hits[i];
        copy_text(spare, text, done, hit->start);
        align(text, hit, spare->places + spare->size);
        for (int32_t j = 0; j < hit->length; j++) {
            spare->codes[spare->size] = hit->text[j];
            spare->kinds[spare->size++] = kind_of(alphabet, hit->text[j]);
        }
        done = hit->stop;
    }
    copy_text(spare, text, done, text->size);
    Text swapped = *text;
    *text = *spare;
    *spare = swapped;
    return 0;
}
