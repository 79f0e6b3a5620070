#include "json/walk.h"
#include "json/bytes.h"

/*
 * Everything here is given texts that the scanner has accepted. It still never leaves [p, end): a mistake of a caller
 * gives wrong values, not wild reads.
 */

int32_t cl_json_type_at(const char *p)
{
    switch (*p) {
    case '{':
        return CLAUDE_JSON_OBJECT;
    case '[':
        return CLAUDE_JSON_ARRAY;
    case '"':
        return CLAUDE_JSON_STRING;
    case 't':
    case 'f':
        return CLAUDE_JSON_BOOLEAN;
    case 'n':
        return CLAUDE_JSON_NULL;
    default:
        return CLAUDE_JSON_NUMBER;
    }
}

cl_json cl_json_root(cl_str text)
{
    const char *p;
    const char *end;

    if (text.len == 0)
        return (cl_json){NULL, 0, CLAUDE_JSON_NONE};
    end = text.ptr + text.len;
    p = cl_json_skip_space(text.ptr, end);
    while (end > p && (end[-1] == ' ' || end[-1] == '\n' || end[-1] == '\r' || end[-1] == '\t'))
        end--;
    if (p == end)
        return (cl_json){NULL, 0, CLAUDE_JSON_NONE};
    return (cl_json){p, (size_t)(end - p), cl_json_type_at(p)};
}

cl_json cl_json_value_at(const char *p, const char *end)
{
    return (cl_json){p, (size_t)(cl_json_skip(p, end) - p), cl_json_type_at(p)};
}

/* ---- iteration ---- */

cl_json_iter cl_json_iter_of(cl_json container)
{
    cl_json_iter iter = {NULL, NULL, false};

    if ((container.type != CLAUDE_JSON_OBJECT && container.type != CLAUDE_JSON_ARRAY) || container.len < 2)
        return iter;
    iter.object = container.type == CLAUDE_JSON_OBJECT;
    iter.end = container.ptr + container.len - 1;
    iter.p = cl_json_skip_space(container.ptr + 1, iter.end);
    return iter;
}

bool cl_json_next(cl_json_iter *iter, cl_json *key, cl_json *value)
{
    const char *end = iter->end;
    const char *p = iter->p;
    const char *start = p;

    if (p == end)
        return false;
    if (iter->object) {
        p = cl_json_skip_string(p + 1, end);
        if (key)
            *key = (cl_json){start, (size_t)(p - start), CLAUDE_JSON_STRING};
        p = cl_json_skip_space(p, end);
        p = cl_json_skip_space(p < end ? p + 1 : end, end);
        if (p == end) {
            iter->p = end;
            return false;
        }
        start = p;
    }
    *value = cl_json_value_at(start, end);
    p = start + value->len;
    p = cl_json_skip_space(p, end);
    iter->p = cl_json_skip_space(p < end ? p + 1 : end, end);
    return true;
}

bool cl_json_is_absent(cl_json value)
{
    return value.type == CLAUDE_JSON_NONE || value.type == CLAUDE_JSON_NULL;
}

size_t cl_json_count(cl_json container)
{
    cl_json_iter iter = cl_json_iter_of(container);
    cl_json value;
    size_t count = 0;

    while (cl_json_next(&iter, NULL, &value))
        count++;
    return count;
}

cl_json cl_json_member(cl_json object, cl_str name)
{
    cl_json_iter iter = cl_json_iter_of(object);
    cl_json found = {NULL, 0, CLAUDE_JSON_NONE};
    cl_json key;
    cl_json value;

    if (object.type != CLAUDE_JSON_OBJECT)
        return found;
    while (cl_json_next(&iter, &key, &value)) {
        if (cl_json_string_is(key, name))
            found = value;
    }
    return found;
}

void cl_json_members(cl_json object, const char *const *names, size_t count, cl_json *values)
{
    cl_json_iter iter = cl_json_iter_of(object);
    cl_json key;
    cl_json value;

    for (size_t i = 0; i < count; i++)
        values[i] = (cl_json){NULL, 0, CLAUDE_JSON_NONE};
    while (object.type == CLAUDE_JSON_OBJECT && cl_json_next(&iter, &key, &value)) {
        for (size_t i = 0; i < count; i++) {
            /* Most differ in their first letter, which may be written as an escape. */
            if (key.ptr[1] != names[i][0] && key.ptr[1] != '\\')
                continue;
            if (cl_json_string_is(key, cl_str_of(names[i]))) {
                values[i] = value;
                break;
            }
        }
    }
}

/* ---- pointers ---- */

bool cl_json_pointer_next(cl_str *pointer, cl_str *token)
{
    const char *p;
    const char *end;
    const char *slash;

    if (pointer->len == 0 || pointer->ptr[0] != '/')
        return false;
    p = pointer->ptr + 1;
    end = pointer->ptr + pointer->len;
    slash = p < end ? memchr(p, '/', (size_t)(end - p)) : NULL;
    slash = slash ? slash : end;
    *token = cl_str_n(p, (size_t)(slash - p));
    *pointer = cl_str_n(slash, (size_t)(end - slash));
    return true;
}

bool cl_json_pointer_valid(cl_str pointer)
{
    if (pointer.len > 0 && pointer.ptr[0] != '/')
        return false;
    for (size_t i = 0; i < pointer.len; i++) {
        if (pointer.ptr[i] == '~' && (i + 1 == pointer.len || (pointer.ptr[i + 1] != '0' && pointer.ptr[i + 1] != '1')))
            return false;
    }
    return true;
}

size_t cl_json_pointer_unescape(cl_str token, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < token.len; i++) {
        char c = token.ptr[i];
        if (c == '~' && i + 1 < token.len)
            c = token.ptr[++i] == '1' ? '/' : '~';
        out[n++] = c;
    }
    return n;
}

bool cl_json_pointer_index(cl_str token, size_t *out)
{
    int64_t index;

    if (token.len == 0 || token.ptr[0] == '-' || (token.len > 1 && token.ptr[0] == '0') ||
        !cl_str_to_int64(token, &index) || (uint64_t)index > SIZE_MAX)
        return false;
    *out = (size_t)index;
    return true;
}

bool cl_json_key_is_token(cl_json key, cl_str token)
{
    const char *p = key.ptr + 1;
    const char *end = key.ptr + key.len - 1;
    char unit[4];
    size_t at = 0;

    if (token.len == 0 || !memchr(token.ptr, '~', token.len))
        return cl_json_string_is(key, token);
    while (p < end) {
        size_t n = cl_json_decode_unit(&p, end, unit);
        for (size_t i = 0; i < n; i++) {
            char c;
            if (at == token.len)
                return false;
            c = token.ptr[at++];
            if (c == '~' && at < token.len)
                c = token.ptr[at++] == '1' ? '/' : '~';
            if (c != unit[i])
                return false;
        }
    }
    return at == token.len;
}

cl_json cl_json_child(cl_json container, cl_str token)
{
    cl_json_iter iter = cl_json_iter_of(container);
    cl_json found = {NULL, 0, CLAUDE_JSON_NONE};
    cl_json key;
    cl_json value;
    size_t index = 0;

    if (container.type == CLAUDE_JSON_OBJECT) {
        while (cl_json_next(&iter, &key, &value)) {
            if (cl_json_key_is_token(key, token))
                found = value;
        }
    } else if (container.type == CLAUDE_JSON_ARRAY && cl_json_pointer_index(token, &index)) {
        while (cl_json_next(&iter, NULL, &value)) {
            if (index-- == 0)
                return value;
        }
    }
    return found;
}

cl_json cl_json_at(cl_json value, cl_str pointer)
{
    cl_str token;

    if (!cl_json_pointer_valid(pointer))
        return (cl_json){NULL, 0, CLAUDE_JSON_NONE};
    while (value.type != CLAUDE_JSON_NONE && cl_json_pointer_next(&pointer, &token))
        value = cl_json_child(value, token);
    return value;
}

/* ---- numbers ---- */

bool cl_json_to_int(cl_json number, int64_t *out)
{
    return number.type == CLAUDE_JSON_NUMBER && cl_str_to_int64(cl_str_n(number.ptr, number.len), out);
}

bool cl_json_to_double(cl_json number, double *out)
{
    return number.type == CLAUDE_JSON_NUMBER && cl_str_to_double(cl_str_n(number.ptr, number.len), out);
}
