/* Takes from the process what a board has not: files, other processes, the network. */
#ifndef SCL_NATIVE_CONFINE_H
#define SCL_NATIVE_CONFINE_H

#include <stdbool.h>

/* From here on the process reads, writes and waits on what it has open, and ends; every other system call fails with EPERM. A model's
 * numbers come from a bundle, and the engine believes its offsets and sizes: wrong ones can read and write all of this process, and then
 * no more than this. False, with errno, if the system refuses. Only Linux on x86-64 and AArch64 has it; elsewhere nothing is taken. */
bool native_confine(void);

#endif
