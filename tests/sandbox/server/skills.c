/* Skills: a folder of files with a SKILL.md, in versions. Only what is listed of them is kept, not the files. */
#include "handlers.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_SKILL_BYTES = 30 * 1024 * 1024,
    MAX_DISPLAY_NAME = 255,
};

/* What was uploaded. */
struct folder {
    char *name;        /* the one folder that all files are in; then what SKILL.md says */
    char *description; /* from SKILL.md */
    struct slice readme;
};

/* A path of folders and a name, without empty parts, "." and "..", in `folder` unless that is NULL yet. */
static bool path_ok(struct folder *folder, const char *path)
{
    const char *slash = strchr(path, '/');
    const char *at = path;

    if (slash == NULL || slash == path || !utf8_valid(path, strlen(path)))
        return false;
    if (folder->name == NULL)
        folder->name = xstrndup(path, (size_t)(slash - path));
    if (strlen(folder->name) != (size_t)(slash - path) || strncmp(path, folder->name, (size_t)(slash - path)) != 0)
        return false;
    for (;;) {
        size_t len = strcspn(at, "/");

        if (len == 0 || (len == 1 && at[0] == '.') || (len == 2 && at[0] == '.' && at[1] == '.'))
            return false;
        if (at[len] == '\0')
            return true;
        at += len + 1;
    }
}

/* The value of a line "key: value" of SKILL.md; NULL when there is none. */
static char *value_of(struct slice readme, const char *key)
{
    const char *at = readme.len > 0 ? memmem(readme.data, readme.len, key, strlen(key)) : NULL;
    size_t len;

    if (at == NULL)
        return NULL;
    at += strlen(key);
    for (len = 0; at + len < readme.data + readme.len && at[len] != '\n' && at[len] != '\r';)
        len++;
    for (; len > 0 && *at == ' '; len--)
        at++;
    return len > 0 && utf8_valid(at, len) ? xstrndup(at, len) : NULL;
}

static void read_readme(struct folder *folder)
{
    char *name = value_of(folder->readme, "\nname:");

    folder->description = value_of(folder->readme, "\ndescription:");
    if (folder->description == NULL)
        folder->description = xstrdup("");
    if (name != NULL) {
        free(folder->name);
        folder->name = name;
    }
}

static bool read_folder(struct call *call, const struct form *form, struct folder *folder)
{
    size_t total = 0;
    size_t files = 0;

    for (size_t i = 0; i < form->count; i++) {
        const struct form_part *part = &form->parts[i];

        if (strcmp(part->name, "files[]") != 0)
            continue;
        files++;
        total += part->content.len;
        if (part->filename == NULL || !path_ok(folder, part->filename))
            return invalid(call, "files: every file needs a relative path, all in the same top folder");
        if (strcmp(strchr(part->filename, '/'), "/SKILL.md") == 0)
            folder->readme = part->content;
    }
    if (files == 0)
        return invalid(call, "files: Field required");
    if (total > MAX_SKILL_BYTES)
        return invalid(call, "files: the files of a skill may have 30 MB together");
    if (folder->readme.data == NULL)
        return invalid(call, "files: there must be a SKILL.md in the top folder");
    read_readme(folder);
    return true;
}

static void folder_free(struct folder *folder)
{
    free(folder->name);
    free(folder->description);
}

static void add_version(struct call *call, struct item *skill, const struct folder *folder)
{
    struct item *version = store_add(call->store, &skill->parts, "skillver_");
    struct json_object *shown = version->shown = json_object_new_object();

    set_text(shown, "id", version->id);
    set_text(shown, "type", "skill_version");
    set_text(shown, "skill_id", skill->id);
    set_text(shown, "name", folder->name);
    set_text(shown, "description", folder->description);
    set_text(shown, "created_at", time_text(0));
    set_text(skill->shown, "latest_version_id", version->id);
    set_text(skill->shown, "updated_at", time_text(0));
}

static struct item *add_skill(struct call *call, const struct form_part *display_name, const struct folder *folder)
{
    struct item *skill = store_add(call->store, &call->store->skills, "skill_");
    struct json_object *shown = skill->shown = json_object_new_object();
    struct json_object *source = json_object_new_object();

    set_text(shown, "id", skill->id);
    set_text(shown, "type", "skill");
    if (display_name != NULL)
        json_object_object_add(shown, "display_name",
                               json_object_new_string_len(display_name->content.data, (int)display_name->content.len));
    else
        set_text(shown, "display_name", folder->name);
    set_text(source, "type", "custom");
    json_object_object_add(shown, "source", source);
    set_text(shown, "created_at", time_text(0));
    add_version(call, skill, folder);
    return skill;
}

static bool check_display_name(struct call *call, const struct form_part *part)
{
    return part == NULL ||
           (part->content.len > 0 && part->content.len <= MAX_DISPLAY_NAME &&
            utf8_valid(part->content.data, part->content.len)) ||
           invalid(call, "display_name: String should have 1 to 255 characters");
}

static struct item *the_skill(struct call *call)
{
    struct item *item = store_find(call->store->skills, call->id[0]);

    if (item == NULL)
        not_found(call);
    return item;
}

static struct item *the_version(struct call *call)
{
    struct item *skill = the_skill(call);
    struct item *version = skill != NULL ? store_find(skill->parts, call->id[1]) : NULL;

    if (version == NULL)
        not_found(call);
    return version;
}

struct step *skills_create(struct call *call)
{
    struct folder folder = {0};
    struct form form;
    struct step *step;

    if (!read_form(call, &form))
        return call->refusal;
    if (check_display_name(call, form_find(&form, "display_name")) && read_folder(call, &form, &folder))
        step = answer_item(add_skill(call, form_find(&form, "display_name"), &folder));
    else
        step = call->refusal;
    folder_free(&folder);
    form_free(&form);
    return step;
}

struct step *skills_list(struct call *call)
{
    struct slice source;
    struct list list = list_items(call->store->skills);

    /* all that is here was made by a program */
    if (query_value(call, "source", &source) && !slice_is(source, "custom"))
        list.count = 0;
    return answer_cursor(call, &list, CURSOR_PLAIN, 0);
}

struct step *skills_retrieve(struct call *call)
{
    struct item *skill = the_skill(call);

    return skill != NULL ? answer_item(skill) : call->refusal;
}

struct step *skills_delete(struct call *call)
{
    struct item *skill = the_skill(call);
    struct buf out = {0};

    if (skill == NULL)
        return call->refusal;
    buf_printf(&out, "{\"id\":\"%s\",\"type\":\"skill_deleted\"}", skill->id);
    store_remove(call->store, &call->store->skills, skill);
    return answer_json(&out);
}

static bool same_name(struct call *call, const struct item *skill, const struct folder *folder)
{
    const char *name = json_object_get_string(member(skill->parts->shown, "name"));

    return strcmp(name, folder->name) == 0 || invalid(call, "files: the skill has another name");
}

struct step *skill_versions_create(struct call *call)
{
    struct item *skill = the_skill(call);
    struct folder folder = {0};
    struct form form;
    struct step *step = call->refusal;

    if (skill == NULL || !read_form(call, &form))
        return call->refusal;
    if (read_folder(call, &form, &folder) && same_name(call, skill, &folder)) {
        add_version(call, skill, &folder);
        step = answer_item(skill->parts);
    }
    folder_free(&folder);
    form_free(&form);
    return step != NULL ? step : call->refusal;
}

struct step *skill_versions_list(struct call *call)
{
    struct item *skill = the_skill(call);
    struct list list;

    if (skill == NULL)
        return call->refusal;
    list = list_items(skill->parts);
    return answer_cursor(call, &list, CURSOR_PLAIN, 0);
}

struct step *skill_versions_retrieve(struct call *call)
{
    struct item *version = the_version(call);

    return version != NULL ? answer_item(version) : call->refusal;
}

/* An empty zip archive. */
struct step *skill_versions_download(struct call *call)
{
    static const char empty_zip[22] = "PK\005\006";
    struct buf bytes = {0};
    struct step *step;

    if (the_version(call) == NULL)
        return call->refusal;
    buf_add(&bytes, empty_zip, sizeof empty_zip);
    step = step_text(200, "application/zip", &bytes);
    buf_free(&bytes);
    return step;
}

struct step *skill_versions_delete(struct call *call)
{
    struct item *version = the_version(call);
    struct item *skill;
    struct buf out = {0};

    if (version == NULL)
        return call->refusal;
    skill = the_skill(call);
    if (skill->parts->next == NULL) {
        invalid(call, "A skill keeps at least one version");
        return call->refusal;
    }
    buf_printf(&out, "{\"id\":\"%s\",\"type\":\"skill_version_deleted\"}", version->id);
    store_remove(call->store, &skill->parts, version);
    set_text(skill->shown, "latest_version_id", skill->parts->id);
    return answer_json(&out);
}
