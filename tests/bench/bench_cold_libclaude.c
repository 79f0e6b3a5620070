/* The same request through libclaude. Started by bench_cold. */
#include "bench_common.h"

int main(int argc, char **argv)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    if (argc != 2)
        return 2;
    claude_client_t *client = bench_client(argv[1]);
    claude_request_t *request = bench_request(NULL, 0, 1);
    if (claude_client_execute(client, request, &response, &err) < 0)
        bench_fail("claude_client_execute", claude_error_message(err));
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
    return 0;
}
