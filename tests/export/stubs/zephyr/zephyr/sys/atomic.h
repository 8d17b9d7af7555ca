#pragma once

typedef long atomic_t;
typedef long atomic_val_t;

static inline atomic_val_t atomic_set(atomic_t *target, atomic_val_t value)
{
    const atomic_val_t before = *target;
    *target = value;
    return before;
}

static inline atomic_val_t atomic_inc(atomic_t *target)
{
    return (*target)++;
}
