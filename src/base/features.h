/*
 * features.h - what this build has: 1 or 0 each, set by the build (cmake/ClaudeFeatures.cmake). Code in src/ asks in an
 * ordinary `if`, so that what is left out is still compiled and checked, and then dropped by the linker. In capi/ the
 * functions themselves are left out, see capi/features.txt.
 */
#ifndef CL_BASE_FEATURES_H
#define CL_BASE_FEATURES_H

#ifndef CL_FEATURE_STREAMING
#define CL_FEATURE_STREAMING 1
#endif
#ifndef CL_FEATURE_STREAMING_CONTROL
#define CL_FEATURE_STREAMING_CONTROL 1
#endif
#ifndef CL_FEATURE_TOOLS
#define CL_FEATURE_TOOLS 1
#endif
#ifndef CL_FEATURE_VISION
#define CL_FEATURE_VISION 1
#endif
#ifndef CL_FEATURE_AUTHENTICATION
#define CL_FEATURE_AUTHENTICATION 1
#endif
#ifndef CL_FEATURE_CONTENT_GENERATION
#define CL_FEATURE_CONTENT_GENERATION 1
#endif
#ifndef CL_FEATURE_MODEL_MANAGEMENT
#define CL_FEATURE_MODEL_MANAGEMENT 1
#endif
#ifndef CL_FEATURE_COUNT_TOKENS
#define CL_FEATURE_COUNT_TOKENS 1
#endif
#ifndef CL_FEATURE_RETRY_LOGIC
#define CL_FEATURE_RETRY_LOGIC 1
#endif
#ifndef CL_FEATURE_CIRCUIT_BREAKER
#define CL_FEATURE_CIRCUIT_BREAKER 1
#endif
#ifndef CL_FEATURE_RATE_LIMITING
#define CL_FEATURE_RATE_LIMITING 1
#endif
#ifndef CL_FEATURE_FAILOVER
#define CL_FEATURE_FAILOVER 1
#endif
#ifndef CL_FEATURE_HEALTH_CHECKS
#define CL_FEATURE_HEALTH_CHECKS 1
#endif
#ifndef CL_FEATURE_ENTERPRISE_QUOTA
#define CL_FEATURE_ENTERPRISE_QUOTA 1
#endif
#ifndef CL_FEATURE_METRICS
#define CL_FEATURE_METRICS 1
#endif
#ifndef CL_FEATURE_COMPRESSION
#define CL_FEATURE_COMPRESSION 1
#endif
#ifndef CL_FEATURE_DYNAMIC_CONFIG
#define CL_FEATURE_DYNAMIC_CONFIG 1
#endif
#ifndef CL_FEATURE_CURL_DIAGNOSTICS
#define CL_FEATURE_CURL_DIAGNOSTICS 1
#endif
#ifndef CL_FEATURE_GENERAL_DIAGNOSTICS
#define CL_FEATURE_GENERAL_DIAGNOSTICS 1
#endif

/* The specification has two names for it. */
#define CL_FEATURE_RETRY CL_FEATURE_RETRY_LOGIC
/* Shorter. */
#define CL_FEATURE_QUOTA CL_FEATURE_ENTERPRISE_QUOTA

#endif
