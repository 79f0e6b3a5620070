/* Forms as files are uploaded in: multipart/form-data (RFC 7578). */
#ifndef SANDBOX_MULTIPART_H
#define SANDBOX_MULTIPART_H

#include "http.h"

enum { MULTIPART_MAX_PARTS = 10000 };

struct form_part {
    char *name;
    char *filename; /* NULL: a field that is no file */
    char *type;     /* NULL: none said */
    struct slice content;
};

struct form {
    struct form_part *parts;
    size_t count;
};

/* Slices point into `body`. False with a reason; whatever is not just as RFC 7578 has it is refused. */
bool form_parse(struct form *form, struct slice content_type, struct slice body, const char **why);
void form_free(struct form *form);
/* The first part of that name; NULL when there is none. */
const struct form_part *form_find(const struct form *form, const char *name);

#endif
