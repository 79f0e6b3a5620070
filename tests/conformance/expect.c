/* Compares what came with what a case expects; the members that an expectation may have are in the tables below. */
#include "run.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct json_object json;

/* A member that an object may have, and what to do with its value. */
struct member {
    const char *name;
    void (*check)(json *expected, const void *found);
};

/* ---- comparing ---- */

static const char *show(json *value)
{
    return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

static bool same_number(json *a, json *b)
{
    if (json_object_is_type(a, json_type_double) || json_object_is_type(b, json_type_double))
        return json_object_get_double(a) == json_object_get_double(b);
    return json_object_get_int64(a) == json_object_get_int64(b) &&
           json_object_get_uint64(a) == json_object_get_uint64(b);
}

static bool is_number(json *value)
{
    return json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double);
}

static bool same_bytes(json *value, const char *text, size_t len)
{
    return json_object_is_type(value, json_type_string) && (size_t)json_object_get_string_len(value) == len &&
           memcmp(json_object_get_string(value), text, len) == 0;
}

static bool same_json(json *a, json *b);

static bool same_members(json *a, json *b)
{
    struct json_object_iter member;

    if (json_object_object_length(a) != json_object_object_length(b))
        return false;
    json_object_object_foreachC(a, member)
    {
        json *other = NULL;
        if (!json_object_object_get_ex(b, member.key, &other) || !same_json(member.val, other))
            return false;
    }
    return true;
}

static bool same_json(json *a, json *b)
{
    if (is_number(a) && is_number(b))
        return same_number(a, b);
    if (json_object_get_type(a) != json_object_get_type(b))
        return false;
    if (json_object_is_type(a, json_type_object))
        return same_members(a, b);
    if (json_object_is_type(a, json_type_array)) {
        if (json_object_array_length(a) != json_object_array_length(b))
            return false;
        for (size_t i = 0; i < json_object_array_length(a); i++) {
            if (!same_json(json_object_array_get_idx(a, i), json_object_array_get_idx(b, i)))
                return false;
        }
        return true;
    }
    if (json_object_is_type(a, json_type_string))
        return same_bytes(a, json_object_get_string(b), (size_t)json_object_get_string_len(b));
    return json_object_get_boolean(a) == json_object_get_boolean(b);
}

static void expect_json(const char *what, json *expected, const char *text, size_t len)
{
    json_tokener *tokener = json_tokener_new_ex(512);
    json *found = json_tokener_parse_ex(tokener, text, (int)len);

    if (json_tokener_get_error(tokener) == json_tokener_continue) /* a number at the end */
        found = json_tokener_parse_ex(tokener, " ", 1);
    if (json_tokener_get_error(tokener) != json_tokener_success || !same_json(expected, found))
        complain("%s is %.*s instead of %s", what, (int)len, text, show(expected));
    json_object_put(found);
    json_tokener_free(tokener);
}

/* A text, or null where there is none. */
static void expect_bytes(const char *what, json *expected, const char *text, size_t len)
{
    if (expected ? !text || !same_bytes(expected, text, len) : text != NULL)
        complain("%s is \"%.*s\" (%zu bytes) instead of %s", what, text ? (int)len : 6, text ? text : "(none)",
                 text ? len : 0, show(expected));
}

static void expect_text(const char *what, json *expected, const char *text)
{
    expect_bytes(what, expected, text, text ? strlen(text) : 0);
}

/* As above; true where there is to be one, whatever it says. */
static void expect_presence(const char *what, json *expected, const char *text)
{
    if (json_object_is_type(expected, json_type_boolean) && json_object_get_boolean(expected)) {
        if (!text)
            complain("there is no %s", what);
    } else {
        expect_text(what, expected, text);
    }
}

/* An integer, or null where it is `none`. */
static void expect_int(const char *what, json *expected, int64_t found, int64_t none)
{
    bool same = expected ? json_object_is_type(expected, json_type_int) && json_object_get_int64(expected) == found
                         : found == none;

    if (!same || (expected && found == none))
        complain("%s is %lld instead of %s", what, (long long)found, show(expected));
}

static bool is_object(json *expected, const char *what)
{
    if (!json_object_is_type(expected, json_type_object))
        complain("what is expected of %s is no object", what);
    return json_object_is_type(expected, json_type_object);
}

/* Each member of an object is expected of what goes by its name. */
static void check_each(json *expected, const char *what,
                       void (*check)(const char *name, json *value, const void *found), const void *found)
{
    struct json_object_iter member;

    if (!is_object(expected, what))
        return;
    json_object_object_foreachC(expected, member)
    {
        check(member.key, member.val, found);
    }
}

static void check_members(json *expected, const char *what, const struct member *members, size_t count,
                          const void *found)
{
    struct json_object_iter member;

    if (!is_object(expected, what))
        return;
    json_object_object_foreachC(expected, member)
    {
        size_t i = 0;
        while (i < count && strcmp(members[i].name, member.key) != 0)
            i++;
        if (i < count)
            members[i].check(member.val, found);
        else
            complain("nothing is known about \"%s\" of %s", member.key, what);
    }
}

#define CHECK_MEMBERS(expected, what, members, found)                                                                  \
    check_members(expected, what, members, sizeof(members) / sizeof *(members), found)

/* ---- what was sent ---- */

static void sent_method(json *expected, const void *request)
{
    expect_text("the method", expected, json_object_get_string(json_object_object_get(request, "method")));
}

static void sent_target(json *expected, const void *request)
{
    expect_text("the target", expected, json_object_get_string(json_object_object_get(request, "target")));
}

static void sent_body(json *expected, const void *request)
{
    json *body = json_object_object_get(request, "body");

    expect_json("the body sent", expected, json_object_get_string(body), (size_t)json_object_get_string_len(body));
}

static void sent_body_text(json *expected, const void *request)
{
    json *body = json_object_object_get(request, "body");

    expect_bytes("the body sent", expected, json_object_get_string(body), (size_t)json_object_get_string_len(body));
}

static void sent_body_contains(json *expected, const void *request)
{
    json *body = json_object_object_get(request, "body");

    for (size_t i = 0; i < json_object_array_length(expected); i++) {
        json *part = json_object_array_get_idx(expected, i);
        if (!body || !memmem(json_object_get_string(body), (size_t)json_object_get_string_len(body),
                             json_object_get_string(part), (size_t)json_object_get_string_len(part)))
            complain("the body sent does not contain %s: %s", show(part), json_object_get_string(body));
    }
}

static void sent_header(const char *name, json *expected, const void *headers)
{
    const char *value = NULL;

    for (size_t i = 0; i < json_object_array_length(headers) && !value; i++) {
        json *pair = json_object_array_get_idx(headers, i);
        if (strcasecmp(json_object_get_string(json_object_array_get_idx(pair, 0)), name) == 0)
            value = json_object_get_string(json_object_array_get_idx(pair, 1));
    }
    expect_presence(name, expected, value);
}

static void sent_headers(json *expected, const void *request)
{
    check_each(expected, "the headers sent", sent_header, json_object_object_get(request, "headers"));
}

static const struct member sent_members[] = {{"method", sent_method},
                                             {"target", sent_target},
                                             {"body", sent_body},
                                             {"body_text", sent_body_text},
                                             {"body_contains", sent_body_contains},
                                             {"headers", sent_headers}};

static void check_sent(json *expected, const void *found)
{
    const struct seen *seen = found;
    bool several = json_object_is_type(expected, json_type_array);
    size_t wanted = several ? json_object_array_length(expected) : expected ? 1 : 0;
    size_t count = json_object_array_length(seen->requests);

    if (count != wanted)
        complain("%zu requests were sent instead of %zu", count, wanted);
    for (size_t i = 0; i < count && i < wanted; i++)
        CHECK_MEMBERS(several ? json_object_array_get_idx(expected, i) : expected, "what is sent", sent_members,
                      json_object_array_get_idx(seen->requests, i));
}

/* ---- what became of all calls ---- */

static void check_codes(json *expected, const void *found)
{
    const struct seen *seen = found;

    if (!same_json(expected, seen->codes))
        complain("the calls ended with %s instead of %s", show(seen->codes), show(expected));
}

static void metric(const char *name, json *expected, const void *metrics)
{
    expect_int(name, expected, claude_metrics_value(metrics, name), -1);
}

static void check_metrics(json *expected, const void *found)
{
    const struct seen *seen = found;

    check_each(expected, "the metrics", metric, seen->metrics);
}

/* ---- reports ---- */

struct described {
    const char *what;
    json *found;
};

/* A value, or true where a number is to be above 0. */
static void described_member(const char *name, json *expected, const void *owner)
{
    const struct described *described = owner;
    json *found = NULL;

    if (!json_object_object_get_ex(described->found, name, &found))
        complain("nothing is known about \"%s\" of %s", name, described->what);
    else if (json_object_is_type(expected, json_type_boolean) && is_number(found)) {
        if (!json_object_get_boolean(expected) || json_object_get_int64(found) <= 0)
            complain("%s of %s is %s", name, described->what, show(found));
    } else if (!same_json(expected, found))
        complain("%s of %s is %s instead of %s", name, described->what, show(found), show(expected));
}

static void check_attempt_list(json *expected, json *found)
{
    size_t count = json_object_array_length(found);

    if (!json_object_is_type(expected, json_type_array)) {
        complain("what is expected of the attempts is no list");
        return;
    }
    if (json_object_array_length(expected) != count)
        complain("there were %zu attempts instead of %zu", count, json_object_array_length(expected));
    for (size_t i = 0; i < count && i < json_object_array_length(expected); i++) {
        const struct described attempt = {"an attempt", json_object_array_get_idx(found, i)};
        check_each(json_object_array_get_idx(expected, i), attempt.what, described_member, &attempt);
    }
}

struct told {
    const char *url;
    json *report;
};

static void report_member(const char *name, json *expected, const void *owner)
{
    const struct told *told = owner;
    const struct described report = {"the report", told->report};

    if (strcmp(name, "attempt_list") == 0) {
        check_attempt_list(expected, json_object_object_get(told->report, name));
    } else if (strcmp(name, "endpoint_url") == 0) {
        const char *url = json_object_get_string(json_object_object_get(told->report, name));
        size_t len = strlen(told->url);
        expect_text("the endpoint's URL", expected, strncmp(url, told->url, len) == 0 ? url + len : url);
    } else {
        described_member(name, expected, &report);
    }
}

static void check_report(json *expected, const void *found)
{
    const struct seen *seen = found;
    claude_report_t *report =
        seen->response ? claude_response_report(seen->response) : claude_error_report(seen->error);
    struct told told = {seen->url, report ? json_tokener_parse(claude_report_json(report, NULL)) : NULL};

    if (!expected || !told.report) {
        if (expected || told.report)
            complain("there is %s report", told.report ? "a" : "no");
    } else {
        check_each(expected, "the report", report_member, &told);
    }
    json_object_put(told.report);
}

/* ---- events ---- */

static const struct kind {
    const char *name;
    int32_t type;
} kinds[] = {{"message_start", CLAUDE_EVENT_MESSAGE_START},
             {"message_delta", CLAUDE_EVENT_MESSAGE_DELTA},
             {"message_stop", CLAUDE_EVENT_MESSAGE_STOP},
             {"block_start", CLAUDE_EVENT_BLOCK_START},
             {"block_stop", CLAUDE_EVENT_BLOCK_STOP},
             {"text_delta", CLAUDE_EVENT_TEXT_DELTA},
             {"thinking_delta", CLAUDE_EVENT_THINKING_DELTA},
             {"signature_delta", CLAUDE_EVENT_SIGNATURE_DELTA},
             {"input_json_delta", CLAUDE_EVENT_INPUT_JSON_DELTA},
             {"citations_delta", CLAUDE_EVENT_CITATIONS_DELTA},
             {"compaction_delta", CLAUDE_EVENT_COMPACTION_DELTA},
             {"other_delta", CLAUDE_EVENT_OTHER_DELTA},
             {"ping", CLAUDE_EVENT_PING},
             {"line", CLAUDE_EVENT_LINE},
             {"bytes", CLAUDE_EVENT_BYTES},
             {"other", CLAUDE_EVENT_OTHER}};

static void event_kind(json *expected, const void *event)
{
    const char *name = NULL;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].type == claude_event_type(event))
            name = kinds[i].name;
    }
    expect_text("the kind of an event", expected, name);
}

static void event_name(json *expected, const void *event)
{
    expect_text("the name of an event", expected, claude_event_name(event));
}

static void event_index(json *expected, const void *event)
{
    expect_int("the index of an event", expected, claude_event_index(event), -1);
}

static void event_text(json *expected, const void *event)
{
    size_t len = 0;
    const char *text = claude_event_text(event, &len);

    expect_bytes("the text of an event", expected, text, len);
}

static void event_json(json *expected, const void *event)
{
    size_t len = 0;
    const char *text = claude_event_json(event, &len);

    expect_json("the JSON of an event", expected, text, len);
}

static const struct member event_members[] = {
    {"kind", event_kind}, {"name", event_name}, {"index", event_index}, {"text", event_text}, {"json", event_json}};

static void check_events(json *expected, const void *found)
{
    const struct seen *seen = found;

    if (json_object_array_length(expected) != seen->event_count)
        complain("there were %zu events instead of %zu", seen->event_count, json_object_array_length(expected));
    for (size_t i = 0; i < seen->event_count && i < json_object_array_length(expected); i++)
        CHECK_MEMBERS(json_object_array_get_idx(expected, i), "an event", event_members, seen->events[i]);
}

static void check_event_count(json *expected, const void *found)
{
    const struct seen *seen = found;

    expect_int("the number of events", expected, (int64_t)seen->event_count, -1);
}

static void expect_joined(const char *what, json *expected, const struct seen *seen, int32_t type)
{
    struct printbuf *all = printbuf_new();

    for (size_t i = 0; i < seen->event_count; i++) {
        size_t len = 0;
        const char *text = claude_event_text(seen->events[i], &len);
        if (claude_event_type(seen->events[i]) == type && text)
            printbuf_memappend(all, text, (int)len);
    }
    expect_bytes(what, expected, all->buf, (size_t)printbuf_length(all));
    printbuf_free(all);
}

static void check_text(json *expected, const void *found)
{
    expect_joined("the text of all events", expected, found, CLAUDE_EVENT_TEXT_DELTA);
}

static void check_bytes(json *expected, const void *found)
{
    expect_joined("the bytes of all events", expected, found, CLAUDE_EVENT_BYTES);
}

/* ---- answers ---- */

static void response_status(json *expected, const void *response)
{
    expect_int("the status", expected, claude_response_status(response), 0);
}

static void response_type(json *expected, const void *response)
{
    expect_text("the type of the body", expected, claude_response_string(response, "/type", NULL));
}

static void response_id(json *expected, const void *response)
{
    expect_text("the id", expected, claude_response_id(response));
}

static void response_model(json *expected, const void *response)
{
    expect_text("the model", expected, claude_response_model(response));
}

static void response_stop_reason(json *expected, const void *response)
{
    expect_text("the stop reason", expected, claude_response_stop_reason(response));
}

static void response_text(json *expected, const void *response)
{
    size_t len = 0;
    const char *text = claude_response_text(response, &len);

    expect_bytes("the text", expected, text, len);
}

static void response_request_id(json *expected, const void *response)
{
    expect_presence("request id", expected, claude_response_request_id(response));
}

static void usage_counter(const char *name, json *expected, const void *response)
{
    expect_int(name, expected, claude_response_usage(response, name), -1);
}

static void response_usage(json *expected, const void *response)
{
    check_each(expected, "the usage", usage_counter, response);
}

static void response_header(const char *name, json *expected, const void *response)
{
    expect_presence(name, expected, claude_response_header(response, name));
}

static void response_headers(json *expected, const void *response)
{
    check_each(expected, "the headers", response_header, response);
}

static void response_raw(json *expected, const void *response)
{
    size_t len = 0;
    const char *text = claude_response_json(response, &len);

    expect_bytes("the body", expected, text, len);
}

static void expect_at(const char *pointer, json *expected, const void *response)
{
    const char *text = "";
    size_t len = 0;

    if (claude_response_slice(response, pointer, &text, &len))
        expect_json(*pointer ? pointer : "the body", expected, text, len);
    else
        complain("there is nothing at \"%s\" of the body", pointer);
}

static void response_json(json *expected, const void *response)
{
    expect_at("", expected, response);
}

static void response_at(json *expected, const void *response)
{
    check_each(expected, "the body", expect_at, response);
}

static const struct member response_members[] = {{"status", response_status},
                                                 {"type", response_type},
                                                 {"id", response_id},
                                                 {"model", response_model},
                                                 {"stop_reason", response_stop_reason},
                                                 {"text", response_text},
                                                 {"request_id", response_request_id},
                                                 {"usage", response_usage},
                                                 {"headers", response_headers},
                                                 {"json", response_json},
                                                 {"raw", response_raw},
                                                 {"at", response_at}};

static void check_response(json *expected, const void *found)
{
    const struct seen *seen = found;

    if (!seen->response)
        complain("the call failed: %s: %s", claude_code_name(claude_error_code(seen->error)),
                 claude_error_message(seen->error));
    else
        CHECK_MEMBERS(expected, "the response", response_members, seen->response);
}

/* ---- errors ---- */

static void error_code(json *expected, const void *error)
{
    expect_text("the code", expected, claude_code_name(claude_error_code(error)));
}

static void error_category(json *expected, const void *error)
{
    expect_text("the category", expected, claude_category_name(claude_error_category(error)));
}

static void error_http_status(json *expected, const void *error)
{
    expect_int("the error's status", expected, claude_error_http_status(error), 0);
}

static void error_api_type(json *expected, const void *error)
{
    expect_text("the error's type", expected, claude_error_api_type(error));
}

static void error_error_code(json *expected, const void *error)
{
    expect_text("the error_code", expected, claude_error_error_code(error));
}

static void error_message(json *expected, const void *error)
{
    expect_text("the message", expected, claude_error_message(error));
}

static void error_contains(json *expected, const void *error)
{
    for (size_t i = 0; i < json_object_array_length(expected); i++) {
        json *part = json_object_array_get_idx(expected, i);
        if (!strstr(claude_error_message(error), json_object_get_string(part)))
            complain("the message is \"%s\", without %s", claude_error_message(error), show(part));
    }
}

static void error_retryable(json *expected, const void *error)
{
    if (json_object_get_boolean(expected) != claude_error_is_retryable(error))
        complain("the error is%s retryable", json_object_get_boolean(expected) ? " not" : "");
}

static void error_retry_after_ms(json *expected, const void *error)
{
    expect_int("retry_after_ms", expected, claude_error_retry_after_ms(error), -1);
}

static void error_attempts(json *expected, const void *error)
{
    expect_int("the number of attempts", expected, claude_error_attempts(error), -1);
}

static void error_request_id(json *expected, const void *error)
{
    expect_presence("request id", expected, claude_error_request_id(error));
}

static void error_response(json *expected, const void *error)
{
    const claude_response_t *partial = claude_error_response(error);

    if (expected && partial)
        CHECK_MEMBERS(expected, "the error's response", response_members, partial);
    else if (expected || partial)
        complain("the error has %s response", partial ? "a" : "no");
}

static void error_feature(json *expected, const void *error)
{
    expect_text("the feature", expected, claude_error_feature(error));
}

static void error_cause(json *expected, const void *error);

static const struct member error_members[] = {{"code", error_code},
                                              {"category", error_category},
                                              {"http_status", error_http_status},
                                              {"api_type", error_api_type},
                                              {"error_code", error_error_code},
                                              {"message", error_message},
                                              {"contains", error_contains},
                                              {"retryable", error_retryable},
                                              {"retry_after_ms", error_retry_after_ms},
                                              {"attempts", error_attempts},
                                              {"request_id", error_request_id},
                                              {"response", error_response},
                                              {"feature", error_feature},
                                              {"cause", error_cause}};

static void error_cause(json *expected, const void *error)
{
    const claude_error_t *cause = claude_error_cause(error);

    if (expected && cause)
        CHECK_MEMBERS(expected, "the error's cause", error_members, cause);
    else if (expected || cause)
        complain("the error has %s cause", cause ? "a" : "no");
}

static void check_error(json *expected, const void *found)
{
    const struct seen *seen = found;

    if (!seen->error || seen->response)
        complain("the call did not fail");
    else
        CHECK_MEMBERS(expected, "the error", error_members, seen->error);
}

/* ---- the door ---- */

static const struct member expect_members[] = {{"sent", check_sent},         {"codes", check_codes},
                                               {"metrics", check_metrics},   {"report", check_report},
                                               {"events", check_events},     {"event_count", check_event_count},
                                               {"text", check_text},         {"bytes", check_bytes},
                                               {"response", check_response}, {"error", check_error}};

void check_expect(json *expect, const struct seen *seen)
{
    if (json_object_object_get_ex(expect, "response", NULL) == json_object_object_get_ex(expect, "error", NULL))
        complain("exactly one of \"response\" and \"error\" must be expected");
    CHECK_MEMBERS(expect, "the case", expect_members, seen);
}
