/* validate_fields.c - the fields of a message's body. */
#include "message/validate_walk.h"

enum {
    THINKING_BUDGET_MIN = 1024,
    TASK_BUDGET_MIN = 20000,
    /* An answer of 128,000 tokens is expected to take an hour; without a stream it may take ten minutes. */
    TOKENS_PER_HOUR = 128000,
    NONSTREAMING_TOKENS = TOKENS_PER_HOUR / 6,
};

static bool is_true(cl_json value)
{
    return value.type == CLAUDE_JSON_BOOLEAN && value.ptr[0] == 't';
}

/* ---- what takes too long without a stream ---- */

/* What the table knows of a model; NULL: nothing. */
static const cl_model *find_model(const cl_judge *judge, cl_json model)
{
    char id[CL_MODEL_ID_MAX + 1];

    return cl_models_find(judge->models, cl_str_n(id, cl_json_copy_text(model, id, sizeof id)));
}

/* How many tokens an answer may have at most that is not streamed. */
static int64_t nonstreaming_limit(const cl_model *model)
{
    int64_t limit;

    if (model && cl_json_to_int(cl_model_fact(model, "nonstreaming_max_tokens"), &limit))
        return limit;
    return NONSTREAMING_TOKENS;
}

/* It streams, or the program says how long it waits. */
static bool may_take_long(const cl_options *own, const cl_judge *judge, cl_json stream)
{
    return judge->stream || is_true(stream) || cl_option_int(own, judge->options, CL_OPT_REQUEST_STREAM) != 0 ||
           cl_options_is_set(own, CL_OPT_TIMEOUT_TOTAL) || cl_options_is_set(judge->options, CL_OPT_TIMEOUT_TOTAL);
}

claude_code_t cl_nonstreaming_check(const claude_request_t *request, const cl_judge *judge, cl_err *err)
{
    cl_json max_tokens = cl_draft_field(&request->draft, CL_FIELD_MAX_TOKENS);
    const cl_model *model = find_model(judge, cl_draft_field(&request->draft, CL_FIELD_MODEL));
    int64_t limit = nonstreaming_limit(model);
    int64_t number;

    if (request->endpoint->answer != CL_ANSWER_MESSAGE || !cl_json_to_int(max_tokens, &number) || number <= limit ||
        may_take_long(request->options, judge, cl_draft_field(&request->draft, CL_FIELD_STREAM)))
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_INVALID,
                   "max_tokens is %lld: the answer may take longer than 10 minutes; stream it (or set "
                   "request.stream_internally), lower max_tokens to %lld, or set timeout.total_ms",
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
    int64_t limit = nonstreaming_limit(walk->model);

    if (!cl_walk_type(walk, place, value, CL_IS_NUMBER))
        return;
    if (walk->max_tokens < 0)
        cl_walk_bad_value(walk, CL_P_OUT_OF_RANGE, place, value, "a whole number of 0 or more");
    else if (walk->batch && walk->max_tokens == 0)
        cl_walk_bad_value(walk, CL_P_BATCH_REFUSES, place, value, "max_tokens 0");
    else if (walk->creates && !walk->batch && walk->max_tokens > limit &&
             !may_take_long(walk->own, walk->judge, walk->top[CL_TOP_STREAM]))
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
    if (cl_walk_model_refuses(walk, "thinking_enabled"))
        cl_walk_bad_value(walk, CL_P_MODEL_THINKING_REFUSED, &type_place, members[0], "");
}

static void check_format(cl_walk *walk, const cl_place *place, cl_json format)
{
    static const char *const names[] = {"type", "schema"};
    cl_json members[2];

    if (!cl_walk_type(walk, place, format, CL_IS_OBJECT) || cl_json_is_absent(format))
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
    if (!cl_json_is_absent(total) && (!cl_json_to_int(total, &number) || number < TASK_BUDGET_MIN))
        cl_walk_bad_value(walk, CL_P_OUT_OF_RANGE, &total_place, total, "a whole number of 20000 or more");
}

static void check_output_format(cl_walk *walk, const cl_place *place, cl_json format)
{
    static const char *const names[] = {"format"};
    cl_json other;

    cl_json_members(walk->top[CL_TOP_OUTPUT_CONFIG], names, 1, &other);
    if (!cl_json_is_absent(other))
        cl_walk_bad_value(walk, CL_P_OUTPUT_FORMAT_CONFLICT, place, format, "");
    check_format(walk, place, format);
}

/* What refuses sampling parameters; NULL: nothing. */
static const char *who_refuses_sampling(const cl_walk *walk)
{
    if (walk->strict)
        return "API version " CL_STRICT_VERSION;
    return cl_walk_model_refuses(walk, "sampling") ? "the model" : NULL;
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
    if (cl_walk_type(walk, &user_place, user_id, CL_IS_STRING) && characters > CL_USER_ID_MAX)
        cl_walk_bad_count(walk, CL_P_USER_ID_LENGTH, &user_place, user_id.ptr, characters, "characters",
                          CL_USER_ID_MAX);
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

/* ---- all of them ---- */

void cl_walk_note(cl_walk *walk, cl_json key, cl_json value)
{
    for (size_t i = 0; i < CL_TOP_COUNT; i++) {
        if (cl_json_string_is(key, cl_str_of(top_rows[i].name)))
            walk->top[i] = value;
    }
}

static void report_missing(cl_walk *walk, const cl_place *place, int field, const char *at, cl_problem_id id)
{
    cl_place member = cl_place_member(place, top_rows[field].name);

    if (cl_json_is_absent(walk->top[field]))
        cl_walk_report(walk, id, &member, at, CL_STR(""), CL_STR(""));
}

static void report_breakpoints(cl_walk *walk)
{
    int64_t max = cl_walk_limit(walk, CL_OPT_VALIDATE_MAX_CACHE_BREAKPOINTS);
    char value[32];
    cl_buf limit = CL_BUF_INIT(sizeof value);
    cl_buf count = CL_BUF_INIT(sizeof value);
    cl_problem_report report = {.id = CL_P_TOO_MANY_CACHE_BREAKPOINTS,
                                .offset = walk->breakpoint_offset,
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
    report_missing(walk, place, CL_TOP_MODEL, at, CL_P_MISSING_MODEL);
    if (walk->creates)
        report_missing(walk, place, CL_TOP_MAX_TOKENS, at, CL_P_MISSING_MAX_TOKENS);
    report_missing(walk, place, CL_TOP_MESSAGES, at, CL_P_MISSING_MESSAGES);
    if (!cl_json_to_int(walk->top[CL_TOP_MAX_TOKENS], &walk->max_tokens) || walk->max_tokens < 0)
        walk->max_tokens = -1;
    walk->model = find_model(walk->judge, walk->top[CL_TOP_MODEL]);
    for (size_t i = 0; i < CL_TOP_COUNT; i++) {
        cl_place member = cl_place_member(place, top_rows[i].name);
        if (!cl_json_is_absent(walk->top[i]))
            top_rows[i].check(walk, &member, walk->top[i]);
    }
    report_breakpoints(walk);
}
