/* responses.h - responses made of a JSON text, for tests of what reads them. */
#ifndef TEST_MESSAGE_RESPONSES_H
#define TEST_MESSAGE_RESPONSES_H

#include "testing.h"

static inline claude_response_t *response_with(const char *json)
{
    cl_headers none = {NULL, 0, 0};
    claude_response_t *response = NULL;

    assert_int_equal(cl_json_validate(cl_str_of(json), 200, NULL, NULL), CLAUDE_OK);
    OK(cl_response_new(200, &none, copy_of(cl_str_of(json)), strlen(json), true, &response, err));
    return response;
}

#endif
