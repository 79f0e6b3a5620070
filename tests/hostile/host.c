/*
 * host.c - what a host program does to its process before it uses the library; preloaded into programs that do not do
 * so themselves. Children are left alone.
 *
 *     CLAUDE_HOST_DECIMAL_POINT   the program follows the environment's locale, which must have this decimal point
 *     CLAUDE_HOST_STACK           the stack's limit must be this many bytes
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NOT_AS_ASKED = 97 };

__attribute__((constructor)) static void prepare(void)
{
    const char *point = getenv("CLAUDE_HOST_DECIMAL_POINT");
    const char *stack = getenv("CLAUDE_HOST_STACK");
    struct rlimit limit;

    unsetenv("LD_PRELOAD");
    if (point && (!setlocale(LC_ALL, "") || strcmp(localeconv()->decimal_point, point) != 0)) {
        fprintf(stderr, "host: the locale has the decimal point %s\n", localeconv()->decimal_point);
        _exit(NOT_AS_ASKED);
    }
    if (stack && (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur != strtoul(stack, NULL, 10))) {
        fprintf(stderr, "host: the stack has another limit\n");
        _exit(NOT_AS_ASKED);
    }
}
