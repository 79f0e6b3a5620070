/* Prints a generated page: gendocs options.txt|options.md|errors.md|endpoints.md|metrics.md. */
#include <stdio.h>

#include "docs.h"

int main(int argc, char **argv)
{
    cl_buf out = CL_BUF_INIT(DOCS_MAX);
    size_t written;

    if (argc != 2 || !docs_write(argv[1], &out)) {
        fprintf(stderr, "usage: gendocs PAGE, where PAGE is one of:\n");
        for (size_t i = 0; docs_page_at(i); i++)
            fprintf(stderr, "  %s  (%s)\n", docs_page_at(i), docs_path(docs_page_at(i)));
        return 2;
    }
    written = fwrite(out.ptr, 1, out.len, stdout);
    written = fflush(stdout) == 0 && written == out.len;
    cl_buf_free(&out);
    return written ? 0 : 1;
}
