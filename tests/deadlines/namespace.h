/*
 * namespace.h - a network of the process's own, in which bad things can happen. Needs root, or unprivileged user
 * namespaces.
 */
#ifndef DEADLINES_NAMESPACE_H
#define DEADLINES_NAMESPACE_H

#include <stdbool.h>

/* In this network the packets to it vanish. */
#define BLACK_HOLE "198.51.100.7"

/*
 * Before the process has threads. From then on: loopback; a name server that takes questions and never answers; a route
 * on which packets vanish; nothing else. Prints why and returns false when that cannot be had.
 */
bool enter_namespace(void);
/* Whether the name server has been asked for a name with this part since the last time. */
bool was_asked_for(const char *label);

#endif
