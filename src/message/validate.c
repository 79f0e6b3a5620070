/* validate.c - what is wrong with a request: the fields of its body, and the doors. */
#include "message/validate.h"

#include <stdlib.h>

#include "message/validate_walk.h"

/* The first API version that refuses sampling parameters, documents of assistants and citations of users. */
#define STRICT_VERSION "2026-10-21"

enum {
    USER_ID_MAX = 256,
    CUSTOM_ID_MAX = 64,
    THINKING_BUDGET_MIN = 1024,
    TASK_BUDGET_MIN = 20000,
    /* An answer of 128,000 tokens is expected to take an hour; without a stream it may take ten minutes. */
    TOKENS_PER_HOUR = 128000,
    NONSTREAMING_TOKENS = TOKENS_PER_HOUR / 6,
    CAPPED_TOKENS = 8192,
};

/* Models that may write CAPPED_TOKENS at most without a stream. */
static const char *const capped_models[] = {
    "claude-opus-4-20250514",   "claude-opus-4-0",
    "claude-4-opus-20250514",   "anthropic.claude-opus-4-20250514-v1:0",
    "claude-opus-4@20250514",   "anthropic.claude-opus-4-1-20250805-v1:0",
    "claude-opus-4-1@20250805",
};

/* Models that answer 400 to thinking with a budget and to sampling parameters. */
static const char *const adaptive_models[] = {"claude-opus-4-7", "claude-opus-4-8"};

static bool is_one_of(cl_json string, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (cl_json_string_is(string, cl_str_of(texts[i])))
            return true;
    }
    return false;
}

static bool is_adaptive(const cl_walk *walk)
{
    return is_one_of(walk->top[CL_TOP_MODEL].value, adaptive_models,
                     sizeof adaptive_models / sizeof adaptive_models[0]);
}

static bool is_true(cl_json value)
{
    return value.type == CLAUDE_JSON_BOOLEAN && value.ptr[0] == 't';
}

/* ---- what takes too long without a stream ---- */

/* How many tokens an answer may have at most that is not streamed. */
static int64_t nonstreaming_limit(cl_json model)
{
    bool capped = is_one_of(model, capped_models, sizeof capped_models / sizeof capped_models[0]);

    return capped ? CAPPED_TOKENS : NONSTREAMING_TOKENS;
}

static bool has_timeout(const cl_options *own, const cl_options *client)
{
    return cl_options_is_set(own, CL_OPT_TIMEOUT_TOTAL) || cl_options_is_set(client, CL_OPT_TIMEOUT_TOTAL);
}

claude_code_t cl_nonstreaming_check(const claude_request_t *request, bool stream, const cl_options *client, cl_err *err)
{
    cl_json max_tokens = cl_draft_field(&request->draft, CL_FIELD_MAX_TOKENS);
    int64_t limit = nonstreaming_limit(cl_draft_field(&request->draft, CL_FIELD_MODEL));
    int64_t number;

    if (request->endpoint->answer != CL_ANSWER_MESSAGE || stream ||
        is_true(cl_draft_field(&request->draft, CL_FIELD_STREAM)) || has_timeout(request->options, client) ||
        !cl_json_to_int(max_tokens, &number) || number <= limit)
        return CLAUDE_OK;
    return cl_fail(
        err, CLAUDE_E_INVALID,
        "max_tokens is %lld: the answer may take longer than 10 minutes; stream it, lower max_tokens to %lld, "
        "or set timeout.total_ms",
        (long long)number, (long long)limit);
}

/* ---- fields of a message's body; each is given a value that is there ---- */

static void check_model(cl_walk *walk, const cl_place *place, cl_json model)
{
    if (cl_walk_type(walk, place, model, CL_IS_STRING) && cl_json_is_empty(model))
        cl_walk_bad_value(walk, CL_P_MISSING_MODEL, place, model, "");
}

static void check_max_tokens(cl_walk *walk, const cl_place *place, cl_json value)
{
    int64_t limit = nonstreaming_limit(walk->top[CL_TOP_MODEL].value);
    bool streams = walk->stream || is_true(walk->top[CL_TOP_STREAM].value);

    if (!cl_walk_type(walk, place, value, CL_IS_NUMBER))
        return;
    if (walk->max_tokens < 0)
        cl_walk_bad_value(walk, CL_P_OUT_OF_RANGE, place, value, "a whole number of 0 or more");
    else if (walk->batch && walk->max_tokens == 0)
        cl_walk_bad_value(walk, CL_P_BATCH_REFUSES, place, value, "max_tokens 0");
    else if (walk->creates && !walk->batch && !streams && walk->max_tokens > limit &&
             !has_timeout(walk->own, walk->client))
        cl_walk_bad_count(walk, CL_P_STREAM_REQUIRED, place, value.ptr, (uint64_t)walk->max_tokens, "tokens", limit);
}

static void check_stream(cl_walk *walk, const cl_place *place, cl_json value)
{
    if (!cl_walk_type(walk, place, value, CL_IS_BOOLEAN) || !is_true(value))
        return;
    if (walk->batch)
        cl_walk_bad_value(walk, CL_P_BATCH_REFUSES, place, value, "stream");
    else if (walk->creates && walk->max_tokens == 0)
        cl_walk_bad_value(walk, CL_P_MAX_TOKENS_ZERO_CONFLICT, place, value, "a stream");
}

/* The server has the rest of the conversation, and may have its tools. */
static void check_thread(cl_walk *walk, const cl_place *place, cl_json thread)
{
    if (cl_walk_type(walk, place, thread, CL_IS_OBJECT)) {
        walk->open_history = true;
        walk->open_tools = true;
    }
}

static void check_cache_control(cl_walk *walk, const cl_place *place, cl_json cache_control)
{
    cl_walk_cache(walk, place->above, cache_control);
}

/* With interleaved thinking the budget is for all blocks of a turn, and may be over max_tokens. */
static bool is_interleaved(const cl_walk *walk)
{
    return cl_betas_have(walk->betas, CL_STR("interleaved-thinking-2025-05-14"));
}

static void check_budget(cl_walk *walk, const cl_place *thinking_place, cl_json thinking, cl_json budget)
{
    cl_place place = cl_place_member(thinking_place, "budget_tokens");
    int64_t number;

    if (!cl_walk_need(walk, thinking_place, "budget_tokens", thinking, budget, CL_IS_NUMBER,
                      "thinking of type enabled"))
        return;
    if (!cl_json_to_int(budget, &number) || number < THINKING_BUDGET_MIN)
        cl_walk_bad_value(walk, CL_P_THINKING_BUDGET, &place, budget, "a whole number of 1024 or more");
    else if (walk->max_tokens > 0 && number >= walk->max_tokens && !is_interleaved(walk))
        cl_walk_bad_value(walk, CL_P_THINKING_BUDGET, &place, budget, "less than max_tokens");
}

static void check_thinking(cl_walk *walk, const cl_place *place, cl_json thinking)
{
    static const char *const names[] = {"type", "budget_tokens"};
    cl_place type_place = cl_place_member(place, "type");
    cl_json members[2];

    if (!cl_walk_type(walk, place, thinking, CL_IS_OBJECT))
        return;
    cl_json_members(thinking, names, 2, members);
    if (!cl_walk_need(walk, place, "type", thinking, members[0], CL_IS_STRING, "thinking") ||
        !cl_json_string_is(members[0], CL_STR("enabled")))
        return;
    check_budget(walk, place, thinking, members[1]);
    if (walk->creates && walk->max_tokens == 0)
        cl_walk_bad_value(walk, CL_P_MAX_TOKENS_ZERO_CONFLICT, &type_place, members[0], "thinking");
    if (is_adaptive(walk))
        cl_walk_bad_value(walk, CL_P_MODEL_THINKING_REFUSED, &type_place, members[0], "");
}

static void check_format(cl_walk *walk, const cl_place *place, cl_json format)
{
    static const char *const names[] = {"type", "schema"};
    cl_json members[2];

    if (!cl_walk_type(walk, place, format, CL_IS_OBJECT) || cl_is_absent(format))
        return;
    cl_json_members(format, names, 2, members);
    if (cl_walk_need(walk, place, "type", format, members[0], CL_IS_STRING, "an output format") &&
        cl_json_string_is(members[0], CL_STR("json_schema")))
        cl_walk_need(walk, place, "schema", format, members[1], CL_IS_OBJECT, "a format of type json_schema");
    if (walk->creates && walk->max_tokens == 0)
        cl_walk_bad_value(walk, CL_P_MAX_TOKENS_ZERO_CONFLICT, place, format, "an output format");
}

static void check_output_config(cl_walk *walk, const cl_place *place, cl_json config)
{
    static const char *const names[] = {"effort", "format", "task_budget"};
    static const char *const budget_names[] = {"total"};
    cl_place effort_place = cl_place_member(place, "effort");
    cl_place format_place = cl_place_member(place, "format");
    cl_place budget_place = cl_place_member(place, "task_budget");
    cl_place total_place = cl_place_member(&budget_place, "total");
    cl_json members[3];
    cl_json total;
    int64_t number;

    if (!cl_walk_type(walk, place, config, CL_IS_OBJECT))
        return;
    cl_json_members(config, names, 3, members);
    cl_walk_type(walk, &effort_place, members[0], CL_IS_STRING);
    check_format(walk, &format_place, members[1]);
    if (!cl_walk_type(walk, &budget_place, members[2], CL_IS_OBJECT))
        return;
    cl_json_members(members[2], budget_names, 1, &total);
    if (!cl_is_absent(total) && (!cl_json_to_int(total, &number) || number < TASK_BUDGET_MIN))
        cl_walk_bad_value(walk, CL_P_OUT_OF_RANGE, &total_place, total, "a whole number of 20000 or more");
}

static void check_output_format(cl_walk *walk, const cl_place *place, cl_json format)
{
    static const char *const names[] = {"format"};
    cl_json other;

    cl_json_members(walk->top[CL_TOP_OUTPUT_CONFIG].value, names, 1, &other);
    if (!cl_is_absent(other))
        cl_walk_bad_value(walk, CL_P_OUTPUT_FORMAT_CONFLICT, place, format, "");
    check_format(walk, place, format);
}

/* What refuses sampling parameters; NULL: nothing. */
static const char *who_refuses_sampling(const cl_walk *walk)
{
    if (walk->strict)
        return "API version " STRICT_VERSION;
    return is_adaptive(walk) ? "the model" : NULL;
}

static void check_share(cl_walk *walk, const cl_place *place, cl_json value, cl_problem_id refused)
{
    const char *who = who_refuses_sampling(walk);
    double number;

    if (who)
        cl_walk_bad_value(walk, refused, place, value, who);
    else if (cl_walk_type(walk, place, value, CL_IS_NUMBER) &&
             (!cl_json_to_double(value, &number) || number < 0.0 || number > 1.0))
        cl_walk_bad_value(walk, CL_P_OUT_OF_RANGE, place, value, "0 to 1");
}

static void check_temperature(cl_walk *walk, const cl_place *place, cl_json value)
{
    check_share(walk, place, value, CL_P_TEMPERATURE_REFUSED);
}

static void check_top_p(cl_walk *walk, const cl_place *place, cl_json value)
{
    check_share(walk, place, value, CL_P_TOP_P_REFUSED);
}

static void check_top_k(cl_walk *walk, const cl_place *place, cl_json value)
{
    const char *who = who_refuses_sampling(walk);
    int64_t number;

    if (who)
        cl_walk_bad_value(walk, CL_P_TOP_K_REFUSED, place, value, who);
    else if (cl_walk_type(walk, place, value, CL_IS_NUMBER) && (!cl_json_to_int(value, &number) || number < 0))
        cl_walk_bad_value(walk, CL_P_OUT_OF_RANGE, place, value, "a whole number of 0 or more");
}

static void check_stop_sequences(cl_walk *walk, const cl_place *place, cl_json sequences)
{
    cl_json_iter iter = cl_json_iter_of(sequences);
    cl_json sequence;

    if (!cl_walk_type(walk, place, sequences, CL_IS_ARRAY))
        return;
    for (size_t i = 0; cl_json_next(&iter, NULL, &sequence); i++) {
        cl_place element = cl_place_element(place, i);
        if (sequence.type != CLAUDE_JSON_STRING)
            cl_walk_bad_value(walk, CL_P_WRONG_TYPE, &element, sequence, "a string");
        else if (cl_json_is_empty(sequence))
            cl_walk_bad_value(walk, CL_P_EMPTY_STOP_SEQUENCE, &element, sequence, "");
    }
}

static void check_metadata(cl_walk *walk, const cl_place *place, cl_json metadata)
{
    static const char *const names[] = {"user_id"};
    cl_place user_place = cl_place_member(place, "user_id");
    size_t characters;
    cl_json user_id;

    if (!cl_walk_type(walk, place, metadata, CL_IS_OBJECT))
        return;
    cl_json_members(metadata, names, 1, &user_id);
    characters = cl_json_characters(user_id);
    /* The value itself is not shown: it is about a person. */
    if (cl_walk_type(walk, &user_place, user_id, CL_IS_STRING) && characters > USER_ID_MAX)
        cl_walk_bad_count(walk, CL_P_USER_ID_LENGTH, &user_place, user_id.ptr, characters, "characters", USER_ID_MAX);
}

static const struct top_row {
    const char *name;
    void (*check)(cl_walk *walk, const cl_place *place, cl_json value);
} top_rows[CL_TOP_COUNT] = {
    [CL_TOP_MODEL] = {"model", check_model},
    [CL_TOP_MAX_TOKENS] = {"max_tokens", check_max_tokens},
    [CL_TOP_STREAM] = {"stream", check_stream},
    [CL_TOP_THREAD] = {"thread", check_thread},
    [CL_TOP_TOOLS] = {"tools", cl_walk_tools},
    [CL_TOP_SYSTEM] = {"system", cl_walk_system},
    [CL_TOP_MESSAGES] = {"messages", cl_walk_messages},
    [CL_TOP_CACHE_CONTROL] = {"cache_control", check_cache_control},
    [CL_TOP_TOOL_CHOICE] = {"tool_choice", cl_walk_tool_choice},
    [CL_TOP_THINKING] = {"thinking", check_thinking},
    [CL_TOP_OUTPUT_CONFIG] = {"output_config", check_output_config},
    [CL_TOP_OUTPUT_FORMAT] = {"output_format", check_output_format},
    [CL_TOP_TEMPERATURE] = {"temperature", check_temperature},
    [CL_TOP_TOP_P] = {"top_p", check_top_p},
    [CL_TOP_TOP_K] = {"top_k", check_top_k},
    [CL_TOP_STOP_SEQUENCES] = {"stop_sequences", check_stop_sequences},
    [CL_TOP_METADATA] = {"metadata", check_metadata},
};

/* ---- a message's body ---- */

static void note_field(cl_walk *walk, cl_json key, cl_json value, cl_page page)
{
    for (size_t i = 0; i < CL_TOP_COUNT; i++) {
        if (cl_json_string_is(key, cl_str_of(top_rows[i].name)))
            walk->top[i] = (cl_top_field){value, page};
    }
}

static void report_missing(cl_walk *walk, const cl_place *place, int field, const char *at, cl_problem_id id)
{
    cl_place member = cl_place_member(place, top_rows[field].name);

    if (cl_is_absent(walk->top[field].value))
        cl_walk_report(walk, id, &member, at, CL_STR(""), CL_STR(""));
}

static void report_breakpoints(cl_walk *walk)
{
    int64_t max = cl_walk_limit(walk, CL_OPT_VALIDATE_MAX_CACHE_BREAKPOINTS);
    char value[32];
    cl_buf limit = CL_BUF_INIT(sizeof value);
    cl_buf count = CL_BUF_INIT(sizeof value);
    cl_problem_report report = {.id = CL_P_TOO_MANY_CACHE_BREAKPOINTS,
                                .spot = walk->breakpoint_spot,
                                .field = cl_str_of(walk->breakpoint_field)};

    if (walk->breakpoints <= (uint64_t)max)
        return;
    walk->nomem |= cl_buf_append_int(&limit, max) != CL_BUF_OK ||
                   cl_buf_append_int(&count, (int64_t)walk->breakpoints) != CL_BUF_OK;
    report.arg = cl_buf_str(&limit);
    report.value = cl_buf_str(&count);
    walk->nomem |= !cl_problems_add(walk->problems, &report);
    cl_buf_free(&limit);
    cl_buf_free(&count);
}

void cl_walk_params(cl_walk *walk, const cl_place *place, const char *at)
{
    cl_page page = walk->page;

    report_missing(walk, place, CL_TOP_MODEL, at, CL_P_MISSING_MODEL);
    if (walk->creates)
        report_missing(walk, place, CL_TOP_MAX_TOKENS, at, CL_P_MISSING_MAX_TOKENS);
    report_missing(walk, place, CL_TOP_MESSAGES, at, CL_P_MISSING_MESSAGES);
    if (!cl_json_to_int(walk->top[CL_TOP_MAX_TOKENS].value, &walk->max_tokens) || walk->max_tokens < 0)
        walk->max_tokens = -1;
    for (size_t i = 0; i < CL_TOP_COUNT; i++) {
        cl_place member = cl_place_member(place, top_rows[i].name);
        walk->page = walk->top[i].page;
        if (!cl_is_absent(walk->top[i].value))
            top_rows[i].check(walk, &member, walk->top[i].value);
    }
    report_breakpoints(walk);
    walk->page = page;
}

static void walk_object(cl_walk *walk, const cl_place *place, cl_json object)
{
    cl_json_iter iter = cl_json_iter_of(object);
    cl_json key;
    cl_json value;

    cl_walk_reset(walk);
    while (cl_json_next(&iter, &key, &value))
        note_field(walk, key, value, walk->page);
    cl_walk_params(walk, place, object.ptr);
}

/* ---- batches ---- */

static void check_batch_request(cl_walk *walk, const cl_place *place, cl_json request, size_t index, cl_names *ids)
{
    static const char *const names[] = {"custom_id", "params"};
    cl_place id_place = cl_place_member(place, "custom_id");
    cl_place params_place = cl_place_member(place, "params");
    cl_json members[2];

    if (request.type != CLAUDE_JSON_OBJECT) {
        cl_walk_bad_value(walk, CL_P_WRONG_TYPE, place, request, "an object");
        return;
    }
    cl_json_members(request, names, 2, members);
    if (cl_walk_need(walk, place, "custom_id", request, members[0], CL_IS_STRING, "a request of a batch")) {
        if (!cl_json_is_name(members[0], CUSTOM_ID_MAX, "_-"))
            cl_walk_bad_value(walk, CL_P_CUSTOM_ID_PATTERN, &id_place, members[0], "64");
        walk->nomem |= !cl_names_add(ids, members[0], index, 0);
    }
    if (cl_walk_need(walk, place, "params", request, members[1], CL_IS_OBJECT, "a request of a batch"))
        walk_object(walk, &params_place, members[1]);
}

static void walk_batch(cl_walk *walk, cl_json requests)
{
    int64_t max = cl_walk_limit(walk, CL_OPT_VALIDATE_MAX_BATCH_REQUESTS);
    cl_place place = cl_place_member(NULL, "requests");
    cl_json_iter iter = cl_json_iter_of(requests);
    cl_names ids = {.text = CL_BUF_INIT(CL_DRAFT_MAX)};
    size_t count = 0;
    cl_json request;

    if (cl_is_absent(requests)) {
        cl_walk_missing(walk, NULL, "requests", NULL, "a batch");
        return;
    }
    if (!cl_walk_type(walk, &place, requests, CL_IS_ARRAY))
        return;
    for (; cl_json_next(&iter, NULL, &request); count++) {
        cl_place element = cl_place_element(&place, count);
        check_batch_request(walk, &element, request, count, &ids);
    }
    if (count == 0)
        cl_walk_report(walk, CL_P_EMPTY_BATCH, &place, requests.ptr, CL_STR(""), CL_STR(""));
    if (count > (uint64_t)max)
        cl_walk_bad_count(walk, CL_P_TOO_MANY_BATCH_REQUESTS, &place, requests.ptr, count, "requests", max);
    cl_walk_duplicates(walk, &ids, CL_P_DUPLICATE_CUSTOM_ID, &place, "custom_id");
    cl_names_free(&ids);
}

/* ---- whole requests ---- */

/* The members of the body in their order, whether it was given as a whole or built. */
typedef struct member_iter {
    const cl_draft *draft;
    cl_json_iter whole;
    size_t next;
    cl_page page;
} member_iter;

static member_iter members_of(const cl_draft *draft)
{
    member_iter iter = {.draft = draft, .next = 0};

    if (draft->whole) {
        cl_str text = cl_str_n(draft->whole->bytes + draft->brace, draft->whole->len - draft->brace);
        iter.whole = cl_json_iter_of(cl_json_root(text));
        iter.page = (cl_page){0, draft->whole->bytes};
    }
    return iter;
}

static bool next_member(member_iter *iter, cl_json *key, cl_json *value)
{
    const cl_draft_member *member;

    if (iter->draft->whole)
        return cl_json_next(&iter->whole, key, value);
    if (iter->next == iter->draft->count)
        return false;
    member = &iter->draft->members[iter->next++];
    *key = (cl_json){member->key, member->key_len, CLAUDE_JSON_STRING};
    *value = cl_json_root(cl_buf_str(&member->value));
    iter->page = (cl_page){iter->next, member->value.ptr};
    return true;
}

static uint64_t text_size(const cl_draft *draft)
{
    uint64_t size = 2;

    if (draft->whole)
        return draft->whole->len;
    for (size_t i = 0; i < draft->count; i++)
        size += draft->members[i].key_len + draft->members[i].value.len + 2;
    return size;
}

/* What the files whose tokens are in a text add to it. */
static uint64_t files_size(const cl_walk *walk, cl_str text)
{
    static const char start[] = "\"claude-file:";
    const char *end = text.ptr + text.len;
    const char *p = text.ptr;
    uint64_t size = 0;

    if (walk->file_count == 0 || text.len == 0)
        return 0;
    while ((p = memmem(p, (size_t)(end - p), start, sizeof start - 1))) {
        const claude_file_t *file = NULL;
        if (end - p >= CL_FILE_TOKEN_LEN + 2 && p[1 + CL_FILE_TOKEN_LEN] == '"')
            file = cl_walk_file(walk, p + 1);
        if (file)
            size += (file->size + 2) / 3 * 4 - CL_FILE_TOKEN_LEN;
        p++;
    }
    return size;
}

static void check_body_size(cl_walk *walk, const claude_request_t *request, bool batch)
{
    int64_t max = cl_walk_limit(walk, batch ? CL_OPT_VALIDATE_MAX_BATCH : CL_OPT_VALIDATE_MAX_REQUEST);
    uint64_t size = text_size(&request->draft);
    member_iter iter = members_of(&request->draft);
    cl_json key;
    cl_json value;

    while (walk->file_count > 0 && next_member(&iter, &key, &value))
        size += files_size(walk, cl_str_n(value.ptr, value.len));
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
        note_field(walk, key, value, iter.page);
        if (!cl_json_string_is(key, CL_STR("requests")))
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

static int compare_files(const void *left, const void *right)
{
    claude_file_t *const *a = left;
    claude_file_t *const *b = right;

    return memcmp((*a)->token, (*b)->token, CL_FILE_TOKEN_LEN);
}

/* Files are found by their tokens. */
static claude_code_t take_files(cl_walk *walk, claude_file_t *const *files, size_t count, cl_err *err)
{
    if (count == 0)
        return CLAUDE_OK;
    walk->files = malloc(count * sizeof *walk->files);
    if (!walk->files)
        return cl_fail_nomem(err);
    memcpy(walk->files, files, count * sizeof *walk->files);
    walk->file_count = count;
    qsort(walk->files, count, sizeof *walk->files, compare_files);
    return CLAUDE_OK;
}

static claude_code_t begin(cl_walk *walk, const cl_options *own, const cl_options *client, cl_err *err)
{
    *walk = (cl_walk){.own = own, .client = client, .creates = true};
    walk->strict = strcmp(cl_option_text(own, client, CL_OPT_API_VERSION), STRICT_VERSION) >= 0;
    walk->betas = cl_str_of(cl_option_text(own, client, CL_OPT_BETA));
    cl_walk_reset(walk);
    return cl_problems_new(&walk->problems, err);
}

static claude_code_t end(cl_walk *walk, claude_code_t rc, claude_problems_t **out, cl_err *err)
{
    if (rc >= 0 && walk->nomem)
        rc = cl_fail_nomem(err);
    cl_walk_reset(walk);
    free(walk->files);
    if (rc >= 0 && cl_problems_count(walk->problems) > 0) {
        cl_problems_sort(walk->problems);
        rc = CLAUDE_PROBLEMS;
    }
    if (rc >= 0 && out)
        *out = rc == CLAUDE_PROBLEMS ? cl_problems_ref(walk->problems) : NULL;
    cl_problems_unref(walk->problems);
    return rc;
}

static claude_code_t validate(const claude_request_t *request, bool stream, const cl_options *client,
                              claude_problems_t **out, cl_err *err)
{
    cl_walk walk;
    claude_code_t rc = begin(&walk, request->options, client, err);

    if (rc >= 0)
        rc = take_files(&walk, request->files, request->file_count, err);
    if (request->betas.len > 0)
        walk.betas = cl_buf_str(&request->betas);
    walk.stream = stream;
    if (rc >= 0)
        walk_request(&walk, request);
    return end(&walk, rc, out, err);
}

claude_code_t cl_request_validate(const claude_request_t *request, const cl_options *client, claude_problems_t **out,
                                  cl_err *err)
{
    return validate(request, false, client, out, err);
}

claude_code_t cl_request_validate_stream(const claude_request_t *request, const cl_options *client,
                                         claude_problems_t **out, cl_err *err)
{
    return validate(request, true, client, out, err);
}

claude_code_t cl_validate_params(cl_json params, bool batch, const cl_options *options, claude_problems_t **out,
                                 cl_err *err)
{
    cl_walk walk;
    claude_code_t rc = begin(&walk, NULL, options, err);

    walk.batch = batch;
    walk.page.start = params.ptr;
    if (rc >= 0)
        walk_object(&walk, NULL, params);
    return end(&walk, rc, out, err);
}

claude_code_t cl_validate_tool(cl_json tool, const cl_options *options, claude_problems_t **out, cl_err *err)
{
    cl_walk walk;
    claude_code_t rc = begin(&walk, NULL, options, err);

    walk.page.start = tool.ptr;
    if (rc >= 0)
        cl_walk_tool(&walk, NULL, tool, 0);
    return end(&walk, rc, out, err);
}

static claude_code_t validate_source(void (*check)(cl_walk *walk, const cl_place *place, cl_json source),
                                     cl_json source, const claude_file_t *file, const cl_options *options,
                                     claude_problems_t **out, cl_err *err)
{
    claude_file_t *files[] = {(claude_file_t *)file};
    cl_walk walk;
    claude_code_t rc = begin(&walk, NULL, options, err);

    if (rc >= 0)
        rc = take_files(&walk, files, file ? 1 : 0, err);
    walk.page.start = source.ptr;
    if (rc >= 0)
        check(&walk, NULL, source);
    return end(&walk, rc, out, err);
}

claude_code_t cl_validate_image_source(cl_json source, const claude_file_t *file, const cl_options *options,
                                       claude_problems_t **out, cl_err *err)
{
    return validate_source(cl_walk_image, source, file, options, out, err);
}

claude_code_t cl_validate_document_source(cl_json source, const claude_file_t *file, const cl_options *options,
                                          claude_problems_t **out, cl_err *err)
{
    return validate_source(cl_walk_document, source, file, options, out, err);
}
