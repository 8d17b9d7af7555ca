/* int8 operators, equal to TensorFlow Lite Micro's reference kernels bit for bit.
 *
 * Tensors are time-major, (length, channels). Padding adds nothing to a sum: a window that hangs over an edge is cut short.
 *
 * An operator's input and output may overlap: sample t of the output is written when only samples from the start of its own window on are
 * still to be read, so the output must end there at the latest, for every t. The exporter's planner (export/network/arena.py) sees to it. */
#ifndef SCL_KERNELS_H
#define SCL_KERNELS_H

#include "network.h"

/* CONV_2D of height 1; FULLY_CONNECTED where the input is one sample. Weights (out_channels, kernel, in_channels); bias, multiplier and
 * shift (out_channels). */
void scl_conv(const scl_op *op, int8_t *arena);

/* The same for several windows at a time, on every core with what it has: Helium, the DSP extension, or plain multiplications. It asks for
 * - every channel's shift from -22 to -1 and its bias within 2^29 of zero, and no dilation;
 * - scratch of 8 bytes for each byte of a kernel's row, rounded up to a multiple of 4, which is at most 512;
 * - 3 * stride at most 7 * kernel: the samples under four windows then fit into the scratch. */
void scl_conv_narrow(const scl_op *op, int8_t *arena);

/* DEPTHWISE_CONV_2D of height 1. Weights (kernel, out_channels); output channel c reads input channel c / (out_channels / in_channels);
 * bias, multiplier and shift (out_channels). */
void scl_depthwise(const scl_op *op, int8_t *arena);

/* The same for four channels at a time. Shifts, biases and dilation as above, as many channels out as in, a multiple of 4 of them, and 16
 * bytes of scratch for each. */
void scl_depthwise_narrow(const scl_op *op, int8_t *arena);

/* AVERAGE_POOL_2D and MAX_POOL_2D of height 1; padded samples do not count. */
void scl_average_pool(const scl_op *op, int8_t *arena);
void scl_max_pool(const scl_op *op, int8_t *arena);

/* MEAN over time, or SUM: multiplier and shift (1) are the scales' ratio, of a mean divided by the length in TFLite's way. */
void scl_mean(const scl_op *op, int8_t *arena);

/* CONCATENATION, all tensors of one scale. kernel: how many parts; in_length: how often they take turns, once for each sample or once in all.
 * bias (kernel, 2): where each begins in the arena, and how many values it gives at a time. */
void scl_concat(const scl_op *op, int8_t *arena);

/* STRIDED_SLICE, SLICE, SPLIT: of samples `stride` apart the first out_channels values from second_offset on, which counts from the input's
 * start. */
void scl_slice(const scl_op *op, int8_t *arena);

/* Elementwise operators. The second input is of the first one's shape, or one sample that serves all (kernel: how many it has), and stands
 * in weights where it is a constant.
 * ADD, SUB: multiplier and shift (3): of the first input, the second, and the result. MUL: multiplier and shift (1). MAXIMUM, MINIMUM: all
 * tensors have one scale. PRELU: multiplier and shift (2): of a value from 0 on, and of one below 0 times the second input. */
void scl_add(const scl_op *op, int8_t *arena);
void scl_sub(const scl_op *op, int8_t *arena);
void scl_mul(const scl_op *op, int8_t *arena);
void scl_maximum(const scl_op *op, int8_t *arena);
void scl_minimum(const scl_op *op, int8_t *arena);
void scl_prelu(const scl_op *op, int8_t *arena);

/* SOFTMAX over the channels of each sample. multiplier and shift (1): of a difference to the largest input; bias (1): the least difference
 * that counts. */
void scl_softmax(const scl_op *op, int8_t *arena);

/* A function of one value, such as LOGISTIC, TANH, HARD_SWISH, LEAKY_RELU, RELU, or QUANTIZE to another scale. Weights (256): its values
 * for -128 to 127. */
void scl_table(const scl_op *op, int8_t *arena);

/* Not TensorFlow's: moves out_length samples down the arena, to where they stand before the samples of a stream's next hop. */
void scl_keep(const scl_op *op, int8_t *arena);

#endif
