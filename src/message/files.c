#include "message/files.h"

#include <stdlib.h>

void cl_files_free(cl_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        cl_file_unref(files->items[i]);
    free(files->items);
    *files = (cl_files){NULL, 0};
}

/* Where a token is, or belongs. */
static size_t place_of(const cl_files *files, const char *token, bool *found)
{
    size_t low = 0;
    size_t high = files->count;

    *found = false;
    while (low < high && !*found) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(token, files->items[middle]->token, CL_FILE_TOKEN_LEN);
        *found = order == 0;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return *found ? high : low;
}

claude_code_t cl_files_add(cl_files *files, claude_file_t *file, cl_err *err)
{
    size_t count = files->count;
    bool found;
    size_t at = place_of(files, file->token, &found);

    if (found)
        return CLAUDE_OK;
    /* Room for 1, 2, 4, 8, ... */
    if ((count & (count - 1)) == 0) {
        claude_file_t **items = realloc(files->items, (count > 0 ? 2 * count : 1) * sizeof(claude_file_t *));
        if (!items)
            return cl_fail_nomem(err);
        files->items = items;
    }
    memmove(files->items + at + 1, files->items + at, (count - at) * sizeof(claude_file_t *));
    files->items[at] = cl_file_ref(file);
    files->count++;
    return CLAUDE_OK;
}

claude_code_t cl_files_add_all(cl_files *files, const cl_files *others, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; i < others->count && rc >= 0; i++)
        rc = cl_files_add(files, others->items[i], err);
    return rc;
}

claude_file_t *cl_files_find(const cl_files *files, cl_str token)
{
    bool found = false;
    size_t at = 0;

    if (token.len == CL_FILE_TOKEN_LEN)
        at = place_of(files, token.ptr, &found);
    return found ? files->items[at] : NULL;
}

size_t cl_files_next(const cl_files *files, cl_str text, size_t at, claude_file_t **file)
{
    static const char start[] = "\"claude-file:";
    const char *end = text.ptr + text.len;
    const char *p = files->count > 0 && at < text.len ? text.ptr + at : NULL;

    while (p && (p = memmem(p, (size_t)(end - p), start, sizeof start - 1))) {
        bool found = false;
        size_t place = 0;
        p++;
        if (end - p > CL_FILE_TOKEN_LEN && p[CL_FILE_TOKEN_LEN] == '"')
            place = place_of(files, p, &found);
        if (!found)
            continue;
        *file = files->items[place];
        return (size_t)(p - text.ptr);
    }
    return text.len;
}
