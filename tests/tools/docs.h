/* docs.h - the generated pages: the frozen list of options, docs/options.md, docs/errors.md, docs/endpoints.md,
 * docs/metrics.md. */
#ifndef DOCS_H
#define DOCS_H

#include "base/base.h"

enum { DOCS_MAX = 1 << 20 };

/* The page of that name ("options.txt", "options.md", "errors.md", "endpoints.md", "metrics.md") in `out`; false for an
 * unknown name. */
bool docs_write(const char *page, cl_buf *out);
/* Where a page is kept, relative to the root of the repository; NULL for an unknown name. */
const char *docs_path(const char *page);
/* Names of the pages; NULL after the last one. */
const char *docs_page_at(size_t index);

#endif
