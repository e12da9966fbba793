/*
 * banned.h - library calls that may not be used, as compile errors with a readable name.
 *
 * Force-included into every source file by the build. The names below cannot say how much room
 * they have, keep hidden state, or depend on the locale; base/ has a replacement for each.
 */
#ifndef ONPUT_BANNED_H
#define ONPUT_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define ONPUT_BANNED(name) sorry_##name##_is_a_banned_function

#undef strcpy
#define strcpy(x, y) ONPUT_BANNED(strcpy)
#undef strcat
#define strcat(x, y) ONPUT_BANNED(strcat)
#undef strncpy
#define strncpy(x, y, n) ONPUT_BANNED(strncpy)
#undef strncat
#define strncat(x, y, n) ONPUT_BANNED(strncat)
#undef strtok
#define strtok(x, y) ONPUT_BANNED(strtok)
#undef sprintf
#define sprintf(...) ONPUT_BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) ONPUT_BANNED(vsprintf)
#undef atoi
#define atoi(x) ONPUT_BANNED(atoi)
#undef atol
#define atol(x) ONPUT_BANNED(atol)
#undef gmtime
#define gmtime(t) ONPUT_BANNED(gmtime)
#undef localtime
#define localtime(t) ONPUT_BANNED(localtime)
#undef ctime
#define ctime(t) ONPUT_BANNED(ctime)
#undef asctime
#define asctime(t) ONPUT_BANNED(asctime)
#undef system
#define system(x) ONPUT_BANNED(system)
#undef tmpnam
#define tmpnam(x) ONPUT_BANNED(tmpnam)
#undef alloca
#define alloca(n) ONPUT_BANNED(alloca)

#endif
