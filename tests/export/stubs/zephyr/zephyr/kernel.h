/* The part of Zephyr's kernel API that the sample uses. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct k_sem {
    unsigned int count;
};
typedef struct {
    int64_t ms;
} k_timeout_t;

#define K_SEM_DEFINE(name, initial, limit) struct k_sem name = {initial}
#define K_MSEC(ms) ((k_timeout_t){(ms)})

int k_sem_take(struct k_sem *sem, k_timeout_t timeout);
void k_sem_give(struct k_sem *sem);
int32_t k_msleep(int32_t ms);
uint32_t k_cycle_get_32(void);
void k_panic(void);
