/* int8 operators, equal to TensorFlow Lite Micro's reference kernels bit for bit (CONV_2D and AVERAGE_POOL_2D of height 1).
 *
 * Tensors are time-major, so the samples under a kernel are one contiguous run of kernel * in_channels bytes. Padding adds nothing
 * to a sum: a window that hangs over an edge is the same run, cut short. `in` and `out` must not overlap. */
#ifndef SCL_KERNELS_H
#define SCL_KERNELS_H

#include "model.h"

/* in (in_length, in_channels), out (out_length, out_channels). */
void scl_conv(const scl_op *op, const int8_t *in, int8_t *out);

/* in (in_length, in_channels), out (out_length, in_channels); padded samples are not counted in the mean. */
void scl_average_pool(const scl_op *op, const int8_t *in, int8_t *out);

#endif
