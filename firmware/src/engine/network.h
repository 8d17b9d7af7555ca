/* The deployed network as constant data, and the function that runs it.
 *
 * The exporter writes one scl_network (model_data.c) with a static schedule: every tensor's place in the arena is decided there.
 * Tensors are int8, time-major: (length, channels). Arithmetic is TensorFlow Lite's, bit for bit (see kernels.h). */
#ifndef SCL_NETWORK_H
#define SCL_NETWORK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct scl_op {
    void (*run)(const struct scl_op *op, int8_t *arena); /* one of kernels.h; only those that are named here are linked */
    uint16_t in_length;        /* samples */
    uint16_t in_channels;
    uint16_t out_length;       /* samples */
    uint16_t out_channels;
    uint16_t kernel;           /* samples */
    uint16_t stride;           /* samples */
    uint16_t dilation;         /* samples from one tap to the next; 1: none between them */
    uint16_t pad_left;         /* samples; TFLite SAME puts the odd one on the right */
    int16_t in_zero_point;
    int16_t second_zero_point; /* of a second input */
    int16_t out_zero_point;
    int16_t act_min;           /* fused activation, already quantized and within [-128, 127] */
    int16_t act_max;
    uint32_t in_offset;        /* bytes from the start of the arena */
    uint32_t second_offset;    /* of a second input; of a slice see kernels.h */
    uint32_t out_offset;
    const int8_t *weights;     /* and 3 bytes that are read but do not count; NULL where there are none. The shapes of the weights and of */
    const int32_t *bias;       /* the three arrays of integers are each kernel's own: kernels.h */
    const int32_t *multiplier; /* Q31, from TFLite's QuantizeMultiplier */
    const int8_t *shift;       /* positive: left */
    uint32_t scratch_offset;   /* bytes from the start of the arena, 4-byte aligned: what a narrow kernel may use while it runs */
} scl_op;

typedef struct {
    const scl_op *ops;         /* (op_count) in execution order */
    uint16_t op_count;
    uint16_t window;           /* samples of the network's input */
    uint16_t channels;
    uint16_t features;         /* kept latent dimensions */
    uint16_t classes;
    uint32_t arena_bytes;
    uint32_t input_offset;     /* (window, channels) */
    uint32_t features_offset;  /* (features) */
    uint32_t logits_offset;    /* (classes) */
    const uint8_t *hash;       /* (32) manifest's model_hash */
    const char *const *labels; /* (classes); NULL: the outputs have no names, classes are told by number */
    const int8_t *thresholds;  /* (classes) of a model whose labels may hold together, at most 15; NULL: one class at a time */
} scl_network;

/* Runs every operator. `arena` holds network->arena_bytes, 4-byte aligned, with the input tensor already at input_offset.
 * The input may be overwritten; features and logits stay valid until the next run. */
void scl_network_run(const scl_network *network, int8_t *arena);

/* Index of the largest logit, the lowest index on a tie. With thresholds: bit i is set if logit i reaches its own. */
uint16_t scl_network_class(const scl_network *network, const int8_t *arena);

#ifdef __cplusplus
}
#endif

#endif
