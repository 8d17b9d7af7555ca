#include "single.h"

#include "invariants.h"

#include "root.h"

#define GRAVITY 9.80665f /* m/s^2 */

static float dot(const float *a, const float *b)
{
    return (a[0] * b[0] + a[1] * b[1]) + a[2] * b[2];
}

static float length(const float *a)
{
    return SCL_ROOT(dot(a, a));
}

static void cross(const float *a, const float *b, float *c)
{
    c[0] = a[1] * b[2] - a[2] * b[1];
    c[1] = a[2] * b[0] - a[0] * b[2];
    c[2] = a[0] * b[1] - a[1] * b[0];
}

static void unit(const float *a, float *b)
{
    const float n = length(a);
    const float factor = n > 0.001f ? 1.0f / n : 0.0f;
    for (uint8_t i = 0; i < 3; i++) {
        b[i] = a[i] * factor;
    }
}

/* Length across a direction, `along` being the part along it. */
static float across(const float *a, const float *direction, float along)
{
    float b[3];
    for (uint8_t i = 0; i < 3; i++) {
        b[i] = a[i] - along * direction[i];
    }
    return length(b);
}

static void follow(float *y, const float *x, float alpha, bool first)
{
    for (uint8_t i = 0; i < 3; i++) {
        y[i] = first ? x[i] : y[i] + alpha * (x[i] - y[i]);
    }
}

static void minus(const float *a, const float *b, float *c)
{
    for (uint8_t i = 0; i < 3; i++) {
        c[i] = a[i] - b[i];
    }
}

static float compressed(float value)
{
    return value / SCL_ROOT(0.1f + __builtin_fabsf(value));
}

void scl_invariants_of(scl_invariants *state, const float *sample, bool gyroscope, bool first, float fast, float slow, float *values)
{
    const float *a = sample, *w = sample + 3;
    float down[3], slowly[3], difference[3], product[3];
    follow(state->fast, a, fast, first);
    follow(state->slow, a, slow, first);
    unit(state->fast, down);
    unit(state->slow, slowly);
    minus(a, first ? a : state->before, difference);
    values[0] = length(a);
    values[1] = dot(a, down);
    values[2] = across(a, down, values[1]);
    values[3] = length(difference);
    values[4] = dot(difference, down);
    values[5] = dot(down, slowly);
    values[6] = dot(a, slowly);
    cross(down, slowly, product);
    values[7] = length(product);
    if (gyroscope) {
        float moved[3];
        follow(state->spin, w, fast, first);
        minus(w, first ? w : state->before + 3, difference);
        minus(a, state->fast, moved);
        values[8] = length(w);
        values[9] = dot(w, down);
        values[10] = across(w, down, values[9]);
        const float u = 1.0f / (1.0f + values[8]);
        values[11] = dot(moved, w) * u;
        cross(moved, w, product);
        values[12] = dot(down, product) * u;
        values[13] = length(difference);
        values[14] = dot(difference, down);
        values[15] = length(state->spin);
        const float v = 1.0f / (0.1f + values[15]);
        values[16] = dot(w, state->spin) * v;
        values[17] = dot(a, state->spin) * v;
        cross(down, w, product);
        values[18] = dot(slowly, product);
    }
    for (uint8_t i = 0; i < (gyroscope ? 6 : 3); i++) {
        state->before[i] = sample[i];
    }
    values[0] -= GRAVITY;
    values[1] -= GRAVITY;
    values[6] -= GRAVITY;
    for (uint8_t i = 0; i < (gyroscope ? SCL_MAX_INVARIANTS : SCL_ACCELEROMETER_INVARIANTS); i++) {
        values[i] = compressed(values[i]);
    }
}
