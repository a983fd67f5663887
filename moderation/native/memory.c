/* Arrays that grow. */
#include <stdlib.h>

#include "ghirbal.h"

int reserve(void **array, int32_t *room, int64_t wanted, size_t item)
{
    if (wanted <= *room)
        return 0;
    int64_t larger = wanted + wanted / 2 + 64;
    if (larger > INT32_MAX)
        return -1;
    void *grown = realloc(*array, (size_t)larger * item);
    if (!grown)
        return -1;
    *array = grown;
    *room = (int32_t)larger;
    return 0;
}

int reserve_text(Text *text, int64_t room)
{
    int32_t same = text->room, again = text->room;
    if (reserve((void **)&text->codes, &same, room, sizeof *text->codes) < 0
        || reserve((void **)&text->places, &again, room, sizeof *text->places) < 0)
        return -1;
    return reserve((void **)&text->kinds, &text->room, room, sizeof *text->kinds);
}

void release(Work *work)
{
    void *arrays[] = {work->text.codes, work->text.kinds, work->text.places, work->spare.codes,
                      work->spare.kinds, work->spare.places, work->raw, work->emoji,
                      work->numbers, work->hits, work->found, work->bare, work->origin, work->ends,
                      work->words, work->bare_words, work->first_words, work->slots, work->again, work->others,
                      work->more, work->known, work->places, work->hashes, work->keys,
                      work->letters, work->blocks, work->faces};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
}
