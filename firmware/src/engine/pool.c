/* What is taken over time: pools over windows, and the mean over all samples. With Helium eight channels at a time, for the largest 16. */
#include "fixed_point.h"
#include "kernels.h"
#include "narrow.h"
#include "span.h"
#include "sums.h"
#include "target.h"

#if SCL_USE_MVE

enum { HALF_SUMMANDS = 256 }; /* values of int8 whose sum fits into 16 bits */

/* Over time, of eight neighbouring channels: of the first, third, fifth and seventh, and of those between. */
typedef struct {
    int32x4_t even;
    int32x4_t odd;
} sums_of_eight;

static inline sums_of_eight sums_of(const int8_t *x, int32_t step, int32_t count, mve_pred16_t inside)
{
    sums_of_eight sums = {vdupq_n_s32(0), vdupq_n_s32(0)};
    for (int32_t left = count; left > 0; left -= HALF_SUMMANDS) {
        int16x8_t halves = vdupq_n_s16(0);
        for (int32_t k = left < HALF_SUMMANDS ? left : HALF_SUMMANDS; k > 0; k--, x += step) {
            halves = vaddq_s16(halves, vldrbq_z_s16(x, inside));
        }
        sums.even = vaddq_s32(sums.even, vmovlbq_s16(halves));
        sums.odd = vaddq_s32(sums.odd, vmovltq_s16(halves));
    }
    return sums;
}

/* Within the activation's limits. */
static inline void put(const scl_op *op, int32x4_t even, int32x4_t odd, int8_t *out, mve_pred16_t inside)
{
    const int16x8_t both = vmovntq_s32(vmovnbq_s32(vdupq_n_s16(0), even), odd);
    const int16x8_t value = vminq_s16(vmaxq_s16(both, vdupq_n_s16(op->act_min)), vdupq_n_s16(op->act_max));
    vstrbq_p_s16(out, value, inside);
}

/* Rounded half away from zero, by a product with 2^32 / count, rounded up: exact while 129 * count^2 is below 2^32. */
enum { FEWEST = 2, MOST = 5000 };

static inline int32x4_t divided_four(int32x4_t sum, int32_t half, uint32_t inverse)
{
    const int32x4_t sign = vshrq_n_s32(sum, 31);
    const uint32x4_t size = vreinterpretq_u32_s32(vaddq_n_s32(vabsq_s32(sum), half));
    return vsubq_s32(veorq_s32(vreinterpretq_s32_u32(vmulhq_u32(size, vdupq_n_u32(inverse))), sign), sign);
}

static void averages(const scl_op *op, const int8_t *x, int32_t count, int8_t *out)
{
    const int32_t channels = op->in_channels, half = count / 2;
    const uint32_t inverse = (UINT32_MAX / (uint32_t)count) + 1u;
    for (int32_t c = 0; c < channels; c += 8) {
        const mve_pred16_t inside = vctp16q((uint32_t)(channels - c));
        const sums_of_eight sums = sums_of(x + c, channels, count, inside);
        put(op, divided_four(sums.even, half, inverse), divided_four(sums.odd, half, inverse), out + c, inside);
    }
}

#endif

/* Rounded half away from zero. */
static int32_t divided(int32_t sum, int32_t count)
{
    return (sum + (sum > 0 ? count / 2 : -(count / 2))) / count;
}

void scl_average_pool(const scl_op *op, int8_t *arena)
{
    const int32_t channels = op->in_channels;
    int8_t *out = arena + op->out_offset;
    for (int32_t t = 0; t < op->out_length; t++) {
        const scl_span s = scl_span_at(op, t);
        const int8_t *const x = arena + op->in_offset + s.sample * channels;
#if SCL_USE_MVE
        if ((s.count >= FEWEST) && (s.count <= MOST)) {
            averages(op, x, s.count, out);
            out += channels;
            continue;
        }
#endif
        for (int32_t c = 0; c < channels;) {
            int32_t sums[4];
            const int32_t n = scl_sums(x + c, channels, s.count, channels - c, sums);
            for (int32_t i = 0; i < n; i++, c++) {
                *out++ = (int8_t)scl_clamp(divided(sums[i], s.count), op->act_min, op->act_max);
            }
        }
    }
}

#if SCL_USE_MVE

void scl_max_pool(const scl_op *op, int8_t *arena)
{
    const int32_t channels = op->in_channels, length = op->out_length;
    const int8x16_t least = vdupq_n_s8((int8_t)op->act_min), most = vdupq_n_s8((int8_t)op->act_max);
    int8_t *out = arena + op->out_offset;
    for (int32_t t = 0; t < length; t++, out += channels) {
        const scl_span s = scl_span_at(op, t);
        for (int32_t c = 0; c < channels; c += 16) {
            const mve_pred16_t inside = vctp8q((uint32_t)(channels - c));
            const int8_t *x = arena + op->in_offset + s.sample * channels + c;
            int8x16_t value = least;
            for (int32_t k = s.count; k > 0; k--, x += channels) {
                value = vmaxq_s8(value, vldrbq_z_s8(x, inside));
            }
            vstrbq_p_s8(out + c, vminq_s8(value, most), inside);
        }
    }
}

#else

static int32_t largest(const int8_t *x, int32_t step, int32_t count)
{
    int32_t most = INT8_MIN;
    for (int32_t k = 0; k < count; k++, x += step) {
        most = *x > most ? *x : most;
    }
    return most;
}

void scl_max_pool(const scl_op *op, int8_t *arena)
{
    const int32_t channels = op->in_channels;
    int8_t *out = arena + op->out_offset;
    for (int32_t t = 0; t < op->out_length; t++) {
        const scl_span s = scl_span_at(op, t);
        for (int32_t c = 0; c < channels; c++) {
            const int32_t value = largest(arena + op->in_offset + s.sample * channels + c, channels, s.count);
            *out++ = (int8_t)scl_clamp(value, op->act_min, op->act_max);
        }
    }
}

#endif

#if SCL_USE_MVE

/* Within 16 bits, which act_min and act_max are. */
static inline int32x4_t mean_of_four(const scl_op *op, int32x4_t sums)
{
    const int32x4_t mean = vaddq_n_s32(scl_requantized_four(sums, op->multiplier[0], op->shift[0]), op->out_zero_point);
    return vminq_s32(vmaxq_s32(mean, vdupq_n_s32(op->act_min)), vdupq_n_s32(op->act_max));
}

void scl_mean(const scl_op *op, int8_t *arena)
{
    const int32_t channels = op->in_channels, length = op->in_length, zero_points = length * op->in_zero_point;
    const int8_t *const x = arena + op->in_offset;
    for (int32_t c = 0; c < channels; c += 8) {
        const mve_pred16_t inside = vctp16q((uint32_t)(channels - c));
        const sums_of_eight sums = sums_of(x + c, channels, length, inside);
        put(op, mean_of_four(op, vsubq_n_s32(sums.even, zero_points)), mean_of_four(op, vsubq_n_s32(sums.odd, zero_points)),
            arena + op->out_offset + c, inside);
    }
}

#else

void scl_mean(const scl_op *op, int8_t *arena)
{
    const int32_t channels = op->in_channels, zero_points = op->in_length * op->in_zero_point;
    const int8_t *const x = arena + op->in_offset;
    int8_t *out = arena + op->out_offset;
    for (int32_t c = 0; c < channels;) {
        int32_t sums[4];
        const int32_t n = scl_sums(x + c, channels, op->in_length, channels - c, sums);
        for (int32_t i = 0; i < n; i++, c++) {
            const int32_t mean = scl_requantize(sums[i] - zero_points, op->multiplier[0], op->shift[0]) + op->out_zero_point;
            *out++ = (int8_t)scl_clamp(mean, op->act_min, op->act_max);
        }
    }
}

#endif
