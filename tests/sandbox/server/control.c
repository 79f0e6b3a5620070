/* /_sandbox/...: scenarios in, records out. */
#include "server.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char prefix[] = "/_sandbox/";

bool control_owns(const struct request *request)
{
    return request->target.len >= sizeof prefix - 1 && memcmp(request->target.data, prefix, sizeof prefix - 1) == 0;
}

static struct step *answer(int status, struct buf *text)
{
    struct step *step = step_text(status, "application/json", text);

    step->default_headers = false;
    fields_add(&step->headers, "content-type", "application/json");
    buf_free(text);
    return step;
}

static struct step *problem(int status, const char *message)
{
    struct buf text = {0};

    buf_str(&text, "{\"error\":");
    if (utf8_valid(message, strlen(message)))
        buf_json(&text, message, strlen(message));
    else
        buf_json_latin1(&text, message, strlen(message));
    buf_str(&text, "}");
    return answer(status, &text);
}

static struct step *fine(void)
{
    struct buf text = {0};

    buf_str(&text, "{\"ok\":true}");
    return answer(200, &text);
}

static uint64_t query_number(struct slice query, const char *name, uint64_t otherwise)
{
    size_t name_len = strlen(name);

    for (size_t i = 0; i + name_len < query.len; i++) {
        if ((i == 0 || query.data[i - 1] == '&') && memcmp(query.data + i, name, name_len) == 0)
            return strtoull(query.data + i + name_len, NULL, 10);
    }
    return otherwise;
}

static struct step *get_requests(struct server *server, struct slice query)
{
    struct buf text = {0};

    recorder_json(&server->recorder, query_number(query, "since=", 0), query_number(query, "last=", UINT64_MAX), &text);
    return answer(200, &text);
}

/* The present size, not ru_maxrss, which a process inherits from the one that started it. */
static unsigned long long rss_kib(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL)
        return 0;
    if (fscanf(file, "%*u %llu", &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * (unsigned long long)sysconf(_SC_PAGESIZE) / 1024;
}

static struct step *get_stats(struct server *server)
{
    const struct stats *stats = &server->stats;
    struct rusage usage = {0};
    struct buf text = {0};

    getrusage(RUSAGE_SELF, &usage);
    buf_printf(&text, "{\"requests\":%llu,\"replies\":%llu,\"malformed\":%llu,",
               (unsigned long long)server->recorder.count, (unsigned long long)stats->replies,
               (unsigned long long)stats->malformed);
    buf_printf(&text, "\"connections_open\":%llu,\"connections_accepted\":%llu,", (unsigned long long)stats->open,
               (unsigned long long)stats->accepted);
    buf_printf(&text, "\"bytes_read\":%llu,\"bytes_written\":%llu,\"events_written\":%llu,",
               (unsigned long long)stats->bytes_read, (unsigned long long)stats->bytes_written,
               (unsigned long long)stats->events_written);
    buf_printf(&text, "\"cpu_user_us\":%lld,\"cpu_system_us\":%lld,\"rss_kib\":%llu,\"uptime_ms\":%llu}",
               (long long)usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec,
               (long long)usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec, rss_kib(),
               (unsigned long long)((clock_ns() - server->started_ns) / 1000000));
    return answer(200, &text);
}

static struct step *put_scenario(struct server *server, const struct request *request, struct slice name)
{
    struct buf why = {0};
    struct step *step;
    char text[65];

    if (!scenario_name_ok(name.data, name.len))
        return problem(400, "a scenario's name has 1 to 64 of A-Z a-z 0-9 . _ -");
    memcpy(text, name.data, name.len);
    text[name.len] = '\0';
    step = scenarios_put(&server->scenarios, text, request->body.data != NULL ? request->body.data : "",
                         request->body.len, &why)
               ? fine()
               : problem(400, why.data);
    buf_free(&why);
    return step;
}

static struct step *list_scenarios(struct server *server)
{
    struct buf text = {0};

    buf_str(&text, "{\"scenarios\":[");
    for (const struct scenario *s = server->scenarios.first; s != NULL; s = s->next)
        buf_printf(&text, "\"%s\"%s", s->name, s->next != NULL ? "," : "");
    buf_str(&text, "]}");
    return answer(200, &text);
}

static struct step *get_scenario(struct server *server)
{
    struct buf text = {0};

    if (server->scenarios.current != NULL)
        buf_printf(&text, "{\"name\":\"%s\"}", server->scenarios.current->name);
    else
        buf_str(&text, "{\"name\":null}");
    return answer(200, &text);
}

static struct step *set_scenario(struct server *server, const struct request *request)
{
    struct json_object *object = json_tokener_parse(request->body.data != NULL ? request->body.data : "");
    struct json_object *name = NULL;
    struct scenario *scenario = NULL;
    struct step *step = NULL;
    struct buf why = {0};

    if (!json_object_is_type(object, json_type_object) || !json_object_object_get_ex(object, "name", &name)) {
        step = problem(400, "the body must be {\"name\": string or null}");
        goto out;
    }
    if (name != NULL) {
        const char *text = json_object_get_string(name);

        scenario = scenarios_find(&server->scenarios, (struct slice){text, strlen(text)}, &why);
        if (scenario == NULL) {
            step = problem(404, why.len > 0 ? why.data : "there is no such scenario");
            goto out;
        }
        scenario->position = 0;
    }
    server->scenarios.current = scenario;
    step = fine();

out:
    buf_free(&why);
    json_object_put(object);
    return step;
}

static struct step *reset_all(struct server *server)
{
    recorder_reset(&server->recorder);
    scenarios_rewind(&server->scenarios);
    store_clear(&server->store);
    server->scenarios.current = NULL;
    return fine();
}

struct step *control_reply(struct server *server, const struct request *request)
{
    static const char scenarios[] = "scenarios/";
    struct slice path = {request->target.data + sizeof prefix - 1, request->target.len - (sizeof prefix - 1)};
    const char *mark = memchr(path.data, '?', path.len);
    struct slice query = {"", 0};
    bool get = slice_is(request->method, "GET");
    bool post = slice_is(request->method, "POST");

    if (mark != NULL) {
        query = (struct slice){mark + 1, path.len - (size_t)(mark + 1 - path.data)};
        path.len = (size_t)(mark - path.data);
    }
    if (get && slice_is(path, "requests"))
        return get_requests(server, query);
    if (slice_is(request->method, "DELETE") && slice_is(path, "requests")) {
        recorder_reset(&server->recorder);
        return fine();
    }
    if (get && slice_is(path, "stats"))
        return get_stats(server);
    if (get && slice_is(path, "scenarios"))
        return list_scenarios(server);
    if (slice_is(request->method, "PUT") && path.len > sizeof scenarios - 1 &&
        memcmp(path.data, scenarios, sizeof scenarios - 1) == 0)
        return put_scenario(server, request,
                            (struct slice){path.data + sizeof scenarios - 1, path.len - (sizeof scenarios - 1)});
    if (slice_is(path, "scenario") && (get || post))
        return get ? get_scenario(server) : set_scenario(server, request);
    if (post && slice_is(path, "reset"))
        return reset_all(server);
    return problem(404, "there is no such control endpoint");
}
