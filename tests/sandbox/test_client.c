/* The C helper against a real sandbox. */
#include "client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void check(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "failed: %s\n", what);
        failures++;
    }
}

static void check_wrong_programs(void)
{
    check(sandbox_start("./no-such-program", NULL) == NULL, "a program that is not there is refused");
    check(sandbox_start("/bin/true", NULL) == NULL, "a program that is no sandbox is refused");
    check(sandbox_stop(NULL) == 0, "stopping nothing is fine");
}

static void check_control(struct sandbox *sb)
{
    char *text;

    check(strncmp(sandbox_url(sb), "http://127.0.0.1:", 17) == 0, "the url is on loopback");
    check(atoi(sandbox_url(sb) + 17) == sandbox_port(sb), "url and port agree");
    check(kill(sandbox_pid(sb), 0) == 0, "the pid is that of a process");
    check(sandbox_register(sb, "teapot", "{\"status\": 418}") == 0, "a scenario is registered");
    check(sandbox_register(sb, "wrong", "{\"stauts\": 418}") == -1, "a wrong scenario is refused");
    check(sandbox_use(sb, "teapot") == 0, "a scenario is used");
    check(sandbox_use(sb, "nobody") == -1, "an unknown scenario is refused");
    check(sandbox_use(sb, NULL) == 0, "no scenario is used");
    check(sandbox_request_count(sb) == 0, "control requests are not counted");
    check(sandbox_connection_count(sb) == 0, "connections for control are not counted");
    text = sandbox_requests(sb);
    check(text != NULL && strcmp(text, "{\"count\":0,\"connections\":0,\"requests\":[]}") == 0, "the record is empty");
    free(text);
    text = sandbox_stats(sb);
    check(text != NULL && strstr(text, "\"connections_open\":1,") != NULL, "the stats are there");
    free(text);
    check(sandbox_reset(sb) == 0, "a reset works");
}

int main(void)
{
    struct sandbox *sb = sandbox_start(NULL, "--keep", "10", NULL);

    check(sb != NULL, "the sandbox starts");
    if (sb != NULL)
        check_control(sb);
    check(sandbox_stop(sb) == 0, "the sandbox ends cleanly");
    check_wrong_programs();
    return failures != 0;
}
