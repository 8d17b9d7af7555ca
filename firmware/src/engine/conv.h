/* The convolution that every core has, from a window on. */
#ifndef SCL_CONV_H
#define SCL_CONV_H

#include "network.h"

/* scl_conv for the outputs from t on. */
void scl_conv_from(const scl_op *op, int8_t *arena, int32_t t);

#endif
