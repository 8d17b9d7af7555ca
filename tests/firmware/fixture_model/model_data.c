/* Written by make_model.py. */
#include "model_data.h"

#include <stddef.h>

#include "kernels.h"

static const int8_t block_weights[] = {
    -93, 18, 89, 78, 68, -111, -62, -97, -1, 67, -12, -7, 39, -30, 74, -74, -103, -3, -120, 101, 86, -28, -17, 28,
    68, 69, -127, 51, -13, -59, 57, 78, -69, 24, 114, -101, 103, -46, -120, -122, -121, 39, 11, -125, 113, 98, -30, 48,
    -72, 121, -19, 58, -120, 8, -71, 68, -15, 113, -1, 14, -68, -39, -68, 46, -71, 67, -10, 116, -53, 110, -122, -21,
    87, 107, 15, 109, 37, -102, -80, 34, 127, 58, 93, -52, -97, 63, -42, 102, 57, 122, 55, 1, 112, 120, -19, 2,
    85, 106, 44, -79, -50, -55, 23, 122, 98, 0, 89, 113, 2, -27, 23, 91, -119, -5, -65, 63, 77, -24, -21, 43,
    -83, -34, 13, 98, 52, 71, 45, 61, -32, -105, -15, 42, 3, -100, 72, -86, 6, 88, -27, -33, -2, 60, -120, -7,
    77, 77, 77,
};
static const int32_t block_bias[] = {
    -1822, -737, 881, 1474, 518, 429, 368, -388,
};
static const int32_t block_multiplier[] = {
    1484340697, 1484340697, 1847179535, 1550311395, 1319413953, 1517326046, 1880164883, 1896657558,
};
static const int8_t block_shift[] = {
    -8, -8, -8, -8, -8, -8, -8, -8,
};
static const int8_t latent_weights[] = {
    117, 93, 115, 90, -113, -104, -106, -35, 86, -84, 61, 80, 44, 91, -49, -63, 28, -73, 28, -118, 21, 47, -87, -17,
    36, -27, 78, 58, 93, 127, 3, 116, -32, 12, 112, -14, 1, -59, 103, -118, 77, 77, 77,
};
static const int32_t latent_bias[] = {
    1567, -1888, -509, -96, 1816,
};
static const int32_t latent_multiplier[] = {
    1099511628, 1143492093, 1176477442, 1242448139, 1979120930,
};
static const int8_t latent_shift[] = {
    -7, -7, -7, -7, -8,
};
static const int8_t head_weights[] = {
    120, -74, -125, 6, 61, -118, -87, 106, 125, -66, -123, -113, 98, 79, 47, 77, 77, 77,
};
static const int32_t head_bias[] = {
    -1397, 1511, 845,
};
static const int32_t head_multiplier[] = {
    1415621221, 1305670058, 1195718895,
};
static const int8_t head_shift[] = {
    -7, -7, -7,
};
static const scl_op ops[] = {
    {scl_conv_narrow, 16, 6, 8, 8, 3, 2, 1, 0, -7, 0, -128, -128, 127, 0, 0, 96, block_weights, block_bias, block_multiplier, block_shift, 180},
    {scl_average_pool, 8, 8, 1, 8, 8, 1, 1, 0, -128, 0, -128, -128, 127, 96, 0, 160, 0, 0, 0, 0, 0},
    {scl_conv_narrow, 1, 8, 1, 5, 1, 1, 1, 0, -128, 0, 5, -128, 127, 160, 0, 168, latent_weights, latent_bias, latent_multiplier, latent_shift, 180},
    {scl_conv_narrow, 1, 5, 1, 3, 1, 1, 1, 0, 5, 0, -3, -128, 127, 168, 0, 176, head_weights, head_bias, head_multiplier, head_shift, 180},
};
static const uint8_t hash[32] = {
    3, 10, 17, 24, 31, 38, 45, 52, 59, 66, 73, 80, 87, 94, 101, 108, 115, 122, 129, 136, 143, 150, 157, 164,
    171, 178, 185, 192, 199, 206, 213, 220,
};
static const char *const labels[] = {"still", "walking", "\303\240 v\303\251lo"};
const scl_network scl_network_data = {ops, 4, SCL_WINDOW, SCL_INPUTS, SCL_FEATURES, SCL_CLASSES, SCL_ARENA_BYTES, 0, 168, 176, hash, labels, NULL};

const scl_decision_settings scl_decision_data = {9455, 2364, 0, 0};

static const scl_sensor sensors[] = {
    {3, 0.009576807f, {0.0f}, {{1.0f, 0.0f, 0.0f}, {0.0f, 1.0f, 0.0f}, {0.0f, 0.0f, 1.0f}}, -32768, 32767},
    {3, 0.0010652645f, {0.0f}, {{1.0f, 0.0f, 0.0f}, {0.0f, 1.0f, 0.0f}, {0.0f, 0.0f, 1.0f}}, -32768, 32767},
};
static const float mean[] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
static const float inv_std[] = {0.125f, 0.125f, 0.125f, 0.33333334f, 0.33333334f, 0.33333334f};
const scl_frontend_config scl_frontend_data = {2, SCL_CHANNELS, SCL_RAW_SAMPLES, SCL_WINDOW, 1, 1, 0, NULL, 0, NULL, NULL, 0, 0, SCL_INPUTS, 0.0f, 0.0f, mean, inv_std, 40.0f, -7, sensors};
