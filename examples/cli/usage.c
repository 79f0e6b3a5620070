#include "usage.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "output.h"

int cli_usage_wanted(const cli_arguments *arguments)
{
    return !arguments->quiet && (arguments->usage || cli_error_is_terminal());
}

void cli_usage_money(int64_t nano, char *out, size_t size)
{
    if (nano < 0)
        snprintf(out, size, "price unknown");
    else
        snprintf(out, size, "$%" PRId64 ".%06" PRId64, nano / 1000000000, nano % 1000000000 / 1000);
}

int64_t cli_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void cli_usage_show(const cli_arguments *arguments, const claude_response_t *response, int64_t milliseconds)
{
    char line[384], money[64], cache[96] = "";
    int64_t in = claude_response_usage(response, "input_tokens"),
            out = claude_response_usage(response, "output_tokens");
    int64_t read = claude_response_usage(response, "cache_read_input_tokens");
    int64_t written = claude_response_usage(response, "cache_creation_input_tokens");
    const char *model = claude_response_model(response);
    if (!cli_usage_wanted(arguments) || (in < 0 && out < 0))
        return;
    if (read > 0 || written > 0)
        snprintf(cache, sizeof cache, ", cache %" PRId64 " read %" PRId64 " written", read < 0 ? 0 : read,
                 written < 0 ? 0 : written);
    cli_usage_money(claude_cost_calculate(NULL, NULL, response), money, sizeof money);
    snprintf(line, sizeof line, "%.80s: %" PRId64 " tokens in, %" PRId64 " out%s, %s, %" PRId64 ".%" PRId64 " s",
             model != NULL ? model : "?", in < 0 ? 0 : in, out < 0 ? 0 : out, cache, money, milliseconds / 1000,
             milliseconds % 1000 / 100);
    cli_say(CLI_SAY_FAINT, line);
}
