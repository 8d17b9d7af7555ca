/* The part of a kernel that lies on real samples. */
#ifndef SCL_SPAN_H
#define SCL_SPAN_H

#include "network.h"

/* Taps [first, first + count) of the kernel, the first of them over in[sample], each `dilation` samples behind the one before it. */
typedef struct {
    int32_t first;
    int32_t sample;
    int32_t count;
} scl_span;

static inline scl_span scl_span_at(const scl_op *op, int32_t t)
{
    const int32_t start = t * op->stride - op->pad_left, apart = op->dilation;
    const int32_t first = start < 0 ? (apart - 1 - start) / apart : 0;
    const int32_t inside = (op->in_length - start + apart - 1) / apart;
    return (scl_span){first, start + first * apart, (inside < op->kernel ? inside : op->kernel) - first};
}

#endif
