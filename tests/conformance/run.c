/*
 * run.c - runs the cases of a folder through the public C interface, each in every way there is to wait, and shows that
 * each expectation can fail. Exit code 0: all passed.
 *
 *     conformance FOLDER [CASE...]
 */
#include "run.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../sandbox/client.h"

enum { NAME_MAX_BYTES = 64, PATH_MAX_BYTES = 4096 };

size_t complaints;
bool quiet;
static const char *current_case = "";
static const char *current_way = "reading";

void complain(const char *format, ...)
{
    va_list arguments;

    complaints++;
    if (quiet)
        return;
    printf("  %s (%s): ", current_case, current_way);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

/* Complains of each member of an object whose name is not among `names`, which NULL ends. */
static void allow_members(struct json_object *object, const char *what, const char *const *names)
{
    struct json_object_iter member;

    if (!json_object_is_type(object, json_type_object)) {
        complain("%s is missing, or no object", what);
        return;
    }
    json_object_object_foreachC(object, member)
    {
        size_t i = 0;
        while (names[i] && strcmp(names[i], member.key) != 0)
            i++;
        if (!names[i])
            complain("nothing is known about \"%s\" of %s", member.key, what);
    }
}

static void check_pairs(struct json_object *object, const char *name)
{
    struct json_object *pairs = NULL;

    if (json_object_object_get_ex(object, name, &pairs) && !json_object_is_type(pairs, json_type_object))
        complain("\"%s\" is no object", name);
}

static void check_list(struct json_object *object, const char *name)
{
    struct json_object *list = NULL;

    if (json_object_object_get_ex(object, name, &list) && !json_object_is_type(list, json_type_array))
        complain("\"%s\" is no array", name);
}

static void check_endpoints(struct json_object *test)
{
    static const char *const members[] = {"path", "priority", "api_key", "models", NULL};
    struct json_object *endpoints = json_object_object_get(test, "endpoints");

    check_list(test, "endpoints");
    for (size_t i = 0; endpoints && i < json_object_array_length(endpoints); i++) {
        struct json_object *endpoint = json_object_array_get_idx(endpoints, i);
        allow_members(endpoint, "an endpoint", members);
        if (!json_object_is_type(json_object_object_get(endpoint, "path"), json_type_string) ||
            !json_object_is_type(json_object_object_get(endpoint, "priority"), json_type_int))
            complain("an endpoint is without its path or its priority");
        check_pairs(endpoint, "models");
    }
}

static bool is_readable(struct json_object *test)
{
    static const char *const members[] = {"about",   "scenario", "client", "client_headers", "endpoints", "times",
                                          "request", "expect",   NULL};
    static const char *const asked[] = {"endpoint", "stream", "with",  "body",  "body_text", "headers", "options",
                                        "path",     "query",  "betas", "files", "form",      NULL};
    struct json_object *request = json_object_object_get(test, "request");
    size_t before = complaints;

    allow_members(test, "the case", members);
    allow_members(request, "the request", asked);
    if (!json_object_is_type(json_object_object_get(test, "about"), json_type_string))
        complain("\"about\" is missing");
    if (!json_object_is_type(json_object_object_get(test, "expect"), json_type_object))
        complain("\"expect\" is missing");
    if (!json_object_is_type(json_object_object_get(request, "endpoint"), json_type_string))
        complain("\"endpoint\" is missing");
    if (json_object_object_get_ex(request, "body", NULL) && json_object_object_get_ex(request, "body_text", NULL))
        complain("there are both \"body\" and \"body_text\"");
    check_endpoints(test);
    check_pairs(test, "client");
    check_pairs(test, "client_headers");
    check_pairs(request, "headers");
    check_pairs(request, "options");
    check_pairs(request, "path");
    check_pairs(request, "query");
    check_pairs(request, "files");
    check_list(request, "with");
    check_list(request, "betas");
    check_list(request, "form");
    return complaints == before;
}

static void run_case(const char *name, struct json_object *test, struct sandbox *sandbox)
{
    struct json_object *expect = json_object_object_get(test, "expect");
    struct seen seen = {.event_count = 0};
    size_t mutations = 0;
    char names[128] = "";
    const char *way;

    for (size_t i = 0; (way = run_way(i, name, test, sandbox, &seen)); i++) {
        size_t before = complaints;
        current_way = way;
        check_expect(expect, &seen);
        if (complaints == before)
            mutations = check_mutations(expect, &seen);
        seen_clear(&seen);
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", way);
    }
    printf("%s: %s; %zu changed expectations noticed\n", name, names, mutations);
}

/* Returns whether the case passed. */
static bool try_file(const char *folder, const char *file, struct sandbox *sandbox)
{
    char name[NAME_MAX_BYTES + 1];
    char path[PATH_MAX_BYTES];
    size_t before = complaints;
    struct json_object *test;

    snprintf(name, sizeof name, "%.*s", (int)(strlen(file) - strlen(".json")), file);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    current_case = name;
    current_way = "reading";
    test = json_object_from_file(path);
    if (!test)
        complain("%s", json_util_get_last_err());
    else if (is_readable(test))
        run_case(name, test, sandbox);
    json_object_put(test);
    current_case = "";
    return complaints == before;
}

static int is_case(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 5 && len <= NAME_MAX_BYTES && strcmp(entry->d_name + len - 5, ".json") == 0;
}

static bool is_wanted(const char *file, char **names)
{
    bool any = *names == NULL;

    for (; *names && !any; names++)
        any = strncmp(file, *names, strlen(file) - strlen(".json")) == 0 && strlen(*names) + 5 == strlen(file);
    return any;
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;
    struct sandbox *sandbox;
    size_t passed = 0;
    size_t failed = 0;
    int count;

    if (argc < 2) {
        fprintf(stderr, "usage: conformance FOLDER [CASE...]\n");
        return 2;
    }
    sandbox = sandbox_start(NULL, NULL);
    if (!sandbox)
        return 1;
    count = scandir(argv[1], &entries, is_case, alphasort);
    for (int i = 0; i < count; i++) {
        if (is_wanted(entries[i]->d_name, argv + 2)) {
            if (try_file(argv[1], entries[i]->d_name, sandbox))
                passed++;
            else
                failed++;
        }
        free(entries[i]);
    }
    free(entries);
    sandbox_stop(sandbox);
    if (passed + failed == 0)
        printf("there is no case in %s\n", argv[1]);
    printf("conformance: %zu passed, %zu failed\n", passed, failed);
    return passed > 0 && failed == 0 ? 0 : 1;
}
