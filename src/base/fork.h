/* fork.h - tells a child process from its parent without asking the kernel each time. */
#ifndef CL_BASE_FORK_H
#define CL_BASE_FORK_H

#include <stdint.h>

/* Grows by one in the child of each fork(). The first call installs the counter; it must precede the fork. */
uint32_t cl_fork_generation(void);
/* Between these no fork() goes through: for work in libraries whose locks a child would find taken by threads that it
 * does not have. Not around callbacks, and not nested. */
void cl_fork_hold(void);
void cl_fork_release(void);

#endif
