/* grow.h - arrays that grow by doubling. */
#ifndef CL_BASE_GROW_H
#define CL_BASE_GROW_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* The array with room for one more item of `size` bytes, moved if it must be; NULL when memory is out: then it is as it
 * was. */
static inline void *cl_grow(void *items, size_t count, size_t *cap, size_t size)
{
    size_t more = *cap > 0 ? *cap * 2 : 8;
    void *grown;

    if (count < *cap)
        return items;
    grown = more <= SIZE_MAX / size ? realloc(items, more * size) : NULL;
    if (grown)
        *cap = more;
    return grown;
}

#endif
