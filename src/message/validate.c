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
        cl_walk_note(walk, key, value);
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

static void check_body_size(cl_walk *walk, cl_str body)
{
    int64_t max = cl_walk_limit(walk, walk->batch ? CL_OPT_VALIDATE_MAX_BATCH : CL_OPT_VALIDATE_MAX_REQUEST);
    uint64_t size = body.len + files_size(walk->files, body);

    if (size > (uint64_t)max)
        cl_walk_bad_count(walk, CL_P_REQUEST_TOO_LARGE, NULL, NULL, size, "bytes", max);
}

/* Keeps the members that are looked at; of a batch the requests. */
static cl_json note_members(cl_walk *walk, const cl_draft *draft)
{
    cl_json requests = {NULL, 0, CLAUDE_JSON_NONE};

    for (size_t i = 0; i < draft->count; i++) {
        const cl_draft_member *member = &draft->members[i];
        cl_json key = {walk->start + member->key, member->key_len, CLAUDE_JSON_STRING};
        cl_json value = cl_json_root(cl_str_n(walk->start + member->value, member->value_len));
        cl_walk_note(walk, key, value);
        if (cl_json_string_is(key, CL_STR("requests")))
            requests = value;
    }
    return requests;
}

static void walk_request(cl_walk *walk, const claude_request_t *request)
{
    const char *endpoint = request->endpoint->name;
    size_t brace;
    cl_blob *body = cl_draft_blob(&request->draft, &brace);
    cl_json requests;

    walk->batch = strcmp(endpoint, "messages.batches.create") == 0;
    walk->creates = walk->batch || request->endpoint->answer == CL_ANSWER_MESSAGE;
    walk->start = body->bytes;
    if (request->error.code != CLAUDE_OK)
        cl_walk_report(walk, CL_P_SETTER_FAILED, NULL, NULL, CL_STR(""), cl_str_of(request->error.message));
    if (walk->strict && request->endpoint->answer == CL_ANSWER_COMPLETION)
        cl_walk_report(walk, CL_P_ENDPOINT_REFUSED, NULL, NULL, CL_STR(""), CL_STR(""));
    check_body_size(walk, cl_str_n(body->bytes, body->len));
    requests = note_members(walk, &request->draft);
    if (walk->batch)
        walk_batch(walk, requests);
    else if (walk->creates || strcmp(endpoint, "messages.count_tokens") == 0)
        cl_walk_params(walk, NULL, NULL);
    cl_blob_unref(body);
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
    walk.start = params.ptr;
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

    walk.start = part.ptr;
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
