/*
 * attributes.h - compiler attributes under names that say what they are for, scope-bound cleanup,
 * and the assertion for our own mistakes.
 *
 * AUTO_FREE, AUTO_CLOSE release a local when it leaves its scope; the local must be initialised.
 * BUG_ON(cond) is always compiled in: it prints the condition and aborts. It is for errors of this
 * program, never for bad input or a failing environment.
 */
#ifndef ONPUT_ATTRIBUTES_H
#define ONPUT_ATTRIBUTES_H

#define MUST_CHECK              __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define NORETURN                __attribute__((noreturn))
#define UNUSED                  __attribute__((unused))

#define AUTO_FREE  __attribute__((cleanup(cleanup_free)))
#define AUTO_CLOSE __attribute__((cleanup(cleanup_close)))

#define BUG_ON(cond)                                                                               \
    do {                                                                                           \
        if (__builtin_expect(!!(cond), 0))                                                         \
            bug_abort(#cond, __FILE__, __LINE__, __func__);                                        \
    } while (0)

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* For AUTO_FREE: frees what the pointer behind `p` points at. */
void cleanup_free(void *p);
/* For AUTO_CLOSE: closes *fd when it is not negative. */
void cleanup_close(int *fd);
NORETURN void bug_abort(const char *condition, const char *file, int line, const char *function);

#endif
