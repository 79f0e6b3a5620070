#include <claude/endpoint.h>

#include "api/api.h"

const char *claude_endpoint_at(size_t index)
{
    const cl_endpoint *endpoint = cl_endpoint_at(index);

    return endpoint ? endpoint->name : NULL;
}

const char *claude_endpoint_text(const char *name, const char *what)
{
    const cl_endpoint *endpoint = cl_endpoint_find(name);

    return endpoint && what ? cl_endpoint_text(endpoint, what) : NULL;
}
