#include "client/policies.h"

cl_limiter_settings cl_limiter_settings_of(const cl_options *client)
{
    static const struct {
        cl_option rate;
        cl_option burst;
    } types[CL_LIMIT_TYPES] = {
        [CL_LIMIT_MESSAGES] = {CL_OPT_LIMITER_MESSAGES_RATE, CL_OPT_LIMITER_MESSAGES_BURST},
        [CL_LIMIT_COUNT_TOKENS] = {CL_OPT_LIMITER_COUNT_TOKENS_RATE, CL_OPT_LIMITER_COUNT_TOKENS_BURST},
        [CL_LIMIT_BATCHES] = {CL_OPT_LIMITER_BATCHES_RATE, CL_OPT_LIMITER_BATCHES_BURST},
        [CL_LIMIT_MODELS] = {CL_OPT_LIMITER_MODELS_RATE, CL_OPT_LIMITER_MODELS_BURST},
        [CL_LIMIT_FILES] = {CL_OPT_LIMITER_FILES_RATE, CL_OPT_LIMITER_FILES_BURST},
        [CL_LIMIT_OTHER] = {CL_OPT_LIMITER_OTHER_RATE, CL_OPT_LIMITER_OTHER_BURST},
    };
    cl_limiter_settings settings = {
        .algorithm = (int32_t)cl_option_int(NULL, client, CL_OPT_LIMITER_ALGORITHM),
        .all = {cl_option_int(NULL, client, CL_OPT_LIMITER_RATE), cl_option_int(NULL, client, CL_OPT_LIMITER_BURST)},
        .window_ms = cl_option_int(NULL, client, CL_OPT_LIMITER_WINDOW),
        .input_tokens_per_minute = cl_option_int(NULL, client, CL_OPT_LIMITER_INPUT),
        .output_tokens_per_minute = cl_option_int(NULL, client, CL_OPT_LIMITER_OUTPUT),
        .max_queue = cl_option_int(NULL, client, CL_OPT_LIMITER_MAX_QUEUE),
        .max_wait_ms = cl_option_int(NULL, client, CL_OPT_LIMITER_MAX_WAIT),
        .learn = cl_option_int(NULL, client, CL_OPT_LIMITER_LEARN) != 0,
    };

    for (size_t i = 0; i < CL_LIMIT_TYPES; i++) {
        settings.types[i].per_second = cl_option_int(NULL, client, types[i].rate);
        settings.types[i].burst = cl_option_int(NULL, client, types[i].burst);
    }
    return settings;
}
