/*
 * suggest.c - "did you mean": the candidate with the smallest edit distance (insert, delete,
 * replace, swap of neighbours), when it is near enough to be a typing error.
 */
#include "config_private.h"

#include <string.h>

enum { WORD_MAX_BYTES = 40 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance_between(struct text a, struct text b)
{
    /* the row before the last one, the last one, this one */
    size_t rows[3][WORD_MAX_BYTES + 1] = {{0}};

    for (size_t j = 0; j <= b.len; j++)
        rows[1][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        rows[2][0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t cost = a.ptr[i - 1] == b.ptr[j - 1] ? 0 : 1;
            size_t best = smaller(rows[1][j] + 1, rows[2][j - 1] + 1);

            best = smaller(best, rows[1][j - 1] + cost);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                best = smaller(best, rows[0][j - 2] + 1);
            rows[2][j] = best;
        }
        memcpy(rows[0], rows[1], sizeof(rows[0]));
        memcpy(rows[1], rows[2], sizeof(rows[1]));
    }
    return rows[1][b.len];
}

struct suggestion suggestion_for(struct text word)
{
    size_t near_enough = word.len <= 3 ? 1 : word.len / 3 + 1;

    return (struct suggestion){.word = word, .best = {NULL, 0}, .distance = near_enough + 1};
}

void suggestion_offer(struct suggestion *s, struct text candidate)
{
    size_t distance;

    if (s->word.len > WORD_MAX_BYTES || candidate.len > WORD_MAX_BYTES)
        return;
    distance = distance_between(s->word, candidate);
    if (distance >= s->distance || distance >= candidate.len)
        return;
    s->best = candidate;
    s->distance = distance;
}
