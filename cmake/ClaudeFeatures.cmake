# What may be left out of the library: an option each, see docs/features.md. The interface stays the same: the functions
# of what is left out fail with CLAUDE_E_UNSUPPORTED, and cmake/stubs.cmake writes them.

# In a new build tree only: options that were set once stay what they are.
option(CLAUDE_FEATURES "Default of the options CLAUDE_FEATURE_*" ON)

set(CLAUDE_FEATURES_LEFT_OUT "")

# claude_feature(name "what it is" [features that it needs]): the option CLAUDE_FEATURE_<NAME>, and CL_FEATURE_<NAME>=0
# for all code of this project where it is OFF (src/base/features.h has the 1).
function(claude_feature name text)
    string(MAKE_C_IDENTIFIER "${name}" id)
    string(TOUPPER "${id}" id)
    option(CLAUDE_FEATURE_${id} "${text}" ${CLAUDE_FEATURES})
    if(NOT CLAUDE_FEATURE_${id})
        add_compile_definitions(CL_FEATURE_${id}=0)
        set(CLAUDE_FEATURES_LEFT_OUT ${CLAUDE_FEATURES_LEFT_OUT} ${name} PARENT_SCOPE)
        return()
    endif()
    foreach(other IN LISTS ARGN)
        string(MAKE_C_IDENTIFIER "${other}" needed)
        string(TOUPPER "${needed}" needed)
        if(NOT CLAUDE_FEATURE_${needed})
            message(FATAL_ERROR "The feature ${name} needs the feature ${other}: configure with "
                "-DCLAUDE_FEATURE_${needed}=ON, or leave out both with -DCLAUDE_FEATURE_${id}=OFF.")
        endif()
    endforeach()
endfunction()

# What a feature needs stands before it.
claude_feature(streaming "Answers that come piece by piece: events, lines, bytes")
claude_feature(streaming-control "Pausing and resuming streams" streaming)
claude_feature(tools "Tool definitions, calls, results and the loop around them")
claude_feature(vision "Images in messages")
claude_feature(authentication "Keys from files and the workspace, audit, signing of requests")
claude_feature(content-generation "Structured outputs and the legacy text completions")
claude_feature(model-management "Facts, prices and lifecycle of models")
claude_feature(count-tokens "Counting the tokens of a request before it is sent")
claude_feature(retry-logic "Retries")
claude_feature(circuit-breaker "Circuit breaker")
claude_feature(rate-limiting "Rate limiting in the client")
claude_feature(failover "Several endpoints for one API")
claude_feature(health-checks "Checks whether endpoints are alive")
claude_feature(enterprise-quota "Quotas of requests, tokens and money" model-management)
claude_feature(metrics "Counters, histograms and the observer of attempts")
claude_feature(compression "Bodies in gzip, sent and received")
claude_feature(dynamic-config "Configuration that changes while clients use it: files, named snapshots")
claude_feature(curl-diagnostics "The curl command that repeats a request")
claude_feature(general-diagnostics "Report of a client, log lines, timings, self-test")

if(CLAUDE_FEATURES_LEFT_OUT)
    list(JOIN CLAUDE_FEATURES_LEFT_OUT ", " shown)
    message(STATUS "Left out: ${shown}")
    if(CLAUDE_BUILD_TESTS)
        message(STATUS "The unit and component tests need all features; scripts/test features looks at such builds")
    endif()
endif()
