#include <json-c/json_c_version.h>

#include "json/json.h"

const char *cl_json_library(void)
{
    return json_c_version();
}
