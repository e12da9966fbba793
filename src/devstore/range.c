/*
 * range.c - the Range header (RFC 9110 section 14.1.2) as S3 takes it.
 */
#include "devstore_private.h"

static bool number(struct text t, int64_t *out)
{
    struct error ignored = {0};
    return text_to_i64(t, 0, INT64_MAX / 2, "range", out, &ignored) == 0;
}

enum range_result range_parse(struct text header, int64_t size, int64_t *out_first,
                              int64_t *out_len)
{
    int64_t first = 0;
    int64_t last = size - 1;
    if (!text_starts_with(header, TEXT("bytes=")))
        return RANGE_NONE;
    struct text end = text_slice(header, 6, header.len);
    if (text_find(end, '-') == end.len)
        return RANGE_NONE;
    struct text begin = text_cut(&end, '-');
    if (begin.len == 0) { /* the last so many bytes */
        if (!number(end, &last))
            return RANGE_NONE;
        first = last < size ? size - last : 0;
        if (last == 0 || size == 0)
            return RANGE_UNSATISFIABLE;
        last = size - 1;
    } else {
        if (!number(begin, &first) || (end.len > 0 && (!number(end, &last) || last < first)))
            return RANGE_NONE;
        if (first >= size)
            return RANGE_UNSATISFIABLE;
        if (last >= size)
            last = size - 1;
    }
    *out_first = first;
    *out_len = last - first + 1;
    return RANGE_PART;
}
