/*
 * features.h - what this build has: 1 or 0 each, set by the build (cmake/ClaudeFeatures.cmake). Code asks in an
 * ordinary `if`, so that what is left out is still compiled and checked, and then dropped.
 */
#ifndef CL_BASE_FEATURES_H
#define CL_BASE_FEATURES_H

#ifndef CL_FEATURE_RETRY
#define CL_FEATURE_RETRY 1
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
#ifndef CL_FEATURE_METRICS
#define CL_FEATURE_METRICS 1
#endif

#endif
