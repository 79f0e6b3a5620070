/*
 * fuzz_validate.c - any body is validated: given as a whole and set member by member the same is found, each problem
 * says where, what and what to do, and the list is JSON. What is found in the body of a batch's request is in it.
 */
#include <stdlib.h>

#include "api/api.h"
#include "message/validate.h"

enum { KEY_MAX = 256 };

static void need(bool ok)
{
    if (!ok)
        __builtin_trap();
}

/* ---- the body, member by member ---- */

/* "/" and the key with ~ and / written as pointers have them; false for keys that are too long or have a NUL. */
static bool pointer_to(cl_json key, char out[2 * KEY_MAX + 2])
{
    char name[KEY_MAX];
    size_t len = cl_json_copy_text(key, name, sizeof name);
    size_t at = 0;

    if (cl_json_decoded_len(key) >= sizeof name || strlen(name) != len)
        return false;
    out[at++] = '/';
    for (size_t i = 0; i < len; i++) {
        if (name[i] == '~' || name[i] == '/')
            out[at++] = '~';
        out[at++] = name[i] == '~' ? '0' : name[i] == '/' ? '1' : name[i];
    }
    out[at] = '\0';
    return true;
}

/* False where building cannot give the same: keys that come twice, or cannot be set. */
static bool build(claude_request_t *request, cl_json root)
{
    cl_json_iter iter = cl_json_iter_of(root);
    cl_json key;
    cl_json value;
    char pointer[2 * KEY_MAX + 2];

    while (cl_json_next(&iter, &key, &value)) {
        if (!pointer_to(key, pointer) || cl_request_field(request, cl_str_of(pointer)).type != CLAUDE_JSON_NONE ||
            cl_request_set_field(request, pointer, cl_str_n(value.ptr, value.len), NULL) < 0)
            return false;
    }
    return true;
}

/* ---- what was found ---- */

/* The field is there, or what it should be in. */
static void check_field(cl_json body, cl_str field)
{
    cl_json found = cl_json_at(body, field);

    if (found.type != CLAUDE_JSON_NONE)
        return;
    while (field.len > 0 && field.ptr[field.len - 1] != '/')
        field.len--;
    need(field.len > 0);
    field.len--;
    need(cl_json_at(body, field).type != CLAUDE_JSON_NONE);
}

static void check_list(const claude_problems_t *problems, cl_json body)
{
    size_t len = 0;
    const char *json = cl_problems_json(problems, &len);
    cl_json list;

    need(json && cl_json_validate(cl_str_n(json, len), 8, &list, NULL) >= 0);
    need(cl_json_count(list) == cl_problems_count(problems));
    for (size_t i = 0; i < cl_problems_count(problems); i++) {
        need(cl_problems_text(problems, i, CL_PROBLEM_MESSAGE)[0] != '\0');
        need(cl_problems_text(problems, i, CL_PROBLEM_CONSTRAINT)[0] != '\0');
        need(cl_problems_text(problems, i, CL_PROBLEM_FIX)[0] != '\0');
        check_field(body, cl_str_of(cl_problems_text(problems, i, CL_PROBLEM_FIELD)));
    }
}

static claude_problems_t *judge(const claude_request_t *request, const cl_judge *by, cl_json body)
{
    claude_problems_t *problems = NULL;
    claude_code_t rc = cl_request_validate(request, by, &problems, NULL);

    need(rc == CLAUDE_OK || rc == CLAUDE_PROBLEMS);
    need((rc == CLAUDE_PROBLEMS) == (problems != NULL));
    if (problems)
        check_list(problems, body);
    return problems;
}

static const char *text_of(const claude_problems_t *problems)
{
    return problems ? cl_problems_json(problems, NULL) : "[]";
}

/* ---- parts alone ---- */

static void check_parts(cl_json root)
{
    claude_problems_t *problems = NULL;

    need(cl_validate_tool(root, NULL, &problems, NULL) >= 0);
    if (problems)
        check_list(problems, root);
    cl_problems_unref(problems);
    problems = NULL;
    need(cl_validate_block(root, NULL, NULL, &problems, NULL) >= 0);
    if (problems)
        check_list(problems, root);
    cl_problems_unref(problems);
    problems = NULL;
    need(cl_validate_params(root, true, NULL, &problems, NULL) >= 0);
    if (problems)
        check_list(problems, root);
    cl_problems_unref(problems);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* A byte of choices, then the body. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const char *const endpoints[] = {"messages.create", "messages.count_tokens", "messages.batches.create",
                                            "completions.create"};
    unsigned char choice = size > 0 ? data[0] : 0;
    const cl_judge by = {.stream = (choice & 4) != 0};
    cl_str json = size > 0 ? cl_str_n((const char *)data + 1, size - 1) : CL_STR("");
    claude_request_t *whole = NULL;
    claude_request_t *built = NULL;
    claude_problems_t *found[2] = {NULL, NULL};

    need(cl_api_request_new(endpoints[choice & 3], &whole, NULL) >= 0);
    need(cl_api_request_new(endpoints[choice & 3], &built, NULL) >= 0);
    if (choice & 8) {
        need(cl_request_set_option(whole, "api_version", "2026-10-21", NULL) >= 0);
        need(cl_request_set_option(built, "api_version", "2026-10-21", NULL) >= 0);
    }
    if (cl_request_set_json(whole, json, NULL) >= 0) {
        cl_json root = cl_json_root(json);
        found[0] = judge(whole, &by, root);
        if (build(built, root)) {
            found[1] = judge(built, &by, root);
            need(strcmp(text_of(found[0]), text_of(found[1])) == 0);
        }
        check_parts(root);
    }
    cl_problems_unref(found[0]);
    cl_problems_unref(found[1]);
    cl_request_unref(whole);
    cl_request_unref(built);
    return 0;
}
