/* scenarios_api.c - scenarios with blocks, files, batches, lists, tools, schemas and streams made by hand. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "steps.h"

enum { WAIT_MS = 10000 };

#define GIF "GIF89a and more"
#define PARAMS "{\"model\":\"m\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"

/* What it sends is not looked at. */
static void send_anything(run *r, part *p, claude_request_t *request)
{
    claude_error_t *err = NULL;

    if (ended_well(r, p, claude_request_set_header(request, "x-sandbox-scenario", "text", &err), &err))
        execute(r, p, request);
}

/* A made response, whose values are asked for; released. */
static void note_json(part *p, claude_response_t *response)
{
    if (text_or_end(p, claude_response_json(response, NULL)))
        note(p, "%s\n", claude_response_json(response, NULL));
    claude_response_unref(response);
}

/* ---- files ---- */

static bool make_blocks(run *r, part *p, claude_file_t **file, claude_block_t **image, claude_block_t **result)
{
    claude_error_t *err = NULL;

    return ended_well(r, p, claude_file_from_bytes(GIF, sizeof GIF - 1, "a.gif", file, &err), &err) &&
           ended_well(r, p, claude_block_image_file(*file, image, &err), &err) &&
           ended_well(r, p, claude_block_set_cache_control(*image, "1h", &err), &err) &&
           ended_well(r, p, claude_block_tool_result("toolu_1", "see", CLAUDE_NTS, 0, result, &err), &err) &&
           ended_well(r, p, claude_block_add(*result, *image, &err), &err) &&
           ended_well(r, p, claude_block_validate(*result, NULL, &err), &err);
}

void blocks_with_files(run *r)
{
    part *p = &r->parts[0];
    claude_file_t *file = NULL;
    claude_block_t *image = NULL;
    claude_block_t *result = NULL;
    claude_request_t *request = ask_for(r, p, "text", false);
    claude_error_t *err = NULL;

    if (request && make_blocks(r, p, &file, &image, &result) &&
        ended_well(r, p, claude_request_add_block(request, "user", image, &err), &err) &&
        ended_well(r, p, claude_request_append_block(request, result, &err), &err) &&
        ended_well(r, p, claude_request_add_tool_result_block(request, result, &err), &err) &&
        ended_well(r, p, claude_request_set_system_blocks(request, &image, 1, &err), &err))
        execute(r, p, request);
    claude_file_unref(file);
    claude_block_unref(image);
    claude_block_unref(result);
    claude_request_unref(request);
}

void forms(run *r)
{
    part *p = &r->parts[0];
    claude_file_t *file = NULL;
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    if (ended_well(r, p, claude_file_from_bytes(GIF, sizeof GIF - 1, "a.gif", &file, &err), &err) &&
        ended_well(r, p, claude_file_upload_request(file, &request, &err), &err) &&
        ended_well(r, p, claude_request_add_form_field(request, "note", "a\r\n", CLAUDE_NTS, &err), &err) &&
        ended_well(r, p, claude_request_set_query_json(request, "{\"a\":[1,{\"b\":\"c d\"}]}", CLAUDE_NTS, &err),
                   &err) &&
        ended_well(r, p, claude_request_add_beta(request, "b-1", &err), &err))
        send_anything(r, p, request);
    claude_request_unref(request);
    claude_file_unref(file);
}

static bool make_directory(char path[64])
{
    char name[128];
    int fd;

    (void)snprintf(path, 64, "/tmp/claude-hostile-%ld", (long)getpid());
    (void)snprintf(name, sizeof name, "%s/SKILL.md", path);
    if (mkdir(path, 0700) != 0 || (fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) < 0)
        return false;
    return write(fd, "---\n", 4) == 4 && close(fd) == 0;
}

static void remove_directory(const char *path)
{
    char name[128];

    (void)snprintf(name, sizeof name, "%s/SKILL.md", path);
    (void)unlink(name);
    (void)rmdir(path);
}

void skills_of_directories(run *r)
{
    part *p = &r->parts[0];
    char path[64];
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    if (!make_directory(path))
        trouble(r, "no directory for a skill");
    if (ended_well(r, p, claude_skill_from_directory(path, "Name", &request, &err), &err))
        note(p, "made\n");
    remove_directory(path);
    claude_request_unref(request);
}

/* ---- validation ---- */

void validated(run *r)
{
    static const char json[] =
        "{\"model\":\"claude-opus-5-5\",\"max_tokens\":99999,\"temperature\":2,\"tool_choice\":{\"type\":\"tool\","
        "\"name\":\"c\"},\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":"
        "\"base64\",\"media_type\":\"image/png\",\"data\":\"\\/9j\\/\"}},{\"type\":\"tool_result\",\"tool_use_id\":"
        "\"t\\u0031\"}]}],\"tools\":[{\"name\":\"a b\",\"input_schema\":{}},{\"name\":\"\\u0061 b\"}]}";
    part *p = &r->parts[0];
    claude_request_t *request = NULL;
    claude_problems_t *problems = NULL;
    claude_error_t *err = NULL;
    const char *text = NULL;

    if (ended_well(r, p, claude_request_new("messages.create", &request, &err), &err) &&
        ended_well(r, p, claude_request_set_json(request, json, CLAUDE_NTS, &err), &err) &&
        ended_well(r, p, claude_request_validate(request, &problems, &err), &err) &&
        (text = text_or_end(p, claude_problems_json(problems, NULL))))
        note(p, "%s\n", text);
    if (text)
        (void)ended_well(r, p, claude_problems_error(problems, &err), &err);
    claude_problems_unref(problems);
    claude_request_unref(request);
}

/* ---- batches ---- */

void batches(run *r)
{
    part *p = &r->parts[0];
    claude_batch_builder_t *builder = NULL;
    claude_request_t *message = ask_for(r, p, "text", false);
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    const char *json;

    if (message && ended_well(r, p, claude_batch_builder_new(&builder, &err), &err) &&
        ended_well(r, p, claude_batch_builder_add_json(builder, "a", PARAMS, CLAUDE_NTS, &err), &err) &&
        ended_well(r, p, claude_batch_builder_add(builder, "b", message, &err), &err) &&
        ended_well(r, p, claude_batch_builder_request(builder, &request, &err), &err) &&
        (json = text_or_end(p, claude_request_json(request, NULL))))
        note(p, "%s\n", json);
    claude_batch_builder_unref(builder);
    claude_request_unref(message);
    claude_request_unref(request);
}

void batches_of_lines(run *r)
{
    static const char lines[] = "{\"custom_id\":\"a\",\"params\":" PARAMS "}\n"
                                "{\"custom_id\":\"b\",\"params\":" PARAMS "}\n";
    part *p = &r->parts[0];
    claude_file_t *file = NULL;
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    if (ended_well(r, p, claude_file_from_bytes(lines, sizeof lines - 1, NULL, &file, &err), &err) &&
        ended_well(r, p, claude_batch_file_request(file, &request, &err), &err))
        send_anything(r, p, request);
    claude_request_unref(request);
    claude_file_unref(file);
}

/* ---- lists ---- */

void paged(run *r)
{
    part *p = &r->parts[0];
    claude_request_t *request = NULL;
    claude_pages_t *pages = NULL;
    claude_error_t *err = NULL;
    const char *item = NULL;
    claude_code_t rc = 0;

    if (ended_well(r, p, claude_request_new("models.list", &request, &err), &err) &&
        ended_well(r, p, claude_request_set_query(request, "limit", "4", &err), &err) &&
        ended_well(r, p, claude_pages_new(r->client, request, &pages, &err), &err)) {
        while (ended_well(r, p, rc = claude_pages_next_item(pages, WAIT_MS, &item, NULL, &err), &err) && rc == 1)
            note(p, "%.60s\n", item);
    }
    claude_pages_unref(pages);
    claude_request_unref(request);
}

/* ---- tools ---- */

static int32_t run_tool(claude_runner_t *runner, const char *name, const char *input, size_t len, void *user_data)
{
    run *r = user_data;
    claude_error_t *err = NULL;

    (void)len;
    note(&r->parts[0], "%s %s\n", name, input);
    return ended_well(r, &r->parts[0], claude_runner_result_text(runner, "sunny", CLAUDE_NTS, &err), &err) ? 0 : 1;
}

/* The model asks for the tool each time. A tool that has no memory has failed, which is the model's to know; the end is
 * that there are no more turns. */
void tools_run(run *r)
{
    part *p = &r->parts[0];
    claude_request_t *request = ask_for(r, p, "text-tool-thinking", true);
    claude_runner_t *runner = NULL;
    claude_tool_t *tool = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    bool ready;

    ready = request && ended_well(r, p, claude_runner_new(r->client, request, CLAUDE_STREAM, &runner, &err), &err) &&
            ended_well(r, p, claude_runner_set_max_turns(runner, 2, &err), &err) &&
            ended_well(r, p, claude_tool_simple("get_weather", "Weather", &tool, &err), &err);
    if (ready) {
        r->registered++;
        ready = ended_well(r, p, claude_runner_add_tool(runner, tool, run_tool, r, count_destroy, &err), &err);
    }
    if (ready && ended_well(r, p, claude_runner_run(runner, &response, &err), &err))
        note_response(p, response);
    claude_response_unref(response);
    claude_tool_unref(tool);
    claude_runner_unref(runner);
    claude_request_unref(request);
}

/* ---- schemas ---- */

#define SCHEMA                                                                                                         \
    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"minLength\":1},\"b\":{\"$ref\":\"#/$defs/"      \
    "n\"}},"                                                                                                           \
    "\"required\":[\"a\"],\"$defs\":{\"n\":{\"type\":\"array\",\"items\":{\"const\":1}}}}"

void structured(run *r)
{
    static const char answer[] = "{\"stop_reason\":\"end_turn\",\"content\":[{\"type\":\"text\",\"text\":\"{\\\"a\\\":"
                                 "\\\"x\\\",\\\"b\\\":[1,1]}\"}]}";
    part *p = &r->parts[0];
    claude_request_t *request = NULL;
    claude_response_t *message = NULL;
    claude_response_t *parsed = NULL;
    claude_error_t *err = NULL;
    const char *json;

    if (ended_well(r, p, claude_request_new("messages.create", &request, &err), &err) &&
        ended_well(r, p, claude_request_set_structured_output(request, SCHEMA, CLAUDE_NTS, &err), &err) &&
        (json = text_or_end(p, claude_request_json(request, NULL))) &&
        ended_well(r, p, claude_response_parse(answer, CLAUDE_NTS, &message, &err), &err) &&
        ended_well(r, p, claude_response_parse_structured(message, SCHEMA, CLAUDE_NTS, &parsed, &err), &err)) {
        note(p, "%s\n", json);
        note_json(p, parsed);
    }
    claude_response_unref(message);
    claude_request_unref(request);
}

/* ---- models ---- */

void models_and_costs(run *r)
{
    static const char table[] = "{\"models\":[{\"id\":\"m\",\"aliases\":[\"n\"],\"lifecycle\":\"retired\",\"prices\":[{"
                                "\"input\":1,\"output\":2}]}]}";
    static const char answer[] = "{\"model\":\"n\",\"usage\":{\"input_tokens\":10,\"output_tokens\":5,"
                                 "\"cache_read_input_tokens\":3}}";
    part *p = &r->parts[0];
    claude_models_t *models = NULL;
    claude_response_t *message = NULL;
    claude_error_t *err = NULL;
    int64_t cost;

    if (ended_well(r, p, claude_models_load_json(table, CLAUDE_NTS, &models, &err), &err) &&
        ended_well(r, p, claude_response_parse(answer, CLAUDE_NTS, &message, &err), &err)) {
        cost = claude_cost_calculate(models, NULL, message);
        note(p, "%lld %s %s\n", (long long)cost, claude_models_find(models, "n"),
             claude_models_text(models, "m", "lifecycle"));
    }
    claude_response_unref(message);
    claude_models_unref(models);
}

/* ---- streams made by hand ---- */

static bool add_event(run *r, part *p, claude_stream_message_t *message, claude_code_t made, claude_event_t *event,
                      claude_error_t **err)
{
    bool added = ended_well(r, p, made, err) && ended_well(r, p, claude_stream_message_add(message, event, err), err);

    claude_event_unref(event);
    return added;
}

static bool add_events(run *r, part *p, claude_stream_message_t *m)
{
    claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;

    rc = claude_event_block_start_tool_use(0, "t", "n", &event, &err);
    if (!add_event(r, p, m, rc, event, &err))
        return false;
    event = NULL;
    rc = claude_event_input_json_delta(0, "{\"a\":[1", CLAUDE_NTS, &event, &err);
    if (!add_event(r, p, m, rc, event, &err))
        return false;
    return ended_well(r, p, claude_stream_message_add_block(m, "{\"type\":\"text\",\"text\":\"x\"}", CLAUDE_NTS, &err),
                      &err);
}

static int32_t note_type(const claude_event_t *event, void *user_data)
{
    note(user_data, "%s\n", claude_event_name(event));
    return 0;
}

void messages_by_hand(run *r)
{
    static const char recorded[] = "event: ping\ndata: {\"type\":\"ping\"}\n\n"
                                   "data: {\"type\":\"message_stop\"}";
    part *p = &r->parts[0];
    claude_stream_message_t *message = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    uint64_t events = 0;

    if (ended_well(r, p, claude_stream_message_new("i", "message", "assistant", "m", NULL, 0, &message, &err), &err) &&
        add_events(r, p, message) && ended_well(r, p, claude_stream_message_response(message, &response, &err), &err)) {
        note_json(p, response);
        if (!p->no_memory)
            (void)ended_well(
                r, p, claude_parse_events(recorded, CLAUDE_NTS, 0, note_type, p, NULL, &events, NULL, &err), &err);
    }
    claude_stream_message_unref(message);
}

void partial_json(run *r)
{
    part *p = &r->parts[0];
    claude_partial_t *partial = NULL;
    claude_text_buffer_t *buffer = NULL;
    claude_error_t *err = NULL;
    const char *text;

    if (ended_well(r, p, claude_partial_new(-1, &partial, &err), &err) &&
        ended_well(r, p, claude_partial_add(partial, "{\"a\":[\"x", CLAUDE_NTS, &err), &err) &&
        (text = text_or_end(p, claude_partial_json(partial, NULL)))) {
        note(p, "%s\n", text);
        if (ended_well(r, p, claude_partial_add(partial, "y\"],\"b\":{\"c\":1}}", CLAUDE_NTS, &err), &err) &&
            (text = text_or_end(p, claude_partial_json(partial, NULL))))
            note(p, "%s %d\n", text, (int)claude_partial_is_complete(partial));
    }
    if (!p->no_memory && ended_well(r, p, claude_text_buffer_new(4, 0, 0, &buffer, &err), &err) &&
        ended_well(r, p, claude_text_buffer_add(buffer, "abcdef", CLAUDE_NTS, 0, &err), &err))
        note(p, "%s\n", claude_text_buffer_take(buffer, 0, NULL));
    claude_text_buffer_unref(buffer);
    claude_partial_unref(partial);
}
