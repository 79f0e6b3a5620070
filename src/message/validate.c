/* validate.c - what is wrong with a request: the walk through all of it, and the doors. */
#include "message/validate_walk.h"

enum { CUSTOM_ID_MAX = 64 };

/* ---- a body inside of another ---- */

static void walk_object(cl_walk *walk, const cl_place *place, cl_json object)
{
    cl_json_iter iter = cl_json_iter_of(object);
    cl_json key;
    cl_json value;

    cl_walk_reset(walk);
    while (cl_json_next(&iter, &key, &value))
        cl_walk_note(walk, key, value, walk->page);
    cl_walk_params(walk, place, object.ptr);
}

/* ---- batches ---- */

/* The requests of a file of lines, which were looked at when the request was made of it. */
static bool stands_for_lines(const cl_walk *walk, cl_json request)
{
    const claude_file_t *file = NULL;

    if (request.type == CLAUDE_JSON_STRING && walk->files)
        file = cl_files_find(walk->files, cl_str_n(request.ptr + 1, request.len - 2));
    return file && file->lines;
}

static void check_batch_request(cl_walk *walk, const cl_place *place, cl_json request, cl_seen *ids)
{
    static const char *const names[] = {"custom_id", "params"};
    cl_place id_place = cl_place_member(place, "custom_id");
    cl_place params_place = cl_place_member(place, "params");
    cl_json members[2];

    if (stands_for_lines(walk, request))
        return;
    if (request.type != CLAUDE_JSON_OBJECT) {
        cl_walk_bad_value(walk, CL_P_WRONG_TYPE, place, request, "an object");
        return;
    }
    cl_json_members(request, names, 2, members);
    if (cl_walk_need(walk, place, "custom_id", request, members[0], CL_IS_STRING, "a request of a batch")) {
        if (!cl_json_is_name(members[0], CUSTOM_ID_MAX, "_-"))
            cl_walk_bad_value(walk, CL_P_CUSTOM_ID_PATTERN, &id_place, members[0], "64");
        if (!cl_walk_see(walk, ids, members[0]))
            cl_walk_bad_value(walk, CL_P_DUPLICATE_CUSTOM_ID, &id_place, members[0], "");
    }
    if (cl_walk_need(walk, place, "params", request, members[1], CL_IS_OBJECT, "a request of a batch"))
        walk_object(walk, &params_place, members[1]);
}

static void walk_batch(cl_walk *walk, cl_json requests)
{
    int64_t max = cl_walk_limit(walk, CL_OPT_VALIDATE_MAX_BATCH_REQUESTS);
    cl_place place = cl_place_member(NULL, "requests");
    cl_json_iter iter = cl_json_iter_of(requests);
    cl_seen ids = {NULL, 0, 0};
    size_t count = 0;
    cl_json request;

    if (cl_json_is_absent(requests)) {
        cl_walk_missing(walk, NULL, "requests", NULL, "a batch");
        return;
    }
    if (!cl_walk_type(walk, &place, requests, CL_IS_ARRAY))
        return;
    for (; cl_json_next(&iter, NULL, &request); count++) {
        cl_place element = cl_place_element(&place, count);
        check_batch_request(walk, &element, request, &ids);
    }
    if (count == 0)
        cl_walk_report(walk, CL_P_EMPTY_BATCH, &place, requests.ptr, CL_STR(""), CL_STR(""));
    if (count > (uint64_t)max)
        cl_walk_bad_count(walk, CL_P_TOO_MANY_BATCH_REQUESTS, &place, requests.ptr, count, "requests", max);
    cl_seen_free(&ids);
}

/* ---- whole requests ---- */

/* The members of the body in their order. */
typedef struct member_iter {
    const cl_draft *draft;
    size_t next;
    cl_page page;
} member_iter;

static member_iter members_of(const cl_draft *draft)
{
    return (member_iter){draft, 0, {0, draft->text ? draft->text->bytes : NULL}};
}

static bool next_member(member_iter *iter, cl_json *key, cl_json *value)
{
    const char *text = iter->page.start;
    const cl_draft_member *member;

    if (!text || iter->next == iter->draft->count)
        return false;
    member = &iter->draft->members[iter->next++];
    *key = (cl_json){text + member->key, member->key_len, CLAUDE_JSON_STRING};
    *value = cl_json_root(cl_str_n(text + member->value, member->value_len));
    return true;
}

static uint64_t text_size(const cl_draft *draft)
{
    return draft->text ? draft->text->len : 2;
}

/* What the files whose tokens are in a text add to it. */
static uint64_t files_size(const cl_files *files, cl_str text)
{
    claude_file_t *file = NULL;
    uint64_t size = 0;
    size_t at = 0;

    while ((at = cl_files_next(files, text, at, &file)) < text.len)
        size += (file->lines ? file->size : (file->size + 2) / 3 * 4) - CL_FILE_TOKEN_LEN;
    return size;
}

static void check_body_size(cl_walk *walk, const claude_request_t *request, bool batch)
{
    int64_t max = cl_walk_limit(walk, batch ? CL_OPT_VALIDATE_MAX_BATCH : CL_OPT_VALIDATE_MAX_REQUEST);
    uint64_t size = text_size(&request->draft);
    member_iter iter = members_of(&request->draft);
    cl_json key;
    cl_json value;

    while (walk->files->count > 0 && next_member(&iter, &key, &value))
        size += files_size(walk->files, cl_str_n(value.ptr, value.len));
    if (size > (uint64_t)max)
        cl_walk_bad_count(walk, CL_P_REQUEST_TOO_LARGE, NULL, NULL, size, "bytes", max);
}

static void walk_request(cl_walk *walk, const claude_request_t *request)
{
    member_iter iter = members_of(&request->draft);
    const char *endpoint = request->endpoint->name;
    cl_json requests = {NULL, 0, CLAUDE_JSON_NONE};
    cl_json key;
    cl_json value;

    walk->batch = strcmp(endpoint, "messages.batches.create") == 0;
    walk->creates = walk->batch || request->endpoint->answer == CL_ANSWER_MESSAGE;
    cl_walk_reset(walk);
    walk->page = iter.page;
    if (request->error.code != CLAUDE_OK)
        cl_walk_report(walk, CL_P_SETTER_FAILED, NULL, NULL, CL_STR(""), cl_str_of(request->error.message));
    if (walk->strict && request->endpoint->answer == CL_ANSWER_COMPLETION)
        cl_walk_report(walk, CL_P_ENDPOINT_REFUSED, NULL, NULL, CL_STR(""), CL_STR(""));
    check_body_size(walk, request, walk->batch);
    while (next_member(&iter, &key, &value)) {
        cl_walk_note(walk, key, value, iter.page);
        if (!walk->batch || !cl_json_string_is(key, CL_STR("requests")))
            continue;
        requests = value;
        walk->page = iter.page;
    }
    if (walk->batch)
        walk_batch(walk, requests);
    else if (walk->creates || strcmp(endpoint, "messages.count_tokens") == 0)
        cl_walk_params(walk, NULL, NULL);
}

/* ---- doors ---- */

static claude_code_t begin(cl_walk *walk, const cl_files *files, const cl_options *own, const cl_judge *judge,
                           cl_err *err)
{
    static const cl_files none = {NULL, 0};

    *walk = (cl_walk){.files = files ? files : &none, .own = own, .judge = judge, .creates = true};
    walk->strict = strcmp(cl_option_text(own, judge->options, CL_OPT_API_VERSION), CL_STRICT_VERSION) >= 0;
    walk->betas = cl_str_of(cl_option_text(own, judge->options, CL_OPT_BETA));
    cl_walk_reset(walk);
    return cl_problems_new(&walk->problems, err);
}

static claude_code_t end(cl_walk *walk, claude_code_t rc, claude_problems_t **out, cl_err *err)
{
    if (rc >= 0 && walk->nomem)
        rc = cl_fail_nomem(err);
    cl_walk_reset(walk);
    if (rc >= 0 && cl_problems_count(walk->problems) > 0) {
        cl_problems_sort(walk->problems);
        rc = CLAUDE_PROBLEMS;
    }
    if (rc >= 0 && out)
        *out = rc == CLAUDE_PROBLEMS ? cl_problems_ref(walk->problems) : NULL;
    cl_problems_unref(walk->problems);
    return rc;
}

claude_code_t cl_request_validate(const claude_request_t *request, const cl_judge *judge, claude_problems_t **out,
                                  cl_err *err)
{
    cl_walk walk;
    claude_code_t rc = begin(&walk, &request->files, request->options, judge, err);

    if (request->betas.len > 0)
        walk.betas = cl_buf_str(&request->betas);
    if (rc >= 0)
        walk_request(&walk, request);
    return end(&walk, rc, out, err);
}

claude_code_t cl_validate_params(cl_json params, bool batch, const cl_options *options, claude_problems_t **out,
                                 cl_err *err)
{
    const cl_judge judge = {.options = options};
    cl_walk walk;
    claude_code_t rc = begin(&walk, NULL, NULL, &judge, err);

    walk.batch = batch;
    walk.page.start = params.ptr;
    if (rc >= 0)
        walk_object(&walk, NULL, params);
    return end(&walk, rc, out, err);
}

typedef void part_check(cl_walk *walk, const cl_place *place, cl_json part);

static claude_code_t validate_part(part_check *check, cl_json part, const cl_files *files, const cl_options *options,
                                   claude_problems_t **out, cl_err *err)
{
    const cl_judge judge = {.options = options};
    cl_walk walk;
    claude_code_t rc = begin(&walk, files, NULL, &judge, err);

    walk.page.start = part.ptr;
    if (rc >= 0)
        check(&walk, NULL, part);
    return end(&walk, rc, out, err);
}

claude_code_t cl_validate_tool(cl_json tool, const cl_options *options, claude_problems_t **out, cl_err *err)
{
    return validate_part(cl_walk_tool, tool, NULL, options, out, err);
}

claude_code_t cl_validate_block(cl_json block, const cl_files *files, const cl_options *options,
                                claude_problems_t **out, cl_err *err)
{
    return validate_part(cl_walk_block, block, files, options, out, err);
}
