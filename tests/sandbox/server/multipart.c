#include "multipart.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_BOUNDARY = 70 };

static struct slice trimmed(struct slice s)
{
    while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.len--;
    }
    while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static void skip(struct slice *s, size_t n)
{
    s->data += n;
    s->len -= n;
}

static bool starts(struct slice s, const char *text)
{
    return s.len >= strlen(text) && memcmp(s.data, text, strlen(text)) == 0;
}

/* The value after "name=", quoted or not. Browsers write a quote as %22, others as \". NULL: not well formed. */
static char *take_value(struct slice *rest)
{
    struct buf text = {0};
    bool quoted = rest->len > 0 && rest->data[0] == '"';

    buf_room(&text, 0)[0] = '\0';
    if (quoted)
        skip(rest, 1);
    while (rest->len > 0 && (quoted ? rest->data[0] != '"' : rest->data[0] != ';')) {
        if (quoted && rest->data[0] == '\\' && rest->len > 1 && (rest->data[1] == '"' || rest->data[1] == '\\'))
            skip(rest, 1);
        buf_add(&text, rest->data, 1);
        skip(rest, 1);
    }
    if (quoted && rest->len == 0) {
        buf_free(&text);
        return NULL;
    }
    if (quoted)
        skip(rest, 1);
    return text.data;
}

/* The parameter of that name of a header's value; NULL when it is not there, or the value is not well formed. */
static char *parameter(struct slice value, const char *name)
{
    const char *semicolon = memchr(value.data, ';', value.len);

    while (semicolon != NULL) {
        struct slice rest = {semicolon + 1, value.len - (size_t)(semicolon + 1 - value.data)};
        bool wanted;
        char *text;

        rest = trimmed(rest);
        wanted = rest.len > strlen(name) && strncasecmp(rest.data, name, strlen(name)) == 0 &&
                 rest.data[strlen(name)] == '=';
        while (rest.len > 0 && rest.data[0] != '=')
            skip(&rest, 1);
        if (rest.len == 0)
            return NULL;
        skip(&rest, 1);
        text = take_value(&rest);
        if (wanted || text == NULL)
            return text;
        free(text);
        rest = trimmed(rest);
        semicolon = rest.len > 0 && rest.data[0] == ';' ? rest.data : NULL;
    }
    return NULL;
}

static struct slice kind_of(struct slice value)
{
    const char *semicolon = memchr(value.data, ';', value.len);

    if (semicolon != NULL)
        value.len = (size_t)(semicolon - value.data);
    return trimmed(value);
}

static bool read_header(struct form_part *part, struct slice line)
{
    const char *colon = memchr(line.data, ':', line.len);
    struct slice name;
    struct slice value;

    if (colon == NULL)
        return false;
    name = (struct slice){line.data, (size_t)(colon - line.data)};
    value = trimmed((struct slice){colon + 1, line.len - name.len - 1});
    if (slice_is_nocase(name, "content-type") && part->type == NULL) {
        part->type = xstrndup(value.data, value.len);
    } else if (slice_is_nocase(name, "content-disposition")) {
        if (part->name != NULL || !slice_is_nocase(kind_of(value), "form-data"))
            return false;
        part->name = parameter(value, "name");
        part->filename = parameter(value, "filename");
    }
    return true;
}

/* Reads the headers of a part and the empty line after them. */
static bool read_headers(struct form_part *part, struct slice *rest)
{
    for (;;) {
        const char *end = memmem(rest->data, rest->len, "\r\n", 2);
        struct slice line;

        if (end == NULL)
            return false;
        line = (struct slice){rest->data, (size_t)(end - rest->data)};
        skip(rest, line.len + 2);
        if (line.len == 0)
            return part->name != NULL;
        if (!read_header(part, line))
            return false;
    }
}

/* One part up to the delimiter after it; `rest` begins behind a delimiter's line. */
static bool read_part(struct form *form, struct slice *rest, const char *delimiter)
{
    struct form_part *part;
    const char *end;

    if (form->count == MULTIPART_MAX_PARTS)
        return false;
    form->parts = xrealloc(form->parts, (form->count + 1) * sizeof *form->parts);
    part = &form->parts[form->count++];
    *part = (struct form_part){0};
    if (!read_headers(part, rest))
        return false;
    end = memmem(rest->data, rest->len, delimiter, strlen(delimiter));
    if (end == NULL)
        return false;
    part->content = (struct slice){rest->data, (size_t)(end - rest->data)};
    skip(rest, part->content.len + strlen(delimiter));
    return true;
}

static bool read_parts(struct form *form, struct slice body, const char *delimiter, const char **why)
{
    /* the first delimiter has no line end before it */
    if (!starts(body, delimiter + 2)) {
        *why = "The form does not begin with its boundary";
        return false;
    }
    skip(&body, strlen(delimiter) - 2);
    while (starts(body, "\r\n")) {
        skip(&body, 2);
        if (!read_part(form, &body, delimiter)) {
            *why = "A part of the form is malformed or does not end";
            return false;
        }
    }
    if (slice_is(body, "--\r\n") || slice_is(body, "--"))
        return true;
    *why = "The form does not end with its boundary";
    return false;
}

bool form_parse(struct form *form, struct slice content_type, struct slice body, const char **why)
{
    struct buf delimiter = {0};
    char *boundary;
    bool ok;

    *form = (struct form){0};
    if (content_type.data == NULL || !slice_is_nocase(kind_of(content_type), "multipart/form-data")) {
        *why = "content-type: multipart/form-data is required";
        return false;
    }
    boundary = parameter(content_type, "boundary");
    if (boundary == NULL || boundary[0] == '\0' || strlen(boundary) > MAX_BOUNDARY) {
        free(boundary);
        *why = "content-type: a boundary of 1 to 70 characters is required";
        return false;
    }
    buf_printf(&delimiter, "\r\n--%s", boundary);
    free(boundary);
    ok = read_parts(form, body, delimiter.data, why);
    buf_free(&delimiter);
    return ok;
}

void form_free(struct form *form)
{
    for (size_t i = 0; i < form->count; i++) {
        free(form->parts[i].name);
        free(form->parts[i].filename);
        free(form->parts[i].type);
    }
    free(form->parts);
    *form = (struct form){0};
}

const struct form_part *form_find(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (strcmp(form->parts[i].name, name) == 0)
            return &form->parts[i];
    }
    return NULL;
}
