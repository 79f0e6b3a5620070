#include "scenario.h"
#include "step_json.h"

#include <dirent.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_SEQUENCE = 10000,
    MAX_FILE_BYTES = 64 * 1024 * 1024,
};

bool scenario_name_ok(const char *name, size_t len)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

    return len > 0 && len <= 64 && strspn(name, allowed) >= len;
}

static struct scenario *lookup(const struct scenarios *all, struct slice name)
{
    for (struct scenario *s = all->first; s != NULL; s = s->next) {
        if (slice_is(name, s->name))
            return s;
    }
    return NULL;
}

static struct scenario *obtain(struct scenarios *all, const char *name)
{
    struct scenario *s = lookup(all, (struct slice){name, strlen(name)});

    if (s == NULL) {
        s = xcalloc(1, sizeof *s);
        memcpy(s->name, name, strlen(name) + 1);
        s->next = all->first;
        all->first = s;
    }
    return s;
}

static void clear(struct scenario *s)
{
    for (size_t i = 0; i < s->step_count; i++)
        step_unref(s->steps[i]);
    free(s->steps);
    free(s->method);
    free(s->path);
    s->steps = NULL;
    s->step_count = 0;
    s->method = NULL;
    s->path = NULL;
    s->position = 0;
}

void scenarios_init(struct scenarios *all)
{
    *all = (struct scenarios){0};
    for (const struct builtin_scenario *b = builtin_scenarios; b->name != NULL; b++) {
        struct scenario *s = obtain(all, b->name);

        s->builtin = b->text;
        s->builtin_len = b->len;
    }
}

void scenarios_free(struct scenarios *all)
{
    struct scenario *next;

    for (struct scenario *s = all->first; s != NULL; s = next) {
        next = s->next;
        clear(s);
        free(s);
    }
    *all = (struct scenarios){0};
}

static bool read_match(struct scenario *s, struct json_object *match, struct buf *why)
{
    if (!json_object_is_type(match, json_type_object)) {
        buf_str(why, "match must be an object");
        return false;
    }
    json_object_object_foreach(match, key, value)
    {
        bool method = strcmp(key, "method") == 0;
        char **slot = method ? &s->method : &s->path;

        if ((!method && strcmp(key, "path") != 0) || !json_object_is_type(value, json_type_string)) {
            buf_str(why, "match takes the texts method and path");
            return false;
        }
        free(*slot);
        *slot = xstrdup(json_object_get_string(value));
    }
    return true;
}

static bool fill_from_json(struct scenario *s, struct json_object *object, struct buf *why)
{
    struct json_object *sequence = NULL;
    struct json_object *match = NULL;
    size_t count = 1;

    if (json_object_is_type(object, json_type_object)) {
        json_object_object_get_ex(object, "sequence", &sequence);
        json_object_object_get_ex(object, "match", &match);
    }
    if (sequence != NULL) {
        count = json_object_is_type(sequence, json_type_array) ? json_object_array_length(sequence) : 0;
        if (count == 0 || count > MAX_SEQUENCE) {
            buf_str(why, "sequence must be a list of 1 to 10000 replies");
            return false;
        }
    }
    s->steps = xcalloc(count, sizeof(struct step *));
    for (size_t i = 0; i < count; i++) {
        s->steps[i] = step_from_json(sequence != NULL ? json_object_array_get_idx(sequence, i) : object, why);
        if (s->steps[i] == NULL)
            return false;
        s->step_count++;
    }
    return match == NULL || read_match(s, match, why);
}

static bool fill(struct scenario *s, const char *json, size_t len, struct buf *why)
{
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *object = NULL;
    bool ok = false;

    clear(s);
    if (tokener == NULL || len > MAX_FILE_BYTES) {
        buf_str(why, "scenario too large");
        goto out;
    }
    /* the terminating NUL is part of the input, so that a lone number or an unfinished text is told apart */
    object = json_tokener_parse_ex(tokener, json, (int)len);
    if (json_tokener_get_error(tokener) != json_tokener_success ||
        strspn(json + json_tokener_get_parse_end(tokener), " \t\r\n") != len - json_tokener_get_parse_end(tokener)) {
        buf_printf(why, "scenario is not JSON: %s", json_tokener_error_desc(json_tokener_get_error(tokener)));
        goto out;
    }
    ok = fill_from_json(s, object, why);
    if (!ok)
        clear(s);

out:
    json_object_put(object);
    if (tokener != NULL)
        json_tokener_free(tokener);
    return ok;
}

bool scenarios_put(struct scenarios *all, const char *name, const char *json, size_t len, struct buf *why)
{
    struct scenario trial = {0};
    struct scenario *s;

    if (!fill(&trial, json, len, why))
        return false;
    s = obtain(all, name);
    clear(s);
    s->builtin = NULL;
    s->steps = trial.steps;
    s->step_count = trial.step_count;
    s->method = trial.method;
    s->path = trial.path;
    return true;
}

static bool read_file(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "rb");
    size_t n;

    if (file == NULL)
        return false;
    do {
        n = fread(buf_room(out, 65536), 1, 65536, file);
        out->len += n;
    } while (n > 0 && out->len <= MAX_FILE_BYTES);
    *buf_room(out, 0) = '\0';
    n = (size_t)ferror(file);
    fclose(file);
    return n == 0;
}

bool scenarios_load(struct scenarios *all, const char *path, const char **name, struct buf *why)
{
    const char *base = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    size_t len = strlen(base);
    struct buf text = {0};
    char stem[65];
    bool ok = false;

    if (len > 5 && strcmp(base + len - 5, ".json") == 0)
        len -= 5;
    if (!scenario_name_ok(base, len)) {
        buf_printf(why, "%s: the file's name is not a scenario name", path);
        return false;
    }
    memcpy(stem, base, len);
    stem[len] = '\0';
    if (!read_file(path, &text))
        buf_printf(why, "%s: cannot be read", path);
    else
        ok = scenarios_put(all, stem, text.data, text.len, why);
    if (ok && name != NULL)
        *name = lookup(all, (struct slice){stem, len})->name;
    buf_free(&text);
    return ok;
}

bool scenarios_load_dir(struct scenarios *all, const char *path, struct buf *why)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    bool ok = true;

    if (dir == NULL) {
        buf_printf(why, "%s: cannot be opened", path);
        return false;
    }
    while (ok && (entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        struct buf full = {0};

        if (len <= 5 || strcmp(entry->d_name + len - 5, ".json") != 0)
            continue;
        buf_printf(&full, "%s/%s", path, entry->d_name);
        ok = scenarios_load(all, full.data, NULL, why);
        if (!ok)
            buf_printf(why, " (%s)", full.data);
        buf_free(&full);
    }
    closedir(dir);
    return ok;
}

struct scenario *scenarios_find(struct scenarios *all, struct slice name, struct buf *why)
{
    struct scenario *s = lookup(all, name);

    if (s == NULL || s->step_count > 0)
        return s;
    return fill(s, s->builtin, s->builtin_len, why) ? s : NULL;
}

static struct slice path_of(const struct request *request)
{
    struct slice path = request->target;
    const char *query = memchr(path.data, '?', path.len);

    if (query != NULL)
        path.len = (size_t)(query - path.data);
    return path;
}

bool scenario_matches(const struct scenario *scenario, const struct request *request)
{
    if (scenario->method != NULL && !slice_is(request->method, scenario->method))
        return false;
    return scenario->path == NULL || slice_is(path_of(request), scenario->path);
}

struct step *scenario_next(struct scenario *scenario)
{
    struct step *step = scenario->steps[scenario->position];

    if (scenario->position + 1 < scenario->step_count)
        scenario->position++;
    return step;
}

void scenarios_rewind(struct scenarios *all)
{
    for (struct scenario *s = all->first; s != NULL; s = s->next)
        s->position = 0;
}
