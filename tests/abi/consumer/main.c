/* A program of somebody else's: uses an installed libclaude, shared or static. */
#include <stdio.h>
#include <string.h>

#include <claude/claude.h>

/* A name that the library uses inside, too. The program's own function must win here, the library's there. */
int cl_err_set(void);
int cl_err_set(void)
{
    return 42;
}

int main(void)
{
    claude_config_t *config = NULL;
    claude_error_t *err = NULL;
    if (claude_version() != CLAUDE_VERSION_NUM || cl_err_set() != 42)
        return 1;
    if (claude_config_new(&config, &err) < 0)
        return 2;
    if (claude_config_set(config, "no.such.option", "1", &err) != CLAUDE_E_INVALID || err == NULL)
        return 3;
    if (strstr(claude_error_message(err), "no.such.option") == NULL)
        return 4;
    claude_error_unref(err);
    claude_config_unref(config);
    printf("libclaude %s\n", claude_version_string());
    return 0;
}
