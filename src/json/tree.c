#include "json/walk.h"

#include <limits.h>
#include <stdlib.h>

#include <json-c/json.h>

/* json-c frees and copies by recursion: deeper documents would need more stack than a small thread has. */
enum { TREE_DEPTH = 1000 };

struct cl_json_tree {
    json_object *root;
};

/* json-c cuts a key at a NUL, which would make two keys one. */
static bool has_nul_key(cl_str text)
{
    static const char nul[] = "\\u0000";
    const char *p = text.ptr;
    const char *end = text.ptr + text.len;

    if (text.len == 0 || !memmem(text.ptr, text.len, nul, sizeof nul - 1))
        return false;
    while ((p = memchr(p, '"', (size_t)(end - p))) != NULL) {
        bool plain;
        const char *start = p;
        cl_json string;
        p = cl_json_scan_string(p + 1, end, &plain);
        if (!p)
            return false;
        string = (cl_json){start, (size_t)(p - start), CLAUDE_JSON_STRING};
        while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
            p++;
        if (p < end && *p == ':' && !plain) {
            const char *unit = string.ptr + 1;
            while (unit < string.ptr + string.len - 1) {
                char out[4];
                if (cl_json_decode_unit(&unit, string.ptr + string.len - 1, out) == 1 && out[0] == '\0')
                    return true;
            }
        }
    }
    return false;
}

claude_code_t cl_json_tree_new(cl_str text, cl_json_tree **out, cl_err *err)
{
    cl_json root = cl_json_root(text);
    cl_json_tree *tree = NULL;
    json_tokener *tokener = NULL;
    enum json_tokener_error problem = json_tokener_success;
    claude_code_t rc = CLAUDE_OK;

    if (text.len > INT_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "JSON of %zu bytes is too large for a tree", text.len);
    if (has_nul_key(text))
        return cl_fail(err, CLAUDE_E_INVALID, "JSON has a key with a NUL in it, which a tree cannot hold");
    tree = calloc(1, sizeof *tree);
    tokener = json_tokener_new_ex(TREE_DEPTH);
    if (!tree || !tokener) {
        rc = cl_fail_nomem(err);
        goto out;
    }
    if (root.type != CLAUDE_JSON_NULL) {
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        tree->root = json_tokener_parse_ex(tokener, root.ptr, (int)root.len);
        /* A number at the top has no end of its own: json-c waits for more until it is told that there is none. */
        if (!tree->root && json_tokener_get_error(tokener) == json_tokener_continue)
            tree->root = json_tokener_parse_ex(tokener, "", 1);
        problem = json_tokener_get_error(tokener);
    }
    if (!tree->root && root.type != CLAUDE_JSON_NULL) {
        /* 0.16 reports success, or nothing sensible, when memory runs out. */
        if (problem == json_tokener_error_depth)
            rc = cl_fail(err, CLAUDE_E_INVALID, "JSON is nested too deeply for a tree (%d levels)", TREE_DEPTH);
        else
            rc = cl_fail_nomem(err);
        goto out;
    }
    *out = tree;
    tree = NULL;
out:
    if (tokener)
        json_tokener_free(tokener);
    cl_json_tree_free(tree);
    return rc;
}

void cl_json_tree_free(cl_json_tree *tree)
{
    if (!tree)
        return;
    json_object_put(tree->root);
    free(tree);
}

static bool key_is_token(const char *key, cl_str token)
{
    for (size_t i = 0; i < token.len; i++) {
        char c = token.ptr[i];
        if (c == '~' && i + 1 < token.len)
            c = token.ptr[++i] == '1' ? '/' : '~';
        if (*key == '\0' || *key++ != c)
            return false;
    }
    return *key == '\0';
}

/* Keys are looked up by their hash; one that does not fit the stack is compared with each. */
static json_object *member(json_object *object, cl_str token)
{
    char key[256];
    json_object *value = NULL;

    if (token.len < sizeof key) {
        key[cl_json_pointer_unescape(token, key)] = '\0';
        json_object_object_get_ex(object, key, &value);
        return value;
    }
    for (struct lh_entry *entry = lh_table_head(json_object_get_object(object)); entry; entry = lh_entry_next(entry)) {
        if (key_is_token(lh_entry_k(entry), token))
            value = lh_entry_v(entry);
    }
    return value;
}

const char *cl_json_tree_string(const cl_json_tree *tree, const char *pointer, size_t *len)
{
    json_object *here = tree->root;
    cl_str rest = cl_str_of(pointer);
    cl_str token;
    size_t index;

    if (!cl_json_pointer_valid(rest))
        return NULL;
    while (here && cl_json_pointer_next(&rest, &token)) {
        if (json_object_is_type(here, json_type_object))
            here = member(here, token);
        else if (json_object_is_type(here, json_type_array) && cl_json_pointer_index(token, &index))
            here = json_object_array_get_idx(here, index);
        else
            here = NULL;
    }
    if (!json_object_is_type(here, json_type_string))
        return NULL;
    if (len)
        *len = (size_t)json_object_get_string_len(here);
    return json_object_get_string(here);
}
