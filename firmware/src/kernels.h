/* int8 operators, equal to TensorFlow Lite Micro's reference kernels bit for bit (CONV_2D and AVERAGE_POOL_2D of height 1).
 *
 * Tensors are time-major, so the samples under a kernel are one contiguous run of kernel * in_channels bytes. Padding adds nothing
 * to a sum: a window that hangs over an edge is the same run, cut short.
 *
 * `in` and `out` may overlap: sample t of out is written when only samples from the start of its own window on are still to be read, so
 * `out` must end there at the latest, for every t. The exporter's planner (export/arena.py) sees to it. */
#ifndef SCL_KERNELS_H
#define SCL_KERNELS_H

#include "model.h"

/* in (in_length, in_channels), out (out_length, out_channels). */
void scl_conv(const scl_op *op, const int8_t *in, int8_t *out);

/* The same with the DSP extension's instructions. `scratch` is 4-byte aligned and holds 8 bytes for each byte of a kernel's row, rounded
 * up to a multiple of 4, which is at most 512. Every channel's shift is -22 to -1 and its bias within 2^29 of zero. */
void scl_conv_dsp(const scl_op *op, const int8_t *in, int8_t *out, int8_t *scratch);

/* The same with Helium's. 3 * stride is at most 7 * kernel: the samples under four windows then fit into the scratch. */
void scl_conv_mve(const scl_op *op, const int8_t *in, int8_t *out, int8_t *scratch);

/* in (in_length, in_channels), out (out_length, in_channels); padded samples are not counted in the mean. */
void scl_average_pool(const scl_op *op, const int8_t *in, int8_t *out);

#endif
